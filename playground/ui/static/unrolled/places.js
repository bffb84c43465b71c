/** Where the copies of a cell stand between the rolled picture and the unrolled one. */

const NARROWEST = 46; // px of a copy with its arrow
const WIDEST = 110;
const MORE = 120; // px for the words that say how many there is no room for

/**
 * How many copies fit, and how wide each is.
 * @param {number} length  timesteps
 * @param {number} width  px of the picture
 */
export function columnsOf(length, width) {
  const fits = Math.max(Math.floor(width / NARROWEST), 1);
  const shown = length <= fits ? length : Math.max(Math.floor((width - MORE) / NARROWEST), 1);
  return { shown, column: Math.min(Math.max((width - (shown < length ? MORE : 0)) / shown, NARROWEST), WIDEST) };
}

/**
 * The middle of a copy from the left edge.
 * @param {number} t
 * @param {number} length
 * @param {number} width
 * @param {number} morph  0: all of them stand where the one cell is; 1: each at its timestep
 */
export function placeOf(t, length, width, morph) {
  const { shown, column } = columnsOf(length, width);
  const room = width - (shown < length ? MORE : 0);
  const [first, middle] = [(room - shown * column) / 2 + column / 2, width / 2];
  return { left: middle + (first + t * column - middle) * morph, column: column * morph };
}
