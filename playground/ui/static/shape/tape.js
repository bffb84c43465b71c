/** The recorded training steps, and where among them somebody is. No element, no clock: it can be asked. */

/** @typedef {import("./message.js").Frame} Frame */

const WHOLE = 8; // seconds in which a recording is played, if it is neither short nor long
const [SLOWEST, FASTEST] = [3, 12]; // frames a second

export class Tape {
  /** @type {Frame[]} */
  #frames = [];

  constructor() {
    this.at = 0;
    this.isPlaying = false;
    /** Whether whoever watches wants to see the newest. */
    this.follows = true;
    this.rest = 0; // of a frame that has passed
  }

  get frame() {
    return this.#frames[this.at] ?? null;
  }

  get count() {
    return this.#frames.length;
  }

  get last() {
    return this.#frames[this.count - 1] ?? null;
  }

  get isAtEnd() {
    return this.at >= this.count - 1;
  }

  /**
   * Takes the frames there are now; whoever watched stays at the step where that was, or goes on to the newest.
   * @param {Frame[]} frames  in the order of their steps
   * @param {boolean} isNew  whether it is another recording
   */
  receive(frames, isNew) {
    const step = isNew ? Infinity : this.frame?.step ?? 0;
    this.follows ||= isNew;
    this.isPlaying &&= !isNew;
    this.#frames = frames;
    this.at = this.follows && !this.isPlaying ? Math.max(this.count - 1, 0) : this.#nearest(step);
  }

  /** @param {number} at  the number of a frame */
  goTo(at) {
    this.isPlaying = false;
    this.at = Math.max(0, Math.min(Math.round(at) || 0, this.count - 1));
    this.follows = this.isAtEnd;
  }

  /** @param {number} by  frames, negative for back */
  step(by) {
    this.goTo(this.at + by);
  }

  /** Plays on, from the beginning where there is no more. */
  play() {
    if (this.count < 2) return;
    if (this.isAtEnd) this.at = 0;
    this.isPlaying = true;
    this.rest = 0;
  }

  pause() {
    this.isPlaying = false;
    this.follows = this.isAtEnd;
  }

  /**
   * Time passes while it is played.
   * @param {number} seconds
   */
  pass(seconds) {
    const pace = Math.min(Math.max(this.count / WHOLE, SLOWEST), FASTEST);
    this.rest += seconds * pace;
    const whole = Math.floor(this.rest);
    this.rest -= whole;
    this.at = Math.min(this.at + whole, this.count - 1);
    if (this.isAtEnd) this.pause();
  }

  /** @param {number} step */
  #nearest(step) {
    const found = this.#frames.findLastIndex((frame) => frame.step <= step);
    return Math.max(found, 0);
  }
}
