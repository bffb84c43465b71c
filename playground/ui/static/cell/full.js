/** One row written out, symbol by symbol and number by number; and what there is to say of what is read. */

import { element } from "../shared/dom.js";
import { typeset } from "../shared/math.js";
import { isolate, percent, say, subscript } from "../shared/words.js";
import { columnName, factorText, numberText, sumOf, symbol } from "./message.js";

/** @typedef {import("./message.js").Message} Message */
/** @typedef {import("./sheet.js").Sheet} Sheet */

/** Less than this part of the steepest slope counts as saturated. */
const SATURATED = 0.1;
/** @type {Record<string, number>} */
const STEEPEST = { sigmoid: 0.25 };

/** What squashes a sum, as it is written. @param {string} squash */
export function squashText(squash) {
  return squash === "sigmoid" ? "σ" : squash;
}

/**
 * @param {Sheet} sheet
 * @param {Message} message
 */
export function inFull(sheet, message) {
  const { block, place, lit } = sheet;
  const { columns, blocks, units, weight, met, products, biases, behind, pre, values, words } = message;
  const { name, squash, after, through } = blocks[block];
  const own = symbol(name, units[place]);
  const first = columns.filter(({ part }) => part === "x").length;
  const part = (/** @type {string} */ text, /** @type {string[]} */ keys) => lit.add(element("span", { class: "term" }, typeset(text)), keys, keys);

  const term = (/** @type {number} */ k, /** @type {boolean} */ isSymbol) => {
    const keys = [`w.${block}.${place}.${k}`, `m.${k}`];
    const { entry, part: of } = columns[k];
    if (entry === null) return part(isSymbol ? columnName(message, columns[k]) : factorText(message, products[block][place][k]), [`others.${k}`]);
    const passed = through !== null && of === "h" ? `(${symbol(through, entry)}·${columnName(message, columns[k])})` : columnName(message, columns[k]);
    return part(
      isSymbol ? `w${subscript(units[place] + 1)}${subscript(k + 1)}·${passed}` : `${factorText(message, weight[block][place][k])}·${factorText(message, met[block][k])}`, keys,
    );
  };
  const bias = (/** @type {number} */ which, /** @type {boolean} */ isSymbol) => (
    part(isSymbol ? (which ? "b_hh" : "b_ih") : factorText(message, biases[block][place][which]), [`b.${block}.${place}.${which}`])
  );
  const sum = (/** @type {(Node|string)[]} */ parts) => parts.flatMap((each, k) => (k ? [" + ", each] : [each]));
  const line = (/** @type {boolean} */ isSymbol) => {
    const read = columns.map((_, k) => k).filter((k) => k < first).map((k) => term(k, isSymbol));
    const past = columns.map((_, k) => k).filter((k) => k >= first).map((k) => term(k, isSymbol));
    if (after === null) return sum([...read, ...past, bias(0, isSymbol), bias(1, isSymbol)]);
    const gate = part(isSymbol ? symbol(after, units[place]) : factorText(message, behind[block][place]), [`v.${after}.${place}`]);
    return [...sum([...read, bias(0, isSymbol)]), " + ", gate, "·(", ...sum([...past, bias(1, isSymbol)]), ")"];
  };
  const result = part(numberText(message, values[name][place]), [`r.${block}.${place}`, `v.${name}.${place}`]);
  const named = part(own, [`r.${block}.${place}`, `v.${name}.${place}`]);
  return element("section", { class: "full" }, [
    element("h3", {}, [words.in_full]), ...(blocks.length * units.length > 1 ? [element("p", { class: "note" }, [words.in_full_of])] : []),
    element("p", { class: "equation formula" }, [named, ...typeset(` = ${squashText(squash)}(`), ...line(true), ")"]),
    element("p", { class: "equation formula" }, [
      ...typeset(`= ${squashText(squash)}(`), ...line(false), ")",
      ...typeset(` = ${squashText(squash)}(${numberText(message, sumOf([...products[block][place], ...biases[block][place]], pre[block][place]))}) = `), result,
    ]),
  ]);
}

/**
 * @param {Sheet} sheet
 * @param {Message} message
 */
export function notes(sheet, message) {
  const { lit, lookup, words, columns } = message;
  const told = [];
  if (lit !== null) {
    const { block, place } = sheet;
    const read = columns.flatMap(({ part }, k) => (part === "x" ? [factorText(message, message.products[block][place][k])] : []));
    told.push(say(words, "one_hot", {
      entry: columnName(message, columns[lit]),
      products: read.join(" + "),
      column: numberText(message, message.weight[block][place][lit]),
    }));
  }
  if (lookup) {
    const row = lookup.row.map((value) => numberText(message, value)).join(", ") + (lookup.is_whole ? "" : ", …");
    told.push(say(words, "embedding", { symbol: isolate(lookup.symbol), index: lookup.index, count: lookup.count, row: `[${row}]` }));
  }
  return [...told, ...saturated(message)].map((text) => element("p", { class: "note" }, [text]));
}

/**
 * Where little gets through an activation on the way back.
 * @param {Message} message
 */
export function saturated(message) {
  const { blocks, units, slope, words } = message;
  return blocks.flatMap(({ name, squash }, block) => units.flatMap((unit, place) => {
    const passes = slope[block][place];
    if (passes === null || passes >= SATURATED * (STEEPEST[squash] ?? 1)) return [];
    return [say(words, "saturated", { squash: squashText(squash), name: symbol(name, unit), share: percent(words, passes) })];
  }));
}
