/**
 * The stage on paper: as wide as its columns need, dark on white, and sharper than a screen. Canvases keep their pixels
 * when a page is laid out for paper, so all is drawn anew before.
 */

import { SHARPNESS } from "../shared/png.js";

export class Printing {
  /**
   * @param {HTMLElement} root  of the stage; its style sheet says how it looks while `data-print` is there
   * @param {(sharpness: number) => void} redraw  draws all of it, at its present size and in its present colours
   */
  constructor(root, redraw) {
    this.begin = () => {
      root.dataset.print = "";
      redraw(SHARPNESS);
    };
    this.end = () => {
      delete root.dataset.print;
      redraw(1);
    };
    addEventListener("beforeprint", this.begin);
    addEventListener("afterprint", this.end);
  }

  dispose() {
    removeEventListener("beforeprint", this.begin);
    removeEventListener("afterprint", this.end);
  }
}
