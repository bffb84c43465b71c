/** Formulas as MathML: how symbols, indices, fractions and words are told apart, and that nothing is lost. */

import assert from "node:assert/strict";
import { before, test } from "node:test";

import { typeset } from "../../../../playground/ui/static/shared/math.js";
import { openPage, plainText } from "../page.js";

before(() => openPage());

/** A node as text: mfrac(L, h), words in quotation marks. */
const shape = (node) => {
  if (typeof node === "string") return JSON.stringify(node);
  const inner = node.nodes.map((each) => (typeof each === "string" ? each : shape(each)));
  const name = node.tagName.toLowerCase();
  return ["mi", "mn", "mo", "mtext"].includes(name) ? inner.join("") : `${name}(${inner.join(" ")})`;
};
const set = (text, how) => typeset(text, how).map(shape).join(" ");

const CASES = {
  "h₁": "math(msub(h 1))",
  "h′₁₂": "math(msubsup(h 12 ′))",
  "b_ih": "math(msub(b ih))",
  "[W_xh | W_hh]": "math([ msub(W xh) | msub(W hh) ])",
  "∂L/∂a(h₁)": "math(mfrac(mrow(∂ L) mrow(∂ mrow(a ( msub(h 1) )))))",
  "product of 1/p so far": '"product of " math(mfrac(1 p)) " " "so far"',
  "state h, units 1–8": '"state " math(h ,) " " "units " "1–8"',
  "√s + 10⁻⁸": "math(msqrt(s) + msup(10 −8))",
  "v̂": "math(mover(v ^))",
  "(3)^(1/4)": "math(msup(mrow(( 3 )) mrow(( 1 / 4 ))))",
  "= 0.3": '"= 0.3"',
  "나머지 12개": '"나머지 " "12" "개"',
};

test("symbols, indices, fractions, roots and words", () => {
  for (const [text, expected] of Object.entries(CASES)) {
    assert.equal(set(text), expected, text);
  }
  assert.equal(set("∂L/∂h", { isFlat: true }), "math(mrow(∂ L) / mrow(∂ h))");
});

test("a bracket that is not closed, and a stroke without an end, are signs like others", () => {
  for (const text of ["= σ(", "(", ")x(", "x/", "/", "^(", "√", "∂", "x₁)", "∂L/∂"]) assert.equal(typeset(text).map(plainText).join(""), text, text);
});

test("the plain text stays with every formula, and what a text has for a tag is text", () => {
  for (const text of [...Object.keys(CASES), "w ← w + Δw = 0.3 + (−0.1) = 0.2", "‖∂L/∂h‖ from the outputs"]) {
    assert.equal(typeset(text).map(plainText).join(""), text);
  }
  assert.ok(typeset("<img src=x onerror=y>").every((node) => typeof node === "string" || node.tagName === "MATH"));
});

test("a long formula is cut where a line may end", () => {
  assert.equal(typeset("m ← 0.9 m + 0.1 g = h₁ + 2").filter((node) => typeof node !== "string").length, 3);
});
