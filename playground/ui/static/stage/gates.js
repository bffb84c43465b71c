/** Panel 4: every gate as a small picture. */

import { cellAt, cellName, drawHeatmap } from "./heatmap.js";
import { rounded, say } from "../shared/words.js";

/** @typedef {import("../shared/surface.js").Surface} Surface */
/** @typedef {import("./view.js").View} View */
/** @typedef {import("./wire.js").Gate} Gate */

/** The byte of what is not a finite number. */
const BROKEN = 255;

/** @type {WeakMap<Uint32Array, Uint32Array>} */
const tables = new WeakMap();

/**
 * The colours that a gate runs through: signed gates diverge around 0, the others run from closed to open.
 * @param {View} view
 * @param {Gate} gate
 */
export function gatePalette({ theme }, gate) {
  return gate.low < 0 ? theme.signed : theme.gate;
}

/**
 * The colour of every byte.
 * @param {View} view
 * @param {Gate} gate
 */
function gateTable(view, gate) {
  const palette = gatePalette(view, gate);
  let table = tables.get(palette);
  if (!table) {
    table = Uint32Array.from({ length: 256 }, (_, byte) => palette[Math.round((byte / 254) * (palette.length - 1))]);
    table[BROKEN] = view.theme.broken;
    tables.set(palette, table);
  }
  return table;
}

/**
 * @param {Surface} surface
 * @param {View} view
 * @param {Gate} gate
 */
export function drawGate(surface, view, gate) {
  const layer = view.frame?.layers[view.layer];
  if (layer) drawHeatmap(surface, view, layer.gates[gate.name], gateTable(view, gate), { small: true });
}

/** @param {Gate} gate @param {number} byte */
function gateValue(gate, byte) {
  return byte === BROKEN ? NaN : gate.low + (byte / 254) * (gate.high - gate.low);
}

/** @param {Gate} gate */
function resolution(gate) {
  return (gate.high - gate.low) / 254;
}

/**
 * Whether it is no gate, but what a cell without gates shows in its place: the slope of its units.
 * @param {Gate} gate
 */
export function isSlope(gate) {
  return gate.name === "phi";
}

/**
 * How a gate is written in a sentence.
 * @param {Gate} gate
 */
function gateSymbol(gate) {
  return isSlope(gate) ? "φ′" : gate.name;
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
  const value = byte === BROKEN ? view.words.broken : rounded(gateValue(gate, byte), resolution(gate));
  return [cellName(view, cell), `${gateSymbol(gate)} ${value}`];
}

/**
 * @param {View} view
 * @param {Gate} gate
 */
export function describeGate(view, gate) {
  const layer = view.frame?.layers[view.layer];
  if (!layer) return "";
  const { inputs, units, hidden_size } = view.scene;
  let total = 0;
  for (let unit = 0; unit < units; unit += 1) {
    total += gateValue(gate, layer.gates[gate.name][unit * inputs.length + view.t]);
  }
  return say(view.words, "aria_gate", {
    gate: say(view.words, `gate_${gate.name}`), units, all: hidden_size, t: view.t + 1,
    mean: rounded(total / units, resolution(gate)),
  });
}
