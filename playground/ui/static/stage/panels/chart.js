/**
 * The plane of the learning curve: training steps across, losses upwards, with axes and levels. What is measured
 * is the loss, the logarithm of the perplexity: so that no perplexity is too large to be drawn.
 */

import { line, sideTitle, write } from "../../shared/axes.js";
import { comfortable, FINE_LADDER, logTicks } from "../../shared/scales.js";
import { counted, short } from "../../shared/words.js";
import { FLOOR_DASH, levelsOf, spread } from "./levels.js";
import { stepAxis } from "./steps.js";

/** @typedef {import("../../shared/surface.js").Surface} Surface */
/** @typedef {import("../../shared/surface.js").Rect} Rect */
/** @typedef {import("../view.js").View} View */
/**
 * @typedef {object} Geometry
 * @property {Rect} rect
 * @property {import("./steps.js").StepAxis} axis  of training steps
 * @property {string} key  changes when the axes do
 * @property {number} high  loss at the top, nats
 * @property {import("./levels.js").Level[]} levels  lines with one label
 * @property {number[]} places  heights of their labels
 */

const MARGINS = { left: 44, right: 8, top: 8, bottom: 29 };
const FEWEST_STEPS = 20;
const HIGHEST = Math.log(1e6); // what is above leaves the picture
const LOWEST = Math.log(0.96); // so that the line at perplexity 1 is seen
const CLIFF = 5; // steps before an explosion that do not count for the height of the picture
const HEADROOM = Math.log(1.15); // above the line of uniform guessing
const BETWEEN_TICKS = 8; // px of the designed size between the numbers on the axis of steps
const BESIDE_LABEL = 8; // px of the designed size around the middle of a label that belong to it

/**
 * @param {Surface} surface
 * @param {View} view
 * @returns {Geometry}
 */
export function geometryOf(surface, view) {
  const { scene, playhead, tracks, stepScale } = view;
  let most = Math.log(scene.uniform) + HEADROOM;
  for (const { curve, explosion } of tracks) {
    const cliff = explosion ? explosion.step - CLIFF : Infinity; // from there on it leaves the picture
    curve.loss.forEach((loss, k) => {
      if (loss > most && loss < Infinity && curve.step[k] <= cliff) most = loss;
    });
  }
  const ghosts = scene.ghosts.reduce((end, ghost) => Math.max(end, ghost.steps.at(-1) ?? 0), 0);
  const own = Math.max(playhead, FEWEST_STEPS);
  const last = comfortable(Math.max(own, Math.min(ghosts, 4 * own)), FINE_LADDER);
  const high = Math.log(comfortable(Math.exp(Math.min(most, HIGHEST))));
  const key = `${view.key}|${stepScale}|${last}|${high}`;
  return surface.memo(key, () => {
    const levels = levelsOf(view);
    surface.context.font = surface.font(10.5);
    const width = levels.reduce((wide, level) => Math.max(wide, surface.context.measureText(level.text).width), 0);
    const rect = surface.inside({ ...MARGINS, right: MARGINS.right + width / surface.unit + 4 });
    const bare = { rect, axis: stepAxis(stepScale, last), high, key };
    const heights = levels.map((level) => lossY(bare, Math.log(level.values[0])));
    return { ...bare, levels, places: spread(heights, 12.5 * surface.unit, rect.top, rect.top + rect.height) };
  });
}

/** @param {Pick<Geometry, "rect"|"axis">} geometry @param {number} step */
export function stepX({ rect, axis }, step) {
  return rect.left + axis.share(step) * rect.width;
}

/** @type {WeakMap<ArrayLike<number>, {geometry: Geometry, places: Float64Array}>} */
const known = new WeakMap();

/**
 * Where all the steps of a curve stand; worked out once, not for every frame.
 * @param {Geometry} geometry
 * @param {ArrayLike<number>} steps
 */
export function stepsX(geometry, steps) {
  let found = known.get(steps);
  if (found?.geometry !== geometry) {
    found = { geometry, places: Float64Array.from(steps, (step) => stepX(geometry, step)) };
    known.set(steps, found);
  }
  return found.places;
}

/** @param {Pick<Geometry, "rect"|"high">} geometry @param {number} loss */
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
  const { rect, axis } = geometryOf(surface, view);
  return Math.min(axis.step(Math.max((x - rect.left) / rect.width, 0)), view.playhead);
}

/**
 * The level whose label is under the pointer.
 * @param {Surface} surface
 * @param {View} view
 * @param {number} x
 * @param {number} y
 */
export function levelAt(surface, view, x, y) {
  const { rect, levels, places } = geometryOf(surface, view);
  const k = places.findIndex((place) => Math.abs(place - y) < BESIDE_LABEL * surface.unit);
  return x > rect.left + rect.width && k >= 0 ? levels[k] : null;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Surface} surface
 * @param {View} view
 * @param {Geometry} geometry
 */
export function paintAxes(context, surface, view, geometry) {
  const { rect, axis, high, levels, places } = geometry;
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
  context.font = style.font;
  const widthOf = (/** @type {number} */ step) => context.measureText(counted(step)).width;
  const fits = (/** @type {number} */ step, /** @type {number} */ k, /** @type {number[]} */ set) => k === 0
    || stepX(geometry, step) - stepX(geometry, set[k - 1]) > (widthOf(step) + widthOf(set[k - 1])) / 2 + BETWEEN_TICKS * unit;
  for (const step of axis.ticks.find((set) => set.every(fits)) ?? [0]) {
    const x = Math.round(stepX(geometry, step)) + 0.5;
    line(context, x, bottom, x, bottom + 3, theme.muted);
    write(context, counted(step), x, bottom + 9 * unit, { ...style, align: "center" });
  }
  line(context, rect.left, Math.round(bottom) + 0.5, right, Math.round(bottom) + 0.5, theme.muted);
  const title = view.stepScale === "log" ? "axis_step_log" : "axis_step";
  write(context, view.words[title] ?? title, rect.left + rect.width / 2, bottom + 22 * unit, {
    ...style, font: surface.font(10), align: "center",
  });
  sideTitle(context, surface, view.theme, rect, view.words.axis_perplexity ?? "axis_perplexity");
  levels.forEach((level, k) => {
    const colour = theme.colour[level.kind];
    const heights = level.values.map((value) => Math.round(lossY(geometry, Math.log(value))) + 0.5);
    for (const y of new Set(heights)) {
      line(context, rect.left, y, right, y, colour, 1, level.kind === "uniform" ? [2, 3] : FLOOR_DASH);
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
 * Where a run ended because a number was not finite any more.
 * @param {CanvasRenderingContext2D} context
 * @param {Surface} surface
 * @param {View} view
 * @param {Geometry} geometry
 */
export function paintExplosions(context, surface, view, geometry) {
  const { rect } = geometry;
  for (const { explosion, theme } of view.tracks) {
    if (!explosion) continue;
    const x = Math.round(stepX(geometry, explosion.step)) + 0.5;
    line(context, x, rect.top, x, rect.top + rect.height, theme.colour.exploded, 1.5 * surface.unit);
  }
}

/**
 * Lays a path through the points up to a training step; where a loss is no finite number, the path is broken.
 * @param {CanvasRenderingContext2D} context
 * @param {Geometry} geometry
 * @param {ArrayLike<number>} steps
 * @param {ArrayLike<number|null>} losses
 * @param {number} until  training step
 * @param {number} [since]  training step
 * @returns {boolean} whether the path may go on from its end
 */
export function tracePath(context, geometry, steps, losses, until, since = 0) {
  context.lineJoin = "round";
  context.beginPath();
  let drawing = false;
  const places = stepsX(geometry, steps);
  for (let k = 0; k < steps.length && steps[k] <= until; k += 1) {
    if (steps[k] < since) continue;
    const loss = losses[k];
    const isFinite = loss !== null && Number.isFinite(loss);
    if (isFinite) {
      const y = lossY(geometry, loss);
      if (drawing) context.lineTo(places[k], y);
      else context.moveTo(places[k], y);
    }
    drawing = isFinite;
  }
  return drawing;
}
