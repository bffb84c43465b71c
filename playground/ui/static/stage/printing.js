/**
 * The stage on paper: as wide as its columns need, dark on white, and sharper than a screen. Canvases keep their pixels
 * when a page is laid out for paper, so all is drawn anew before.
 */

import { SHARPNESS } from "../shared/png.js";

/** What there is room for on a sheet of A4 laid across, px of paper inside its margins. */
const SHEET = { width: 1060, height: 720 };
const NARROWEST = 1240; // px: the stage's three columns
const TRIES = 5; // type grows with the width, and with it the height

export class Printing {
  /**
   * @param {HTMLElement} root  of the stage; its style sheet says how it looks while `data-print` is there
   * @param {(sharpness: number) => void} redraw  draws all of it, at its present size and in its present colours
   */
  constructor(root, redraw) {
    this.begin = () => {
      root.dataset.print = "";
      fit(root);
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

/**
 * Makes a stage so wide that it fits on the sheet when it is made small enough for the sheet's width.
 * @param {HTMLElement} root
 */
function fit(root) {
  let width = NARROWEST;
  for (let tries = 0; tries < TRIES; tries += 1) {
    root.style.setProperty("--paper", `${Math.ceil(width)}px`);
    const needed = (root.getBoundingClientRect().height * SHEET.width) / SHEET.height;
    if (needed <= width) break;
    width = needed;
  }
  root.style.setProperty("--shrunk", String(SHEET.width / Math.ceil(width)));
}
