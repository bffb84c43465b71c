/** Panel 4: every gate as a small picture. */

import { cellAt, cellName, drawHeatmap } from "./heatmap.js";
import { rounded, say } from "./words.js";

/** @typedef {import("./surface.js").Surface} Surface */
/** @typedef {import("./view.js").View} View */
/** @typedef {import("./wire.js").Gate} Gate */

/** @type {WeakMap<Uint32Array, Uint32Array>} */
const halves = new WeakMap();

/**
 * The colours of a gate's bytes: signed gates diverge around 0, the others run from closed to open.
 * @param {View} view
 * @param {Gate} gate
 */
export function gatePalette(view, gate) {
  const { signed, gate: open } = view.theme;
  if (gate.low >= 0) return open;
  const half = halves.get(signed) ?? signed.filter((_, k) => k % 2 === 0);
  halves.set(signed, half);
  return half;
}

/**
 * @param {Surface} surface
 * @param {View} view
 * @param {Gate} gate
 */
export function drawGate(surface, view, gate) {
  const layer = view.frame?.layers[view.layer];
  if (layer) drawHeatmap(surface, view, layer.gates[gate.name], gatePalette(view, gate), { small: true });
}

/** @param {Gate} gate @param {number} byte */
function gateValue(gate, byte) {
  return gate.low + (byte / 255) * (gate.high - gate.low);
}

/**
 * How a gate is written in a sentence.
 * @param {Gate} gate
 */
export function gateSymbol(gate) {
  return gate.name === "phi" ? "φ′" : gate.name;
}

/**
 * @param {Surface} surface
 * @param {View} view
 * @param {Gate} gate
 * @param {number} x
 * @param {number} y
 */
export function gateTip(surface, view, gate, x, y) {
  const cell = cellAt(surface, view, x, y, true);
  const layer = view.frame?.layers[view.layer];
  if (!cell || !layer) return null;
  const byte = layer.gates[gate.name][cell.unit * view.scene.inputs.length + cell.t];
  return [cellName(view, cell), `${gateSymbol(gate)} ${rounded(gateValue(gate, byte))}`];
}

/**
 * @param {View} view
 * @param {Gate} gate
 */
export function describeGate(view, gate) {
  const layer = view.frame?.layers[view.layer];
  if (!layer) return "";
  const { inputs, units } = view.scene;
  let total = 0;
  for (let unit = 0; unit < units; unit += 1) total += layer.gates[gate.name][unit * inputs.length + view.t];
  return say(view.words, "aria_gate", {
    gate: say(view.words, `gate_${gate.name}`), t: view.t + 1, mean: rounded(gateValue(gate, total / units)),
  });
}
