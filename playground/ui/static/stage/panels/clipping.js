/**
 * The gradient of the update and what clipping leaves of it, of tracks that part there: as arrows from one origin, all on
 * one scale. What is too long leaves the picture, as it leaves every scale.
 */

import { line, write } from "../../shared/axes.js";
import { setText } from "../../shared/dom.js";
import { counted, exact, say } from "../../shared/words.js";
import { trackColour, trackName } from "../view.js";

/** @typedef {import("../../shared/surface.js").Surface} Surface */
/** @typedef {import("../view.js").View} View */

const MARGINS = { left: 26, right: 236, top: 4, bottom: 4 };
const HEAD = 7; // px of the designed size, of an arrow
const REACH = 3; // times the threshold is as far as the picture reaches

/**
 * The length that the picture is wide: a multiple of the largest threshold of those who clip, else the longest gradient.
 * @param {View[]} tracks
 */
function reachOf(tracks) {
  const thresholds = tracks.map(({ scene: { clipping } }) => (clipping.kind === "norm" ? clipping.threshold : 0));
  const lengths = tracks.map(({ frame }) => frame?.gradient_norm ?? 0).filter(Number.isFinite);
  return REACH * Math.max(...thresholds) || Math.max(...lengths) || 1;
}

/**
 * @param {View} view
 * @returns {{raw: number, kept: number, told: string[]}} lengths, and what they are in words; of one that has ended, the
 *   last ones
 */
function lengthsOf({ frame, words, scene: { clipping } }) {
  const [raw, kept] = [frame?.gradient_norm ?? NaN, frame?.clipped_norm ?? NaN];
  if (!Number.isFinite(raw)) return { raw: Infinity, kept: 0, told: [say(words, "clipping_raw", { norm: words.broken }), ""] };
  const key = frame?.clipped ? (clipping.kind === "norm" ? "clipping_cut" : "clipping_turned") : "clipping_all";
  return { raw, kept, told: [say(words, "clipping_raw", { norm: exact(raw) }), say(words, key, { norm: exact(kept) })] };
}

/**
 * @param {Surface} surface
 * @param {View} view
 */
function drawArrows(surface, { tracks, theme }) {
  const { context, unit } = surface;
  const rect = surface.inside(MARGINS);
  const reach = reachOf(tracks);
  surface.prepare(`${theme.key}`, () => {});
  surface.stamp();
  const row = rect.height / tracks.length;
  tracks.forEach((view, k) => {
    const { clipping } = view.scene;
    const { raw, kept, told } = lengthsOf(view);
    const colour = trackColour(view);
    const heights = [0.3, 0.7].map((share) => rect.top + (k + share) * row);
    write(context, String(k + 1), 8 * unit, rect.top + (k + 0.5) * row, { font: surface.font(12, 700), colour });
    if (clipping.kind === "norm") {
      const x = rect.left + (clipping.threshold / reach) * rect.width;
      line(context, x, rect.top + k * row + 2, x, rect.top + (k + 1) * row - 2, theme.muted, 1, [2, 3]);
    }
    [raw, kept].forEach((length, n) => {
      arrow(surface, rect.left, heights[n], (length / reach) * rect.width, rect.width, colour, n ? 3 : 1.25);
      write(context, told[n], rect.left + rect.width + 10 * unit, heights[n], { font: surface.font(11), colour: theme.text });
    });
  });
}

/**
 * An arrow to the right; one that would be longer than there is room goes on beyond the edge, without a head.
 * @param {Surface} surface
 * @param {number} x
 * @param {number} y
 * @param {number} length  px
 * @param {number} room  px
 * @param {string} colour
 * @param {number} width
 */
function arrow({ context, unit }, x, y, length, room, colour, width) {
  if (!(length > 0)) return;
  const isInside = length <= room;
  const end = x + (isInside ? length : room);
  const head = Math.min(HEAD * unit, length);
  line(context, x, y, isInside ? end - head / 2 : end, y, colour, width * unit);
  if (!isInside) return;
  context.fillStyle = colour;
  context.beginPath();
  context.moveTo(end, y);
  context.lineTo(end - head, y - head / 2);
  context.lineTo(end - head, y + head / 2);
  context.closePath();
  context.fill();
}

/** @param {View} view */
function describe({ tracks }) {
  return tracks.map((view) => `${trackName(view)}: ${lengthsOf(view).told.filter(Boolean).join(", ")}.`).join(" ");
}

/**
 * Who clips, at which length and from which step on.
 * @param {import("../placed.js").Placed} panel
 * @param {View} view
 */
function dress({ aside }, { tracks, words }) {
  setText(aside, tracks.filter(({ scene: { clipping: { kind } } }) => kind !== "off").map(({ scene: { name, clipping: { threshold, from } } }) => (
    say(words, "clipping_where", { name, threshold: exact(threshold), step: counted(from) })
  )).join("; "));
}

/** @type {import("../placed.js").Kind} */
export const clipping = {
  name: "clipping",
  order: 1.5,
  height: () => 1,
  isAcross: true,
  isShown: ({ parted }) => parted,
  plots: () => [""],
  wears: ({ tracks }) => tracks.map(({ key }) => key),
  dress,
  sees: ({ tracks }) => tracks.flatMap(({ key, frame }) => [key, frame]),
  draw: drawArrows,
  describe,
};
