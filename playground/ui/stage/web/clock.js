/**
 * The beat of playing. The stage asks for the next message once it has the last one and the time has come: so a busy
 * server is asked less often, no answer is overtaken by the next question, and a closed page asks for nothing.
 */

const PATIENCE = 3000; // ms without an answer after which the question is asked again

export class Clock {
  constructor() {
    this.serial = -1;
    this.asked = -Infinity;
    this.timer = 0;
  }

  /**
   * To be called with every message.
   * @param {{playing: boolean, serial: number, tick: number}} message
   * @param {(serial: number) => void} ask
   */
  received({ playing, serial, tick }, ask) {
    if (!playing) {
      this.stop();
      return;
    }
    if (serial === this.serial) return; // the same message once more, after a change of theme
    this.serial = serial;
    const due = this.asked + 1000 * tick - performance.now();
    this.#later(Math.max(0, due), ask);
  }

  stop() {
    clearTimeout(this.timer);
    this.serial = -1;
  }

  /** @param {number} wait @param {(serial: number) => void} ask */
  #later(wait, ask) {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => {
      this.asked = performance.now();
      ask(this.serial);
      this.#later(PATIENCE, ask);
    }, wait);
  }
}
