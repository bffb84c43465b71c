/** One tile: the symbol read above, the symbol to predict below, coloured by its loss, with its probability. */

import { fit, write } from "../../shared/axes.js";
import { css, inkOn } from "../../shared/theme.js";
import { isolate, probabilityText } from "../../shared/words.js";
import { changeAt, isSeen, pictured } from "../answers.js";
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
  const share = (pictured(view)?.losses[t] ?? 0) / lossLimit(view);
  if (!Number.isFinite(share)) return view.theme.broken;
  return palette[Math.round(Math.min(Math.max(share, 0), 1) * (palette.length - 1))];
}

/** @param {View} view  whether there is an answer to what is to be otherwise */
export function isEdited({ reading }) {
  return Boolean(reading?.edited && reading.original);
}

/**
 * Where the lines of a tile's lower part stand, as shares of its height.
 * @param {View} view
 */
export function linesOf(view) {
  return isEdited(view)
    ? { target: 0.22, answers: 0.56, probability: 0.84 } : { target: 0.36, answers: 0.58, probability: 0.8 };
}

/** @typedef {{top: number, upper: number, strip: number, lower: number, end: number}} Rows  of the parts of a tile */

/**
 * @param {Surface} surface
 * @param {View} view
 * @param {Rows} rows
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
  const lines = linesOf(view);
  writeFitted(surface, scene.targets[t], middle, rows.lower + lower * lines.target, width - 3, 17, ink);
  const change = changeAt(view, t);
  const y = rows.lower + lower * lines.probability;
  if (change) {
    const answers = rows.lower + lower * lines.answers;
    const [old, now] = [change.old, change.now].map((id) => isolate(scene.vocabulary[id]));
    writeChange(surface, change.answers ? old : "", now, middle, answers, width - 3, ink);
    const [before, after] = [change.before, change.after].map((each) => fittingText(each, even / unit));
    writeChange(surface, isSeen(change) && before !== after ? before : "", after, middle, y, width - 3, ink);
  } else {
    write(context, fittingText(targetProbability(view, t), even / unit), middle, y, {
      ...large, font: surface.font(10.5, 500), colour: ink,
    });
  }
  if (view.isLit && t === view.lossAt) frameTarget(surface, view, { left, top: rows.lower, width, height: lower });
  if (t === view.t) {
    context.strokeStyle = theme.text;
    context.lineWidth = 2;
    context.strokeRect(left, rows.top, width, rows.end - rows.top);
  }
}

/**
 * What was, pale, and what is with the edits; only that where there is no room for both, or nothing was otherwise.
 * @param {Surface} surface
 * @param {string} before
 * @param {string} after
 * @param {number} middle
 * @param {number} y
 * @param {number} width
 * @param {string} ink
 */
function writeChange(surface, before, after, middle, y, width, ink) {
  const { context } = surface;
  const [plain, strong] = [surface.font(10.5, 400), surface.font(10.5, before ? 700 : 500)];
  const was = before ? `${before} → ` : "";
  context.font = plain;
  const first = context.measureText(was).width;
  context.font = strong;
  const second = context.measureText(after).width;
  const fits = first + second <= width;
  const left = middle - (fits ? first + second : second) / 2;
  if (was && fits) {
    context.globalAlpha = 0.75;
    write(context, was, left, y, { font: plain, colour: ink });
    context.globalAlpha = 1;
  }
  write(context, after, left + (fits ? first : 0), y, { font: strong, colour: ink });
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
