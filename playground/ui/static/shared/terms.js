/** Words that explain themselves: `[line k](k)` in a text is a button that tells what k is, pointed at or pressed. */

import { element, setText } from "./dom.js";

const TERM = /\[([^\]]+)\]\((\w+)\)/g;

export class Terms {
  /** @param {HTMLElement} parent  where the explanation is put; it is drawn above everything */
  constructor(parent) {
    this.box = element("div", { class: "told", popover: "manual", role: "tooltip", "data-unpainted": "" });
    parent.append(this.box);
    /** @type {HTMLElement|null} the word that is explained just now */
    this.explained = null;
  }

  /**
   * A text with its terms as buttons.
   * @param {string} text
   * @param {(term: string) => string} meaning
   * @returns {(string|HTMLElement)[]}
   */
  written(text, meaning) {
    this.hide();
    // Splitting by a pattern with two groups gives: text, word, term, text, word, term, … text.
    const parts = text.split(TERM);
    /** @type {(string|HTMLElement)[]} */
    const written = [];
    for (let k = 0; k < parts.length; k += 3) {
      if (parts[k]) written.push(parts[k]);
      if (k + 1 < parts.length) written.push(this.#button(parts[k + 1], meaning(parts[k + 2])));
    }
    return written;
  }

  hide() {
    this.explained = null;
    this.box.hidePopover?.();
  }

  /** @param {string} word @param {string} meaning */
  #button(word, meaning) {
    const button = element("button", { type: "button", class: "term", "aria-description": meaning }, [word]);
    button.onpointerenter = () => this.#show(button, meaning);
    button.onpointerleave = () => this.hide();
    button.onfocus = () => this.#show(button, meaning);
    button.onblur = () => this.hide();
    button.onclick = () => this.#show(button, meaning); // where a tap gives no focus
    button.onkeydown = (event) => {
      if (event.key === "Escape") this.hide();
    };
    return button;
  }

  /** @param {HTMLElement} button @param {string} meaning */
  #show(button, meaning) {
    if (this.explained === button) return;
    this.explained = button;
    const { box } = this;
    setText(box, meaning);
    box.showPopover?.();
    const { left, top, bottom } = button.getBoundingClientRect();
    const x = Math.max(8, Math.min(left, innerWidth - box.offsetWidth - 8));
    const y = bottom + 6 + box.offsetHeight < innerHeight ? bottom + 6 : top - 6 - box.offsetHeight;
    box.style.left = `${Math.round(x)}px`;
    box.style.top = `${Math.round(Math.max(8, y))}px`;
  }
}
