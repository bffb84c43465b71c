/** Keeps the frames of the watched run, merged by training step and bounded, and the ranges they span. */

/** @typedef {import("./wire.js").Frame} Frame */
/** @typedef {import("./wire.js").Message} Message */
/**
 * @typedef {object} Limits  ranges over the finite frames up to the playhead; they widen while it goes on
 * @property {Record<string, number>} state  largest |value| of each state, at least 1
 * @property {number} gradientLow  smallest positive gradient magnitude
 * @property {number} gradientHigh
 */

const MOST_FRAMES = 720;
const MOST_BYTES = 32e6;

/** @returns {Limits} */
function noLimits() {
  return { state: {}, gradientLow: Infinity, gradientHigh: 0 };
}

export class Store {
  constructor() {
    /** @type {Message|null} the newest message */
    this.message = null;
    /** @type {Frame[]} ascending step */
    this.frames = [];
    this.limits = noLimits();
    /** @type {Map<string, import("./wire.js").KnownScene>} */
    this.scenes = new Map();
  }

  /**
   * Takes a message in.
   * @param {Message} message
   * @returns {{newRun: boolean}}
   */
  receive(message) {
    const before = this.message;
    const newRun = before === null || message.run !== before.run;
    const past = newRun ? -1 : lastCommon(before.forks, message.forks);
    this.message = message;
    this.frames.length = this.indexAfter(past);
    for (const frame of message.frames) this.#keep(frame);
    let seen = before?.playhead ?? -1; // the ranges hold the frames up to here
    if (newRun || past < seen || message.playhead < seen) {
      this.limits = noLimits();
      seen = -1;
    }
    for (const frame of message.frames) if (frame.step <= seen) widen(this.limits, frame);
    for (let k = this.indexAfter(seen); k < this.visible; k += 1) widen(this.limits, this.frames[k]);
    this.#bound();
    return { newRun };
  }

  /** How many of the kept frames this viewer may see. */
  get visible() {
    return this.message === null ? 0 : this.indexAfter(this.message.playhead);
  }

  /**
   * @param {number} step
   * @returns {number} index of the first kept frame beyond `step`
   */
  indexAfter(step) {
    let low = 0;
    let high = this.frames.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.frames[middle].step <= step) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /**
   * @param {number} step
   * @returns {number} index of the visible frame nearest to `step`, -1 when there is none
   */
  nearest(step) {
    const visible = this.visible;
    const after = Math.min(this.indexAfter(step), visible);
    if (after === 0) return visible ? 0 : -1;
    if (after === visible) return visible - 1;
    return step - this.frames[after - 1].step <= this.frames[after].step - step ? after - 1 : after;
  }

  /** @param {Frame} frame */
  #keep(frame) {
    const after = this.indexAfter(frame.step);
    if (after > 0 && this.frames[after - 1].step === frame.step) this.frames[after - 1] = frame;
    else this.frames.splice(after, 0, frame);
  }

  /** Drops every second frame, sparing the first and the newest quarter, whenever too many are kept. */
  #bound() {
    const size = this.frames[0]?.nbytes ?? 1;
    const most = Math.max(2, Math.min(MOST_FRAMES, Math.floor(MOST_BYTES / size)));
    while (this.frames.length > most) {
      const spared = Math.floor(this.frames.length * 0.75);
      this.frames = this.frames.filter((_, index) => index % 2 === 0 || index >= spared);
    }
  }
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
      widenGradient(limits, layer.last[name]);
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
