/**
 * The beat of playing. The stage asks for the next message once it has the last one and the time has come: so a busy
 * server is asked less often, no answer is overtaken by the next question, and a closed page asks for nothing.
 *
 * It waits for the rest of the page, too. Of a run that is about to end when the question comes, Streamlit may drop the
 * last elements, and the word that it has finished, without which the page keeps what it should remove.
 */

const PATIENCE = 3000; // ms without an answer after which the question is asked again
const LOOK = 20; // ms until the next look whether the page has come to its end

export class Clock {
  /** @param {() => boolean} isPageRunning  whether more of the page is still to come */
  constructor(isPageRunning) {
    this.isPageRunning = isPageRunning;
    this.serial = -1;
    this.heard = -Infinity;
    this.asked = -Infinity;
    this.timer = 0;
    /** @type {((serial: number) => boolean)|null} */
    this.ask = null;
  }

  /**
   * To be called with every message.
   * @param {{playing: boolean, serial: number, tick: number}} message
   * @param {(serial: number) => boolean} ask  whether the question is out: else it is asked again soon
   */
  received({ playing, serial, tick }, ask) {
    if (!playing) {
      this.stop();
      return;
    }
    if (serial === this.serial) return; // the same message once more, after a change of theme
    this.serial = serial;
    this.ask = ask;
    this.heard = performance.now();
    const due = this.asked + 1000 * tick - this.heard;
    this.#later(Math.max(0, due), ask);
  }

  /** Asks again soon instead of after a long silence. */
  soon() {
    this.asked = -Infinity;
    if (this.ask) this.#later(5 * LOOK, this.ask);
  }

  stop() {
    clearTimeout(this.timer);
    this.serial = -1;
  }

  /** @param {number} wait @param {(serial: number) => boolean} ask */
  #later(wait, ask) {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => {
      const now = performance.now();
      if (this.isPageRunning() && now - this.heard < PATIENCE) {
        this.#later(LOOK, ask);
        return;
      }
      const isOut = ask(this.serial);
      if (isOut) this.asked = now;
      this.#later(isOut ? PATIENCE : LOOK, ask);
    }, wait);
  }
}
