/**
 * What a first visit sees: a run that is there already, played slowly from step 0 in the browser alone, until somebody
 * touches the page. Nothing of it may be seen that has not been played. Whoever wants less motion finds it at step 0.
 */

/** @typedef {import("./wire.js").Message} Message */
/** @typedef {import("./wire.js").Curve} Curve */

const STEPS_A_SECOND = 6;

export class Overture {
  /**
   * @param {{matches: boolean}} calm  whether less motion is wanted
   * @param {(message: Message) => void} show  takes what may be seen so far
   */
  constructor(calm, show) {
    this.calm = calm;
    this.show = show;
    /** @type {Message|null} all of it; null where there is none */
    this.message = null;
    this.played = 0; // the last step that may be seen
    this.plays = false;
    this.since = 0; // when that step was shown
  }

  /**
   * To be called with every message.
   * @param {Message} message
   * @returns {Message} as much of it as may be seen
   */
  received(message) {
    if (!message.overture) {
      this.message = null;
      this.plays = false;
      return message;
    }
    const isNew = message.run !== this.message?.run;
    this.message = message;
    if (isNew) {
      this.played = 0;
      if (!this.calm.matches) this.#begin();
    }
    return upTo(message, this.played, message.tracks.map(({ frames }) => frames));
  }

  /** Somebody is there: it rests where it is. */
  touch() {
    this.plays = false;
  }

  #begin() {
    const isOnItsWay = this.plays;
    this.plays = true;
    this.since = performance.now();
    if (!isOnItsWay) requestAnimationFrame((now) => this.#tick(now));
  }

  /** @param {number} now */
  #tick(now) {
    const { message } = this;
    if (!this.plays || !message) return;
    if (now - this.since >= 1000 / STEPS_A_SECOND) {
      this.since = now; // a hidden tab waits
      this.played = following(message, this.played);
      this.plays = this.played < message.playhead;
      this.show(upTo(message, this.played, message.tracks.map(() => [])));
    }
    if (this.plays) requestAnimationFrame((next) => this.#tick(next));
  }
}

/**
 * The step after another of which there is a frame.
 * @param {Message} message
 * @param {number} step
 */
function following({ tracks, playhead }, step) {
  const later = tracks.flatMap(({ frames }) => frames.map((frame) => frame.step)).filter((each) => each > step);
  return Math.min(playhead, ...later);
}

/**
 * A message as it would have been at an earlier step.
 * @param {Message} message
 * @param {number} step
 * @param {import("./wire.js").Frame[][]} frames  that it is to bring, one list a track
 * @returns {Message}
 */
function upTo(message, step, frames) {
  const tracks = message.tracks.map((track, k) => ({ ...track, curve: curveUpTo(track.curve, step), frames: frames[k] }));
  return { ...message, playhead: step, tracks };
}

/** @param {Curve} curve @param {number} step @returns {Curve} */
function curveUpTo(curve, step) {
  const count = curve.step.findLastIndex((each) => each <= step) + 1;
  return {
    step: curve.step.subarray(0, count),
    loss: curve.loss.subarray(0, count),
    gradient_norm: curve.gradient_norm.subarray(0, count),
    clipped_norm: curve.clipped_norm.subarray(0, count),
    clipped: curve.clipped.subarray(0, count),
    share: curve.share.subarray(0, count),
  };
}
