/** One tile: the symbol read above, the symbol to predict below, coloured by its loss, with its probability. */

import { fit, write } from "../../shared/axes.js";
import { css, inkOn } from "../../shared/theme.js";
import { isolate, probabilityText } from "../../shared/words.js";
import { targetProbability } from "../view.js";
import { frameTarget, litColours } from "./beam.js";

/** @typedef {import("../../shared/surface.js").Surface} Surface */
/** @typedef {import("../view.js").View} View */

/**
 * The share of the loss scale: it ends at twice the loss of uniform guessing.
 * @param {View} view
 */
export function lossLimit(view) {
  return 2 * Math.log(Math.max(view.scene.uniform, 2));
}

/**
 * @param {View} view
 * @param {number} t
 */
export function lossColour(view, t) {
  const palette = view.theme.loss;
  const share = (view.frame?.losses[t] ?? 0) / lossLimit(view);
  if (!Number.isFinite(share)) return view.theme.broken;
  return palette[Math.round(Math.min(Math.max(share, 0), 1) * (palette.length - 1))];
}

/**
 * @param {Surface} surface
 * @param {View} view
 * @param {{top: number, upper: number, lower: number, end: number}} rows  heights of its parts
 * @param {number} t
 * @param {number} left
 * @param {number} width  in whole pixels
 * @param {number} even  the width before rounding, the same for all tiles
 */
export function drawTile(surface, view, rows, t, left, width, even) {
  const { context, unit } = surface;
  const { scene, theme } = view;
  const middle = left + width / 2;
  const lower = rows.end - rows.lower;
  const lit = litColours(view, t);
  context.fillStyle = css(lit.ground);
  context.fillRect(left, rows.top, width, rows.upper);
  const colour = lossColour(view, t);
  context.fillStyle = css(colour);
  context.fillRect(left, rows.lower, width, lower);
  const ink = inkOn(colour);
  const large = { font: surface.font(19, 500), colour: theme.text, align: /** @type {const} */ ("center") };
  writeFitted(surface, scene.inputs[t], middle, rows.top + rows.upper / 2 + unit, width - 3, 19, lit.ink);
  writeFitted(surface, scene.targets[t], middle, rows.lower + lower * 0.36, width - 3, 17, ink);
  write(context, fittingText(targetProbability(view, t), even / unit), middle, rows.lower + lower * 0.8, {
    ...large, font: surface.font(10.5, 500), colour: ink,
  });
  if (view.isLit && t === view.lossAt) frameTarget(surface, view, { left, top: rows.lower, width, height: lower });
  if (t === view.t) {
    context.strokeStyle = theme.text;
    context.lineWidth = 2;
    context.strokeRect(left, rows.top, width, rows.end - rows.top);
  }
}

/**
 * A label as large as it may be; smaller, and then cut, when it is too wide.
 * @param {Surface} surface
 * @param {string} label
 * @param {number} x
 * @param {number} y
 * @param {number} width
 * @param {number} size
 * @param {string} colour
 */
function writeFitted(surface, label, x, y, width, size, colour) {
  const { context } = surface;
  const text = isolate(label);
  context.font = surface.font(size, 500);
  const wide = context.measureText(text).width;
  const fitted = wide > width ? Math.max(11.5, (size * width) / wide) : size;
  const font = surface.font(fitted, 500);
  context.font = font;
  write(context, fit(context, text, width), x, y, { font, colour, align: "center" });
}

/**
 * A probability with as many decimals as a tile has room for.
 * @param {number} probability
 * @param {number} width  at the designed size
 */
function fittingText(probability, width) {
  if (width >= 38 || Number.isNaN(probability)) return probabilityText(probability);
  if (probability < 0.005) return "<.01";
  const text = probability.toFixed(2);
  return width >= 26 ? text : text.replace(/^0/, "");
}
