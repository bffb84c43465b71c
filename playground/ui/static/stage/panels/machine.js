/** One unit at the cursor: the equation of its cell, with the numbers of this step on the wires. */

import { element, setAttribute, setText } from "../../shared/dom.js";
import { css } from "../../shared/theme.js";
import { isolate, rounded, say } from "../../shared/words.js";
import { pictured } from "../answers.js";
import { isHeld } from "../edits.js";
import { linkToCell } from "../keep.js";
import { factorOf, known } from "../values.js";

/** @typedef {import("../view.js").View} View */
/** @typedef {import("../wire.js").Factor} Factor */
/**
 * @typedef {object} Parts
 * @property {HTMLElement} rows
 * @property {HTMLButtonElement} earlier
 * @property {HTMLButtonElement} later
 * @property {HTMLElement} unit
 * @property {HTMLAnchorElement} cell  to the Cell page
 * @property {string} written
 * @property {import("../wire.js").Frame|null} frame  that was written
 */

const SMALLEST = 1e-4; // of a resolution: what has become that fine has four decimals

/**
 * How a factor is written in an equation; h′ is the state before.
 * @param {Factor} factor
 */
function symbol({ name, is_before, is_complement, is_squashed }) {
  const plain = is_before ? `${name}′` : name;
  if (is_squashed) return `tanh ${plain}`;
  return is_complement ? `1 − ${plain}` : plain;
}

/**
 * @param {View} view
 * @param {import("../values.js").Known} what
 */
function numberOf({ words }, { value, resolution }) {
  if (Number.isNaN(value)) return words.broken;
  return resolution ? rounded(value, Math.max(resolution, SMALLEST)).replace("≈ ", "") : "0";
}

/**
 * A value with its name, over a bar in the colour that it has in the pictures.
 * @param {View} view
 * @param {string} name
 * @param {import("../values.js").Known} what
 * @param {boolean} isGate  whether it opens and closes; else it has a sign
 */
function chip(view, name, what, isGate) {
  const { theme } = view;
  const palette = isGate ? theme.gate : theme.signed;
  const share = Math.min(Math.max(isGate ? what.value : (what.value + 1) / 2, 0), 1);
  const bar = element("i", { class: "wire-bar" });
  bar.style.background = css(Number.isNaN(share) ? theme.broken : palette[Math.round(share * (palette.length - 1))]);
  return element("span", { class: "wire" }, [
    element("span", { class: "wire-name" }, [name]), element("b", {}, [numberOf(view, what)]), bar,
  ]);
}

/** @param {string} text */
function sign(text) {
  return element("span", { class: "wire-sign" }, [text]);
}

/**
 * @param {View} view
 * @param {Factor} factor
 */
function factorChip(view, factor) {
  const what = factorOf(view, factor, view.unit);
  const gate = view.scene.gates.find(({ name }) => name === factor.name);
  return what ? chip(view, symbol(factor), what, gate !== undefined && gate.low >= 0) : sign("?");
}

/**
 * What is added up where the state is the activation of a sum: a layer above the first reads the one below.
 * @param {View} view
 */
function sumText({ scene, words, t, layer }) {
  if (layer > 0) return say(words, "machine_sum_above", { layer });
  return say(words, "machine_sum", { input: isolate(scene.inputs[t]) });
}

/**
 * One equation: the products, their sum and what comes out. Without products: what is read, and what came before.
 * @param {View} view
 * @param {import("../wire.js").Wires} wires
 */
function row(view, { state, terms }) {
  const { scene, words, unit, t } = view;
  const out = known(view, state, unit, t);
  const before = known(view, state, unit, t - 1);
  const slope = scene.gates.find(({ name }) => name === "phi");
  if (!out || !before) return [];
  if (!terms.length) {
    const passed = slope && known(view, slope.name, unit, t);
    return [
      sign(sumText(view)), sign(isHeld(view, state, unit) ? words.machine_held : "→ φ →"), chip(view, state, out, false),
      ...(passed ? [sign("·"), chip(view, "φ′", passed, true)] : []),
    ];
  }
  const products = terms.flatMap((term, k) => [
    ...(k ? [sign("+")] : []),
    ...term.flatMap((factor, n) => [...(n ? [sign("·")] : []), factorChip(view, factor)]),
  ]);
  return [...products, sign(isHeld(view, state, unit) ? words.machine_held : "="), chip(view, state, out, false)];
}

/**
 * @param {import("../placed.js").Placed<Parts>} panel
 * @param {View} view
 */
function tell({ parts }, view) {
  const { scene, words, unit, t, question } = view;
  const frame = pictured(view);
  const written = `${view.key}|${question?.key}|${unit}|${t}`;
  if (written === parts.written && frame === parts.frame) return;
  [parts.written, parts.frame] = [written, frame];
  parts.cell.href = linkToCell(window.location.href, view);
  setText(parts.unit, `${say(words, "unit", { u: unit + 1 })} · ${say(words, "timestep", { t: t + 1 })}`);
  parts.earlier.disabled = unit === 0;
  parts.later.disabled = unit >= scene.units - 1;
  if (!frame) return;
  parts.rows.replaceChildren(...scene.wires.map((wires) => element("div", { class: "wires" }, row(view, wires))));
}

/** @type {import("../placed.js").Kind<Parts>} */
export const machine = {
  name: "machine",
  order: 5.5,
  height: ({ wires }) => 0.5 + 0.35 * wires.length,
  isOfLayer: true,
  plots: () => [],
  build(panel) {
    const rows = element("div", { class: "machine-rows" });
    const step = (/** @type {string} */ text) => element("button", { type: "button", class: "unit-step" }, [text]);
    const cell = element("a", { class: "to-cell", "data-server": "", "data-unpainted": "" });
    const parts = { rows, earlier: step("◂"), later: step("▸"), unit: element("span"), cell, written: "", frame: null };
    panel.aside.append(parts.earlier, parts.unit, parts.later, cell);
    panel.body.append(rows);
    return parts;
  },
  dress({ parts }, view, actions) {
    setText(parts.cell, say(view.words, "machine_cell"));
    setAttribute(parts.earlier, "aria-label", say(view.words, "machine_earlier"));
    setAttribute(parts.later, "aria-label", say(view.words, "machine_later"));
    parts.earlier.onclick = () => actions.showUnit(-1);
    parts.later.onclick = () => actions.showUnit(1);
  },
  tell,
};
