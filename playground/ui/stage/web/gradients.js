/** Panel 5: how large the gradient still is at every timestep, in real units on a logarithmic axis. */

import { line, sideTitle, timeAt, timeAxis, TIME_MARGINS, timeX, write } from "./axes.js";
import { decades } from "./scales.js";
import { exact, powerOfTen, say } from "./words.js";

/** @typedef {import("./surface.js").Surface} Surface */
/** @typedef {import("./surface.js").Rect} Rect */
/** @typedef {import("./view.js").View} View */

const MOST_DECADES = 16; // smaller values sit on the lower edge as open triangles
const STRIP = 13; // height of the row in which exact zeros stand

/**
 * Whole decades around all magnitudes seen in this run.
 * @param {View} view
 * @returns {{low: number, high: number}} exponents
 */
export function gradientDecades(view) {
  const { gradientLow, gradientHigh } = view.limits;
  if (!(gradientHigh > 0)) return { low: -3, high: 0 };
  const high = Math.ceil(Math.log10(gradientHigh) + 1e-9);
  const low = Math.floor(Math.log10(gradientLow) - 1e-9);
  return { low: Math.max(Math.min(low, high - 1), high - MOST_DECADES), high };
}

/** @param {Surface} surface */
function gradientRect(surface) {
  const rect = surface.inside({ ...TIME_MARGINS, top: 8 });
  return { ...rect, height: rect.height - STRIP * surface.unit };
}

/**
 * @param {Surface} surface
 * @param {View} view
 */
export function drawGradients(surface, view) {
  if (!surface.ready) return;
  const rect = gradientRect(surface);
  const axis = gradientDecades(view);
  const strip = { ...rect, height: rect.height + STRIP * surface.unit };
  surface.prepare(`${view.key}|${view.t}|${axis.low}|${axis.high}`, (base) => {
    paintAxis(base, surface, view, rect, axis);
    timeAxis(base, surface, view, strip);
  });
  surface.stamp();
  const layer = view.frame?.layers[view.layer];
  if (!layer) return;
  for (const state of [...view.scene.states].reverse()) {
    paintSeries(surface, view, rect, axis, layer.gradients[state], state);
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Surface} surface
 * @param {View} view
 * @param {Rect} rect
 * @param {{low: number, high: number}} axis
 */
function paintAxis(context, surface, view, rect, axis) {
  const { theme } = view;
  const style = { font: surface.font(10.5), colour: theme.muted, align: /** @type {const} */ ("right") };
  const right = rect.left + rect.width;
  const most = Math.max(2, Math.floor(rect.height / (15 * surface.unit)));
  for (const exponent of decades(axis.low, axis.high, most)) {
    const y = rect.top + ((axis.high - exponent) / (axis.high - axis.low)) * rect.height;
    line(context, rect.left, Math.round(y) + 0.5, right, Math.round(y) + 0.5, theme.faint);
    write(context, powerOfTen(exponent), rect.left - 4 * surface.unit, y, style);
  }
  const bottom = rect.top + rect.height;
  const zero = bottom + (STRIP - 4) * surface.unit;
  context.fillStyle = theme.surface;
  context.fillRect(rect.left, zero - 4 * surface.unit, rect.width, 8 * surface.unit);
  write(context, "0", rect.left - 4 * surface.unit, zero, style);
  const x = Math.round(timeX(rect, view.scene.inputs.length, view.t)) + 0.5;
  line(context, x, rect.top - 5, x, zero + 4 * surface.unit, theme.muted, 1, [3, 3]);
  sideTitle(context, surface, view, rect, view.words.axis_gradient ?? "axis_gradient");
}

/**
 * @param {Surface} surface
 * @param {View} view
 * @param {Rect} rect
 * @param {{low: number, high: number}} axis
 * @param {Float32Array} values
 * @param {string} state
 */
function paintSeries(surface, view, rect, axis, values, state) {
  const { context, unit } = surface;
  const { theme } = view;
  const colour = theme.colour[state];
  const bottom = rect.top + rect.height;
  const zero = bottom + (STRIP - 4) * unit;
  const dot = Math.min(3, (rect.width / values.length) * 0.3) * unit;
  const places = Array.from(values, (value, t) => {
    const x = timeX(rect, values.length, t);
    if (!(value > 0) || value === Infinity) return { x, y: NaN, value };
    const y = rect.top + ((axis.high - Math.log10(value)) / (axis.high - axis.low)) * rect.height;
    return { x, y: Math.min(y, bottom), value };
  });
  context.strokeStyle = colour;
  context.lineWidth = 1.75 * unit;
  context.setLineDash(state === "c" ? [5 * unit, 2.5 * unit] : []);
  context.beginPath();
  let drawing = false;
  for (const { x, y } of places) {
    if (Number.isNaN(y)) drawing = false;
    else {
      if (drawing) context.lineTo(x, y);
      else context.moveTo(x, y);
      drawing = true;
    }
  }
  context.stroke();
  context.setLineDash([]);
  const edge = 10 ** axis.low;
  context.fillStyle = colour;
  context.beginPath();
  for (const { x, y, value } of places) {
    if (value >= edge && value !== Infinity) {
      context.moveTo(x + dot, y);
      context.arc(x, y, dot, 0, 2 * Math.PI);
    }
  }
  context.fill();
  for (const [t, { x, y, value }] of places.entries()) {
    if (value === 0) ring(context, x, zero, Math.max(dot, 1.5), colour);
    else if (value > 0 && value < edge) triangle(context, x, bottom, Math.max(dot, 2), colour);
    else if (!Number.isFinite(value)) {
      const text = Number.isNaN(value) ? "×" : "∞";
      write(context, text, x, rect.top + 2, {
        font: surface.font(10, 700), colour: theme.colour.exploded, align: "center",
      });
    }
    if (t === view.t && !Number.isNaN(y)) {
      context.fillStyle = theme.background;
      context.beginPath();
      context.arc(x, y, 4.5 * unit, 0, 2 * Math.PI);
      context.fill();
      ring(context, x, y, 4.5 * unit, colour, 2 * unit);
    }
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} x
 * @param {number} y
 * @param {number} radius
 * @param {string} colour
 * @param {number} [width]
 */
function ring(context, x, y, radius, colour, width = 1.25) {
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.stroke();
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} x
 * @param {number} y
 * @param {number} size
 * @param {string} colour
 */
function triangle(context, x, y, size, colour) {
  context.strokeStyle = colour;
  context.lineWidth = 1.25;
  context.beginPath();
  context.moveTo(x - size, y - size);
  context.lineTo(x + size, y - size);
  context.lineTo(x, y + size);
  context.closePath();
  context.stroke();
}

/**
 * @param {Surface} surface
 * @param {View} view
 * @param {number} x
 */
export function gradientTimeAt(surface, view, x) {
  return timeAt(gradientRect(surface), view.scene.inputs.length, x);
}

/**
 * @param {Surface} surface
 * @param {View} view
 * @param {number} x
 */
export function gradientTip(surface, view, x) {
  const t = gradientTimeAt(surface, view, x);
  const layer = view.frame?.layers[view.layer];
  if (t < 0 || !layer) return null;
  return [
    say(view.words, "timestep", { t: t + 1 }),
    ...view.scene.states.map((state) => `${magnitudeName(state)} ${exact(layer.gradients[state][t])}`),
  ];
}

/** @param {string} state */
export function magnitudeName(state) {
  return `‖∂L/∂${state}ₜ‖`;
}

/** @param {View} view */
export function describeGradients(view) {
  const layer = view.frame?.layers[view.layer];
  if (!layer) return "";
  const values = layer.gradients.h;
  return say(view.words, "aria_gradients", { first: exact(values[0]), last: exact(values[values.length - 1]) });
}
