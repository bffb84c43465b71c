/**
 * Formulas as MathML, made of the plain text in which they are written anywhere else: h′₁, W_xh, ∂L/∂a, √s, 0.9ⁿ.
 *
 * Streamlit sets the formulas of a text by KaTeX, but that lies in a bundle whose names change with every version, and
 * the style sheet of what it makes does not reach into a shadow root. MathML needs neither: every current browser sets
 * it, a screen reader reads it, and each symbol may be an element of its own, to be lit. KaTeX's fonts do reach here,
 * for they are declared for the whole page; `math.css` uses them, so that both kinds of formulas look alike.
 */

const NAMESPACE = "http://www.w3.org/1998/Math/MathML";
const FUNCTIONS = new Set(["exp", "log", "tanh", "relu", "linear"]);
const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻ⁿ";
const PLAIN = "0123456789−n";
const GAP = "0.28em"; // beside an operator that has a space there
const THIN = "0.17em"; // between factors
const BREAKS = /^[=≈←→]/; // before these a long formula may go on in the next line
const WORD = /^[\p{L}\p{M}][\p{L}\p{M}\d_.]*/u;
const LETTER = /^[A-Za-zα-ωΑ-Ω]\u0302?/u;
const NUMBER = /^\d+(?:,\d{3})*(?:\.\d+)?/;

/**
 * @param {string} tag
 * @param {(Node|string)[]} children
 * @param {Record<string, string>} [attributes]
 * @returns {MathMLElement}
 */
function made(tag, children, attributes = {}) {
  const node = /** @type {MathMLElement} */ (document.createElementNS(NAMESPACE, tag));
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** @param {Node[]} nodes */
const row = (nodes) => (nodes.length === 1 ? nodes[0] : made("mrow", nodes));

/** A formula that is read from left to right. */
class Reader {
  /**
   * @param {string} text
   * @param {boolean} isFlat  whether fractions are written with a stroke, as in a heading
   */
  constructor(text, isFlat) {
    this.text = text;
    this.isFlat = isFlat;
    this.at = 0;
    /** Whether anything was read that plain text would not show as well. */
    this.hasSymbol = false;
    this.wasOperand = false;
  }

  get rest() {
    return this.text.slice(this.at);
  }

  /** @param {RegExp} pattern  from the present place on */
  take(pattern) {
    const found = pattern.exec(this.rest)?.[0] ?? "";
    this.at += found.length;
    return found;
  }

  /** Everything up to the end. */
  all() {
    const nodes = [];
    while (this.at < this.text.length) nodes.push(this.item());
    return nodes;
  }

  /** A fraction where two operands stand close to a stroke, else one operand, or a sign. @returns {Node} */
  item() {
    const isSpaced = this.take(/^\s+/) !== "";
    const isFactor = isSpaced && this.wasOperand; // what stands beside a factor: 0.9 m, tanh c
    const first = this.operand();
    this.wasOperand = first !== null;
    if (!first) return this.sign(isSpaced);
    const shown = !this.isFlat && /^\/[^\s/]/.test(this.rest) ? this.over(first) : first;
    return isFactor ? made("mrow", [made("mspace", [], { width: THIN }), shown]) : shown;
  }

  /** @param {Node} above */
  over(above) {
    this.at += 1;
    this.hasSymbol = true;
    return made("mfrac", [above, this.operand() ?? this.sign(false)]);
  }

  /** @returns {Node|null} */
  operand() {
    const differential = this.take(/^[∂Δ]/);
    if (differential) {
      this.hasSymbol = true;
      const of = this.operand();
      return row([made("mi", [differential], { class: "upright" }), ...(of ? [of] : [])]);
    }
    if (this.take(/^√/)) {
      this.hasSymbol = true;
      return this.scripts(made("msqrt", new Reader(this.take(/^[^\s()]+/), this.isFlat).all()));
    }
    const number = this.take(NUMBER);
    if (number) return this.scripts(made("mn", [number]));
    const name = this.name();
    if (name) {
      const inside = this.bracket();
      return inside ? row([this.scripts(name), ...inside]) : this.scripts(name);
    }
    const inside = this.bracket();
    return inside && this.scripts(row(inside));
  }

  /** A symbol or a word. */
  name() {
    const word = WORD.exec(this.rest)?.[0] ?? "";
    if (FUNCTIONS.has(word)) return this.#named(word, { class: "word" });
    const letter = LETTER.exec(word)?.[0] ?? "";
    if (!letter || !/^(?:_|$)/.test(word.slice(letter.length))) return word ? made("mtext", [this.take(WORD)]) : null;
    const [plain, hat] = [letter[0], letter.length > 1];
    const symbol = this.#named(plain, /[Α-Ω]/.test(plain) ? { class: "upright" } : { mathvariant: "normal" }, letter.length);
    return hat ? made("mover", [symbol, made("mo", ["^"], { stretchy: "false" })], { accent: "true" }) : symbol;
  }

  /** @param {string} text @param {Record<string, string>} attributes @param {number} [length]  of what is read */
  #named(text, attributes, length = text.length) {
    this.hasSymbol = true;
    this.at += length;
    return made("mi", [text], attributes);
  }

  /**
   * What stands in brackets, with them; null where none open here, or where one is not closed.
   * @param {boolean} [isFlat]
   */
  bracket(isFlat = this.isFlat) {
    if (!this.rest.startsWith("(")) return null;
    let depth = 0;
    const end = [...this.rest].findIndex((sign) => {
      if (sign === "(") depth += 1;
      if (sign === ")") depth -= 1;
      return depth === 0;
    });
    if (end < 0) return null;
    const inner = new Reader(this.rest.slice(1, end), isFlat);
    const nodes = inner.all();
    this.hasSymbol ||= inner.hasSymbol;
    this.at += end + 1;
    return [bracketed("("), ...nodes, bracketed(")")];
  }

  /**
   * A node with what stands above and below its line: ′ * ⁻⁸ ^(1/4), ₁₂ _xh.
   * @param {Node} base
   */
  scripts(base) {
    const marks = this.take(/^[′*]+/);
    const below = this.take(/^[₀-₉]+/) || this.take(/^_[a-z]+/).slice(1);
    const index = this.take(/^[₀-₉]+/);
    const raised = this.take(/^[⁰¹²³⁴⁵⁶⁷⁸⁹⁻ⁿ]+/);
    const power = this.take(/^\^(?=\()/) ? this.bracket(true) : null;
    const above = [...(marks ? [made("mo", [marks])] : []), ...(raised ? [made("mn", [lowered(raised)])] : []), ...(power ?? [])];
    const under = [below, index].filter(Boolean).map((text) => {
      const digits = text.replace(/[₀-₉]/g, (digit) => String((digit.codePointAt(0) ?? 0) - 0x2080));
      return made(/\d/.test(digits) ? "mn" : "mtext", [digits]);
    });
    if (above.length || under.length) this.hasSymbol = true;
    if (above.length && under.length) return made("msubsup", [base, row(under), row(above)]);
    if (above.length) return made("msup", [base, row(above)]);
    return under.length ? made("msub", [base, row(under)]) : base;
  }

  /** Any other sign, with the room beside it that it has in the text. @param {boolean} isSpaced  whether there is room before it */
  sign(isSpaced) {
    const sign = this.take(/^./su);
    const gap = (/** @type {boolean} */ is) => (is ? GAP : "0");
    return this.scripts(made("mo", [sign], { stretchy: "false", lspace: gap(isSpaced), rspace: gap(/^\s+\S/.test(this.rest)) }));
  }
}

/** @param {string} sign */
const bracketed = (sign) => made("mo", [sign], { stretchy: "false", lspace: "0", rspace: "0" });

/** @param {string} raised  digits above the line */
const lowered = (raised) => [...raised].map((sign) => PLAIN[RAISED.indexOf(sign)]).join("");

/**
 * A text with its formulas set: words stay as they are, and so does what has numbers only.
 * @param {string} text
 * @param {{isFlat?: boolean}} [how]  isFlat: whether fractions are written with a stroke, as in a heading
 * @returns {(Node|string)[]}
 */
export function typeset(text, { isFlat = false } = {}) {
  return parts(text).flatMap((part) => {
    const [, before, inner, after] = /** @type {RegExpExecArray} */ (/^(\s*)(.*?)(\s*)$/su.exec(part));
    const reader = new Reader(inner, isFlat);
    const nodes = inner ? reader.all() : [];
    if (!reader.hasSymbol) return [part];
    const math = made("math", nodes, { alttext: inner });
    return [before, math, after].filter((each) => each !== "");
  });
}

/**
 * A text in parts: words, and formulas in parts between which a line may end.
 * @param {string} text
 */
function parts(text) {
  /** @type {string[]} */
  const found = [""];
  let depth = 0;
  let isWord = false;
  for (let at = 0; at < text.length;) {
    const rest = text.slice(at);
    const word = WORD.exec(rest)?.[0] ?? "";
    const isPlain = depth === 0 && isOrdinary(word) && !/[∂Δ]$/u.test(text.slice(0, at));
    const isSpaced = text[at - 1] === " ";
    const begins = word ? isPlain !== isWord : isSpaced && (isWord ? /^\S/.test(rest) : depth === 0 && BREAKS.test(rest));
    if (begins) {
      found.push("");
      isWord = isPlain;
    }
    const taken = word || rest.slice(0, 1);
    if (taken === "(") depth += 1;
    if (taken === ")") depth = Math.max(depth - 1, 0);
    found[found.length - 1] += taken;
    at += taken.length;
  }
  return found.filter(Boolean);
}

/** Whether it is a word of some language, and no symbol or function. @param {string} word */
function isOrdinary(word) {
  if (!word || FUNCTIONS.has(word)) return false;
  const letter = LETTER.exec(word)?.[0] ?? "";
  return !letter || !/^(?:_|$)/.test(word.slice(letter.length));
}
