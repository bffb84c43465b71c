/** What can be reached without learning, and without memory: lines across the curve, and their labels. */

import { say, short } from "../../shared/words.js";

/** @typedef {import("../view.js").View} View */
/** @typedef {{text: string, values: number[], kind: "uniform"|"floor"}} Level  lines with one label, perplexities */

const NEAR = 0.006; // floors nearer to one another than this part share a label
const SAME = 1e-6; // and are one value within this

/**
 * The uniform line and the memory floors; floors that lie on one another share a label, which tells them apart.
 * @param {View} view
 * @returns {Level[]}
 */
export function levelsOf({ scene, words }) {
  /** @type {{orders: number[], values: number[]}[]} */
  const floors = [];
  scene.floors.forEach((value, order) => {
    const near = floors.at(-1);
    if (near && Math.abs(near.values[near.values.length - 1] / value - 1) < NEAR) {
      near.orders.push(order);
      near.values.push(value);
    } else floors.push({ orders: [order], values: [value] });
  });
  return [
    { text: `${words.uniform} ${short(scene.uniform)}`, values: [scene.uniform], kind: "uniform" },
    ...floors.map(({ orders, values }) => ({
      text: `${say(words, "floor", { k: ordersText(orders) })}: ${valuesText(values)}`,
      values,
      kind: /** @type {const} */ ("floor"),
    })),
  ];
}

/** @param {number[]} values  of floors that share a label, falling */
function valuesText(values) {
  const [first, last] = [values[0], values[values.length - 1]];
  if (Math.abs(first / last - 1) < SAME) return short(first);
  return `${first.toPrecision(4)}–${last.toPrecision(4)}`;
}

/** @param {number[]} orders */
function ordersText(orders) {
  return orders.length > 2 ? `${orders[0]}–${orders.at(-1)}` : orders.join(", ");
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
