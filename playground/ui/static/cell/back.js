/** The way back: what arrives, how it passes the products and the activations, and what leaves. */

import { element } from "../shared/dom.js";
import { percent, say } from "../shared/words.js";
import { number } from "./field.js";
import { saturated } from "./full.js";
import { factorKey, factorName, factorText, factorValue, numberText, symbol } from "./message.js";

/** @typedef {import("./message.js").Message} Message */
/** @typedef {import("./message.js").Factor} Factor */
/** @typedef {import("./message.js").Value} Value */
/** @typedef {import("./sheet.js").Sheet} Sheet */

/** A gate below this lets little through. */
const CLOSED = 0.1;

/** @param {Value[]} values @returns {Value} */
function added(values) {
  return values.reduce((/** @type {Value} */ sum, each) => (sum === null || each === null ? null : sum + each), 0);
}

/**
 * What arrives at each state: of h it is a sum.
 * @param {Sheet} sheet
 * @param {Message} message
 */
export function arriving(sheet, message) {
  const { states, units, words, above, later } = message;
  const rows = states.flatMap((state) => units.map((unit, place) => {
    const own = symbol(`∂L/∂${state}`, unit);
    const field = (/** @type {string} */ name, /** @type {string} */ label, /** @type {Value} */ value) => (
      number(message, `${name}.${unit + 1}`, `${own} ${label}`, value, sheet.send).box
    );
    const isFork = state === "h";
    return element("p", { class: "equation arrives", "data-arrives": `${state}.${place + 1}` }, [
      `${own}: `, ...(isFork ? [field("above", words.above, above[place]), element("small", {}, [words.above]), " + "] : []),
      field(`later.${state}`, words.later, later[state][place]), element("small", {}, [words.later]),
      ...(isFork ? [" = ", element("b", {}, [numberText(message, added([above[place], later.h[place]]))])] : []),
    ]);
  }));
  return element("section", {}, [
    element("h3", {}, [words.arrives]), element("p", { class: "note" }, [words.fork]), ...rows,
  ]);
}

/**
 * One line a gate and state of the unit that is written out: its shares, their sum, and what its slope lets through.
 * @param {Sheet} sheet
 * @param {Message} message
 */
export function passing(sheet, message) {
  const { place } = sheet;
  const { blocks, units, ways, gate_shares: gateShares, gradients, slope, pre_gradient: preGradient, words } = message;
  const unit = units[place];
  const outs = message.wires.filter(({ terms }) => terms.length).map(({ state }) => state);
  const inner = outs.filter((state) => ways.some(({ factor }) => factor.name === state && !factor.is_before));
  const lines = inner.map((state) => line(sheet, message, state, [added([...(state === "h" ? [message.above[place]] : []), message.later[state][place]])]));
  for (const { name } of blocks) {
    if (ways.some(({ factor }) => factor.name === name) || name in gateShares) {
      lines.push(line(sheet, message, name, name in gateShares ? [gateShares[name][place]] : []));
    }
  }
  const slopes = blocks.map(({ name }, block) => element("p", { class: "equation" }, [
    sheet.lit.add(element("span", { class: "term" }, [`∂L/∂a(${symbol(name, unit)})`]), [`r.${block}.${place}`]),
    ` = ${factorText(message, gradients[name][place])} · ${words.slope} ${factorText(message, slope[block][place])} = `,
    element("b", {}, [numberText(message, preGradient[block][place])]),
  ]));
  const shrinks = [...closed(message), ...saturated(message)].map((text) => element("p", { class: "note shrinks" }, [text]));
  const choice = units.map((each, k) => {
    const button = element("button", { type: "button", "aria-pressed": String(k === place) }, [String(each + 1)]);
    button.onclick = () => sheet.write(sheet.block, k);
    return button;
  });
  return element("section", {}, [
    element("h3", {}, [words.through]), element("div", { class: "units" }, [symbol("h", unit), ...choice]), ...lines, ...slopes, ...shrinks,
  ]);
}

/**
 * ∂L/∂ of a gate or state as the sum of its shares.
 * @param {Sheet} sheet
 * @param {Message} message
 * @param {string} name
 * @param {Value[]} others  what else there is of it
 */
function line(sheet, message, name, others) {
  const { place } = sheet;
  const unit = message.units[place];
  const mine = message.ways.filter(({ factor }) => factor.name === name && !factor.is_before);
  const isByMatrix = name in message.gate_shares;
  const summands = [...others.map((value) => [
    factorText(message, value), element("small", {}, [message.words[isByMatrix ? "by_matrix" : "arrived"]]),
  ]), ...mine.map((way) => product(sheet, message, way))];
  return element("p", { class: "equation", "data-gradient": `${name}.${place + 1}` }, [
    sheet.lit.add(element("span", { class: "term" }, [`∂L/∂${symbol(name, unit)}`]), [`v.${name}.${place}`]), " = ",
    ...summands.flatMap((parts, k) => [...(k ? [" + "] : []), ...parts]), " = ",
    element("b", {}, [numberText(message, message.gradients[name][place])]),
  ]);
}

/**
 * What came out, times the other factors, times the factor's own slope.
 * @param {Sheet} sheet
 * @param {Message} message
 * @param {import("./message.js").Way} way
 * @returns {(Node|string)[]}
 */
function product(sheet, message, { state, factor, others }) {
  const { place } = sheet;
  const unit = message.units[place];
  const parts = others.map((other) => sheet.lit.add(
    element("span", { class: "term", title: factorName(other, unit) }, [factorText(message, factorValue(message, other, place))]),
    [factorKey(other, place)],
  ));
  return [
    ...(factor.is_complement ? ["− "] : []), factorText(message, message.gradients[state][place]),
    ...parts.flatMap((part) => [" · ", part]), ...(factor.is_squashed ? [` · ${factorText(message, slopeOf(message, factor, place))}`] : []),
  ];
}

/** 1 − tanh². @param {Message} message @param {Factor} factor @param {number} place */
function slopeOf(message, factor, place) {
  const value = factorValue(message, factor, place);
  return value === null ? null : 1 - value ** 2;
}

/** Gates that let little through to what they are multiplied by. @param {Message} message */
function closed(message) {
  const { ways, units, words, blocks } = message;
  const gates = new Set(blocks.filter(({ is_gate: is }) => is).map(({ name }) => name));
  return ways.flatMap(({ factor, others }) => units.flatMap((unit, place) => others.flatMap((other) => {
    const passes = factorValue(message, other, place);
    if (!gates.has(other.name) || passes === null || passes >= CLOSED) return [];
    return [say(words, "closed", {
      gate: factorName(other, unit), share: percent(words, passes), name: factorName({ ...factor, is_squashed: false, is_complement: false }, unit),
    })];
  })));
}

/**
 * What goes to the states before: through the matrix, and past it.
 * @param {Message} message
 */
export function leaving(message) {
  const { states, units, words, columns, back, back_others: rest, others } = message;
  const lines = states.flatMap((state) => units.map((unit, place) => {
    const k = columns.findIndex(({ part, entry }) => part === "h" && entry === unit);
    const column = state === "h" ? [added([
      ...back.flatMap((rows) => rows.map((row) => row[k])), ...(others ? rest.map((row) => row[k]) : []),
    ])] : [];
    const past = message.ways.filter(({ factor }) => factor.name === state && factor.is_before);
    return element("p", { class: "equation", "data-leaves": `${state}.${place + 1}` }, [
      `${symbol(`∂L/∂${state}′`, unit)} = `,
      ...column.flatMap((value) => [numberText(message, value), element("small", {}, [words.sum_below])]),
      ...past.flatMap(({ share }, n) => [
        ...(n || column.length ? [" + "] : []), factorText(message, share[place]), element("small", {}, [words.past_matrix]),
      ]),
      " = ", element("b", {}, [numberText(message, message.before_gradient[state][place])]),
    ]);
  }));
  const read = columns.flatMap(({ part, entry }, k) => (part === "x" && entry !== null ? [element("p", { class: "equation" }, [
    `${symbol("∂L/∂x", entry)} = `, element("b", {}, [numberText(message, message.read_gradient[k])]),
  ])] : []));
  return element("section", {}, [element("h3", {}, [words.leaves]), ...lines, ...read]);
}
