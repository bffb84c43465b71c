/** Hidden state and cell state, signed values around a neutral middle. */

import { element } from "../../shared/dom.js";
import { colourLegend } from "../../shared/panel.js";
import { comfortable } from "../../shared/scales.js";
import { rounded, say, short } from "../../shared/words.js";
import { BROKEN_STATE } from "../values.js";
import { pictured } from "../answers.js";
import { brokenLegend, cellAt, cellName, drawHeatmap } from "./heatmap.js";

/** @typedef {import("../../shared/surface.js").Surface} Surface */
/** @typedef {import("../view.js").View} View */

const MOST_APART = 10;
const table = new Uint32Array(256);

/**
 * The value at which the colours end: 1 for a bounded state, a comfortable number above what was seen for others. All
 * steps share it, except those that it would leave without colour: a run about to explode grows by powers of ten.
 * @param {View} view
 * @param {string} state
 */
export function stateLimit(view, state) {
  const largest = view.limits.state[state] ?? 1;
  const own = pictured(view)?.layers[view.layer].scale[state] ?? largest;
  return comfortable(own > largest || largest > MOST_APART * own ? own : largest);
}

/**
 * @param {Surface} surface
 * @param {View} view
 * @param {string} state  "h" or "c"
 */
function drawState(surface, view, state) {
  const layer = pictured(view)?.layers[view.layer];
  if (!layer) return;
  const palette = view.theme.signed;
  const gain = layer.scale[state] / 127 / stateLimit(view, state);
  const middle = (palette.length - 1) / 2;
  table[0] = view.theme.broken; // byte −128
  for (let k = 1; k < 256; k += 1) {
    const share = Math.min(Math.max((k - 128) * gain, -1), 1);
    table[k] = palette[Math.round(middle + share * middle)];
  }
  drawHeatmap(surface, view, layer.states[state], table);
}

/**
 * @param {Surface} surface
 * @param {View} view
 * @param {string} state
 * @param {number} x
 * @param {number} y
 */
function stateTip(surface, view, state, x, y) {
  const cell = cellAt(surface, view, x, y, false);
  const layer = pictured(view)?.layers[view.layer];
  if (!cell || !layer) return null;
  const byte = layer.states[state][cell.unit * view.scene.inputs.length + cell.t];
  const unit = layer.scale[state] / 127;
  return [cellName(view, cell), `${state} ${byte === BROKEN_STATE ? view.words.broken : rounded(byte * unit, unit)}`];
}

/**
 * @param {View} view
 * @param {string} state
 */
function describeState(view, state) {
  const layer = pictured(view)?.layers[view.layer];
  if (!layer) return "";
  let low = Infinity;
  let high = -Infinity;
  let broken = 0;
  for (const byte of layer.states[state]) {
    if (byte === BROKEN_STATE) broken += 1;
    else {
      low = Math.min(low, byte);
      high = Math.max(high, byte);
    }
  }
  const unit = layer.scale[state] / 127;
  return say(view.words, state === "h" ? "aria_state" : "aria_cell_state", {
    units: view.scene.units, all: view.scene.hidden_size, count: view.scene.inputs.length,
    low: rounded(low * unit, unit), high: rounded(high * unit, unit),
  }) + (broken ? ` ${say(view.words, "aria_broken", { count: broken })}` : "");
}

/**
 * What the colours mean, and how many of the units there is room for.
 * @param {import("../placed.js").Placed} panel
 * @param {View} view
 * @param {string} state
 */
function dress({ aside }, view, state) {
  const { scene, words, theme } = view;
  const high = stateLimit(view, state);
  aside.replaceChildren(colourLegend(theme.signed, short(-high), short(high)), ...brokenLegend(view));
  if (state !== scene.states[0] || scene.units === scene.hidden_size) return;
  const text = say(words, "remaining", { shown: scene.units, all: scene.hidden_size });
  aside.prepend(element("span", { class: "note" }, [text]));
}

/**
 * @param {string} name
 * @param {string} state
 * @param {{order: number, height: number}} place
 * @returns {import("../placed.js").Kind}
 */
function panelOf(name, state, { order, height }) {
  return {
    name,
    order,
    height: () => height,
    isOfLayer: true,
    isShown: ({ states }) => states.includes(state),
    plots: ({ states }) => (states.includes(state) ? [state] : []),
    wears: (view) => stateLimit(view, state),
    dress: (panel, view) => dress(panel, view, state),
    sees: (view) => [view.key, pictured(view), view.t, view.unit, stateLimit(view, state)],
    draw: (surface, view) => drawState(surface, view, state),
    timeAt: (surface, view, x, y) => cellAt(surface, view, x, y, false)?.t ?? -1,
    unitAt: (surface, view, x, y) => cellAt(surface, view, x, y, false)?.unit ?? -1,
    tip: (surface, view, x, y) => stateTip(surface, view, state, x, y),
    describe: (view) => describeState(view, state),
  };
}

export const hiddenState = panelOf("state", "h", { order: 3, height: 1.04 });
export const cellState = panelOf("cell_state", "c", { order: 4, height: 1 });
