/** Every gate as a small picture. */

import { element, setText } from "../../shared/dom.js";
import { colourLegend } from "../../shared/panel.js";
import { rounded, say, short } from "../../shared/words.js";
import { BROKEN_GATE, gateResolution, gateValue } from "../values.js";
import { pictured } from "../answers.js";
import { brokenLegend, cellAt, cellName, drawHeatmap } from "./heatmap.js";

/** @typedef {import("../../shared/surface.js").Surface} Surface */
/** @typedef {import("../view.js").View} View */
/** @typedef {import("../wire.js").Gate} Gate */

/** @type {WeakMap<Uint32Array, Uint32Array>} */
const tables = new WeakMap();

/**
 * The colours that a gate runs through: signed gates diverge around 0, the others run from closed to open.
 * @param {View} view
 * @param {Gate} gate
 */
function gatePalette({ theme }, gate) {
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
    table[BROKEN_GATE] = view.theme.broken;
    tables.set(palette, table);
  }
  return table;
}

/**
 * @param {Surface} surface
 * @param {View} view
 * @param {Gate} gate
 */
function drawGate(surface, view, gate) {
  const layer = pictured(view)?.layers[view.layer];
  if (layer) drawHeatmap(surface, view, layer.gates[gate.name], gateTable(view, gate), { small: true });
}

/**
 * Whether it is no gate, but what a cell without gates shows in its place: the slope of its units.
 * @param {Gate} gate
 */
function isSlope(gate) {
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
function gateTip(surface, view, gate, x, y) {
  const cell = cellAt(surface, view, x, y, true);
  const layer = pictured(view)?.layers[view.layer];
  if (!cell || !layer) return null;
  const byte = layer.gates[gate.name][cell.unit * view.scene.inputs.length + cell.t];
  const value = byte === BROKEN_GATE ? view.words.broken : rounded(gateValue(gate, byte), gateResolution(gate));
  return [cellName(view, cell), `${gateSymbol(gate)} ${value}`];
}

/**
 * @param {View} view
 * @param {Gate} gate
 */
function describeGate(view, gate) {
  const layer = pictured(view)?.layers[view.layer];
  if (!layer) return "";
  const { inputs, units, hidden_size } = view.scene;
  let total = 0;
  for (let unit = 0; unit < units; unit += 1) {
    total += gateValue(gate, layer.gates[gate.name][unit * inputs.length + view.t]);
  }
  return say(view.words, "aria_gate", {
    gate: say(view.words, `gate_${gate.name}`), units, all: hidden_size, t: view.t + 1,
    mean: rounded(total / units, gateResolution(gate)),
  });
}

/**
 * What the colours mean, a legend for each of the two kinds of gates.
 * @param {import("../placed.js").Placed<{axis: HTMLElement}>} panel
 * @param {View} view
 */
function dress({ aside, parts: { axis } }, view) {
  const { gates: all } = view.scene;
  const kinds = [...new Set(all.map((gate) => gate.low < 0))].sort();
  aside.replaceChildren(...kinds.map((signed) => {
    const alike = all.filter((gate) => gate.low < 0 === signed);
    const title = kinds.length > 1 ? alike.map((gate) => gate.name).join(" ") : "";
    return colourLegend(gatePalette(view, alike[0]), short(alike[0].low), short(alike[0].high), title);
  }), ...brokenLegend(view));
  setText(axis, say(view.words, "axis_timestep"));
}

/** @param {View} view @param {string} plot @returns {Gate} */
function named({ scene }, plot) {
  return /** @type {Gate} */ (scene.gates.find((gate) => gate.name === plot));
}

/** @type {import("../placed.js").Kind<{axis: HTMLElement}>} */
export const gates = {
  name: "gates",
  order: 5,
  height: (scene) => (scene.gates.length === 3 ? 2.5 : 2),
  isOfLayer: true,
  title: (scene) => (scene.gates.some(isSlope) ? "slopes" : "gates"),
  plots: (scene) => scene.gates.map((gate) => gate.name),
  label: (plot) => `gate_${plot}`,
  build(panel) {
    const axis = element("p", { class: "axis" });
    panel.element.append(axis);
    return { axis };
  },
  dress,
  sees: (view) => [view.key, pictured(view), view.t, view.unit],
  draw: (surface, view, plot) => drawGate(surface, view, named(view, plot)),
  timeAt: (surface, view, x, y) => cellAt(surface, view, x, y, true)?.t ?? -1,
  unitAt: (surface, view, x, y) => cellAt(surface, view, x, y, true)?.unit ?? -1,
  tip: (surface, view, x, y, plot) => gateTip(surface, view, named(view, plot), x, y),
  describe: (view, plot) => describeGate(view, named(view, plot)),
};
