/** The state of a timestep as a strip of colours on its tile, and on its way to another tile. */

import { line } from "../../shared/axes.js";
import { pictured } from "../answers.js";
import { stateLimit } from "./states.js";

/** @typedef {import("../../shared/surface.js").Surface} Surface */
/** @typedef {import("../view.js").View} View */

const MOST = 24; // units of a strip
const NARROWEST = 2.5; // of one of them
const BROKEN = -128;

/**
 * Under every tile in view its hidden state, of the layer that is looked at: a cell for each of the first units, as far as
 * there is room. All of them are one image, because calls are what costs.
 * @param {Surface} surface
 * @param {View} view
 * @param {import("./tile.js").Rows} rows
 * @param {{t: number, left: number, width: number}[]} tiles
 */
export function paintStates(surface, view, rows, tiles) {
  const layer = pictured(view)?.layers[view.layer];
  if (!layer || !tiles.length) return;
  const { scene, theme } = view;
  const count = Math.max(1, Math.min(scene.units, MOST, Math.floor(tiles[0].width / NARROWEST)));
  const middle = (theme.signed.length - 1) / 2;
  const gain = layer.scale.h / 127 / stateLimit(view, "h");
  const { canvas, context: tiny, image, pixels } = surface.pixels(count, tiles.length);
  tiles.forEach(({ t }, row) => {
    for (let unit = 0; unit < count; unit += 1) {
      const byte = layer.states.h[unit * scene.inputs.length + t];
      const share = Math.max(-1, Math.min(byte * gain, 1));
      pixels[row * count + unit] = byte === BROKEN ? theme.broken : theme.signed[Math.round(middle + share * middle)];
    }
  });
  tiny.putImageData(image, 0, 0);
  const { context } = surface;
  context.imageSmoothingEnabled = false;
  tiles.forEach(({ left, width }, row) => {
    context.drawImage(canvas, 0, row, count, 1, left, rows.top + rows.upper, width, rows.strip);
  });
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
