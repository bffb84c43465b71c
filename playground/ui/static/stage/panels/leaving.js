/** A run that explodes leaves the picture of its curve: the line goes on through the ceiling, with an arrow. */

import { clip, lossY, stepX } from "./chart.js";
import { trackColour } from "../view.js";

/** @typedef {import("../../shared/surface.js").Surface} Surface */
/** @typedef {import("../view.js").View} View */
/** @typedef {import("./chart.js").Geometry} Geometry */

const SIZE = 6; // px of the designed size, half as wide as the arrow

/**
 * The last point of a curve that is below the ceiling, and where from there it leaves the picture; null of one that stays.
 * @param {View} view
 * @param {Geometry} geometry
 * @returns {{from: [number, number], x: number}|null}
 */
export function leaves({ curve, explosion }, geometry) {
  if (!explosion) return null;
  const { step, loss } = curve;
  const top = geometry.high;
  const last = loss.length - 1;
  if (last < 1 || (Number.isFinite(loss[last]) && loss[last] <= top)) return null; // its gradient broke, not its loss
  let k = last - 1;
  while (k > 0 && !(Number.isFinite(loss[k]) && loss[k] <= top)) k -= 1;
  const from = [stepX(geometry, step[k]), lossY(geometry, loss[k])];
  const next = stepX(geometry, step[k + 1]);
  const share = Number.isFinite(loss[k + 1]) ? (top - loss[k]) / (loss[k + 1] - loss[k]) : 1;
  return { from: /** @type {[number, number]} */ (from), x: from[0] + share * (next - from[0]) };
}

/**
 * @param {Surface} surface
 * @param {View} view
 * @param {Geometry} geometry
 */
export function paintLeaving(surface, view, geometry) {
  const found = leaves(view, geometry);
  if (!found || !view.explosion) return;
  const { context, unit } = surface;
  const { top } = geometry.rect;
  const size = SIZE * unit;
  context.save();
  clip(context, surface, geometry);
  context.globalAlpha = view.step >= view.explosion.step ? 1 : 0.35;
  context.strokeStyle = context.fillStyle = trackColour(view);
  context.lineWidth = 2.5 * unit;
  context.beginPath();
  context.moveTo(...found.from);
  context.lineTo(found.x, top);
  context.stroke();
  context.beginPath();
  context.moveTo(found.x, top);
  context.lineTo(found.x - size, top + 1.6 * size);
  context.lineTo(found.x + size, top + 1.6 * size);
  context.closePath();
  context.fill();
  context.globalAlpha = 1;
  context.restore();
}
