/**
 * What Python tells of one step (`playground/analysis/sheet.py` says what is what), and how its numbers are called.
 *
 * @typedef {number|null} Value  null where it is not finite, or where many are taken together
 * @typedef {{name: string, squash: string, is_gate: boolean, through: string|null, after: string|null}} Block
 * @typedef {{part: "x"|"h", entry: number|null, count: number}} Column
 * @typedef {{name: string, is_before: boolean, is_complement: boolean, is_squashed: boolean}} Factor
 * @typedef {{state: string, terms: Factor[][]}} Wires
 * @typedef {{state: string, factor: Factor, others: Factor[], share: Value[]}} Way
 * @typedef {{block: string, is_behind: boolean, arrived: Value[], met: Value[]}} GateShare
 * @typedef {{symbol: string, index: number, count: number, row: Value[], is_whole: boolean}} Lookup
 *
 * @typedef {object} Message
 * @property {string} name  of the cell
 * @property {string[]} states
 * @property {Block[]} blocks
 * @property {Column[]} columns
 * @property {number[]} units
 * @property {number} others  how many units are not shown
 * @property {Wires[]} wires
 * @property {number|null} lit  the column of the only entry that is read
 * @property {Value[][][]} weight  by block, unit and column
 * @property {Value[][]} met
 * @property {Value[][][]} products
 * @property {Value[][][]} biases
 * @property {Value[][]} behind
 * @property {Value[][]} pre
 * @property {Value[][]} slope
 * @property {Record<string, Value[]>} values
 * @property {Record<string, Value[]>} before
 * @property {Value[]} above
 * @property {Record<string, Value[]>} later
 * @property {Record<string, Value[]>} gradients
 * @property {Record<string, GateShare>} gate_shares  what gates before or behind a block's weights get from there
 * @property {Way[]} ways
 * @property {Value[][]} pre_gradient
 * @property {Value[][][]} back
 * @property {Value[][]} back_others
 * @property {Value[]} read_gradient
 * @property {Record<string, Value[]>} before_gradient
 * @property {Value[][][]} weight_share
 * @property {Value[][][]} bias_share
 * @property {boolean} editable
 * @property {string[]} changed
 * @property {number} heard  up to which of the sheet's wishes all was done
 * @property {{name: string, sentence: string}|null} complaint
 * @property {string[]|null} symbols  what the entries of x stand for
 * @property {Lookup|null} lookup
 * @property {"forward"|"back"} way
 * @property {boolean} joined
 * @property {Record<string, string>} words
 */

import { say, short, subscript } from "../shared/words.js";

/**
 * A number as it is shown.
 * @param {Message} message
 * @param {Value|undefined} value
 */
export function numberText({ words }, value) {
  return value === null || value === undefined ? words.broken : short(value);
}

const ROUNDING = 2 ** -50; // of the largest summand: what is left of a sum that is 0 but for rounding

/**
 * A sum without what is only rounding.
 * @param {Value[]} summands
 * @param {Value} sum
 * @returns {Value}
 */
export function sumOf(summands, sum) {
  const largest = Math.max(...summands.map((each) => Math.abs(each ?? 0)));
  return sum !== null && Math.abs(sum) < ROUNDING * largest ? 0 : sum;
}

/**
 * The same as a factor or a summand: a negative one stands in brackets.
 * @param {Message} message
 * @param {Value|undefined} value
 */
export function factorText(message, value) {
  const text = numberText(message, value);
  return text.startsWith("−") ? `(${text})` : text;
}

/** @param {string} name @param {number} unit  from 0 */
export function symbol(name, unit) {
  return `${name}${subscript(unit + 1)}`;
}

/**
 * What a column meets: x₁, h′₂, or all others.
 * @param {Message} message
 * @param {Column} column
 */
export function columnName({ words }, { part, entry, count }) {
  if (entry === null) return say(words, "others", { count });
  return symbol(part === "h" ? "h′" : part, entry);
}

/**
 * How a factor is written: h′ is the state before.
 * @param {Factor} factor
 * @param {number} unit  its number in the network, from 0
 */
export function factorName({ name, is_before, is_complement, is_squashed }, unit) {
  const plain = symbol(is_before ? `${name}′` : name, unit);
  if (is_squashed) return `tanh ${plain}`;
  return is_complement ? `1 − ${plain}` : plain;
}

/**
 * @param {Message} message
 * @param {Factor} factor
 * @param {number} place  of the unit among those that are shown
 * @returns {Value}
 */
export function factorValue({ before, values }, { name, is_before, is_complement, is_squashed }, place) {
  const found = (is_before ? before : values)[name][place];
  if (found === null) return null;
  const value = is_squashed ? Math.tanh(found) : found;
  return is_complement ? 1 - value : value;
}

/**
 * By what a factor's symbol and value are lit.
 * @param {Factor} factor
 * @param {number} place
 */
export function factorKey({ name, is_before }, place) {
  return `v.${name}${is_before ? "′" : ""}.${place}`;
}
