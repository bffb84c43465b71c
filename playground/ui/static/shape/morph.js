/** Between two pictures: what is in both moves, what is in one of them fades. */

/**
 * @typedef {object} Item  one thing that is drawn
 * @property {"box"|"edge"|"text"|"loss"|"join"|"split"|"fed"} kind
 * @property {number[]} at  where and how large; which numbers, its kind says
 * @property {number} alpha
 * @property {import("./scene.js").Look} look  what does not move
 */
/** @typedef {Map<string, Item>} Scene  by names which stay the same from picture to picture */

/**
 * @param {Scene|null} from
 * @param {Scene} to
 * @param {number} share  0 … 1 of the way
 * @returns {Scene}
 */
export function between(from, to, share) {
  if (!from || share >= 1) return to;
  /** @type {Scene} */
  const mixed = new Map();
  for (const [name, item] of from) {
    if (!to.has(name) && share < 0.5) mixed.set(name, { ...item, alpha: item.alpha * (1 - 2 * share) });
  }
  for (const [name, item] of to) {
    const before = from.get(name);
    if (!before) mixed.set(name, { ...item, alpha: item.alpha * Math.max(2 * share - 1, 0) });
    else {
      const at = item.at.map((value, k) => before.at[k] + (value - before.at[k]) * share);
      mixed.set(name, { ...item, at, alpha: before.alpha + (item.alpha - before.alpha) * share });
    }
  }
  return mixed;
}

/**
 * Slow at both ends.
 * @param {number} share
 */
export function eased(share) {
  const x = Math.min(Math.max(share, 0), 1);
  return x * x * (3 - 2 * x);
}
