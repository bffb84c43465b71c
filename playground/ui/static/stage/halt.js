/**
 * Pause, at once: from the press on, the picture stands still, and the server hears of it meanwhile. What comes until it
 * says that it has stopped is kept and not shown.
 */

const BUTTON = ".st-key-play button"; // says Pause while it plays
const PATIENCE = 2000; // ms; a server that still plays then has taken the press for another

export class Halt {
  /**
   * @param {() => boolean} isPlaying  by what the server has said last
   * @param {() => void} changed  told when it begins, or is taken back
   */
  constructor(isPlaying, changed) {
    this.isPlaying = isPlaying;
    this.changed = changed;
    this.isOn = false;
    this.since = 0;
    /** @param {Event} event */
    this.heard = (event) => {
      const [target] = /** @type {Element[]} */ (event.composedPath());
      if (target.closest?.(BUTTON)) this.press();
    };
    document.addEventListener("click", this.heard, true);
  }

  /** Play or pause is pressed, wherever that is. */
  press() {
    if (!this.isPlaying()) return;
    this.isOn = !this.isOn;
    this.since = performance.now();
    this.changed();
  }

  /**
   * To be called with every message.
   * @param {{playing: boolean}} message
   */
  received({ playing }) {
    if (!playing || performance.now() - this.since > PATIENCE) this.isOn = false;
  }

  dispose() {
    document.removeEventListener("click", this.heard, true);
  }
}
