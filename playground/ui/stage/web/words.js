/** Sentences for the reader, and numbers as the reader sees them. */

/**
 * Fills the {placeholders} of a sentence.
 * @param {Record<string, string>} words
 * @param {string} key
 * @param {Record<string, string|number>} [values]
 */
export function say(words, key, values = {}) {
  return (words[key] ?? key).replace(/\{(\w+)\}/g, (all, name) => (name in values ? String(values[name]) : all));
}

/**
 * User text inside a sentence keeps its own direction.
 * @param {string} text
 */
export function isolate(text) {
  return `\u2068${text}\u2069`;
}

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/**
 * 10⁻³ for −3.
 * @param {number} exponent
 */
export function powerOfTen(exponent) {
  const digits = String(Math.abs(exponent)).replace(/\d/g, (digit) => SUPERSCRIPTS[Number(digit)]);
  return `10${exponent < 0 ? "⁻" : ""}${digits}`;
}

/**
 * Three significant digits: 0.347, 12.5, 3.2·10⁻⁵, ∞, NaN.
 * @param {number} value
 */
export function exact(value) {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  if (size !== 0 && (size < 0.001 || size >= 99999.5)) {
    const [mantissa, exponent] = value.toExponential(2).split("e");
    return `${mantissa.replace("-", "−")}·${powerOfTen(Number(exponent))}`;
  }
  return (size >= 1000 ? String(Math.round(value)) : value.toPrecision(3)).replace("-", "−");
}

/**
 * A number that travelled as 8 bits: two decimals, marked as rounded.
 * @param {number} value
 */
export function rounded(value) {
  const text = value.toFixed(2);
  return `≈ ${text === "-0.00" ? "0.00" : text.replace("-", "−")}`;
}

/**
 * A tick label or a legend's end: as few digits as it needs.
 * @param {number} value
 */
export function short(value) {
  return String(Number(value.toPrecision(3))).replace("-", "−");
}

/** @param {number} share */
export function percent(share) {
  return Number.isFinite(share) ? `${Math.round(share * 100)} %` : "–";
}
