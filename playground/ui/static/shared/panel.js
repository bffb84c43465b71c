/** The frame around every panel: title, legend, one line of advice, and boxes to draw in. */

import { element, setAttribute, setText } from "./dom.js";
import { gradient } from "./theme.js";
import { Surface } from "./surface.js";
import { Terms } from "./terms.js";
import { say } from "./words.js";

export class Panel {
  /** @param {string} name */
  constructor(name) {
    this.name = name;
    this.title = element("h3");
    this.aside = element("div", { class: "aside" });
    this.save = element("button", { type: "button", class: "save", "data-unpainted": "" }, ["PNG"]);
    this.hint = element("p", { class: "hint" });
    this.body = element("div", { class: "body" });
    this.element = element("section", { class: `panel ${name}` }, [
      element("header", {}, [this.title, this.save, this.aside]), this.hint, this.body,
    ]);
    /** @type {Surface[]} */
    this.surfaces = [];
    this.terms = new Terms(this.element);
    this.hinted = "";
  }

  /**
   * Adds a box with a canvas.
   * @param {HTMLElement} [parent]
   */
  addSurface(parent = this.body) {
    const plot = element("div", { class: "plot", role: "img" });
    parent.append(plot);
    const surface = new Surface(plot);
    this.surfaces.push(surface);
    return surface;
  }

  /**
   * @param {string} title
   * @param {string} hint
   * @param {Record<string, string>} words  those that explain the terms of the hint among them
   */
  setNames(title, hint, words) {
    setText(this.title, title);
    this.setHint(hint, words);
    setAttribute(this.element, "aria-label", title);
  }

  /**
   * The line of advice; terms in it explain themselves.
   * @param {string} hint
   * @param {Record<string, string>} words
   */
  setHint(hint, words) {
    if (hint === this.hinted) return;
    this.hinted = hint;
    this.hint.replaceChildren(...this.terms.written(hint, (term) => say(words, `term_${term}`)));
  }
}

/**
 * A bar of colour with the numbers at its ends.
 * @param {Uint32Array} palette
 * @param {string} low
 * @param {string} high
 * @param {string} [title]
 */
export function colourLegend(palette, low, high, title = "") {
  const bar = element("i", { class: "ramp" });
  bar.style.background = gradient(palette);
  const children = [element("span", {}, [low]), bar, element("span", {}, [high])];
  if (title) children.unshift(element("span", { class: "legend-title" }, [title]));
  return element("span", { class: "legend" }, children);
}

/**
 * @param {string} colour
 * @param {number[]} dash  length and gap, px
 */
function dashed(colour, [length, gap]) {
  return `repeating-linear-gradient(to right, ${colour} 0 ${length}px, transparent ${length}px ${length + gap}px)`;
}

/**
 * A stroke of colour with a name.
 * @param {string} colour
 * @param {string} text
 * @param {"solid"|"dashed"|"tick"|"block"|"diamond"|"none"|number[]} kind  numbers: its dash and its gap, px
 * @param {number} opacity
 */
export function lineLegend(colour, text, kind = "solid", opacity = 1) {
  const dash = Array.isArray(kind) ? kind : null;
  const swatch = element("i", { class: `swatch ${dash ? "dash" : kind}` });
  swatch.style.opacity = String(opacity);
  swatch.style.borderColor = colour;
  if (dash) swatch.style.backgroundImage = dashed(colour, dash);
  return element("span", { class: "legend" }, [swatch, element("bdi", {}, [text])]);
}
