/** What goes to the server: questions for the next message, by the stage's own way where there is one, and acts. */

import { Clock } from "../shared/clock.js";
import { isConnected, isPageRunning } from "../shared/dom.js";
import { Asking } from "./asking.js";
import { Feed } from "./feed.js";
import { EVENT, Reunion } from "./reunion.js";

const LOOK = 20; // ms until the next look whether the server can be asked
const AGAIN = 2000; // ms until a session that has not begun is asked once more

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./wire.js").Message} Message */
/** @typedef {(name: string, value: unknown) => void} Trigger */

export class Line {
  /**
   * @param {URL} feeds  address below which every viewer has a feed
   * @param {import("./memory.js").Memory} memory  of this tab
   * @param {Store} store
   * @param {(bytes: Uint8Array) => void} receive  takes the next message
   * @param {() => void} read  told of the answer to a question about a step, which the store has taken
   */
  constructor(feeds, memory, store, receive, read) {
    this.clock = new Clock(isPageRunning);
    this.feed = new Feed(feeds);
    this.memory = memory;
    this.store = store;
    this.receive = receive;
    this.reunion = new Reunion(isConnected, isPageRunning, () => document.dispatchEvent(new Event(EVENT)));
    this.asking = new Asking(store, this.feed, read, (step) => this.trigger("reading", { step }));
    this.isClosed = false;
    /** @type {import("./memory.js").Place|null} where a session that has not begun is to go on from */
    this.wish = null;
    this.wishing = 0;
    /** @type {Trigger} */
    this.trigger = () => {};
  }

  /**
   * To be called with every message, before the store has taken it.
   * @param {Message} message
   * @returns {import("./memory.js").Place|null} where the server is still on its way to
   */
  received(message) {
    this.reunion.received();
    if (message.playing) this.feed.look();
    const place = this.memory.received(message);
    const wish = message.fresh ? place : null;
    if (wish !== this.wish) this.#wishFor(wish);
    this.clock.received(message, (serial) => this.#ask(message, serial));
    return place;
  }

  close() {
    this.isClosed = true;
    this.clock.stop();
    this.asking.stop();
    this.reunion.close();
    this.#wishFor(null);
  }

  /**
   * Asks a session to go on from a place until it has begun: what is said while the connection is down is lost. It
   * hears the first of these only, for then it has begun.
   * @param {import("./memory.js").Place|null} place  null: nothing is wished any more
   */
  #wishFor(place) {
    clearTimeout(this.wishing);
    this.wish = place;
    if (place) this.#wishAfter(LOOK, place);
  }

  /** @param {number} wait @param {import("./memory.js").Place} place */
  #wishAfter(wait, place) {
    this.wishing = window.setTimeout(() => {
      const isHeard = isConnected() && !isPageRunning();
      if (isHeard) this.trigger("resume", place);
      this.#wishAfter(isHeard ? AGAIN : LOOK, place);
    }, wait);
  }

  /**
   * Asks for what comes after a message: the feed where it works, else the page.
   * @param {Message} message
   * @param {number} serial  of that message
   * @returns {boolean} whether the question is out
   */
  #ask({ feed, sceneIds }, serial) {
    if (this.feed.asking || !isConnected()) return false; // the answer to the question before is still to come
    const heard = { serial, scene: sceneIds.filter((id) => this.store.scenes.has(id)).join(",") };
    if (!feed || !this.feed.works) {
      this.trigger("tick", heard);
      return true;
    }
    this.feed.next(feed, heard).then((answer) => {
      const now = this.store.message;
      if (this.isClosed || !now?.playing || now.serial !== serial) return; // the page was faster
      if (answer instanceof Uint8Array) this.receive(answer);
      else if (answer === "page" && isConnected()) this.trigger("tick", heard);
      else this.clock.soon();
    });
    return true;
  }
}
