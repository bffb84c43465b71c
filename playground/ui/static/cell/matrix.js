/** [W_xh | W_hh] with what each column meets: every product, the biases, the sum and what is made of it; or the way back. */

import { element } from "../shared/dom.js";
import { typeset } from "../shared/math.js";
import { say } from "../shared/words.js";
import { number } from "./field.js";
import { squashText } from "./full.js";
import { columnName, factorText, numberText, sumOf, symbol } from "./message.js";

/** @typedef {import("./message.js").Message} Message */
/** @typedef {import("./sheet.js").Sheet} Sheet */

/** @param {string} name @param {(Node|string)[]} children @param {Record<string, string>} [more] */
function cell(name, children, more = {}) {
  return element("td", { class: name, ...more }, children);
}

/** @param {(Node|string)[]} children @param {Record<string, string>} [more] */
function head(children, more = {}) {
  return element("th", { scope: "col", ...more }, children);
}

/**
 * @param {Sheet} sheet
 * @param {Message} message
 */
export function matrix(sheet, message) {
  const forward = message.way === "forward";
  const bodies = message.blocks.map((_, block) => body(sheet, message, block));
  const table = element("table", { class: `matrix ${message.joined ? "joined" : "split"}` }, [
    element("thead", {}, [names(message), meets(sheet, message)]), ...bodies, ...(forward ? [] : [below(message)]),
  ]);
  return element("section", { class: "wide" }, [
    element("h3", {}, [message.words[forward ? "sheet" : "share"]]), element("div", { class: "scroll" }, [table]),
  ]);
}

/** Nothing, in the column of the gradients, which the way back has. @param {Message} message */
function ofGradient({ way }) {
  return way === "back" ? [cell("gap", [])] : [];
}

/** How many columns belong to x. @param {Message} message */
function reads({ columns }) {
  return columns.filter(({ part }) => part === "x").length;
}

/**
 * One row: something for every column, with a gap between the two matrices, and, forward, what is added up of each.
 * @param {Message} message
 * @param {HTMLElement[]} cells  one a column
 * @param {(part: "x"|"h") => HTMLElement[]} sums
 */
function inParts(message, cells, sums) {
  const first = reads(message);
  if (message.joined) return cells;
  if (message.way === "back") return [...cells.slice(0, first), cell("gap", []), ...cells.slice(first)];
  return [...cells.slice(0, first), ...sums("x"), cell("gap", []), ...cells.slice(first), ...sums("h")];
}

/** @param {Message} message */
function names(message) {
  const { columns, words, way, joined } = message;
  const heads = columns.map((column, k) => {
    const text = columnName(message, column);
    const read = column.part === "x" && message.symbols?.[k];
    return head([...typeset(text), ...(read ? [element("bdi", { class: "read" }, [read])] : [])], { class: k === reads(message) ? "first-of-h" : "" });
  });
  const parts = inParts(message, heads, (part) => [head(typeset(part === "x" ? "W_xh x" : "W_hh h′"))]);
  const forward = way === "forward";
  return element("tr", {}, [
    head(typeset(joined ? "[W_xh | W_hh]" : "W_xh, W_hh")), ...(forward ? [] : [head(typeset("∂L/∂a", { isFlat: true }))]), ...parts,
    ...["b_ih", "b_hh"].map((bias) => head(typeset(bias))),
    ...(forward ? [head([words.sum]), head([])] : []),
  ]);
}

/**
 * The row of what all columns meet.
 * @param {Sheet} sheet
 * @param {Message} message
 */
function meets(sheet, message) {
  const { columns, words } = message;
  const cells = columns.map((column, k) => {
    if (column.entry === null) return cell("met others", ["…"]);
    const isState = column.part === "h";
    const name = `${column.part}.${column.entry + 1}`;
    const value = isState ? message.before.h[message.units.indexOf(column.entry)] : message.met[0][k];
    const { box, target } = number(message, name, columnName(message, column), value, sheet.send);
    const state = isState ? [`v.h′.${message.units.indexOf(column.entry)}`] : [];
    sheet.lit.add(target, [`m.${k}`, "met", ...state], [`m.${k}`, `col.${k}`, ...state]);
    return cell(dimmed(message, k, "met"), [box]);
  });
  const parts = inParts(message, cells, () => [cell("", [])]);
  return element("tr", { class: "meets" }, [element("th", { scope: "row" }, [words.meets]), ...ofGradient(message), ...parts]);
}

/**
 * A column of what is 0 in a one-hot vector is dimmed.
 * @param {Message} message @param {number} k @param {string} name
 */
function dimmed({ lit, columns }, k, name) {
  return lit !== null && columns[k].part === "x" && k !== lit ? `${name} dim` : name;
}

/**
 * @param {Sheet} sheet
 * @param {Message} message
 * @param {number} block
 */
function body(sheet, message, block) {
  const { through, name } = message.blocks[block];
  const own = through === null ? [] : [lets(message, block)];
  const rows = message.units.map((_, place) => row(sheet, message, block, place));
  return element("tbody", { "data-block": name }, [...own, ...rows]);
}

/** What a block meets where a gate stands before it. @param {Message} message @param {number} block */
function lets(message, block) {
  const through = /** @type {string} */ (message.blocks[block].through);
  const cells = message.columns.map(({ part, entry }, k) => (
    cell("met", part === "h" && entry !== null ? typeset(`${symbol(through, entry)}·${symbol("h′", entry)} = ${numberText(message, message.met[block][k])}`) : [])
  ));
  return element("tr", { class: "lets" }, [
    element("th", { scope: "row" }, [message.words.meets]), ...ofGradient(message), ...inParts(message, cells, () => [cell("", [])]),
  ]);
}

/**
 * @param {Sheet} sheet
 * @param {Message} message
 * @param {number} block
 * @param {number} place
 */
function row(sheet, message, block, place) {
  const { blocks, units, columns } = message;
  const name = symbol(blocks[block].name, units[place]);
  const ofRow = `row.${block}.${place}`;
  const ofResult = [`r.${block}.${place}`, `v.${blocks[block].name}.${place}`];
  const cells = columns.map((column, k) => {
    if (column.entry === null) {
      const others = message.way === "forward" ? [element("small", {}, [numberText(message, message.products[block][place][k])])] : ["…"];
      return sheet.lit.add(cell("others", others), [ofRow, `col.${k}`]);
    }
    const path = `w.${blocks[block].name}.${units[place] + 1}.${k + 1}`;
    const label = `W ${name} ${columnName(message, column)}`;
    const { box, target } = number(message, path, label, message.weight[block][place][k], sheet.send);
    const keys = [ofRow, `col.${k}`, `w.${block}.${place}.${k}`];
    sheet.lit.add(target, keys, [`w.${block}.${place}.${k}`, `m.${k}`, ...ofResult]);
    return cell(dimmed(message, k, "weight"), [box, ...underWeight(message, block, place, k)]);
  });
  const biases = [0, 1].map((which) => {
    const path = `b.${blocks[block].name}.${units[place] + 1}.${which + 1}`;
    const label = `${message.words.bias} ${name} ${which ? "b_hh" : "b_ih"}`;
    const { box, target } = number(message, path, label, message.biases[block][place][which], sheet.send);
    sheet.lit.add(target, [ofRow, `b.${block}.${place}.${which}`]);
    const share = message.way === "back" ? [element("small", {}, [`∂W ${numberText(message, message.bias_share[block][place][which])}`])] : [];
    return cell("bias", [box, ...share]);
  });
  const sums = (/** @type {"x"|"h"} */ part) => [cell("part", [numberText(message, total(message, block, place, part))])];
  return element("tr", {}, [
    element("th", { scope: "row" }, typeset(name)), ...(message.way === "back" ? [gradient(sheet, message, block, place)] : []),
    ...inParts(message, cells, sums), ...biases,
    ...(message.way === "forward" ? results(sheet, message, block, place, name) : []),
  ]);
}

/**
 * The products of one part added up.
 * @param {Message} message @param {number} block @param {number} place @param {"x"|"h"} part
 */
function total({ products, columns }, block, place, part) {
  return products[block][place].reduce((/** @type {number|null} */ sum, product, k) => {
    if (columns[k].part !== part) return sum;
    return sum === null || product === null ? null : sum + product;
  }, 0);
}

/** @param {Message} message @param {number} block @param {number} place @param {number} k */
function underWeight(message, block, place, k) {
  if (message.way === "forward") {
    const text = `· ${factorText(message, message.met[block][k])} = ${numberText(message, message.products[block][place][k])}`;
    return [element("small", { class: "product" }, [text])];
  }
  const towards = arrived(message, block, place, message.columns[k].part);
  const { through } = message.blocks[block];
  const { part, entry } = message.columns[k];
  const passed = through !== null && part === "h" ? ` · ${numberText(message, message.values[through][message.units.indexOf(/** @type {number} */ (entry))])}` : "";
  return [
    element("small", { class: "back" }, [`· ${towards}${passed} = ${numberText(message, message.back[block][place][k])}`]),
    element("small", { class: "share" }, [
      `∂W: ${towards} · ${factorText(message, message.met[block][k])} = ${numberText(message, message.weight_share[block][place][k])}`,
    ]),
  ];
}

/**
 * What arrives at a product: ∂L/∂a, for h′ behind a gate what the gate lets through of it.
 * @param {Message} message @param {number} block @param {number} place @param {"x"|"h"} part
 */
function arrived(message, block, place, part) {
  const { blocks, pre_gradient: gradient, behind } = message;
  const text = factorText(message, gradient[block][place]);
  return part === "h" && blocks[block].after !== null ? `${text} · ${numberText(message, behind[block][place])}` : text;
}

/** @param {Sheet} sheet @param {Message} message @param {number} block @param {number} place @param {string} name */
function results(sheet, message, block, place, name) {
  const { blocks, pre, values } = message;
  const result = element("span", { class: "result", tabindex: "0", role: "button", "data-stop": `result.${block}.${place}` }, [
    ...typeset(`${name} = ${squashText(blocks[block].squash)}(a) = `),
    element("b", {}, [numberText(message, values[blocks[block].name][place])]),
  ]);
  const keys = [`r.${block}.${place}`, `v.${blocks[block].name}.${place}`];
  sheet.lit.add(result, keys, [`row.${block}.${place}`, "met", ...keys]);
  const light = result.onclick;
  result.onclick = (event) => {
    light?.call(result, event);
    sheet.write(block, place);
  };
  result.onkeydown = (event) => {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      result.click();
    }
  };
  const summands = [...message.products[block][place], ...message.biases[block][place]];
  return [cell("pre", [numberText(message, sumOf(summands, pre[block][place]))]), cell("out", [result])];
}

/** @param {Sheet} sheet @param {Message} message @param {number} block @param {number} place */
function gradient(sheet, message, block, place) {
  const text = element("b", {}, [numberText(message, message.pre_gradient[block][place])]);
  return cell("pre", [sheet.lit.add(text, [`r.${block}.${place}`], [`row.${block}.${place}`, `r.${block}.${place}`])]);
}

/** What all rows send back, by column: the shares of the units that are not shown, and the sum. @param {Message} message */
function below(message) {
  const { columns, words, blocks, others, back, back_others: rest } = message;
  const sum = (/** @type {number} */ k) => blocks.reduce((/** @type {number|null} */ found, _, block) => {
    const shares = [...back[block].map((of) => of[k]), ...(others ? [rest[block][k]] : [])];
    return shares.reduce((so, share) => (so === null || share === null ? null : so + share), found);
  }, 0);
  const othersSum = (/** @type {number} */ k) => rest.reduce((/** @type {number|null} */ so, of) => (
    so === null || of[k] === null ? null : so + /** @type {number} */ (of[k])
  ), 0);
  const line = (/** @type {string} */ name, /** @type {string} */ text, /** @type {(k: number) => number|null} */ value) => {
    const cells = columns.map(({ entry }, k) => cell(name, entry === null ? ["…"] : [numberText(message, value(k))]));
    return element("tr", { class: name }, [element("th", { scope: "row" }, [text]), ...ofGradient(message), ...inParts(message, cells, () => [cell("", [])])]);
  };
  return element("tbody", { class: "below" }, [
    ...(others ? [line("rest", say(words, "others_row", { count: others }), othersSum)] : []),
    line("total", words.sum_below, sum),
  ]);
}
