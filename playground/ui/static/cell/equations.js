/** How gates make the states, unit by unit: symbols above, their numbers below, lit together. */

import { element } from "../shared/dom.js";
import { typeset } from "../shared/math.js";
import { say } from "../shared/words.js";
import { number } from "./field.js";
import { bracketed, equation, product } from "./formula.js";
import { factorKey, factorName, factorValue, symbol } from "./message.js";

/** @typedef {import("./message.js").Message} Message */
/** @typedef {import("./message.js").Factor} Factor */
/** @typedef {import("./sheet.js").Sheet} Sheet */

/**
 * @param {Sheet} sheet
 * @param {Message} message
 */
export function equations(sheet, message) {
  const wires = message.wires.filter(({ terms }) => terms.length);
  if (!wires.length) return [];
  const states = new Set(wires.flatMap(({ terms }) => terms.flat()).filter(({ name, is_before: is }) => is && name !== "h").map(({ name }) => name));
  const lines = wires.flatMap(({ state, terms }) => message.units.map((_, place) => ofState(sheet, message, state, terms, place)));
  return [element("section", { class: "equations" }, [
    element("h3", {}, [message.words.equations]), ...[...states].map((state) => carried(sheet, message, state)), ...lines, ...conventions(sheet, message),
  ])];
}

/**
 * What a state that no matrix meets was before; it can be changed here.
 * @param {Sheet} sheet
 * @param {Message} message
 * @param {string} state
 */
function carried(sheet, message, state) {
  const fields = message.units.flatMap((unit, place) => {
    const name = symbol(`${state}′`, unit);
    const { box, target } = number(message, `${state}.${unit + 1}`, name, message.before[state][place], sheet.send);
    sheet.lit.add(target, [`v.${state}′.${place}`]);
    return [...typeset(`${name} = `), box, " "];
  });
  return element("p", { class: "equation formula carries" }, fields);
}

/**
 * A factor by the convention that is chosen for its gate: z* = 1 − z.
 * @param {Sheet} sheet
 * @param {Factor} factor
 * @param {number} unit
 */
function written({ other }, factor, unit) {
  if (!other.has(factor.name)) return factorName(factor, unit);
  const turned = { ...factor, name: `${factor.name}*`, is_complement: !factor.is_complement };
  return factorName(turned, unit);
}

/**
 * @param {Sheet} sheet
 * @param {Message} message
 * @param {string} state
 * @param {Factor[][]} terms
 * @param {number} place
 */
function ofState(sheet, message, state, terms, place) {
  const unit = message.units[place];
  const summands = terms.map((factors) => product(factors.map((factor) => ({
    symbol: bracketed(written(sheet, factor, unit)), value: factorValue(message, factor, place), keys: [factorKey(factor, place)],
  }))));
  const whole = { left: symbol(state, unit), keys: [`v.${state}.${place}`], summands, value: message.values[state][place] };
  return equation(sheet, message, whole, { "data-state": `${state}.${place + 1}` });
}

/**
 * Switches between a gate's convention and the other one, where the cell uses both the gate and 1 − it.
 * @param {Sheet} sheet
 * @param {Message} message
 */
function conventions(sheet, message) {
  const factors = message.wires.flatMap(({ terms }) => terms.flat());
  const turned = [...new Set(factors.filter(({ is_complement: is }) => is).map(({ name }) => name))];
  return turned.map((gate) => {
    const isOther = sheet.other.has(gate);
    const button = element("button", { type: "button", "aria-pressed": String(isOther), class: "convention", "data-stop": `other.${gate}` }, [
      ...typeset(say(message.words, "convention", { gate })),
    ]);
    button.onclick = () => sheet.turn(gate);
    const told = isOther ? [element("p", { class: "note" }, [say(message.words, "convention_told", { gate })])] : [];
    return element("div", {}, [button, ...told]);
  });
}
