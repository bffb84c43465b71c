/** Keeps the frames of one track, merged by training step and bounded, and the ranges they span. */

/** @typedef {import("./wire.js").Frame} Frame */
/** @typedef {import("./wire.js").TrackMessage} TrackMessage */
/**
 * @typedef {object} Limits  ranges over the finite frames up to the playhead; they widen while it goes on
 * @property {Record<string, number>} state  largest |value| of each state, at least 1
 * @property {number} gradientLow  smallest positive gradient magnitude
 * @property {number} gradientHigh
 */

const MOST_FRAMES = 720;
const MOST_BYTES = 32e6; // of all tracks together

/** @returns {Limits} */
function noLimits() {
  return { state: {}, gradientLow: Infinity, gradientHigh: 0 };
}

/**
 * The ranges that hold several.
 * @param {Limits[]} all
 * @returns {Limits}
 */
export function commonLimits(all) {
  if (all.length === 1) return all[0];
  const common = noLimits();
  for (const { state, gradientLow, gradientHigh } of all) {
    for (const name in state) common.state[name] = Math.max(common.state[name] ?? 1, state[name]);
    common.gradientLow = Math.min(common.gradientLow, gradientLow);
    common.gradientHigh = Math.max(common.gradientHigh, gradientHigh);
  }
  return common;
}

export class Track {
  /** @param {number} count  how many tracks there are */
  constructor(count) {
    this.most = MOST_BYTES / count; // bytes
    /** @type {Frame[]} ascending step */
    this.frames = [];
    this.limits = noLimits();
    /** @type {number[]} */
    this.forks = [];
    this.seen = -1; // the ranges hold the frames up to here
  }

  /**
   * Takes in what a message brings.
   * @param {TrackMessage} message
   * @param {number} playhead
   */
  receive({ forks, frames }, playhead) {
    const past = lastCommon(this.forks, forks);
    this.forks = forks;
    this.frames.length = indexAfter(this.frames, past);
    for (const frame of frames) this.#keep(frame);
    if (past < this.seen || playhead < this.seen) {
      this.limits = noLimits();
      this.seen = -1;
    }
    for (const frame of frames) if (frame.step <= this.seen) widen(this.limits, frame);
    const visible = indexAfter(this.frames, playhead);
    for (let k = indexAfter(this.frames, this.seen); k < visible; k += 1) widen(this.limits, this.frames[k]);
    this.seen = playhead;
    this.#bound();
  }

  /**
   * The frame nearest to `step` that may be seen.
   * @param {number} step
   * @param {number} playhead
   */
  at(step, playhead) {
    return this.frames[nearest(this.frames, step, playhead)] ?? null;
  }

  /** The frame of step 0. */
  get first() {
    return this.frames[0]?.step === 0 ? this.frames[0] : null;
  }

  /** @param {Frame} frame */
  #keep(frame) {
    const after = indexAfter(this.frames, frame.step);
    if (after > 0 && this.frames[after - 1].step === frame.step) this.frames[after - 1] = frame;
    else this.frames.splice(after, 0, frame);
  }

  /** Drops every second frame, sparing the first and the newest quarter, whenever too many are kept. */
  #bound() {
    const size = this.frames[0]?.nbytes ?? 1;
    const most = Math.max(2, Math.min(MOST_FRAMES, Math.floor(this.most / size)));
    while (this.frames.length > most) {
      const spared = Math.floor(this.frames.length * 0.75);
      this.frames = this.frames.filter((_, index) => index % 2 === 0 || index >= spared);
    }
  }
}

/**
 * @param {{step: number}[]} moments  ascending step
 * @param {number} step
 * @returns {number} index of the first moment beyond `step`
 */
export function indexAfter(moments, step) {
  let low = 0;
  let high = moments.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (moments[middle].step <= step) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * @param {{step: number}[]} moments  ascending step
 * @param {number} step
 * @param {number} playhead  nothing beyond it may be seen
 * @returns {number} index of the moment nearest to `step`, −1 when there is none
 */
export function nearest(moments, step, playhead) {
  const visible = indexAfter(moments, playhead);
  const after = Math.min(indexAfter(moments, step), visible);
  if (after === 0) return visible ? 0 : -1;
  if (after === visible) return visible - 1;
  return step - moments[after - 1].step <= moments[after].step - step ? after - 1 : after;
}

/**
 * The last step that two recordings of one run have in common: the first fork that only one of them has ends it.
 * @param {number[]} known
 * @param {number[]} forks
 */
export function lastCommon(known, forks) {
  let same = 0;
  while (same < known.length && known[same] === forks[same]) same += 1;
  return Math.min(Infinity, ...known.slice(same), ...forks.slice(same));
}

/**
 * Widens the ranges by what a frame holds. A frame that is not finite says nothing about the others.
 * @param {Limits} limits
 * @param {Frame} frame
 */
function widen(limits, frame) {
  if (!frame.finite) return;
  const { state } = limits;
  for (const layer of frame.layers) {
    for (const name in layer.scale) {
      const scale = layer.scale[name];
      if (scale > (state[name] ?? 1) && scale < Infinity) state[name] = scale;
      else state[name] ??= 1;
      widenGradient(limits, layer.total[name]);
      widenGradient(limits, layer.one[name]);
    }
  }
}

/**
 * @param {Limits} limits
 * @param {Float32Array} magnitudes
 */
function widenGradient(limits, magnitudes) {
  for (const value of magnitudes) {
    if (!(value > 0 && value < Infinity)) continue;
    if (value < limits.gradientLow) limits.gradientLow = value;
    if (value > limits.gradientHigh) limits.gradientHigh = value;
  }
}
