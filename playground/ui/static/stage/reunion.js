/**
 * What happens when a server is there again that had gone. Streamlit then connects, but has the page run only if a run
 * was cut short: a page that stood still would show what the server knows nothing of, and its buttons would be dead.
 */

const LOOK = 250; // ms between two looks
const GRACE = 500; // ms for Streamlit to have the page run by itself
const AGAIN = 3000; // ms until a page that has not run is asked for once more

export const EVENT = "rnn-playground-run"; // what playground/ui/bell.py listens to

export class Reunion {
  /**
   * @param {() => boolean} isConnected
   * @param {() => boolean} isPageRunning
   * @param {() => void} ask  has the whole page run
   */
  constructor(isConnected, isPageRunning, ask) {
    this.isConnected = isConnected;
    this.isPageRunning = isPageRunning;
    this.ask = ask;
    this.due = Infinity; // when to ask; never, while nothing is amiss
    this.timer = 0;
    this.#later();
  }

  /** To be called with every message: the page does run. */
  received() {
    this.due = Infinity;
  }

  close() {
    clearTimeout(this.timer);
  }

  #later() {
    this.timer = window.setTimeout(() => {
      this.#look(performance.now());
      this.#later();
    }, LOOK);
  }

  /** @param {number} now */
  #look(now) {
    if (!this.isConnected()) this.due = 0;
    else if (this.due === 0) this.due = now + GRACE;
    else if (this.isPageRunning()) this.due = Infinity;
    else if (now >= this.due) {
      this.due = now + AGAIN;
      this.ask();
    }
  }
}
