/** Panel 2: perplexity over training on a logarithmic axis, with what can be reached without memory. */

import { line, sideTitle, write } from "./axes.js";
import { comfortable, FINE_LADDER, logTicks, ticks } from "./scales.js";
import { exact, say, short } from "./words.js";

/** @typedef {import("./surface.js").Surface} Surface */
/** @typedef {import("./surface.js").Rect} Rect */
/** @typedef {import("./view.js").View} View */

/**
 * @typedef {object} CurveGeometry
 * @property {Rect} rect
 * @property {number} last  training step at the right edge
 * @property {number} high  perplexity at the top
 * @property {{text: string, value: number, kind: "uniform"|"floor"}[]} levels
 */

const MARGINS = { left: 44, right: 8, top: 8, bottom: 29 };
const FEWEST_STEPS = 20;
const HIGHEST = 1e6; // perplexities above this one stand on the upper edge
const LOWEST = 0.96; // so that the line at 1 is seen

/**
 * @param {Surface} surface
 * @param {View} view
 * @returns {CurveGeometry}
 */
export function curveGeometry(surface, view) {
  const { curve, scene, playhead } = view;
  let most = scene.uniform * 1.15;
  for (const value of curve.perplexity) if (Number.isFinite(value)) most = Math.max(most, value);
  const ghosts = scene.ghosts.reduce((end, ghost) => Math.max(end, ghost.steps.at(-1) ?? 0), 0);
  const own = Math.max(playhead, FEWEST_STEPS);
  const last = comfortable(Math.max(own, Math.min(ghosts, 4 * own)), FINE_LADDER);
  const high = comfortable(Math.min(most, HIGHEST));
  const levels = levelsOf(view);
  return surface.memo(`${view.key}|${last}|${high}`, () => {
    surface.context.font = surface.font(10.5);
    const width = levels.reduce((wide, level) => Math.max(wide, surface.context.measureText(level.text).width), 0);
    const rect = surface.inside({ ...MARGINS, right: MARGINS.right + width / surface.unit + 4 });
    return { rect, last, high, levels };
  });
}

/**
 * The uniform line and the memory floors; floors with the same value become one.
 * @param {View} view
 * @returns {CurveGeometry["levels"]}
 */
function levelsOf({ scene, words }) {
  /** @type {{orders: number[], value: number}[]} */
  const floors = [];
  scene.floors.forEach((value, order) => {
    const same = floors.find((floor) => Math.abs(floor.value / value - 1) < 0.005);
    if (same) same.orders.push(order);
    else floors.push({ orders: [order], value });
  });
  return [
    { text: `${words.uniform} ${short(scene.uniform)}`, value: scene.uniform, kind: "uniform" },
    ...floors.map(({ orders, value }) => ({
      text: `${say(words, "floor", { k: ordersText(orders) })}: ${short(value)}`,
      value,
      kind: /** @type {const} */ ("floor"),
    })),
  ];
}

/** @param {number[]} orders */
function ordersText(orders) {
  return orders.length > 2 ? `${orders[0]}–${orders.at(-1)}` : orders.join(", ");
}

/** @param {CurveGeometry} geometry @param {number} step */
function stepX({ rect, last }, step) {
  return rect.left + (step / last) * rect.width;
}

/** @param {CurveGeometry} geometry @param {number} perplexity */
function valueY({ rect, high }, perplexity) {
  const share = Math.log(Math.min(perplexity, high) / LOWEST) / Math.log(high / LOWEST);
  return rect.top + (1 - share) * rect.height;
}

/**
 * The training step under x.
 * @param {Surface} surface
 * @param {View} view
 * @param {number} x
 */
export function stepAt(surface, view, x) {
  const { rect, last } = curveGeometry(surface, view);
  return Math.min(Math.max(Math.round(((x - rect.left) / rect.width) * last), 0), view.playhead);
}

/**
 * @param {Surface} surface
 * @param {View} view
 */
export function drawCurve(surface, view) {
  if (!surface.ready) return;
  const geometry = curveGeometry(surface, view);
  surface.prepare(`${view.key}|${geometry.last}|${geometry.high}|${view.explodedAt}`, (base) => {
    paintAxes(base, surface, view, geometry);
    paintGhosts(base, surface, view, geometry);
  });
  surface.stamp();
  paintRun(surface, view, geometry);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Surface} surface
 * @param {View} view
 * @param {CurveGeometry} geometry
 */
function paintAxes(context, surface, view, geometry) {
  const { rect, last, high, levels } = geometry;
  const { theme } = view;
  const { unit } = surface;
  const right = rect.left + rect.width;
  const bottom = rect.top + rect.height;
  const style = { font: surface.font(10.5), colour: theme.muted };
  for (const value of logTicks(1, high, Math.max(3, Math.floor(rect.height / (22 * unit))))) {
    const y = Math.round(valueY(geometry, value)) + 0.5;
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
  sideTitle(context, surface, view, rect, view.words.axis_perplexity ?? "axis_perplexity");
  const places = spread(levels.map((level) => valueY(geometry, level.value)), 12.5 * unit, rect.top, bottom);
  levels.forEach((level, k) => {
    const colour = theme.colour[level.kind];
    const y = Math.round(valueY(geometry, level.value)) + 0.5;
    line(context, rect.left, y, right, y, colour, 1, level.kind === "uniform" ? [2, 3] : [6, 3]);
    line(context, right, y, right + 5 * unit, places[k], colour, 1);
    write(context, level.text, right + 8 * unit, places[k], { ...style, colour });
  });
}

/**
 * Moves labels apart that would overlap, keeping their order.
 * @param {number[]} wanted
 * @param {number} gap
 * @param {number} top
 * @param {number} bottom
 */
function spread(wanted, gap, top, bottom) {
  const order = wanted.map((_, k) => k).sort((a, b) => wanted[a] - wanted[b]);
  const placed = [...wanted];
  for (let k = 1; k < order.length; k += 1) {
    placed[order[k]] = Math.max(placed[order[k]], placed[order[k - 1]] + gap);
  }
  let limit = bottom + 2;
  for (const k of order.reverse()) {
    placed[k] = Math.max(Math.min(placed[k], limit), top - gap);
    limit = placed[k] - gap;
  }
  return placed;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Surface} surface
 * @param {View} view
 * @param {CurveGeometry} geometry
 */
function paintGhosts(context, surface, view, geometry) {
  const { rect } = geometry;
  context.save();
  context.beginPath();
  context.rect(rect.left, 0, rect.width, surface.height);
  context.clip();
  view.scene.ghosts.forEach((ghost, k) => {
    context.strokeStyle = view.theme.ghosts[k % view.theme.ghosts.length];
    context.setLineDash(GHOST_DASHES[k % GHOST_DASHES.length].map((length) => length * surface.unit));
    tracePath(context, geometry, ghost.steps, ghost.perplexity, Infinity, 1.5 * surface.unit);
  });
  context.setLineDash([]);
  if (view.explodedAt !== null) {
    const x = Math.round(stepX(geometry, view.explodedAt)) + 0.5;
    line(context, x, rect.top, x, rect.top + rect.height, view.theme.colour.exploded, 1.5 * surface.unit);
  }
  context.restore();
}

/** So that ghosts are told apart without colour. */
export const GHOST_DASHES = [[7, 3], [3, 2], [1.5, 2.5]];

/**
 * @param {CanvasRenderingContext2D} context
 * @param {CurveGeometry} geometry
 * @param {ArrayLike<number>} steps
 * @param {ArrayLike<number|null>} values
 * @param {number} until  training step
 * @param {number} width
 */
function tracePath(context, geometry, steps, values, until, width) {
  context.lineWidth = width;
  context.lineJoin = "round";
  context.beginPath();
  let drawing = false;
  for (let k = 0; k < steps.length && steps[k] <= until; k += 1) {
    const value = values[k];
    if (value === null || !Number.isFinite(value)) drawing = false;
    else {
      const x = stepX(geometry, steps[k]);
      const y = valueY(geometry, value);
      if (drawing) context.lineTo(x, y);
      else context.moveTo(x, y);
      drawing = true;
    }
  }
  context.stroke();
}

/**
 * @param {Surface} surface
 * @param {View} view
 * @param {CurveGeometry} geometry
 */
function paintRun(surface, view, geometry) {
  const { context, unit } = surface;
  const { theme, curve, step } = view;
  const { rect } = geometry;
  const bottom = rect.top + rect.height;
  context.fillStyle = theme.colour.clipped;
  for (let k = 0; k < curve.step.length; k += 1) {
    if (curve.clipped[k]) context.fillRect(stepX(geometry, curve.step[k]) - 0.5, bottom - 5 * unit, 1.25, 5 * unit);
  }
  context.strokeStyle = theme.colour.perplexity;
  if ((curve.step.at(-1) ?? 0) > step) {
    context.globalAlpha = 0.35;
    tracePath(context, geometry, curve.step, curve.perplexity, Infinity, 1.5 * unit);
    context.globalAlpha = 1;
  }
  tracePath(context, geometry, curve.step, curve.perplexity, step, 2 * unit);
  const x = Math.round(stepX(geometry, step)) + 0.5;
  line(context, x, rect.top, x, bottom, theme.text, 1);
  const k = pointAt(view, step);
  if (k < 0 || !Number.isFinite(curve.perplexity[k])) return;
  const y = valueY(geometry, curve.perplexity[k]);
  context.fillStyle = theme.colour.perplexity;
  context.strokeStyle = theme.background;
  context.lineWidth = 1.5;
  context.beginPath();
  context.arc(x, y, 4.5 * unit, 0, 2 * Math.PI);
  context.fill();
  context.stroke();
}

/**
 * Index of the last point of the curve that is not beyond `step`, −1 when there is none.
 * @param {View} view
 * @param {number} step
 */
export function pointAt({ curve }, step) {
  let found = -1;
  while (found + 1 < curve.step.length && curve.step[found + 1] <= step) found += 1;
  return found;
}

/**
 * @param {Surface} surface
 * @param {View} view
 * @param {number} x
 */
export function curveTip(surface, view, x) {
  const { words, curve } = view;
  const k = pointAt(view, stepAt(surface, view, x));
  if (k < 0) return null;
  const lines = [
    say(words, "step", { step: curve.step[k] }),
    `${words.perplexity} ${exact(curve.perplexity[k])}`,
    `${words.loss} ${exact(Math.log(curve.perplexity[k]))} ${words.nats}`,
    `${words.gradient_norm} ${exact(curve.gradientNorm[k])}`,
  ];
  if (curve.clipped[k]) lines.push(`${words.clipped} ${exact(curve.clippedNorm[k])}`);
  return lines;
}

/** @param {View} view */
export function describeCurve(view) {
  const k = pointAt(view, view.step);
  return say(view.words, "aria_curve", {
    step: view.step,
    perplexity: exact(k < 0 ? NaN : view.curve.perplexity[k]),
    levels: levelsOf(view).map((level) => level.text).join("; "),
  });
}
