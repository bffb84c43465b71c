/** What the panels draw: one training step, one timestep, one layer, of one track. Panels only read it. */

/** @typedef {"one"|"total"} GradientOf  of one loss alone, or of the mean or sum of all */

/** @type {readonly GradientOf[]} */
export const GRADIENTS = ["one", "total"];

/**
 * @typedef {object} View
 * @property {import("./wire.js").Scene} scene
 * @property {Record<string, string>} words
 * @property {import("../shared/theme.js").Theme} theme
 * @property {string} key  changes when scene, words, theme or layer do: what axes and labels depend on
 * @property {import("./wire.js").Frame|null} frame  of the track, at the training cursor or nearest to it
 * @property {number} step  training cursor
 * @property {number} t  time cursor, counted from 0
 * @property {number} anchor  timestep that stays in view: not the one under the pointer, which would flee from it
 * @property {number} layer  counted from 0
 * @property {number} unit  the one that is looked into, counted from 0
 * @property {import("./wire.js").Question|null} question  what is asked beside, of all tracks
 * @property {import("./reading.js").Reading|null} reading  the answer at the step of `frame`, or at the nearest with one
 * @property {number} carried  timestep whose state was taken up, −1 for none
 * @property {number} over  timestep over which it is held
 * @property {import("./wire.js").Curve} curve
 * @property {number} playhead
 * @property {import("./wire.js").Explosion|null} explosion
 * @property {import("./track.js").Limits} limits  of all tracks
 * @property {import("./wire.js").Sample[]} samples
 * @property {number} reach  half the height of the trajectory's axes
 * @property {number} scroll  first timestep in view among the tiles, may be a fraction
 * @property {import("./panels/steps.js").StepScale} stepScale  of the axis of training steps
 * @property {import("./wire.js").Pair|null} pair  the timesteps that are compared; null where nothing needs memory
 * @property {number} pairAt  its place among the pairs of the scene
 * @property {number} lossAt  timestep of the loss whose gradient is looked at, counted from 0
 * @property {boolean} isLit  whether the reader has lit it
 * @property {GradientOf} gradientOf  what the panel of gradients shows
 * @property {import("./wire.js").Frame|null} first  the frame of step 0
 * @property {import("./earlier.js").Picture|null} earlier  the gradient of the last run of another cell on the same text
 * @property {number|null} crossed  the step from which on it is proved that the network remembers
 * @property {number|null} learned  the step at which the text is learned
 * @property {number} track  its place among the tracks
 * @property {View[]} tracks  all that stand side by side, this one among them
 */

/**
 * One view a track, of what is kept, where the cursors stand.
 * @param {import("./store.js").Store} store
 * @param {{step: number, theme: View["theme"], cursors: import("./cursors.js").Cursors,
 *   stepScale: View["stepScale"], gradientOf: GradientOf, eased: {reach: number, scroll: number}}} where  step: of the training cursor
 * @returns {View[]}
 */
export function look(store, { step, theme, cursors, stepScale, gradientOf, eased }) {
  const { message, limits } = store;
  if (!message) return [];
  /** @type {View[]} */
  const tracks = [];
  message.tracks.forEach(({ scene, sceneId, curve, crossed, learned, explosion, samples }, track) => {
    const layer = Math.min(cursors.layer, scene.layers - 1);
    const isLit = cursors.loss >= 0 && cursors.loss < scene.inputs.length;
    const frame = store.tracks[track].at(step, message.playhead);
    tracks.push({
      scene, words: scene.words, theme, key: `${sceneId}|${theme.key}|${layer}`,
      frame, step,
      unit: Math.min(cursors.unit, scene.units - 1),
      t: cursors.within(scene, cursors.t), anchor: cursors.within(scene, cursors.anchor), layer,
      carried: cursors.carried, over: cursors.over < 0 ? cursors.within(scene, cursors.t) : cursors.over,
      question: message.question, reading: store.readings.near(track, frame?.step ?? step),
      pair: scene.pairs[cursors.pair] ?? null, pairAt: cursors.pair,
      lossAt: isLit ? cursors.loss : scene.loss_at, isLit, gradientOf,
      first: store.tracks[track].first, earlier: store.earlier.beside(scene, step),
      crossed: crossed !== null && crossed <= message.playhead ? crossed : null,
      learned: learned !== null && learned <= message.playhead ? learned : null,
      curve, playhead: message.playhead, explosion, limits, samples, stepScale, ...eased, track, tracks,
    });
  });
  return tracks;
}

/**
 * The colour of a track's curve: alone, that of what the curve shows; beside others, that of its cell where that tells
 * them apart.
 * @param {View} view
 */
export function trackColour({ scene, theme, track, tracks }) {
  if (tracks.length === 1) return theme.colour.perplexity;
  const cells = new Set(tracks.map((view) => view.scene.cell));
  const own = cells.size === tracks.length ? theme.colour[scene.cell] : undefined;
  return own ?? theme.tracks[track % theme.tracks.length];
}

/**
 * The name of a track with its number, by which it is found again on the curve without colour.
 * @param {View} view
 */
export function trackName({ scene, track }) {
  return `${track + 1} ${scene.name}`;
}

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
