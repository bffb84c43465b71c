/** Gates and states of one unit at one timestep, as far as the bytes of a frame know them. */

import { pictured } from "./answers.js";
import { isCut } from "./edits.js";

/** @typedef {import("./view.js").View} View */
/** @typedef {{value: number, resolution: number}} Known  NaN where it is not a finite number; the step of one byte */

/** The bytes of what is not a finite number. */
export const BROKEN_STATE = -128;
export const BROKEN_GATE = 255;

/** @param {import("./wire.js").Gate} gate @param {number} byte */
export function gateValue(gate, byte) {
  return byte === BROKEN_GATE ? NaN : gate.low + (byte / 254) * (gate.high - gate.low);
}

/** @param {import("./wire.js").Gate} gate */
export function gateResolution(gate) {
  return (gate.high - gate.low) / 254;
}

/**
 * @param {View} view
 * @param {string} name  of a gate or a state
 * @param {number} unit
 * @param {number} t  −1: before the text, where all states are zero
 * @returns {Known|null} null where there is no frame
 */
export function known(view, name, unit, t) {
  const layer = pictured(view)?.layers[view.layer];
  if (!layer) return null;
  if (t < 0) return { value: 0, resolution: 0 };
  const at = unit * view.scene.inputs.length + t;
  const gate = view.scene.gates.find((each) => each.name === name);
  if (gate) return { value: gateValue(gate, layer.gates[name][at]), resolution: gateResolution(gate) };
  const byte = layer.states[name][at];
  const resolution = layer.scale[name] / 127;
  return { value: byte === BROKEN_STATE ? NaN : byte * resolution, resolution };
}

/**
 * A factor of an equation: a gate, a state, 1 − a gate, tanh of a state, a state of the step before.
 * @param {View} view
 * @param {import("./wire.js").Factor} factor
 * @param {number} unit
 * @returns {Known|null}
 */
export function factorOf(view, { name, is_before, is_complement, is_squashed }, unit) {
  const before = isCut(view, view.t) ? -1 : view.t - 1;
  const found = known(view, name, unit, is_before ? before : view.t);
  if (!found) return null;
  let { value, resolution } = found;
  if (is_squashed) {
    const steepest = Math.max(Math.abs(value) - resolution / 2, 0); // tanh is steepest nearest to 0
    resolution *= 1 - Math.tanh(steepest) ** 2;
    value = Math.tanh(value);
  }
  return { value: is_complement ? 1 - value : value, resolution };
}
