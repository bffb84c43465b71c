/** The cell as a picture: one unit, its values on the wires, in the order of its equations. */

import { element } from "../shared/dom.js";
import { say } from "../shared/words.js";
import { squashText } from "./full.js";
import { columnName, factorKey, factorName, factorText, factorValue, numberText, sumOf, symbol } from "./message.js";

/** @typedef {import("./message.js").Message} Message */
/** @typedef {import("./message.js").Factor} Factor */
/** @typedef {import("./sheet.js").Sheet} Sheet */
/** @typedef {{x: number, y: number}} Point */

const ROW = 64;
const TURN = 80; // before its end a wire turns
const LEFT = { read: 60, sum: 260, gate: 400, first: 560 };
const ALONE = { ...LEFT, sum: 330, gate: 450 }; // so narrow that a phone shows all of it
const STAGE = 350; // from the products of one state to those of the next

/**
 * @param {string} tag
 * @param {Record<string, string|number>} attributes
 * @param {(Node|string)[]} [children]
 */
function drawn(tag, attributes, children = []) {
  const made = /** @type {SVGElement} */ (document.createElementNS("http://www.w3.org/2000/svg", tag));
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  made.append(...children);
  return made;
}

/** @param {SVGElement} each */
function isText(each) {
  return each.tagName.toLowerCase() === "text";
}

/**
 * A node: a round sign, or a box with a name and a value.
 * @param {Point} at @param {string} name @param {string} [value]
 */
function node({ x, y }, name, value) {
  if (value === undefined) {
    return drawn("g", { class: "sign" }, [drawn("circle", { cx: x, cy: y, r: 13 }), drawn("text", { x, y: y + 5 }, [name])]);
  }
  return drawn("g", { class: "node", tabindex: 0 }, [
    drawn("rect", { x: x - 42, y: y - 21, width: 84, height: 42, rx: 7 }),
    drawn("text", { x, y: y - 4, class: "name" }, [name]), drawn("text", { x, y: y + 13, class: "value" }, [value]),
  ]);
}

/**
 * A wire, with what it carries.
 * @param {Point} from @param {Point} to @param {string} text @param {number} order @param {number} [start] @param {number} [end]
 */
function wire(from, to, text, order, start = 42, end = 13) {
  const [x1, x2] = [from.x + start, to.x - end];
  const turn = Math.max(x1, x2 - TURN); // until there it goes straight, past what stands on its way
  const middle = (turn + x2) / 2;
  const path = drawn("path", {
    d: `M${x1} ${from.y} H${turn} C${middle} ${from.y} ${middle} ${to.y} ${x2} ${to.y}`, class: "wire", style: `--order: ${order}`,
  });
  if (!text) return [path];
  const isFlat = turn - x1 > TURN || from.y === to.y;
  const at = isFlat ? { x: (x1 + turn) / 2 + (from.y === to.y ? (x2 - turn) / 2 : 0), y: from.y - 6 } : { x: middle, y: (from.y + to.y) / 2 - 5 };
  return [path, drawn("text", { ...at, class: "carried" }, [text])];
}

/**
 * From a gate to the sum of another block, which it stands before or behind: on its way it passes left of the boxes.
 * @param {Point} gate @param {Point} sum @param {string} text @param {number} order
 */
function intoSum(gate, sum, text, order) {
  const [x, y] = [gate.x - 28, gate.y + 34];
  const [beside, above] = [gate.x - 54, sum.y - 30];
  const down = above > y ? `H${beside + 8} Q${beside} ${y} ${beside} ${y + 8} V${above - 8} Q${beside} ${above} ${beside - 8} ${above} ` : "";
  return [
    drawn("path", {
      d: `M${x} ${y - 13} V${y - 8} Q${x} ${y} ${x - 10} ${y} ${down}H${sum.x + 10} Q${sum.x} ${above} ${sum.x} ${above + 8} V${sum.y - 13}`,
      class: "wire", style: `--order: ${order}`,
    }),
    drawn("text", { x: sum.x + 40, y: above - 5, class: "carried" }, [text]),
  ];
}

/**
 * @param {Sheet} sheet
 * @param {Message} message
 */
export function diagram(sheet, message) {
  const { blocks, wires, words, units } = message;
  const { place, lit } = sheet;
  const unit = units[place];
  /** @type {Map<string, Point>} where each value stands, by what it is lit by */
  const places = new Map();
  /** @type {SVGElement[]} */
  const lines = [];
  /** @type {Node[]} */
  const nodes = [];
  /** @type {string[]} */
  const told = [];
  const put = (/** @type {Point} */ at, /** @type {string} */ name, /** @type {import("./message.js").Value} */ value, /** @type {string} */ key) => {
    places.set(key, at);
    const text = numberText(message, value);
    nodes.push(lit.add(node(at, name, text), [key]));
    told.push(`${name} = ${text}`);
  };
  const gradient = (/** @type {Point} */ at, /** @type {import("./message.js").Value|undefined} */ value) => {
    if (message.way === "back") nodes.push(drawn("text", { x: at.x, y: at.y + 35, class: "gradient" }, [`∂ ${numberText(message, value)}`]));
  };

  const before = message.states.filter((state) => state !== "h");
  before.forEach((state, k) => {
    const at = { x: LEFT.read, y: 40 + k * ROW };
    put(at, symbol(`${state}′`, unit), message.before[state][place], `v.${state}′.${place}`);
    gradient(at, message.before_gradient[state][place]);
  });
  const isAlone = blocks.length === 1; // then there is room for all that its sum is made of
  const left = isAlone ? ALONE : LEFT;
  const first = 40 + before.length * ROW + (isAlone ? ((message.columns.length - 1) / 2) * ROW : 0);
  const read = { x: LEFT.read, y: first + ((blocks.length - 1) * ROW) / 2 };
  if (!isAlone) nodes.push(node(read, "x, h′", "W ·"));
  const isPast = wires.some(({ terms }) => terms.flat().some(({ name, is_before: is }) => name === "h" && is));
  if (isPast) {
    const at = { x: LEFT.read, y: first + blocks.length * ROW };
    put(at, symbol("h′", unit), message.before.h[place], `v.h′.${place}`);
    gradient(at, message.before_gradient.h[place]);
  }
  blocks.forEach(({ name, squash }, block) => {
    const y = first + block * ROW;
    const sign = { x: left.sum, y };
    if (!isAlone) lines.push(...wire(read, sign, "", block));
    else lines.push(...summands(message, sign, place, put));
    nodes.push(node(sign, "Σ"));
    if (isAlone) {
      const biases = message.biases[block][place].map((bias) => factorText(message, bias)).join(" + ");
      nodes.push(drawn("text", { x: sign.x, y: y + 32, class: "carried" }, [`+ ${biases}`]));
    }
    const at = { x: left.gate, y };
    const sum = message.way === "forward" ? message.pre : message.pre_gradient;
    const summed = [...message.products[block][place], ...message.biases[block][place]];
    const carried = message.way === "forward" ? numberText(message, sumOf(summed, sum[block][place])) : `∂ ${numberText(message, sum[block][place])}`;
    lines.push(...wire(sign, at, carried, block, 13, 42));
    nodes.push(drawn("text", { x: (sign.x + at.x) / 2, y: y + 15, class: "squash" }, [squashText(squash)]));
    put(at, symbol(name, unit), message.values[name][place], `v.${name}.${place}`);
    gradient(at, message.gradients[name][place]);
  });
  blocks.forEach(({ through, after }, block) => {
    const gate = through ?? after;
    const at = gate === null ? null : places.get(`v.${gate}.${place}`);
    if (at) lines.push(...intoSum(at, { x: left.sum, y: first + block * ROW }, through ? `${through} · h′` : `· ${symbol(after ?? "", unit)}`, block));
  });
  let x = LEFT.first;
  let order = blocks.length;
  for (const { state, terms } of wires.filter(({ terms: some }) => some.length)) {
    const middle = first + ((blocks.length - 1) * ROW) / 2;
    const ends = terms.map((factors, k) => {
      const at = { x, y: middle + (k - (terms.length - 1) / 2) * ROW };
      const value = factors.reduce((/** @type {number|null} */ so, factor) => {
        const own = factorValue(message, factor, place);
        return so === null || own === null ? null : so * own;
      }, 1);
      for (const factor of factors) lines.push(...fromFactor(message, places, factor, at, place, unit, order));
      nodes.push(node(at, "×"));
      return { at, value };
    });
    order += 1;
    const out = { x: x + 150, y: middle };
    const plus = ends.length > 1 ? { x: x + 70, y: middle } : null;
    for (const { at, value } of ends) lines.push(...wire(at, plus ?? out, numberText(message, value), order, 13, plus ? 13 : 42));
    if (plus) {
      nodes.push(node(plus, "+"));
      lines.push(...wire(plus, out, "", order, 13, 42));
    }
    put(out, symbol(state, unit), message.values[state][place], `v.${state}.${place}`);
    gradient(out, message.gradients[state][place]);
    x += STAGE;
    order += 1;
  }
  const width = Math.max(...[...places.values()].map((at) => at.x)) + 60;
  const height = Math.max(...[...places.values()].map((at) => at.y), read.y) + 45;
  const picture = drawn("svg", {
    viewBox: `0 0 ${width} ${height}`, role: "img", style: `max-width: ${width * 1.15}px`,
    "aria-label": say(words, "diagram_told", { unit: unit + 1, list: told.join(", ") }), class: `${message.way}${isAlone ? " alone" : ""}`,
  }, [...lines.filter((each) => !isText(each)), ...lines.filter(isText), ...nodes]); // no wire goes through what is written
  return element("section", { class: "wide" }, [
    element("h3", {}, [say(words, "diagram", { unit: unit + 1 })]), element("div", { class: "scroll" }, [picture]),
  ]);
}

/**
 * What is read and what was before, column by column, with the products on the wires to the sum.
 * @param {Message} message @param {Point} to @param {number} place
 * @param {(at: Point, name: string, value: import("./message.js").Value, key: string) => void} put
 */
function summands(message, to, place, put) {
  const { columns, met, weight, products } = message;
  return columns.flatMap((column, k) => {
    const at = { x: LEFT.read, y: to.y + (k - (columns.length - 1) / 2) * ROW };
    const product = numberText(message, products[0][place][k]);
    const isOne = column.entry !== null;
    put(at, columnName(message, column), isOne ? met[0][k] : products[0][place][k], `m.${k}`);
    return wire(at, to, isOne ? `· ${factorText(message, weight[0][place][k])} = ${product}` : product, 0);
  });
}

/**
 * The wire from where a factor's value stands to the product; what it carries is written where it is not the value itself.
 * @param {Message} message
 * @param {Map<string, Point>} places
 * @param {Factor} factor
 * @param {Point} to
 * @param {number} place
 * @param {number} unit
 * @param {number} order
 */
function fromFactor(message, places, factor, to, place, unit, order) {
  const from = places.get(factorKey(factor, place));
  if (!from) return [];
  const changed = factor.is_complement || factor.is_squashed;
  const text = changed ? `${factorName(factor, unit)} = ${numberText(message, factorValue(message, factor, place))}` : "";
  return wire(from, to, text, order);
}
