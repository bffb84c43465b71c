/** The state of a timestep as a strip of colours on its tile, and on its way to another tile. */

import { line } from "../../shared/axes.js";
import { css } from "../../shared/theme.js";
import { pictured } from "../answers.js";

/** @typedef {import("../../shared/surface.js").Surface} Surface */
/** @typedef {import("../../shared/surface.js").Rect} Rect */
/** @typedef {import("../view.js").View} View */

const MOST = 24; // units of a strip
const NARROWEST = 2.5; // of one of them
const BROKEN = -128;

/**
 * The hidden state at t of the layer that is looked at, a cell for each of the first units: as far as there is room.
 * @param {Surface} surface
 * @param {View} view
 * @param {number} t
 * @param {Rect} rect
 */
export function paintState({ context }, view, t, rect) {
  const layer = pictured(view)?.layers[view.layer];
  if (!layer) return;
  const { scene, theme } = view;
  const count = Math.max(1, Math.min(scene.units, MOST, Math.floor(rect.width / NARROWEST)));
  const middle = (theme.signed.length - 1) / 2;
  const largest = Math.max(layer.scale.h, 1);
  for (let unit = 0; unit < count; unit += 1) {
    const byte = layer.states.h[unit * scene.inputs.length + t];
    const share = (byte / 127) * (layer.scale.h / largest);
    context.fillStyle = css(byte === BROKEN ? theme.broken : theme.signed[Math.round(middle + share * middle)]);
    const left = rect.left + Math.round((unit * rect.width) / count);
    context.fillRect(left, rect.top, rect.left + Math.round(((unit + 1) * rect.width) / count) - left, rect.height);
  }
}

/**
 * A state that was taken up: a frame around it, and an arrow to where it is held.
 * @param {Surface} surface
 * @param {View} view
 * @param {import("./tile.js").Rows} rows
 * @param {import("./arcs.js").Places} places
 */
export function paintCarried(surface, view, rows, { middle, slot }) {
  const { carried, over, theme } = view;
  if (carried < 0) return;
  const { context, unit } = surface;
  const y = rows.top + rows.upper + rows.strip / 2;
  const frame = (/** @type {number} */ t) => {
    context.strokeRect(middle(t) - slot / 2 + 2, rows.top + rows.upper - unit, slot - 4, rows.strip + 2 * unit);
  };
  context.strokeStyle = theme.text;
  context.lineWidth = 2 * unit;
  frame(carried);
  if (over < 0 || over === carried) return;
  context.setLineDash([4 * unit, 3 * unit]);
  frame(over);
  context.setLineDash([]);
  const [from, to] = [middle(carried), middle(over)];
  const side = Math.sign(to - from);
  line(context, from, y, to, y, theme.text, 2.5 * unit);
  context.fillStyle = theme.text;
  context.beginPath();
  context.moveTo(to + side * 2 * unit, y);
  context.lineTo(to - side * 9 * unit, y - 6 * unit);
  context.lineTo(to - side * 9 * unit, y + 6 * unit);
  context.fill();
}
