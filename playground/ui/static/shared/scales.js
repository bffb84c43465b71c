/** Axis limits that people can read, and the ticks on them. */

const LADDER = [1, 1.5, 2, 3, 5, 7.5, 10];
export const FINE_LADDER = [1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10];

/**
 * The next comfortable number that is not below `value`.
 * @param {number} value  positive
 * @param {number[]} [ladder]  comfortable numbers from 1 to 10, to be multiplied by a power of ten
 */
export function comfortable(value, ladder = LADDER) {
  const power = 10 ** Math.floor(Math.log10(value));
  const step = ladder.find((candidate) => candidate * power >= value * (1 - 1e-9)) ?? 10;
  return Number((step * power).toPrecision(6));
}

/**
 * Evenly spaced round numbers from `low` to `high`.
 * @param {number} low
 * @param {number} high
 * @param {number} most  how many at most
 * @param {boolean} [whole]  whole numbers only
 */
export function ticks(low, high, most, whole = false) {
  const span = high - low;
  if (!(span > 0) || most < 1) return [low];
  const rough = span / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  let step = ([1, 2, 5, 10].find((candidate) => candidate * power >= rough * (1 - 1e-9)) ?? 10) * power;
  if (whole) step = Math.max(1, Math.round(step));
  const found = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k += 1) {
    found.push(Number((k * step).toPrecision(12)));
  }
  return found;
}

/**
 * Round numbers for a logarithmic axis, thinned to what fits.
 * @param {number} low  positive
 * @param {number} high
 * @param {number} most
 */
export function logTicks(low, high, most) {
  const sets = [[1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8], [1, 2, 5], [1]];
  const first = Math.floor(Math.log10(low));
  const last = Math.ceil(Math.log10(high));
  for (const digits of sets) {
    const found = [];
    for (let exponent = first; exponent <= last; exponent += 1) {
      for (const digit of digits) {
        const value = Number((digit * 10 ** exponent).toPrecision(6));
        if (value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9)) found.push(value);
      }
    }
    if (found.length <= most) return found;
  }
  return decades(first, last, most).map((exponent) => 10 ** exponent);
}

/**
 * Whole exponents from `first` to `last`, thinned to what fits.
 * @param {number} first
 * @param {number} last
 * @param {number} most
 */
export function decades(first, last, most) {
  const stride = Math.max(1, Math.ceil((last - first) / Math.max(most, 1)));
  const found = [];
  for (let exponent = Math.ceil(first / stride) * stride; exponent <= last; exponent += stride) found.push(exponent);
  return found;
}

/**
 * Which of `count` labels to draw when each needs `needed` of a slot `available` wide: every n-th, n comfortable.
 * @param {number} available
 * @param {number} needed
 */
export function stride(available, needed) {
  const least = needed / Math.max(available, 1e-6);
  return [1, 2, 5, 10, 20, 50, 100, 200].find((candidate) => candidate >= least) ?? 500;
}
