/** Something that may be done as often as asked for, but is done only so often. */

export class Paced {
  /**
   * @param {number} every  ms between two times, at least
   * @param {() => void} act
   */
  constructor(every, act) {
    this.every = every;
    this.act = act;
    this.last = 0;
    this.timer = 0;
  }

  /**
   * Acts now, or as soon as it is time again.
   * @param {number} now
   * @param {boolean} [atOnce]  in any case now
   */
  ask(now, atOnce = false) {
    this.stop();
    const wait = this.last + this.every - now;
    if (wait > 0 && !atOnce) {
      this.timer = window.setTimeout(() => this.ask(performance.now()), wait);
      return;
    }
    this.last = now;
    this.act();
  }

  stop() {
    clearTimeout(this.timer);
  }
}
