/** Keeps the frames of the watched run, merged by training step and bounded, and the ranges they span. */

/** @typedef {import("./wire.js").Frame} Frame */
/** @typedef {import("./wire.js").Message} Message */
/**
 * @typedef {object} Limits  ranges over all frames seen of this run; they only ever widen
 * @property {Record<string, number>} state  largest |value| of each state, at least 1
 * @property {number} gradientLow  smallest positive gradient magnitude
 * @property {number} gradientHigh
 */

const MOST_FRAMES = 720;
const MOST_BYTES = 32e6;

export class Store {
  constructor() {
    /** @type {Message|null} the newest message */
    this.message = null;
    /** @type {Frame[]} ascending step */
    this.frames = [];
    /** @type {Limits} */
    this.limits = { state: {}, gradientLow: Infinity, gradientHigh: 0 };
    /** @type {Map<string, import("./wire.js").Scene>} */
    this.scenes = new Map();
  }

  /**
   * Takes a message in.
   * @param {Message} message
   * @returns {{newRun: boolean}}
   */
  receive(message) {
    const newRun = this.message === null || message.run !== this.message.run;
    const newFuture = !newRun && message.epoch !== this.message?.epoch;
    if (newRun) {
      this.frames = [];
      this.limits = { state: {}, gradientLow: Infinity, gradientHigh: 0 };
    }
    this.message = message;
    if (newFuture) this.frames.length = this.visible;
    for (const frame of message.frames) this.#keep(frame);
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
    const { limits } = this;
    for (const layer of frame.layers) {
      for (const [state, scale] of Object.entries(layer.scale)) {
        if (Number.isFinite(scale)) limits.state[state] = Math.max(limits.state[state] ?? 1, scale);
      }
      for (const magnitudes of Object.values(layer.gradients)) {
        for (const value of magnitudes) {
          if (value > 0 && value < Infinity) {
            limits.gradientLow = Math.min(limits.gradientLow, value);
            limits.gradientHigh = Math.max(limits.gradientHigh, value);
          }
        }
      }
    }
  }

  /** Drops every second frame, sparing the newest quarter, whenever too many are kept. */
  #bound() {
    const size = this.frames[0]?.nbytes ?? 1;
    const most = Math.max(2, Math.min(MOST_FRAMES, Math.floor(MOST_BYTES / size)));
    while (this.frames.length > most) {
      const spared = Math.floor(this.frames.length * 0.75);
      this.frames = this.frames.filter((_, index) => index % 2 === 0 || index >= spared);
    }
  }
}
