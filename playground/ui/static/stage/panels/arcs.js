/**
 * Arcs over the tiles between timesteps that read the same symbol and must answer differently: the pair that is compared
 * strong, all others faint.
 */

/** @typedef {import("../../shared/surface.js").Surface} Surface */
/** @typedef {import("../view.js").View} View */
/**
 * @typedef {object} Places  of tiles that may scroll
 * @property {(t: number) => number} middle  of a tile, across
 * @property {number} slot  the width of one
 * @property {number} top  of all of them
 */

const ROOM = 13; // px of the designed size above the numbers of the timesteps
const LOW = 0.45; // of that room, for the nearest two
const FEET = 2; // px of the designed size, radius
const CORNERS = 24; // of an arc

/**
 * The height of the row of arcs; none where no symbol must be answered in two ways.
 * @param {View} view
 */
export function arcRoom({ scene }) {
  return scene.pairs.length ? ROOM : 0;
}

/**
 * @param {Surface} surface
 * @param {View} view
 * @param {Places} places
 */
export function drawArcs({ context, unit }, view, { middle }) {
  const { scene, theme, pair } = view;
  const longest = Math.max(...scene.pairs.map(({ a, b }) => b - a));
  const foot = (ROOM - 1) * unit;
  for (const each of [...scene.pairs.filter((other) => other !== pair), ...(pair ? [pair] : [])]) {
    const isChosen = each === pair;
    const [left, right] = [middle(each.a), middle(each.b)];
    const share = longest > 1 ? LOW + ((1 - LOW) * (each.b - each.a - 1)) / (longest - 1) : 1;
    const high = (foot - 2 * unit) * share;
    context.strokeStyle = isChosen ? theme.accent : theme.muted;
    context.globalAlpha = isChosen ? 1 : 0.4;
    context.lineWidth = (isChosen ? 2.25 : 1) * unit;
    context.beginPath();
    context.moveTo(left, foot);
    for (let k = 1; k <= CORNERS; k += 1) {
      const angle = Math.PI * (1 - k / CORNERS);
      context.lineTo((left + right) / 2 + ((right - left) / 2) * Math.cos(angle), foot - high * Math.sin(angle));
    }
    context.stroke();
    if (isChosen) paintFeet(context, theme.accent, [left, right], foot, FEET * unit);
  }
  context.globalAlpha = 1;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {string} colour
 * @param {number[]} places
 * @param {number} y
 * @param {number} radius
 */
function paintFeet(context, colour, places, y, radius) {
  context.fillStyle = colour;
  for (const x of places) {
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.fill();
  }
}

/**
 * The place among the pairs of the arc that is pointed at: of several, the nearest two. −1 for none.
 * @param {View} view
 * @param {Places} places
 * @param {number} x
 * @param {number} y
 */
export function arcAt({ scene }, { middle, slot, top }, x, y) {
  if (y >= top) return -1;
  let found = -1;
  scene.pairs.forEach(({ a, b }, k) => {
    const isUnder = x > middle(a) - slot / 2 && x < middle(b) + slot / 2;
    const before = scene.pairs[found];
    if (isUnder && (!before || b - a < before.b - before.a)) found = k;
  });
  return found;
}
