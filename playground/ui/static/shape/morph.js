/** Between two pictures: what is in both moves, what is in one of them fades. */

/**
 * @typedef {object} Item  one thing that is drawn
 * @property {"box"|"edge"|"text"|"loss"|"join"|"split"|"fed"} kind
 * @property {number[]} at  where and how large; which numbers, its kind says
 * @property {number} alpha
 * @property {import("./scene.js").Look} look  what does not move
 */
/** @typedef {Map<string, Item>} Scene  by names which stay the same from picture to picture */

/** Which of the numbers of a kind are places along the row. @type {Record<Item["kind"], number[]>} */
const ALONG = { box: [0], text: [0], loss: [0], join: [0], edge: [0, 2], split: [0, 2], fed: [0, 2, 3] };

/**
 * What comes moves in with the last timestep that both have, what goes moves off with it: so no column meets another.
 * @param {Scene|null} from
 * @param {Scene} to
 * @param {number} share  0 … 1 of the way
 * @returns {Scene}
 */
export function between(from, to, share) {
  if (!from || share >= 1) return to;
  const drift = driftOf(from, to);
  /** @type {Scene} */
  const mixed = new Map();
  for (const [name, item] of from) {
    if (!to.has(name) && share < 0.5) mixed.set(name, moved(item, -drift * share, item.alpha * (1 - 2 * share)));
  }
  for (const [name, item] of to) {
    const before = from.get(name);
    if (!before) mixed.set(name, moved(item, drift * (1 - share), item.alpha * Math.max(2 * share - 1, 0)));
    else {
      const at = item.at.map((value, k) => before.at[k] + (value - before.at[k]) * share);
      mixed.set(name, { ...item, at, alpha: before.alpha + (item.alpha - before.alpha) * share });
    }
  }
  return mixed;
}

/** How far right of its new place the last timestep stands that both have. @param {Scene} from @param {Scene} to */
function driftOf(from, to) {
  let drift = 0;
  for (let t = 0; from.has(`time.${t}`) && to.has(`time.${t}`); t += 1) drift = placeOf(from, t) - placeOf(to, t);
  return drift;
}

/** @param {Scene} scene @param {number} t */
function placeOf(scene, t) {
  return scene.get(`time.${t}`)?.at[0] ?? 0;
}

/** @param {Item} item @param {number} by @param {number} alpha @returns {Item} */
function moved(item, by, alpha) {
  const along = ALONG[item.kind];
  return { ...item, at: item.at.map((value, k) => (along.includes(k) ? value + by : value)), alpha };
}

/**
 * Slow at both ends.
 * @param {number} share
 */
export function eased(share) {
  const x = Math.min(Math.max(share, 0), 1);
  return x * x * (3 - 2 * x);
}
