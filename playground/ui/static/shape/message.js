/**
 * What Python tells of a recorded training (`playground/ui/shapes/picture.py`), and what is asked of it.
 *
 * @typedef {number|null} Value  null where it is not finite, or where there is none
 *
 * @typedef {object} Frame  one training step, of the example that is watched
 * @property {number} step
 * @property {Value} loss  the mean of the batch
 * @property {Value} success  on what is held out
 * @property {string[]} read  by timestep; "" where nothing is read
 * @property {string[]} answered  by timestep; "" where nothing is asked
 * @property {Value[][][][]} states  by layer, direction, timestep and unit
 * @property {Value[][]} outputs  by timestep; none where nothing is asked
 * @property {Value[]} losses  by timestep
 * @property {Value[][][]} gradients  ‖∂L/∂h‖ by layer, direction and timestep
 *
 * @typedef {object} Message
 * @property {string} name  of what is recorded: another name is another recording
 * @property {string} place  on the page: what stands there next goes on from what stood there
 * @property {string} title
 * @property {boolean} back  whether the gradient is shown, or what is computed
 * @property {number} layers
 * @property {number} directions
 * @property {number} hidden  units of a state
 * @property {number} units  how many of them are drawn
 * @property {number} limit  the size of a state at which colours end
 * @property {boolean[]} reads  by timestep: whether something is read
 * @property {boolean[]} asks  whether an answer is asked for, so that a loss stands there
 * @property {string[]} asked
 * @property {Value[][]|null} vectors  by timestep, where numbers are read
 * @property {number} reach  the size of such a number at which colours end
 * @property {number|null} reading  how many timesteps are read before anything is written; null where that is not so
 * @property {number[]} right  by timestep: which of the outputs that are drawn is the one asked for; −1 for none
 * @property {string[]} classes  what the outputs that are drawn stand for; none where they are numbers
 * @property {number} outputs  how many there are
 * @property {boolean} judged  whether an answer is either right or wrong
 * @property {"each"|"mean"} readout
 * @property {number|null} decoder_from  the timestep at which a second network takes over
 * @property {boolean} feeds_itself  whether what was answered is read at the next timestep
 * @property {string[]} lit  boxes on a path that is lit, in its order
 * @property {{share: boolean, n: number, chance: Value}} measure
 * @property {Frame[]} frames
 * @property {Record<string, string>} words
 */

import { comfortable } from "../shared/scales.js";

const MOST_DECADES = 8; // of gradients that are told apart by their light

/** @param {Message} message */
export function lengthOf({ reads }) {
  return reads.length;
}

/**
 * Whether the answer at a timestep is the one that was asked for; null where nobody can say.
 * @param {Message} message
 * @param {Frame|null} frame
 * @param {number} t
 */
export function isRight({ judged, asks, asked }, frame, t) {
  return judged && frame && asks[t] ? frame.answered[t] === asked[t] : null;
}

/**
 * Between which sizes colours change, over all of a recording: what is seen of one step can be held to another.
 * @typedef {object} Scales
 * @property {number} low  of gradients, the exponent of ten that hardly shines
 * @property {number} high  and the one in full light
 * @property {number} loss  the largest of one timestep
 */

/**
 * @param {Message} message
 * @returns {Scales}
 */
export function scalesOf({ frames }) {
  const loss = Math.max(...frames.flatMap(({ losses }) => losses.map((each) => each ?? 0)), 1e-9);
  let [least, most] = [Infinity, 0];
  for (const { gradients } of frames) {
    for (const value of gradients.flat(2)) {
      if (!value) continue; // none, or not finite
      least = Math.min(least, value);
      most = Math.max(most, value);
    }
  }
  if (!most) return { low: -1, high: 0, loss };
  const high = Math.log10(comfortable(most));
  const lowest = Math.floor(high) - MOST_DECADES;
  return { low: Math.max(Math.min(Math.floor(Math.log10(least)), Math.floor(high - 1)), lowest), high, loss };
}

/**
 * How brightly a gradient shines, 0 … 1: none at all where there is none.
 * @param {Value} value
 * @param {Scales} scales
 */
export function lightOf(value, { low, high }) {
  if (!value) return 0;
  return Math.min(Math.max((Math.log10(value) - low) / (high - low), DIMMEST), 1);
}

const DIMMEST = 0.06; // what is there is seen
