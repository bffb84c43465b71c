/** What goes to the server: questions for the next message, by the stage's own way where there is one, and acts. */

import { Clock } from "../shared/clock.js";
import { isPageRunning } from "../shared/dom.js";
import { Feed } from "./feed.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./wire.js").Message} Message */
/** @typedef {(name: string, value: unknown) => void} Trigger */

export class Line {
  /**
   * @param {URL} feeds  address below which every viewer has a feed
   * @param {import("./memory.js").Memory} memory  of this tab
   * @param {Store} store
   * @param {(bytes: Uint8Array) => void} receive  takes an answer
   */
  constructor(feeds, memory, store, receive) {
    this.clock = new Clock(isPageRunning);
    this.feed = new Feed(feeds);
    this.memory = memory;
    this.store = store;
    this.receive = receive;
    this.isClosed = false;
    /** @type {Trigger} */
    this.trigger = () => {};
  }

  /**
   * To be called with every message, before the store has taken it.
   * @param {Message} message
   */
  received(message) {
    if (message.playing) this.feed.look();
    const place = this.memory.received(message);
    if (place) this.#whenPageIsDone(() => this.trigger("resume", place));
    this.clock.received(message, (serial) => this.#ask(message, serial));
  }

  close() {
    this.isClosed = true;
    this.clock.stop();
  }

  /** @param {() => void} then */
  #whenPageIsDone(then) {
    setTimeout(() => {
      if (this.isClosed) return;
      if (isPageRunning()) this.#whenPageIsDone(then);
      else then();
    }, 20);
  }

  /**
   * Asks for what comes after a message: the feed where it works, else the page.
   * @param {Message} message
   * @param {number} serial  of that message
   * @returns {boolean} whether the question is out
   */
  #ask({ feed, sceneIds }, serial) {
    if (this.feed.asking) return false; // the answer to the question before is still to come
    const heard = { serial, scene: sceneIds.filter((id) => this.store.scenes.has(id)).join(",") };
    if (!feed || !this.feed.works) {
      this.trigger("tick", heard);
      return true;
    }
    this.feed.next(feed, heard).then((answer) => {
      const now = this.store.message;
      if (this.isClosed || !now?.playing || now.serial !== serial) return; // the page was faster
      if (answer instanceof Uint8Array) this.receive(answer);
      else if (answer === "page") this.trigger("tick", heard);
      else this.clock.soon();
    });
    return true;
  }
}
