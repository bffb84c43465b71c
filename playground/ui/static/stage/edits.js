/** Edits as a link has them, made from where the reader stands; and what they are called. */

import { isolate, say, short, subscript } from "../shared/words.js";
import { pictured } from "./answers.js";

/** @typedef {import("./view.js").View} View */
/** @typedef {import("./wire.js").Edit} Edit */
/** @typedef {{group: string, text: string, label: string}} Offer  an edit that may be made here */

/**
 * The edits that the picture is drawn with: none while their reading is still to come.
 * @param {View} view
 */
function drawnWith(view) {
  return (pictured(view) === view.frame ? undefined : view.question?.edits) ?? [];
}

/** @param {Edit} edit @param {number} t */
function isAt({ first, last }, t) {
  return first <= t && (last === null || t <= last);
}

/**
 * Whether the picture is of a reading whose states are zero before a timestep.
 * @param {View} view
 * @param {number} t
 */
export function isCut(view, t) {
  return drawnWith(view).some((edit) => edit.kind === "cut" && isAt(edit, t));
}

/**
 * Whether a state of a unit is not what its equation gives in the picture, but held or transplanted.
 * @param {View} view
 * @param {string} state
 * @param {number} unit
 */
export function isHeld(view, state, unit) {
  return drawnWith(view).some((edit) => isAt(edit, view.t) && (edit.kind === "transplant" || (
    edit.kind === "hold" && edit.layer === view.layer && edit.name === state && (edit.unit ?? unit) === unit
  )));
}

/** @param {number} source @param {number} t */
export function transplant(source, t) {
  return `h@${source}>${t}`;
}

/**
 * A timestep by what is read there: l₃.
 * @param {import("./wire.js").Scene} scene
 * @param {number} t
 */
export function placeName({ inputs }, t) {
  return isolate(inputs[t] + subscript(t + 1));
}

/**
 * What may be changed at the time cursor: in the layer, and with the unit, that is looked at.
 * @param {View} view
 * @returns {Offer[]}
 */
export function offers(view) {
  const { scene, words, t, layer, unit } = view;
  const from = say(words, "what_if_from", { t: t + 1 });
  const at = say(words, "what_if_at", { t: t + 1 });
  const held = (/** @type {string} */ name, /** @type {number} */ value, unitText = "") => (
    `l${layer}.${name}${unitText}@${t}-=${value}`
  );
  const gates = scene.gates.filter(({ name }) => name !== "phi").flatMap(({ name, low, high }) => (
    [...new Set([low, 0, high])].map((value) => ({
      group: from, text: held(name, value), label: say(words, "what_if_gate", { gate: name, value: short(value) }),
    }))
  ));
  const symbols = scene.vocabulary.flatMap((label, id) => (id === scene.input_ids[t] ? [] : [{
    group: at, text: `x@${t}=${id}`, label: say(words, "what_if_symbol", { symbol: isolate(label) }),
  }]));
  return [
    { group: from, text: held("h", 0, `.${unit}`), label: say(words, "what_if_unit", { unit: unit + 1 }) },
    ...gates,
    ...(t > 0 ? [{ group: at, text: `cut@${t}`, label: say(words, "what_if_cut") }] : []),
    ...symbols,
  ];
}

/**
 * What an edit is called in a chip: h at l₃ → l₄.
 * @param {Edit} edit
 * @param {View} view
 */
export function editName(edit, { scene, words }) {
  const { kind, first, last, source = 0, symbol = 0, layer = 0, name = "", unit, value } = edit;
  const time = last === first ? say(words, "chip_at", { t: first + 1 })
    : last === null ? say(words, "chip_from", { t: first + 1 })
      : say(words, "chip_span", { first: first + 1, last: last + 1 });
  if (kind === "transplant") {
    return say(words, "chip_transplant", { source: placeName(scene, source), target: placeName(scene, first) });
  }
  if (kind === "symbol") {
    const [before, after] = [scene.inputs[first], scene.vocabulary[symbol]].map((each) => isolate(each ?? ""));
    return `${say(words, "chip_symbol", { before, after })} · ${time}`;
  }
  if (kind === "cut") return `${say(words, "chip_cut")} · ${time}`;
  const place = [
    ...(scene.layers > 1 ? [say(words, "layer", { n: layer + 1 })] : []),
    ...(typeof unit === "number" ? [say(words, "unit", { u: unit + 1 })] : []),
  ];
  const held = typeof value === "number" ? `${name} = ${short(value)}` : `${name} = …`;
  return [held, ...place, time].join(" · ");
}
