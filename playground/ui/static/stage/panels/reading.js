/** What was measured at one training step, as near to it as is known. */

import { counted, exact, lossText, percent, perplexityText, say } from "../../shared/words.js";

/** @typedef {import("../view.js").View} View */
/**
 * @typedef {object} Reading
 * @property {number} step
 * @property {number} loss
 * @property {number} gradient_norm
 * @property {number} clipped_norm
 * @property {number} clipped  whether this step's own update was clipped
 */

/**
 * The point of the thinned curve that is nearest to a training step, -1 when there is none.
 * @param {import("../wire.js").Curve} curve
 * @param {number} step
 */
function nearestPoint({ step: steps }, step) {
  let found = -1;
  let least = Infinity;
  for (let k = 0; k < steps.length; k += 1) {
    const distance = Math.abs(steps[k] - step);
    if (distance < least) [found, least] = [k, distance];
  }
  return found;
}

/**
 * What was measured as near to a training step as is known: at the cursor, or at a point that was kept for drawing.
 * @param {View} view
 * @param {number} step
 * @returns {Reading|null}
 */
function readingNear({ curve, frame }, step) {
  const k = nearestPoint(curve, step);
  if (frame && (k < 0 || Math.abs(frame.step - step) <= Math.abs(curve.step[k] - step))) return frame;
  return k < 0 ? null : {
    step: curve.step[k], loss: curve.loss[k], gradient_norm: curve.gradient_norm[k],
    clipped_norm: curve.clipped_norm[k], clipped: curve.clipped[k],
  };
}

/**
 * How many of the updates between a kept point and the one before were clipped; null where none lies in between.
 * @param {View} view
 * @param {number} step
 */
function clippedSince({ curve }, step) {
  const k = curve.step.indexOf(step);
  if (k < 1 || curve.step[k] - curve.step[k - 1] < 2 || !curve.share[k]) return null;
  return { share: curve.share[k] / 255, since: curve.step[k - 1] };
}

/**
 * The lines that tell it, none where nothing was measured.
 * @param {View} view
 * @param {number} step
 * @returns {string[]}
 */
export function told(view, step) {
  const { words } = view;
  const reading = readingNear(view, step);
  if (!reading) return [];
  const lines = [
    say(words, "step", { step: counted(reading.step) }),
    `${words.perplexity} ${perplexityText(reading.loss)}`,
    `${words.loss} ${lossText(reading.loss)} ${words.nats}`,
    `${words.gradient_norm} ${exact(reading.gradient_norm)}`,
  ];
  if (reading.clipped) lines.push(`${words.clipped} ${exact(reading.clipped_norm)}`);
  const between = clippedSince(view, reading.step);
  if (between) lines.push(say(words, "clipped_since", { share: percent(words, between.share), step: counted(between.since) }));
  return lines;
}
