/** Plays a recording: one picture after the other, at a pace of its own. */

const LONGEST = 250; // ms that one step makes up for: time in a hidden tab does not count

/** Pictures a second. Those that a run keeps stand closer where it begins, so a long one is not tedious. */
export const PACES = { slow: 5, normal: 20, fast: 80 };

/** @typedef {keyof typeof PACES} Pace */
/**
 * @typedef {object} Reel  what is played
 * @property {() => boolean} isAtEnd
 * @property {(pictures: number) => void} move
 * @property {() => void} rewind
 */

export class Playback {
  /** @param {Reel} reel */
  constructor(reel) {
    this.reel = reel;
    this.changed = () => {}; // called whenever it begins or ends to play
    /** @type {Pace} */
    this.pace = "normal";
    this.request = 0;
    this.last = 0;
    this.credit = 0; // part of a picture not yet played
  }

  get isPlaying() {
    return this.request !== 0;
  }

  /** Plays or pauses; from the start where the end is on screen. */
  toggle() {
    if (this.isPlaying) {
      this.#stop();
      return;
    }
    if (this.reel.isAtEnd()) this.reel.rewind();
    this.last = performance.now();
    this.credit = 0;
    this.#later();
    this.changed();
  }

  #stop() {
    cancelAnimationFrame(this.request);
    this.request = 0;
    this.changed();
  }

  #later() {
    this.request = requestAnimationFrame((now) => this.#tick(now));
  }

  /** @param {number} now */
  #tick(now) {
    this.credit += (Math.min(Math.max(now - this.last, 0), LONGEST) / 1000) * PACES[this.pace];
    this.last = now;
    const pictures = Math.floor(this.credit);
    this.credit -= pictures;
    if (pictures) this.reel.move(pictures);
    if (this.reel.isAtEnd()) this.#stop();
    else this.#later();
  }
}
