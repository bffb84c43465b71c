/** Numbers as the reader sees them. */

import assert from "node:assert/strict";
import test from "node:test";
import { counted, exact, likelihoodText, lossText, percent, perplexityText, probabilityText, rounded, short } from "../../../playground/ui/static/shared/words.js";

test("three digits, also where rounding carries to the next power of ten", () => {
  const texts = {
    999.4: "999", 999.7: "1,000", 1234.5: "1,235", 9.996: "10.0", 0.09996: "0.100", 0.00099951: "0.00100", 0.0009: "9.00·10⁻⁴",
    99999.4: "99,999", 99999.6: "1.00·10⁵", "-999.7": "−1,000", 0: "0", Infinity: "∞", "-Infinity": "−∞", NaN: "NaN",
  };
  for (const [value, text] of Object.entries(texts)) assert.equal(exact(Number(value)), text, value);
});

test("a perplexity beyond every number is still told apart from ∞", () => {
  assert.equal(perplexityText(144.869), "8.24·10⁶²");
  assert.equal(perplexityText(7_699_782.4), "≈ 10^(3.34·10⁶)");
  assert.equal(perplexityText(Infinity), "∞");
  assert.equal(perplexityText(NaN), "NaN");
});

test("eight bits give no more digits than they hold", () => {
  assert.equal(rounded(0.3456, 1 / 127), "≈ 0.35");
  assert.equal(rounded(-0.3456, 1 / 127), "≈ −0.35");
  assert.equal(rounded(12_646_851.42, 12_559_933 / 127), "≈ 1.26·10⁷");
  assert.equal(rounded(2.345, 5 / 127), "≈ 2.3");
  assert.equal(rounded(4.2e-7, 1e-6 / 127), "≈ 4.2·10⁻⁷");
  assert.equal(rounded(0, 1 / 127), "≈ 0");
  assert.equal(rounded(NaN, 1 / 127), "NaN");
});

test("what is not zero does not read as zero", () => {
  assert.equal(probabilityText(3 / 65535), "<0.001");
  assert.equal(probabilityText(0.0005), "0.001");
  assert.equal(probabilityText(0.25), "0.250");
  const words = { percent: "{number} %" };
  assert.equal(percent(words, 0.001), "<1 %");
  assert.equal(percent(words, 0), "0 %");
  assert.equal(percent(words, 0.999), ">99 %");
  assert.equal(percent(words, 1), "100 %");
  assert.equal(percent(words, NaN), "–");
  assert.equal(percent({ percent: "{number}%" }, 0.42), "42%", "as the reader's language writes it");
});

test("ticks have as few digits as they need", () => {
  const texts = { 0: "0", 1.5: "1.5", 0.05: "0.05", 99900: "99,900", 1234.5: "1,230", "-4000": "−4,000", 1e6: "10⁶", 7.5e38: "7.5·10³⁸", 1e-5: "10⁻⁵", "-3": "−3" };
  for (const [value, text] of Object.entries(texts)) assert.equal(short(Number(value)), text, value);
});

test("a loss near 0 has the digits that 32 bits know", () => {
  assert.deepEqual([0, 6e-8, 1.2e-7, 4.29e-6, 1.23456e-3, 0.34657, 144.869].map(lossText), [
    "<1·10⁻⁷", "<1·10⁻⁷", "1·10⁻⁷", "4.3·10⁻⁶", "0.00123", "0.347", "145",
  ]);
  assert.equal(lossText(NaN), exact(NaN));
  assert.equal(lossText(Infinity), exact(Infinity));
});

test("what no computer number holds is told as a power of ten, with the digits that are known", () => {
  assert.equal(perplexityText(1000), "≈ 10⁴³⁴");
  assert.equal(perplexityText(1.083e28), "≈ 10^(4.70·10²⁷)");
  assert.equal(perplexityText(3.78e17), "≈ 10^(1.64·10¹⁷)");
  assert.equal(likelihoodText(1000), "≈ 10⁻⁴³⁴");
  assert.equal(likelihoodText(1.37e8), "≈ 10^(−5.95·10⁷)");
  assert.equal(likelihoodText(Math.LN2), "0.500");
});

test("thousands are set apart by a comma, as in the words of the page", () => {
  const texts = { 0: "0", 999: "999", 1000: "1,000", 21816: "21,816", 1234567: "1,234,567" };
  for (const [value, text] of Object.entries(texts)) assert.equal(counted(Number(value)), text);
  assert.equal(rounded(12345.6, 1), "≈ 12,346");
  assert.equal(rounded(-0.1234, 1e-4), "≈ −0.1234", "but not after the point");
});
