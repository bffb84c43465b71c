/** Units × timesteps as colours: one blit a frame, axes only when they change. */

import { sideTitle, timeAt, timeAxis, TIME_MARGINS, write } from "../../shared/axes.js";
import { say } from "../../shared/words.js";
import { lineLegend } from "../../shared/panel.js";
import { stride } from "../../shared/scales.js";
import { css } from "../../shared/theme.js";

/** @typedef {import("../../shared/surface.js").Surface} Surface */
/** @typedef {import("../view.js").View} View */

const SMALL_MARGINS = { left: 31, right: 2, top: 2, bottom: 15 };

/**
 * @param {Surface} surface
 * @param {boolean} small
 */
function heatmapRect(surface, small) {
  return surface.inside(small ? SMALL_MARGINS : TIME_MARGINS);
}

/**
 * @param {Surface} surface
 * @param {View} view
 * @param {Int8Array|Uint8Array} plane  (units, T)
 * @param {Uint32Array} colours  colour of byte b at index b + 128 for Int8Array, b for Uint8Array
 * @param {{small?: boolean}} [options]
 */
export function drawHeatmap(surface, view, plane, colours, { small = false } = {}) {
  const { units, inputs } = view.scene;
  const { context } = surface;
  const length = inputs.length;
  const rect = heatmapRect(surface, small);
  const repainted = surface.prepare(`${view.key}|${view.t}`, (base) => paintAxes(base, surface, view, rect, small));
  if (repainted) surface.stamp();
  const { canvas, context: tiny, image, pixels } = surface.pixels(length, units);
  const shift = plane instanceof Int8Array ? 128 : 0;
  for (let k = 0; k < pixels.length; k += 1) pixels[k] = colours[plane[k] + shift];
  tiny.putImageData(image, 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(canvas, rect.left, rect.top, rect.width, rect.height);
  paintGaps(context, view.theme.background, rect, length, units);
  paintCursor(context, view, rect, length);
  paintUnit(context, view, rect);
}

/**
 * Fine lines between cells that are large enough.
 * @param {CanvasRenderingContext2D} context
 * @param {string} colour
 * @param {import("../../shared/surface.js").Rect} rect
 * @param {number} columns
 * @param {number} rows
 */
function paintGaps(context, colour, rect, columns, rows) {
  context.fillStyle = colour;
  const wide = rect.width / columns;
  const high = rect.height / rows;
  if (wide >= 7) {
    for (let k = 1; k < columns; k += 1) context.fillRect(Math.round(rect.left + k * wide), rect.top, 1, rect.height);
  }
  if (high >= 7) {
    for (let k = 1; k < rows; k += 1) context.fillRect(rect.left, Math.round(rect.top + k * high), rect.width, 1);
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {View} view
 * @param {import("../../shared/surface.js").Rect} rect
 * @param {number} columns
 */
function paintCursor(context, view, rect, columns) {
  const wide = rect.width / columns;
  const left = Math.round(rect.left + view.t * wide);
  const right = Math.round(rect.left + (view.t + 1) * wide);
  const width = Math.max(right - left, 3);
  context.lineWidth = 1;
  context.strokeStyle = view.theme.background;
  context.strokeRect(left + 1.5, rect.top + 1.5, Math.max(width - 3, 0.5), rect.height - 3);
  context.strokeStyle = view.theme.text;
  context.strokeRect(left + 0.5, rect.top + 0.5, width - 1, rect.height - 1);
}

/**
 * Marks at both ends of the row of the unit that is looked into.
 * @param {CanvasRenderingContext2D} context
 * @param {View} view
 * @param {import("../../shared/surface.js").Rect} rect
 */
function paintUnit(context, { unit, scene, theme }, rect) {
  const y = rect.top + ((unit + 0.5) * rect.height) / scene.units;
  context.fillStyle = theme.text;
  for (const [edge, inward] of [[rect.left, 1], [rect.left + rect.width, -1]]) {
    context.beginPath();
    context.moveTo(edge, y - 4);
    context.lineTo(edge + 5 * inward, y);
    context.lineTo(edge, y + 4);
    context.fill();
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Surface} surface
 * @param {View} view
 * @param {import("../../shared/surface.js").Rect} rect
 * @param {boolean} small
 */
function paintAxes(context, surface, view, rect, small) {
  const { units } = view.scene;
  const style = {
    font: surface.font(small ? 9.5 : 10.5), colour: view.theme.muted, align: /** @type {const} */ ("right"),
  };
  const high = rect.height / units;
  const every = small ? Math.max(units - 1, 1) : stride(high, 13 * surface.unit);
  const x = rect.left - 4 * surface.unit;
  for (let unit = 1; unit <= units; unit += 1) {
    const shown = small ? unit === 1 || unit === units : unit === 1 || unit % every === 0;
    if (!shown || (unit === 1 && every > 1 && high * (every - 1) < 15 * surface.unit)) continue;
    const y = rect.top + (unit - 0.5) * high;
    const edge = 5 * surface.unit;
    write(context, String(unit), x, Math.min(Math.max(y, rect.top + edge), rect.top + rect.height - edge), style);
  }
  sideTitle(context, surface, view.theme, rect, view.words.axis_unit ?? "axis_unit");
  timeAxis(context, surface, view, view.scene.inputs, rect, !small);
}

/**
 * Unit and timestep under the pointer.
 * @param {Surface} surface
 * @param {View} view
 * @param {number} x
 * @param {number} y
 * @param {boolean} small
 * @returns {{unit: number, t: number}|null}
 */
export function cellAt(surface, view, x, y, small) {
  const rect = heatmapRect(surface, small);
  const t = timeAt(rect, view.scene.inputs.length, x);
  const unit = Math.floor(((y - rect.top) / rect.height) * view.scene.units);
  return t < 0 || unit < 0 || unit >= view.scene.units ? null : { unit, t };
}

/**
 * The first line of a tooltip over a heatmap.
 * @param {View} view
 * @param {{unit: number, t: number}} cell
 */
export function cellName(view, { unit, t }) {
  return `${say(view.words, "unit", { u: unit + 1 })} · ${say(view.words, "timestep", { t: t + 1 })}`;
}

/**
 * What the colour of no number means, where a run has exploded.
 * @param {View} view
 */
export function brokenLegend({ explosion, theme, words }) {
  return explosion ? [lineLegend(css(theme.broken), say(words, "broken"), "block")] : [];
}
