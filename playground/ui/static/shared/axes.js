/** Axes, labels and cursors shared by all that is drawn. */

import { isolate } from "./words.js";
import { stride } from "./scales.js";

/** @typedef {import("./surface.js").Surface} Surface */
/** @typedef {import("./surface.js").Rect} Rect */
/** @typedef {import("./theme.js").Theme} Theme */
/** @typedef {{theme: Theme, words: Record<string, string>, t: number}} Look  colours, words, and the time cursor */

/** All panels over time share these margins, so that their timesteps stand above one another. */
export const TIME_MARGINS = { left: 44, right: 8, top: 3, bottom: 29 };

/**
 * @param {CanvasRenderingContext2D} context
 * @param {string} text
 * @param {number} x
 * @param {number} y
 * @param {{font: string, colour: string, align?: CanvasTextAlign, baseline?: CanvasTextBaseline}} style
 */
export function write(context, text, x, y, { font, colour, align = "left", baseline = "middle" }) {
  context.font = font;
  context.fillStyle = colour;
  context.textAlign = align;
  context.textBaseline = baseline;
  context.fillText(text, x, y);
}

/**
 * Cuts a text to a width, with an ellipsis, never inside a user-perceived character.
 * @param {CanvasRenderingContext2D} context  its font is set
 * @param {string} text
 * @param {number} width
 */
export function fit(context, text, width) {
  if (context.measureText(text).width <= width) return text;
  const parts = [...new Intl.Segmenter().segment(text)].map((part) => part.segment);
  while (parts.length > 1) {
    parts.pop();
    const cut = `${parts.join("")}…`;
    if (context.measureText(cut).width <= width) return cut;
  }
  return parts[0];
}

/**
 * Where timestep t stands.
 * @param {Rect} rect
 * @param {number} count
 * @param {number} t
 */
export function timeX(rect, count, t) {
  return rect.left + ((t + 0.5) * rect.width) / count;
}

/**
 * The timestep under x, or −1 outside.
 * @param {Rect} rect
 * @param {number} count
 * @param {number} x
 */
export function timeAt(rect, count, x) {
  const t = Math.floor(((x - rect.left) / rect.width) * count);
  return x < rect.left - 6 || x > rect.left + rect.width + 6 ? -1 : Math.min(Math.max(t, 0), count - 1);
}

/**
 * The symbols read, below a panel over time; thinned out when there are many, the cursor's always there.
 * @param {CanvasRenderingContext2D} context
 * @param {Surface} surface
 * @param {Look} look
 * @param {string[]} labels  one a timestep
 * @param {Rect} rect
 * @param {boolean} [titled]
 */
export function timeAxis(context, surface, { theme, words, t }, labels, rect, titled = true) {
  const slot = rect.width / labels.length;
  const y = rect.top + rect.height + 9 * surface.unit;
  context.font = surface.font(10.5);
  const widest = labels.reduce((most, label) => Math.max(most, context.measureText(label).width), 0);
  const needed = Math.min(widest, 46 * surface.unit) + 4;
  const every = stride(slot, needed);
  const width = Math.max(slot * every - 3, needed);
  context.font = surface.font(10.5, 700);
  const chosen = fit(context, isolate(labels[t] ?? ""), Math.max(width, 60 * surface.unit));
  const half = context.measureText(chosen).width / 2 + 3;
  const x = Math.min(Math.max(timeX(rect, labels.length, t), rect.left + half), rect.left + rect.width - half);
  const style = { font: surface.font(10.5), colour: theme.muted, align: /** @type {const} */ ("center") };
  for (let k = 0; k < labels.length; k += every) {
    const at = timeX(rect, labels.length, k);
    context.font = style.font;
    const text = fit(context, isolate(labels[k]), width);
    if (k !== t && Math.abs(at - x) > half + context.measureText(text).width / 2) write(context, text, at, y, style);
  }
  write(context, chosen, x, y, { ...style, font: surface.font(10.5, 700), colour: theme.text });
  if (!titled) return;
  write(context, words.axis_timestep ?? "axis_timestep", rect.left + rect.width / 2, y + 13 * surface.unit, {
    ...style, font: surface.font(10),
  });
}

/**
 * A title along the vertical axis.
 * @param {CanvasRenderingContext2D} context
 * @param {Surface} surface
 * @param {Theme} theme
 * @param {Rect} rect
 * @param {string} text
 */
export function sideTitle(context, surface, theme, rect, text) {
  context.save();
  context.font = surface.font(10);
  const fitted = fit(context, text, surface.height);
  const half = context.measureText(fitted).width / 2; // a title longer than its axis may stand below it as well
  const middle = Math.min(Math.max(rect.top + rect.height / 2, half), surface.height - half);
  context.translate(7 * surface.unit, middle);
  context.rotate(-Math.PI / 2);
  write(context, fitted, 0, 0, {
    font: surface.font(10), colour: theme.muted, align: "center",
  });
  context.restore();
}

/**
 * A hair line.
 * @param {CanvasRenderingContext2D} context
 * @param {number} x0
 * @param {number} y0
 * @param {number} x1
 * @param {number} y1
 * @param {string} colour
 * @param {number} [width]
 * @param {number[]} [dash]
 */
export function line(context, x0, y0, x1, y1, colour, width = 1, dash = []) {
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.setLineDash(dash);
  context.beginPath();
  context.moveTo(x0, y0);
  context.lineTo(x1, y1);
  context.stroke();
  if (dash.length) context.setLineDash([]);
}
