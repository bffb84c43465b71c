/** The numbers of every timestep: a table, a row a quantity, of which what is not lit is dim and what is to come empty. */

import { element, setAttribute, setText } from "../shared/dom.js";
import { typeset } from "../shared/math.js";
import { css, inkOn } from "../shared/theme.js";

export class Picture {
  constructor() {
    this.table = element("table");
    this.element = element("div", { class: "picture", tabindex: "0", role: "group" }, [this.table]);
    /** @type {{row: import("./script.js").Row, line: HTMLElement, head: HTMLElement, cells: HTMLElement[]}[]} */
    this.rows = [];
    /** @type {HTMLElement[]} */
    this.times = [];
  }

  /**
   * Builds the table of a message, empty.
   * @param {import("./script.js").Message} message
   */
  build({ rows, words }) {
    setAttribute(this.element, "aria-label", words.picture);
    const length = rows[0].texts?.length ?? 0;
    this.times = Array.from({ length }, (_, t) => element("th", { scope: "col" }, [`t = ${t + 1}`]));
    const head = element("tr", {}, [element("td", { class: "corner" }), ...this.times]);
    this.rows = rows.map((row) => {
      const name = element("th", { scope: "row" }, typeset(row.label, { isFlat: true }));
      const cells = Array.from({ length }, (_, t) => element("td", {}, (row.units?.[t] ?? []).map(() => element("i"))));
      return { row, head: name, cells, line: element("tr", { "data-row": row.name }, [name, ...cells]) };
    });
    this.table.replaceChildren(head, ...this.rows.map(({ line }) => line));
  }

  /**
   * @param {ReturnType<import("./script.js").Script["seen"]>} seen
   * @param {import("../shared/theme.js").Theme} theme
   */
  draw({ shown, lit }, theme) {
    for (const { row, line, cells } of this.rows) {
      const isLit = lit.has(row.name);
      setAttribute(line, "data-lit", String(isLit));
      setAttribute(line, "data-shown", String(Boolean(shown.get(row.name)?.size)));
      cells.forEach((cell, t) => {
        const isShown = Boolean(shown.get(row.name)?.has(t));
        setAttribute(cell, "data-lit", String(Boolean(lit.get(row.name)?.has(t))));
        setAttribute(cell, "data-shown", String(isShown));
        if (row.units) {
          [...cell.children].forEach((unit, k) => {
            paint(/** @type {HTMLElement} */ (unit), row, isShown ? row.units?.[t][k] : undefined, theme);
          });
        } else {
          setText(cell, isShown ? row.texts?.[t] ?? "" : "");
          paint(cell, row, isShown ? row.shades?.[t] : undefined, theme);
        }
      });
    }
  }

  /**
   * Brings a timestep into view, without moving the page.
   * @param {number} t
   * @param {boolean} isCalm
   */
  bring(t, isCalm) {
    const cell = this.times[t];
    const { scrollLeft, clientWidth } = this.element;
    const names = this.rows[0].head.offsetWidth;
    const left = cell.offsetLeft - names;
    if (left < scrollLeft || cell.offsetLeft + cell.offsetWidth > scrollLeft + clientWidth) {
      const middle = left - (clientWidth - names - cell.offsetWidth) / 2;
      this.element.scrollTo?.({ left: middle, behavior: isCalm ? "auto" : "smooth" });
    }
  }
}

/**
 * @param {HTMLElement} target
 * @param {import("./script.js").Row} row
 * @param {number|undefined} shade  none for what has no colour
 * @param {import("../shared/theme.js").Theme} theme
 */
function paint(target, row, shade, theme) {
  const colour = shade === undefined || row.palette === "" ? null : theme[row.palette][place(row.palette, shade)];
  const background = colour === null ? "" : css(colour);
  if (target.style.background === background) return;
  target.style.background = background;
  target.style.color = colour === null ? "" : inkOn(colour);
}

/** @param {string} palette @param {number} shade */
function place(palette, shade) {
  const share = palette === "signed" ? (shade + 1) / 2 : shade;
  return Math.round(Math.max(0, Math.min(share, 1)) * (palette === "signed" ? 511 : 255));
}
