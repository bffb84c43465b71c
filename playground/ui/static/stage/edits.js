/** Edits as a link has them, made from where the reader stands; and what they are called. */

import { isolate, say, short, subscript } from "../shared/words.js";

/** @typedef {import("./view.js").View} View */
/** @typedef {import("./wire.js").Edit} Edit */
/** @typedef {{group: string, text: string, label: string}} Offer  an edit that may be made here */

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
