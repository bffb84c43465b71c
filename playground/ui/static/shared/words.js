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

/**
 * A whole number with a comma between its thousands, as everywhere on the page: 21,816.
 * @param {number|string} number
 */
export function counted(number) {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ",");
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
 * ₁₂ for 12.
 * @param {number} number  whole, not negative
 */
export function subscript(number) {
  return String(number).replace(/\d/g, (digit) => String.fromCodePoint(0x2080 + Number(digit)));
}

/**
 * Three significant digits: 0.347, 12.5, 3.2·10⁻⁵, ∞, NaN.
 * @param {number} value
 */
export function exact(value) {
  if (!Number.isFinite(value)) return notFinite(value);
  if (value === 0) return "0";
  const size = Math.abs(value);
  const shown = Number(size.toPrecision(3)); // rounding may carry to the next power of ten
  if (shown < 0.001 || Math.round(size) >= 1e5) return scientific(value, 3);
  return signed(shown >= 1000 ? String(Math.round(value)) : value.toPrecision(3));
}

const LOSS_STEP = 2 ** -23; // nats: −log p of 32 bits, where p is nearly 1, comes in steps of this size

/**
 * A loss as far as training in 32 bits knows it: three digits, fewer where it is nearly 0.
 * @param {number} loss  nats
 */
export function lossText(loss) {
  return asKnown(loss, LOSS_STEP);
}

/**
 * A number that is not negative, as far as it is known: three digits, fewer where it is hardly more than its step.
 * @param {number} value
 * @param {number} step  by which it may be wrong
 */
export function asKnown(value, step) {
  if (!(value < 100 * step)) return exact(value);
  if (value < step) return `<${scientific(step, 1)}`;
  const digits = value < 4 * step ? 1 : 2;
  return value < 0.001 ? scientific(value, digits) : value.toPrecision(digits);
}

/**
 * The perplexity that belongs to a loss, also where it is beyond every number a computer has.
 * @param {number} loss  nats
 */
export function perplexityText(loss) {
  const perplexity = Math.exp(loss);
  if (Number.isFinite(perplexity) || !Number.isFinite(loss)) return exact(perplexity);
  return `≈ ${hugePower(loss / Math.LN10)}`;
}

/**
 * The probability that belongs to a loss, also where it is below every number a computer has.
 * @param {number} loss  nats
 */
export function likelihoodText(loss) {
  const probability = Math.exp(-loss);
  if (probability > 0 || !Number.isFinite(loss)) return exact(probability);
  return `≈ ${hugePower(-loss / Math.LN10)}`;
}

const LARGEST_EXPONENT = 1e5; // of more, a loss of 32 bits does not know every digit

/**
 * A power of ten, with as many digits of the exponent as are known.
 * @param {number} exponent
 */
function hugePower(exponent) {
  if (Math.abs(exponent) < LARGEST_EXPONENT) return powerOfTen(Math.round(exponent));
  return `10^(${scientific(exponent, 3)})`;
}

/**
 * A number that travelled in 8 bits: no digit that they do not hold, and marked as rounded.
 * @param {number} value
 * @param {number} resolution  the difference that one bit makes
 */
export function rounded(value, resolution) {
  if (!Number.isFinite(value)) return notFinite(value);
  const last = Math.ceil(Math.log10(resolution) - 1e-9); // the power of ten of the last digit known
  const digits = Math.round(Math.abs(value) / 10 ** last);
  if (!(digits > 0)) return "≈ 0";
  const isPlain = last <= 0 && last >= -4 && Math.abs(value) < 1e5;
  return `≈ ${isPlain ? signed(value.toFixed(-last)) : scientific(value, String(digits).length)}`;
}

/**
 * A probability to three decimals; what is not zero does not read as zero.
 * @param {number} probability
 */
export function probabilityText(probability) {
  if (Number.isNaN(probability)) return notFinite(probability);
  return probability < 0.0005 ? "<0.001" : probability.toFixed(3);
}

/**
 * A tick label or a legend's end: as few digits as it needs.
 * @param {number} value
 */
export function short(value) {
  const shown = Number(value.toPrecision(3));
  const size = Math.abs(shown);
  if (size !== 0 && (size < 1e-4 || size >= 1e5)) return scientific(shown).replace(/^(−?)1·/, "$1");
  return signed(String(shown));
}

/**
 * A part of a whole in whole percents, as the reader writes them; what is neither nothing nor all does not read as such.
 * @param {Record<string, string>} words
 * @param {number} share
 */
export function percent(words, share) {
  if (!Number.isFinite(share)) return "–";
  return say(words, "percent", { number: wholePercents(share) });
}

/** @param {number} share */
function wholePercents(share) {
  if (share > 0 && share < 0.005) return "<1";
  if (share >= 0.995 && share < 1 - 1e-6) return ">99"; // 32 bits hold no more of it
  return Math.round(share * 100);
}

/** @param {string} text  of a number */
function signed(text) {
  return text.replace("-", "−").replace(/\d+/, counted);
}

/** @param {number} value */
function notFinite(value) {
  if (Number.isNaN(value)) return "NaN";
  return value > 0 ? "∞" : "−∞";
}

/** @param {number} value @param {number} [digits]  as many as it has when not said */
function scientific(value, digits) {
  const [mantissa, exponent] = value.toExponential(digits && digits - 1).split("e");
  return `${signed(mantissa)}·${powerOfTen(Number(exponent))}`;
}
