/**
 * Asks what a viewer wants to know about the step on screen, where no message has brought it: while paused, and while
 * looking back. One question at a time, and always about the newest step that is wanted; the feed answers where it
 * works, else the page.
 */

import { decodeReadings } from "./wire.js";

const SETTLED = 40; // ms that a wish stands before it is asked about: who scrubs passes many steps
const AGAIN = 250; // ms until what could not be answered yet is asked once more
const BY_PAGE = 400; // ms that a wish stands before the page has to run for it
const MOST_TRIES = 40; // of one step

export class Asking {
  /**
   * @param {import("./store.js").Store} store
   * @param {import("./feed.js").Feed} feed
   * @param {() => void} read  told when the store has an answer
   * @param {(step: number) => void} askPage
   */
  constructor(store, feed, read, askPage) {
    this.store = store;
    this.feed = feed;
    this.read = read;
    this.askPage = askPage;
    /** @type {number[]} the steps that are on screen, one a track */
    this.steps = [];
    this.step = 0; // of the training cursor
    this.wanted = ""; // of which question, and at which step
    this.tries = 0;
    this.isOut = false;
    this.timer = 0;
  }

  /**
   * To be called with every drawing.
   * @param {number} step  of the training cursor
   * @param {number[]} steps  what the tracks show for it
   * @param {boolean} isFollowing  messages bring the answers as they come
   */
  want(step, steps, isFollowing) {
    const { readings } = this.store;
    const isMissing = !isFollowing && readings.lack(steps);
    const wanted = isMissing ? `${readings.asked}|${step}` : "";
    this.step = step;
    if (wanted === this.wanted) return;
    this.wanted = wanted;
    this.steps = steps;
    this.tries = 0;
    this.#after(SETTLED);
  }

  /**
   * Asks something else from now on: the answer need not wait for the page, which is told as well.
   * @param {Record<string, string>} change
   */
  async change(change) {
    const { step, feed } = this;
    const token = this.store.message?.feed ?? "";
    if (token && !feed.works) await feed.look();
    if (!token || !feed.works) return;
    const answer = await feed.reading(token, step, change);
    const found = answer instanceof Uint8Array ? decodeReadings(answer, this.store.scenes) : null;
    if (!found) return;
    this.store.ask(found);
    this.read();
  }

  stop() {
    this.wanted = "";
    clearTimeout(this.timer);
  }

  /** @param {number} wait */
  #after(wait) {
    clearTimeout(this.timer);
    if (this.wanted && !this.isOut) this.timer = window.setTimeout(() => this.#ask(), wait);
  }

  async #ask() {
    const { wanted, step, feed } = this;
    const token = this.store.message?.feed ?? "";
    this.isOut = true;
    if (token && !feed.works) await feed.look();
    const answer = token && feed.works ? await feed.reading(token, step) : "page";
    this.isOut = false;
    if (answer instanceof Uint8Array) {
      const found = decodeReadings(answer, this.store.scenes);
      if (found) this.store.receiveReadings(found);
      this.read();
    }
    if (wanted !== this.wanted) this.#after(SETTLED); // something else is wanted meanwhile
    else if (answer === "page") this.#byPage();
    else if (answer === "later" && (this.tries += 1) < MOST_TRIES) this.#after(AGAIN);
  }

  /** While it plays, the page has enough to do. */
  #byPage() {
    if (this.store.message?.playing) return;
    const { wanted, step } = this;
    this.timer = window.setTimeout(() => { if (wanted === this.wanted) this.askPage(step); }, BY_PAGE);
  }
}
