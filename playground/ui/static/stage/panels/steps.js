/**
 * The axis of training steps. By the logarithm of step + 1, which has room for step 0, the first ten steps have as much
 * of it as those from a hundred to a thousand: most is learned early, however long a run goes on. Or evenly.
 */

import { decades, ticks } from "../../shared/scales.js";

/** @typedef {"log"|"linear"} StepScale */
/**
 * @typedef {object} StepAxis
 * @property {(step: number) => number} share  where a step stands, 0 at the left edge and 1 at the right
 * @property {(share: number) => number} step  what stands there, a whole number
 * @property {number[][]} ticks  sets of steps to be labelled, from many to few: all of one set, or none
 */

/**
 * The first is what stands there at first. A run at full speed does thousands of steps a second; even, its learning would
 * be a cliff at the left edge, and it would look the same whatever was learned.
 * @type {readonly StepScale[]}
 */
export const STEP_SCALES = ["log", "linear"];

/**
 * @param {StepScale} scale
 * @param {number} last  step at the right edge
 * @returns {StepAxis}
 */
export function stepAxis(scale, last) {
  if (scale === "linear") {
    return {
      share: (step) => step / last,
      step: (share) => Math.round(share * last),
      ticks: Array.from({ length: 12 }, (_, k) => ticks(0, last, 12 - k, true)),
    };
  }
  const whole = Math.log1p(last);
  return {
    share: (step) => Math.log1p(step) / whole,
    step: (share) => Math.round(Math.expm1(share * whole)),
    ticks: logarithmic(last),
  };
}

/**
 * 1, 2 and 5 times the powers of ten, then the powers alone, then fewer of them, at last without those beside 0.
 * @param {number} last
 */
function logarithmic(last) {
  const most = Math.floor(Math.log10(last));
  const whole = decades(0, most, most).map((exponent) => 10 ** exponent);
  const fine = whole.flatMap((power) => [1, 2, 5].map((digit) => digit * power)).filter((step) => step <= last);
  const sets = [fine, ...Array.from({ length: most }, (_, k) => decades(0, most, most - k).map((exponent) => 10 ** exponent))];
  return [...sets, ...whole.map((_, k) => whole.slice(k + 1))].map((steps) => [0, ...steps]);
}
