/** A link that is the first stop of the tab key on the page, and leads to the stage past everything above it. */

import { element, setText } from "../shared/dom.js";

export class Skip {
  /** @param {HTMLElement} stage */
  constructor(stage) {
    this.link = element("button", { type: "button", class: "skip-to-stage" });
    this.link.onclick = () => stage.focus();
    document.body.prepend(this.link);
  }

  /** @param {string} text */
  say(text) {
    setText(this.link, text);
  }

  dispose() {
    this.link.remove();
  }
}
