/**
 * The clock of the stage. Frames arrive in bursts, a few times a second; the player spreads each burst evenly over
 * the time until the next one is expected, so that the picture moves smoothly.
 */

/** @typedef {import("./store.js").Store} Store */

const CATCH_UP = 800; // ms to run from a scrubbed-back position to the newest frame
const SETTLE = 150; // ms to show what is left when playing stops, or a single step
const LONGEST_PAUSE = 100; // ms: time spent in a hidden tab does not count

export class Player {
  /**
   * @param {Store} store
   * @param {(now: number) => boolean} draw  draws the present frame; true when it wants to be called again
   */
  constructor(store, draw) {
    this.store = store;
    this.draw = draw;
    this.step = -1; // of the frame shown, -1 before the first
    this.playhead = 0; // of the message before
    this.wasPlaying = false;
    this.following = true; // towards the newest frame; false when scrubbed back
    this.holds = false; // stands still, whatever there is to play
    this.interval = 200; // ms between messages, estimated
    this.jitter = 30;
    this.lastMessage = -Infinity;
    this.catchUpUntil = 0;
    this.credit = 0; // part of a frame not yet played
    this.lastTick = 0;
    this.request = 0;
    this.dirty = false;
  }

  /** Index of the frame shown, -1 before the first. */
  get index() {
    return this.step < 0 ? -1 : this.store.nearest(this.step);
  }

  /**
   * To be called with every message after the store has taken it. A step or a reset is to be seen: it ends looking back.
   * @param {{newRun: boolean}} change
   */
  received({ newRun }) {
    const now = performance.now();
    const { store } = this;
    const { playing = false, playhead = 0, tick = 0.2 } = store.message ?? {};
    const resumed = playing && !this.wasPlaying;
    const stepped = !playing && !this.wasPlaying && playhead !== this.playhead;
    const wentBack = playhead < this.playhead;
    this.playhead = playhead;
    this.wasPlaying = playing;
    const gap = now - this.lastMessage;
    if (playing && gap < 3000) {
      this.jitter += (Math.abs(gap - this.interval) - this.jitter) * 0.2;
      this.interval += (gap - this.interval) * 0.2;
    } else {
      this.interval = 1000 * tick;
      this.jitter = 30;
    }
    this.lastMessage = now;
    if (resumed && !this.following) this.catchUpUntil = now + CATCH_UP;
    if (newRun || resumed || stepped || wentBack) this.following = true;
    const newest = store.moments[store.visible - 1];
    if (newest && (newRun || this.step < 0)) this.step = playing ? store.moments[0].step : newest.step;
    if (newRun && !newest) this.step = -1;
    if (newest && this.step > newest.step) this.step = newest.step;
    this.refresh();
  }

  /**
   * Shows the frame nearest to a training step and stays there.
   * @param {number} step
   */
  scrub(step) {
    const index = this.store.nearest(step);
    if (index < 0) return;
    this.step = this.store.moments[index].step;
    this.following = index === this.store.visible - 1;
    this.refresh();
  }

  /**
   * Moves by a number of frames and stays there.
   * @param {number} frames
   */
  move(frames) {
    const index = Math.min(Math.max(this.index + frames, 0), this.store.visible - 1);
    if (index >= 0) this.scrub(this.store.moments[index].step);
  }

  /** Returns to the newest frame. */
  follow() {
    if (!this.following) this.catchUpUntil = performance.now() + CATCH_UP;
    this.following = true;
    this.refresh();
  }

  /** Asks for one drawing, and for as many more as there are frames to play. */
  refresh() {
    this.dirty = true;
    if (!this.request) {
      this.lastTick = performance.now();
      this.request = requestAnimationFrame((now) => this.#tick(now));
    }
  }

  stop() {
    cancelAnimationFrame(this.request);
    this.request = 0;
  }

  /** @param {number} now */
  #tick(now) {
    this.request = 0;
    const moved = this.#advance(now);
    let more = false;
    if (moved || this.dirty) {
      this.dirty = false;
      more = this.draw(now);
    }
    if (more) this.dirty = true;
    if (!this.request && (more || this.#backlog() > 0)) {
      this.request = requestAnimationFrame((next) => this.#tick(next));
    }
  }

  #backlog() {
    return this.following && !this.holds ? this.store.visible - 1 - this.index : 0;
  }

  /**
   * @param {number} now
   * @returns {boolean} whether another frame is to be shown
   */
  #advance(now) {
    const elapsed = Math.min(Math.max(now - this.lastTick, 0), LONGEST_PAUSE);
    this.lastTick = now;
    const backlog = this.#backlog();
    if (backlog <= 0) {
      this.credit = 0;
      return false;
    }
    const playing = this.store.message?.playing ?? false;
    const expected = playing ? this.lastMessage + this.interval + 1.5 * this.jitter : this.lastMessage + SETTLE;
    const left = Math.max(expected - now, this.catchUpUntil - now, elapsed, 1);
    this.credit += (elapsed * backlog) / left;
    const frames = Math.min(Math.floor(this.credit), backlog);
    if (frames < 1) return false;
    this.credit -= frames;
    this.step = this.store.moments[this.index + frames].step;
    return true;
  }
}
