/**
 * The plane of the learning curve: training steps across, losses upwards, with axes, levels and ghosts. What is measured
 * is the loss, the logarithm of the perplexity: so that no perplexity is too large to be drawn.
 */

import { line, sideTitle, write } from "../../shared/axes.js";
import { comfortable, FINE_LADDER, logTicks, ticks } from "../../shared/scales.js";
import { short } from "../../shared/words.js";
import { levelsOf, spread } from "./levels.js";

/** @typedef {import("../../shared/surface.js").Surface} Surface */
/** @typedef {import("../../shared/surface.js").Rect} Rect */
/** @typedef {import("../view.js").View} View */
/**
 * @typedef {object} Geometry
 * @property {Rect} rect
 * @property {number} last  training step at the right edge
 * @property {number} high  loss at the top, nats
 * @property {import("./levels.js").Level[]} levels  lines with one label
 */

const MARGINS = { left: 44, right: 8, top: 8, bottom: 29 };
const FEWEST_STEPS = 20;
const HIGHEST = Math.log(1e6); // what is above leaves the picture
const LOWEST = Math.log(0.96); // so that the line at perplexity 1 is seen
const HEADROOM = Math.log(1.15); // above the line of uniform guessing
const GHOST_DASHES = [[7, 3], [3, 2], [1.5, 2.5]]; // so that ghosts are told apart without colour

/**
 * @param {Surface} surface
 * @param {View} view
 * @returns {Geometry}
 */
export function geometryOf(surface, view) {
  const { scene, playhead, tracks } = view;
  let most = Math.log(scene.uniform) + HEADROOM;
  for (const { curve } of tracks) for (const loss of curve.loss) if (loss > most && loss < Infinity) most = loss;
  const ghosts = scene.ghosts.reduce((end, ghost) => Math.max(end, ghost.steps.at(-1) ?? 0), 0);
  const own = Math.max(playhead, FEWEST_STEPS);
  const last = comfortable(Math.max(own, Math.min(ghosts, 4 * own)), FINE_LADDER);
  const high = Math.log(comfortable(Math.exp(Math.min(most, HIGHEST))));
  return surface.memo(`${view.key}|${last}|${high}`, () => {
    const levels = levelsOf(view);
    surface.context.font = surface.font(10.5);
    const width = levels.reduce((wide, level) => Math.max(wide, surface.context.measureText(level.text).width), 0);
    const rect = surface.inside({ ...MARGINS, right: MARGINS.right + width / surface.unit + 4 });
    return { rect, last, high, levels };
  });
}

/** @param {Geometry} geometry @param {number} step */
export function stepX({ rect, last }, step) {
  return rect.left + (step / last) * rect.width;
}

/** @param {Geometry} geometry @param {number} loss */
export function lossY({ rect, high }, loss) {
  return rect.top + ((high - loss) / (high - LOWEST)) * rect.height;
}

/**
 * The training step under x.
 * @param {Surface} surface
 * @param {View} view
 * @param {number} x
 */
export function stepAt(surface, view, x) {
  const { rect, last } = geometryOf(surface, view);
  return Math.min(Math.max(Math.round(((x - rect.left) / rect.width) * last), 0), view.playhead);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Surface} surface
 * @param {View} view
 * @param {Geometry} geometry
 */
export function paintAxes(context, surface, view, geometry) {
  const { rect, last, high, levels } = geometry;
  const { theme } = view;
  const { unit } = surface;
  const right = rect.left + rect.width;
  const bottom = rect.top + rect.height;
  const style = { font: surface.font(10.5), colour: theme.muted };
  for (const value of logTicks(1, Math.exp(high), Math.max(3, Math.floor(rect.height / (22 * unit))))) {
    const y = Math.round(lossY(geometry, Math.log(value))) + 0.5;
    line(context, rect.left, y, right, y, theme.faint);
    write(context, short(value), rect.left - 4 * unit, y, { ...style, align: "right" });
  }
  for (const value of ticks(0, last, Math.max(2, Math.floor(rect.width / (56 * unit))), true)) {
    const x = Math.round(stepX(geometry, value)) + 0.5;
    line(context, x, bottom, x, bottom + 3, theme.muted);
    write(context, String(value), x, bottom + 9 * unit, { ...style, align: "center" });
  }
  line(context, rect.left, Math.round(bottom) + 0.5, right, Math.round(bottom) + 0.5, theme.muted);
  write(context, view.words.axis_step ?? "axis_step", rect.left + rect.width / 2, bottom + 22 * unit, {
    ...style, font: surface.font(10), align: "center",
  });
  sideTitle(context, surface, view.theme, rect, view.words.axis_perplexity ?? "axis_perplexity");
  const places = spread(levels.map((level) => lossY(geometry, Math.log(level.values[0]))), 12.5 * unit, rect.top, bottom);
  levels.forEach((level, k) => {
    const colour = theme.colour[level.kind];
    const heights = level.values.map((value) => Math.round(lossY(geometry, Math.log(value))) + 0.5);
    for (const y of new Set(heights)) {
      line(context, rect.left, y, right, y, colour, 1, level.kind === "uniform" ? [2, 3] : [6, 3]);
    }
    line(context, right, heights[0], right + 5 * unit, places[k], colour, 1);
    write(context, level.text, right + 8 * unit, places[k], { ...style, colour });
  });
}

/**
 * What is painted stays between the first step and the last, and below the upper edge: what is beyond leaves the picture.
 * @param {CanvasRenderingContext2D} context
 * @param {Surface} surface
 * @param {Geometry} geometry
 */
export function clip(context, surface, { rect }) {
  context.beginPath();
  context.rect(rect.left - 1, rect.top - 1, rect.width + 2, surface.height);
  context.clip();
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Surface} surface
 * @param {View} view
 * @param {Geometry} geometry
 */
export function paintGhosts(context, surface, view, geometry) {
  const { rect } = geometry;
  context.save();
  clip(context, surface, geometry);
  context.lineWidth = 1.5 * surface.unit;
  view.scene.ghosts.forEach((ghost, k) => {
    context.strokeStyle = view.theme.ghosts[k % view.theme.ghosts.length];
    context.setLineDash(GHOST_DASHES[k % GHOST_DASHES.length].map((length) => length * surface.unit));
    tracePath(context, geometry, ghost.steps, ghost.loss, Infinity);
    context.stroke();
  });
  context.setLineDash([]);
  for (const { explosion, theme } of view.tracks) {
    if (!explosion) continue;
    const x = Math.round(stepX(geometry, explosion.step)) + 0.5;
    line(context, x, rect.top, x, rect.top + rect.height, theme.colour.exploded, 1.5 * surface.unit);
  }
  context.restore();
}

/**
 * Lays a path through the points up to a training step; where a loss is no finite number, the path is broken.
 * @param {CanvasRenderingContext2D} context
 * @param {Geometry} geometry
 * @param {ArrayLike<number>} steps
 * @param {ArrayLike<number|null>} losses
 * @param {number} until  training step
 * @returns {boolean} whether the path may go on from its end
 */
export function tracePath(context, geometry, steps, losses, until) {
  context.lineJoin = "round";
  context.beginPath();
  let drawing = false;
  for (let k = 0; k < steps.length && steps[k] <= until; k += 1) {
    const loss = losses[k];
    const isFinite = loss !== null && Number.isFinite(loss);
    if (isFinite) {
      const x = stepX(geometry, steps[k]);
      const y = lossY(geometry, loss);
      if (drawing) context.lineTo(x, y);
      else context.moveTo(x, y);
    }
    drawing = isFinite;
  }
  return drawing;
}
