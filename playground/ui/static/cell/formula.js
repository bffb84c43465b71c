/** An equation twice: in symbols, and below in numbers; symbol and number are lit together. */

import { element } from "../shared/dom.js";
import { typeset } from "../shared/math.js";
import { factorText, numberText } from "./message.js";

/**
 * @typedef {import("./message.js").Value} Value
 * @typedef {{symbol: string, value: Value, keys?: string[], note?: string}} Term  symbol: "" where there is only a number.
 *   keys: by which it is lit. note: what else is said of it
 * @typedef {{terms: Term[], isTaken: boolean}} Product  isTaken: whether it is taken away
 * @typedef {{left: string, keys?: string[], summands: Product[], value: Value}} Equation
 */

/** @param {Term[]} terms @param {boolean} [isTaken] @returns {Product} */
export function product(terms, isTaken = false) {
  return { terms, isTaken };
}

/** A factor that is a difference or a function, in brackets. @param {string} text */
export function bracketed(text) {
  return /[−\s]/.test(text) ? `(${text})` : text;
}

/**
 * @param {import("./sheet.js").Sheet} sheet
 * @param {import("./message.js").Message} message
 * @param {Equation} what
 * @param {Record<string, string>} [more]  attributes
 */
export function equation(sheet, message, { left, keys = [], summands, value }, more = {}) {
  const lit = (/** @type {HTMLElement} */ made, /** @type {string[]} */ own) => (own.length ? sheet.lit.add(made, own) : made);
  const term = (/** @type {string} */ text, /** @type {string[]} */ own) => lit(element("span", { class: "term" }, typeset(text)), own);
  const written = (/** @type {(each: Term) => (Node|string)[]} */ of) => summands.flatMap(({ terms, isTaken }, k) => [
    isTaken ? (k ? " − " : "− ") : k ? " + " : "", ...terms.flatMap((each, n) => [...(n ? [" · "] : []), ...of(each)]),
  ]);
  const symbols = written(({ symbol, note, keys: own = [] }) => [symbol ? term(symbol, own) : element("small", {}, [note ?? ""])]);
  const numbers = written(({ value: each, symbol, note, keys: own = [] }) => [
    term(factorText(message, each), own), ...(symbol && note ? [element("small", {}, [note])] : []),
  ]);
  const isWhole = summands.length === 1 && summands[0].terms.length === 1; // then its number is the result
  const result = lit(element("b", { class: "term" }, [numberText(message, value)]), keys);
  return element("p", { class: "equation formula", ...more }, [
    term(left, keys), " = ", ...symbols, element("br"), ...(isWhole ? ["= "] : ["= ", ...numbers, " = "]), result,
  ]);
}
