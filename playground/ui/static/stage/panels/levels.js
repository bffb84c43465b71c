/** What can be reached without learning, and without memory: lines across the curve, and their labels. */

import { say, short } from "../../shared/words.js";

/** @typedef {import("../view.js").View} View */
/** @typedef {{text: string, values: number[], kind: "uniform"|"floor"}} Level  lines with one label, perplexities */
/** @typedef {import("../wire.js").Floor} Floor */

export const FLOOR_DASH = [6, 3]; // px

const NEAR = 0.006; // floors nearer to one another than this part share a label

/**
 * The uniform line and the memory floors; floors that lie on one another share a label, which tells them apart.
 * @param {View} view
 * @returns {Level[]}
 */
export function levelsOf({ scene, words }) {
  /** @type {Floor[][]} */
  const groups = [];
  for (const floor of scene.floors) {
    const near = groups.at(-1);
    const isNear = near && Math.abs(near[near.length - 1][2] / floor[2] - 1) < NEAR;
    if (isNear) near.push(floor);
    else groups.push([floor]);
  }
  return [
    { text: `${words.uniform} ${short(scene.uniform)}`, values: [scene.uniform], kind: "uniform" },
    ...groups.map((floors) => ({
      text: `${rangeText(words, floors)}: ${valuesText(floors)}`,
      values: floors.map(([, , value]) => value),
      kind: /** @type {const} */ ("floor"),
    })),
  ];
}

/**
 * How many symbols a model has to see so that none does better.
 * @param {View} view
 */
export function needText({ scene, words }) {
  const [needed, , lowest] = scene.floors[scene.floors.length - 1];
  if (needed > 1) return say(words, "needs", { k: needed });
  return say(words, lowest > 1 ? "needs_useless" : "needs_none");
}

/** @param {Floor[]} floors  that share a label, falling */
function valuesText(floors) {
  const [first, last] = [floors[0][2], floors[floors.length - 1][2]];
  return floors.length === 1 ? short(first) : `${first.toPrecision(4)}–${last.toPrecision(4)}`;
}

/** @param {Record<string, string>} words @param {Floor[]} floors  that share a label */
function rangeText(words, floors) {
  const [first, last] = [floors[0][0], floors[floors.length - 1][1]];
  if (last === null) return say(words, "floor_lowest", { k: first });
  return say(words, "floor", { k: first === last ? first : `${first}${last === first + 1 ? ", " : "–"}${last}` });
}

/**
 * Moves labels apart that would overlap, keeping their order.
 * @param {number[]} wanted
 * @param {number} gap
 * @param {number} top
 * @param {number} bottom
 */
export function spread(wanted, gap, top, bottom) {
  const order = wanted.map((_, k) => k).sort((a, b) => wanted[a] - wanted[b]);
  const placed = [...wanted];
  for (let k = 1; k < order.length; k += 1) {
    placed[order[k]] = Math.max(placed[order[k]], placed[order[k - 1]] + gap);
  }
  let limit = bottom + 2;
  for (const k of order.reverse()) {
    placed[k] = Math.max(Math.min(placed[k], limit), top - gap);
    limit = placed[k] - gap;
  }
  return placed;
}
