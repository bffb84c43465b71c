/** A small box beside the pointer that tells what is under it, as of what is drawn. */

import { element, setText } from "./dom.js";

/** @typedef {import("./gestures.js").Target} Target */

export class Tip {
  /** @param {HTMLElement} root  the positioned element inside which it stays; it is to be put there as `element` */
  constructor(root) {
    this.root = root;
    this.element = element("div", { class: "tip", "aria-hidden": "true" });
    /** @type {{target: Target, x: number, y: number}|null} */
    this.pointed = null;
    this.isShown = false;
  }

  /**
   * @param {Target|null} target  null when the pointer has left
   * @param {number} x
   * @param {number} y
   */
  point(target, x, y) {
    this.pointed = target && { target, x, y };
    this.refresh();
  }

  /** To be called when another picture has been drawn. */
  refresh() {
    const { element: box, root, pointed } = this;
    const lines = pointed?.target.tip(pointed.x, pointed.y);
    if (!lines || !pointed) {
      if (this.isShown) box.style.display = "none";
      this.isShown = false;
      return;
    }
    this.isShown = true;
    setText(box, lines.join("\n"));
    box.style.display = "block";
    const room = root.getBoundingClientRect();
    const plot = pointed.target.surface.plot.getBoundingClientRect();
    const x = plot.left - room.left + pointed.x;
    const y = plot.top - room.top + pointed.y;
    const left = x + 14 + box.offsetWidth > room.width ? x - 14 - box.offsetWidth : x + 14;
    const top = Math.min(Math.max(y - box.offsetHeight - 10, 2), room.height - box.offsetHeight - 2);
    box.style.transform = `translate(${Math.max(2, Math.round(left))}px, ${Math.round(top)}px)`;
  }
}
