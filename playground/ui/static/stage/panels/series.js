/** Magnitudes over time as a line with dots, on a logarithmic axis: what is too small for it, zero or no number is marked. */

import { timeX, write } from "../../shared/axes.js";

/** @typedef {import("../../shared/surface.js").Surface} Surface */
/** @typedef {import("../../shared/surface.js").Rect} Rect */
/** @typedef {import("../view.js").View} View */

export const STRIP = 13; // height of the row in which exact zeros stand

/**
 * @param {Surface} surface
 * @param {View} view
 * @param {Rect} rect
 * @param {{low: number, high: number}} axis
 * @param {ArrayLike<number>} values  of the first timesteps
 * @param {string} state
 */
export function paintSeries(surface, view, rect, axis, values, state) {
  const count = view.scene.inputs.length;
  const { context, unit } = surface;
  const { theme } = view;
  const colour = theme.colour[state];
  const bottom = rect.top + rect.height;
  const zero = bottom + (STRIP - 4) * unit;
  const dot = Math.min(3, (rect.width / count) * 0.3) * unit;
  /** @param {number} value */
  const valueY = (value) => Math.min(
    rect.top + ((axis.high - Math.log10(value)) / (axis.high - axis.low)) * rect.height, bottom,
  );
  context.strokeStyle = colour;
  context.lineWidth = 1.75 * unit;
  context.setLineDash(state === "c" ? [5 * unit, 2.5 * unit] : []);
  context.beginPath();
  let drawing = false;
  for (let t = 0; t < values.length; t += 1) {
    const isOnAxis = values[t] > 0 && values[t] < Infinity;
    if (isOnAxis && drawing) context.lineTo(timeX(rect, count, t), valueY(values[t]));
    else if (isOnAxis) context.moveTo(timeX(rect, count, t), valueY(values[t]));
    drawing = isOnAxis;
  }
  context.stroke();
  context.setLineDash([]);
  const edge = 10 ** axis.low;
  context.fillStyle = colour;
  context.beginPath();
  for (let t = 0; t < values.length; t += 1) {
    if (!(values[t] >= edge && values[t] < Infinity)) continue;
    const x = timeX(rect, count, t);
    const y = valueY(values[t]);
    context.moveTo(x + dot, y);
    context.arc(x, y, dot, 0, 2 * Math.PI);
  }
  context.fill();
  for (let t = 0; t < values.length; t += 1) {
    const value = values[t];
    const x = timeX(rect, count, t);
    if (value === 0) ring(context, x, zero, Math.max(dot, 1.5), colour);
    else if (value > 0 && value < edge) triangle(context, x, bottom, Math.max(dot, 2), colour);
    else if (!Number.isFinite(value)) {
      const text = Number.isNaN(value) ? "×" : "∞";
      write(context, text, x, rect.top + 2, {
        font: surface.font(10, 700), colour: theme.colour.exploded, align: "center",
      });
    }
  }
  const value = values[view.t];
  if (!(value > 0 && value < Infinity)) return;
  const x = timeX(rect, count, view.t);
  context.fillStyle = theme.background;
  context.beginPath();
  context.arc(x, valueY(value), 4.5 * unit, 0, 2 * Math.PI);
  context.fill();
  ring(context, x, valueY(value), 4.5 * unit, colour, 2 * unit);
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
