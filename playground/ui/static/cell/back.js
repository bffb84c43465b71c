/** The way back: what arrives, how it passes the products and the activations, and what leaves. */

import { element } from "../shared/dom.js";
import { typeset } from "../shared/math.js";
import { percent, say, subscript } from "../shared/words.js";
import { number } from "./field.js";
import { bracketed, equation, product } from "./formula.js";
import { saturated, squashText } from "./full.js";
import { factorKey, factorName, factorValue, numberText, symbol } from "./message.js";

/** @typedef {import("./message.js").Message} Message */
/** @typedef {import("./message.js").Factor} Factor */
/** @typedef {import("./message.js").Value} Value */
/** @typedef {import("./sheet.js").Sheet} Sheet */
/** @typedef {import("./formula.js").Product} Product */

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
    return element("p", { class: "equation formula arrives", "data-arrives": `${state}.${place + 1}` }, [
      ...typeset(`${own}: `), ...(isFork ? [field("above", words.above, above[place]), element("small", {}, [words.above]), " + "] : []),
      field(`later.${state}`, words.later, later[state][place]), element("small", {}, [words.later]),
      ...(isFork ? [" = ", element("b", {}, [numberText(message, added([above[place], later.h[place]]))])] : []),
    ]);
  }));
  return element("section", {}, [
    element("h3", {}, [words.arrives]), element("p", { class: "note" }, [words.fork]), ...rows,
  ]);
}

/**
 * One equation a gate and state of the unit that is written out: its shares, their sum, and what its slope lets through.
 * @param {Sheet} sheet
 * @param {Message} message
 */
export function passing(sheet, message) {
  const { place } = sheet;
  const { blocks, units, ways, gate_shares: gateShares, gradients, slope, pre_gradient: preGradient, words } = message;
  const unit = units[place];
  const outs = message.wires.filter(({ terms }) => terms.length).map(({ state }) => state);
  const inner = outs.filter((state) => ways.some(({ factor }) => factor.name === state && !factor.is_before));
  const lines = inner.map((state) => {
    const value = added([...(state === "h" ? [message.above[place]] : []), message.later[state][place]]);
    return line(sheet, message, state, [product([{ symbol: "", value, note: words.arrived }])]);
  });
  for (const { name } of blocks) {
    if (ways.some(({ factor }) => factor.name === name) || name in gateShares) {
      lines.push(line(sheet, message, name, name in gateShares ? [shareOf(message, name, place)] : []));
    }
  }
  const slopes = blocks.map(({ name, squash }, block) => {
    const own = symbol(name, unit);
    const arrived = { symbol: `∂L/∂${own}`, value: gradients[name][place], keys: [`v.${name}.${place}`] };
    const passes = { symbol: `${squashText(squash)}′(a)`, value: slope[block][place], note: words.slope };
    return equation(sheet, message, {
      left: `∂L/∂a(${own})`, keys: [`r.${block}.${place}`], summands: [product([arrived, passes])], value: preGradient[block][place],
    });
  });
  const shrinks = [...closed(message), ...saturated(message)].map((text) => element("p", { class: "note shrinks" }, [text]));
  const choice = units.map((each, k) => {
    const button = element("button", { type: "button", "aria-pressed": String(k === place), "data-stop": `unit.${k}` }, [String(each + 1)]);
    button.onclick = () => sheet.write(sheet.block, k);
    return button;
  });
  return element("section", {}, [
    element("h3", {}, [words.through]), element("div", { class: "units" }, [...typeset(symbol("h", unit)), ...choice]),
    element("div", { class: "equations" }, [...lines, ...slopes]), ...shrinks,
  ]);
}

/**
 * ∂L/∂ of a gate or state as the sum of its shares.
 * @param {Sheet} sheet
 * @param {Message} message
 * @param {string} name
 * @param {Product[]} others  what else there is of it
 */
function line(sheet, message, name, others) {
  const { place } = sheet;
  const mine = message.ways.filter(({ factor }) => factor.name === name && !factor.is_before);
  return equation(sheet, message, {
    left: `∂L/∂${symbol(name, message.units[place])}`, keys: [`v.${name}.${place}`],
    summands: [...others, ...mine.map((way) => onWay(message, way, place))], value: message.gradients[name][place],
  }, { "data-gradient": `${name}.${place + 1}` });
}

/**
 * What came out, times the other factors, times the factor's own slope.
 * @param {Message} message
 * @param {import("./message.js").Way} way
 * @param {number} place
 */
function onWay(message, { state, factor, others }, place) {
  const unit = message.units[place];
  const terms = others.map((other) => ({
    symbol: bracketed(factorName(other, unit)), value: factorValue(message, other, place), keys: [factorKey(other, place)],
  }));
  const arrived = { symbol: `∂L/∂${symbol(state, unit)}`, value: message.gradients[state][place], keys: [`v.${state}.${place}`] };
  const slope = { symbol: `(1 − tanh² ${symbol(factor.name, unit)})`, value: slopeOf(message, factor, place) };
  return product([arrived, ...terms, ...(factor.is_squashed ? [slope] : [])], factor.is_complement);
}

/**
 * What a gate gets that stands before or behind a block's weights.
 * @param {Message} message
 * @param {string} name
 * @param {number} place
 */
function shareOf(message, name, place) {
  const unit = message.units[place];
  const { block, is_behind: isBehind, arrived, met } = message.gate_shares[name];
  const [own, past] = [symbol(block, unit), symbol("h′", unit)];
  const symbols = isBehind
    ? [`∂L/∂a(${own})`, `(W_h${block}·h′ + b_h${block})${subscript(unit + 1)}`] : [`∂L/∂(${symbol(name, unit)}·${past})`, past];
  return product([
    { symbol: symbols[0], value: arrived[place] },
    { symbol: symbols[1], value: met[place], keys: isBehind ? [] : [`v.h′.${place}`] },
  ]);
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
 * @param {Sheet} sheet
 * @param {Message} message
 */
export function leaving(sheet, message) {
  const { states, units, words, columns, back, back_others: rest, others } = message;
  const lines = states.flatMap((state) => units.map((unit, place) => {
    const k = columns.findIndex(({ part, entry }) => part === "h" && entry === unit);
    const column = state === "h" ? [product([{ symbol: "", note: words.sum_below, value: added([
      ...back.flatMap((rows) => rows.map((row) => row[k])), ...(others ? rest.map((row) => row[k]) : []),
    ]) }])] : [];
    const past = message.ways.filter(({ factor }) => factor.name === state && factor.is_before);
    return equation(sheet, message, {
      left: symbol(`∂L/∂${state}′`, unit), keys: [`v.${state}′.${place}`],
      summands: [...column, ...past.map((way) => onWay(message, way, place))], value: message.before_gradient[state][place],
    }, { "data-leaves": `${state}.${place + 1}` });
  }));
  const read = columns.flatMap(({ part, entry }, k) => (part === "x" && entry !== null ? [equation(sheet, message, {
    left: symbol("∂L/∂x", entry), keys: [`m.${k}`], summands: [product([{ symbol: "", note: words.sum_below, value: message.read_gradient[k] }])],
    value: message.read_gradient[k],
  })] : []));
  return element("section", {}, [element("h3", {}, [words.leaves]), element("div", { class: "equations" }, [...lines, ...read])]);
}
