/**
 * What the panels draw: one training step, one timestep, one layer, of one run. Panels only read it.
 *
 * @typedef {object} View
 * @property {import("./wire.js").Scene} scene
 * @property {Record<string, string>} words
 * @property {import("../shared/theme.js").Theme} theme
 * @property {string} key  changes when scene, words, theme or layer do: what axes and labels depend on
 * @property {import("./wire.js").Frame|null} frame  at the training cursor
 * @property {number} step  training cursor
 * @property {number} t  time cursor, counted from 0
 * @property {number} layer  counted from 0
 * @property {import("./wire.js").Curve} curve
 * @property {number} playhead
 * @property {import("./wire.js").Explosion|null} explosion
 * @property {import("./store.js").Limits} limits
 * @property {import("./wire.js").Sample[]} samples
 * @property {number} reach  half the height of the trajectory's axes
 * @property {number} scroll  first timestep in view among the tiles, may be a fraction
 */

/**
 * The probability given to the target at timestep t.
 * @param {View} view
 * @param {number} t
 */
export function targetProbability(view, t) {
  return view.frame ? Math.exp(-view.frame.losses[t]) : NaN;
}

/**
 * The loss of the watched sequence alone: the mean over its timesteps.
 * @param {import("./wire.js").Frame} frame
 */
export function watchedLoss({ losses }) {
  let total = 0;
  for (const loss of losses) total += loss;
  return total / losses.length;
}
