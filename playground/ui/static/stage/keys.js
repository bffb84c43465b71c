/** The list of all keys, over the stage: a dialog, which the browser closes with Esc and gives the keyboard back from. */

import { element, setAttribute, setText } from "../shared/dom.js";
import { say } from "../shared/words.js";
import { KEYS } from "./keyboard.js";

export class Keys {
  constructor() {
    this.open = element("button", { type: "button", class: "keys-button" }, ["?"]);
    this.title = element("h3");
    this.list = element("dl");
    this.close = element("button", { type: "button", class: "close" });
    this.dialog = element("dialog", { class: "keys" }, [this.title, this.list, this.close]);
    this.open.onclick = () => this.show();
    this.close.onclick = () => this.dialog.close();
    this.dialog.onclick = (event) => { if (event.target === this.dialog) this.dialog.close(); }; // beside it
  }

  show() {
    if (!this.dialog.open) this.dialog.showModal();
  }

  /** @param {import("./view.js").View} view */
  dress({ words }) {
    setText(this.title, say(words, "keys"));
    setText(this.close, say(words, "close"));
    setAttribute(this.open, "aria-label", say(words, "keys"));
    setAttribute(this.open, "title", say(words, "keys"));
    this.list.replaceChildren(...KEYS.flatMap(([keys, word, asksServer]) => [
      element("dt", asksServer ? { "data-server": "" } : {}, /** @type {string[]} */ (keys).map((key) => element("kbd", {}, [key === "Space" ? say(words, "space") : key]))),
      element("dd", asksServer ? { "data-server": "" } : {}, [say(words, /** @type {string} */ (word))]),
    ]));
  }
}
