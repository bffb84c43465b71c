/** Where the boxes of an unrolled network stand: a column a timestep, and rows from the inputs at the bottom to the losses. */

/**
 * @typedef {object} Layout  in px; rows are the middles of what stands there
 * @property {number} unit
 * @property {number} gutter  where the names of rows end and the columns begin
 * @property {number} column
 * @property {number} span  of all columns, and of the gutter
 * @property {number} height
 * @property {number} box  width of one
 * @property {number} aside  by how much the two directions stand beside the middle of their column
 * @property {(t: number) => number} x  the middle of a column
 * @property {number} title  of encoder and decoder
 * @property {number} answered
 * @property {number} asked
 * @property {number} loss
 * @property {number} output
 * @property {number[]} join  above each layer: where its two directions meet, or the mean is taken
 * @property {number[][]} states  by layer and direction
 * @property {number} input
 * @property {number} time
 * @property {{output: number, state: number, input: number}} heights
 */

const NARROWEST = 32; // px of a column
const WIDEST = 150;
const ALONE = 280; // where there is only one
const WIDEST_BOX = 92;
const LONGEST_WORD = 74;
const APART = 22; // between encoder and decoder
const STATES = [58, 46, 38, 34, 30, 28]; // px of a state's height, by how many rows of them there are
const GAP = 22; // which an arrow goes
const PHONE = 600; // px of a picture below which it is narrow

/**
 * @param {import("./message.js").Message} message
 * @param {number} width  px of what is seen at once
 * @param {number} unit  type size relative to the one it was designed for
 * @param {number} widest  px of the longest word in a column
 * @returns {Layout}
 */
export function layoutOf(message, width, unit, widest) {
  const { layers, directions, decoder_from: split, vectors, readout, reads } = message;
  const count = reads.length;
  const names = (width < PHONE ? 58 : 88) * unit;
  const apart = split === null ? 0 : APART * unit;
  const right = 8 * unit;
  const least = Math.max(NARROWEST * unit, Math.min(widest, LONGEST_WORD * unit) + 8 * unit);
  const most = (count === 1 ? ALONE : WIDEST) * unit;
  const column = Math.min(Math.max((width - names - apart - right) / count, least), most);
  const span = names + apart + count * column + right;
  const gutter = names + Math.max((width - span) / 2 - names / 2, 0); // the columns are in the middle, if there is room
  const rows = layers * directions;
  const heights = { output: 42 * unit, state: STATES[Math.min(rows, STATES.length) - 1] * unit, input: (vectors ? 40 : 30) * unit };
  const hasJoin = directions > 1 || readout === "mean";

  let y = 4 * unit;
  /** @param {number} size @param {number} [below] */
  const row = (size, below = 0) => {
    const middle = y + (size * unit) / 2;
    y += (size + below) * unit;
    return middle;
  };
  const title = split === null ? 0 : row(16, 2);
  const answered = row(16);
  const asked = row(15, 3);
  const loss = row(36, GAP - 6);
  const output = row(heights.output / unit, GAP);
  /** @type {number[][]} */
  const states = [];
  /** @type {number[]} */
  const join = [];
  for (let layer = layers - 1; layer >= 0; layer -= 1) {
    join[layer] = hasJoin ? row(6, GAP - 8) : y;
    states[layer] = [];
    for (let direction = directions - 1; direction >= 0; direction -= 1) {
      states[layer][direction] = row(heights.state / unit, direction > 0 ? GAP - 6 : GAP);
    }
  }
  const input = row(heights.input / unit, 3);
  const time = row(vectors ? 30 : 16, 2);
  return {
    unit, gutter, column, span, height: y, heights,
    box: Math.min((directions > 1 ? 0.52 : 0.66) * column, WIDEST_BOX * unit),
    aside: directions > 1 ? Math.min(0.2 * column, 0.385 * WIDEST_BOX * unit) : 0,
    x: (t) => gutter + (t + 0.5) * column + (split !== null && t >= split ? apart : 0),
    title, answered, asked, loss, output, join, states, input, time,
  };
}

/**
 * The timestep under x, counted from the left edge of all columns; −1 outside.
 * @param {Layout} layout
 * @param {number} count
 * @param {number} x
 */
export function columnAt(layout, count, x) {
  for (let t = 0; t < count; t += 1) if (Math.abs(x - layout.x(t)) <= layout.column / 2) return t;
  return -1;
}
