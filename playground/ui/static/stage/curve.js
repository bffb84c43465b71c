/**
 * Panel 2: perplexity over training on a logarithmic axis, with what can be reached without memory. What is measured is
 * the loss, the logarithm of the perplexity: so that no perplexity is too large to be drawn.
 */

import { line, sideTitle, write } from "../shared/axes.js";
import { comfortable, FINE_LADDER, logTicks, ticks } from "../shared/scales.js";
import { exact, lossText, percent, perplexityText, say, short } from "../shared/words.js";

/** @typedef {import("../shared/surface.js").Surface} Surface */
/** @typedef {import("../shared/surface.js").Rect} Rect */
/** @typedef {import("./view.js").View} View */

/**
 * @typedef {object} CurveGeometry
 * @property {Rect} rect
 * @property {number} last  training step at the right edge
 * @property {number} high  loss at the top, nats
 * @property {{text: string, values: number[], kind: "uniform"|"floor"}[]} levels  lines with one label
 */

/**
 * @typedef {object} Reading  what was measured at one training step
 * @property {number} step
 * @property {number} loss
 * @property {number} gradient_norm
 * @property {number} clipped_norm
 * @property {number} clipped  whether this step's own update was clipped
 */

const MARGINS = { left: 44, right: 8, top: 8, bottom: 29 };
const NEAR = 0.006; // floors nearer to one another than this part share a label
const SAME = 1e-6; // and are one value within this
const FEWEST_STEPS = 20;
const HIGHEST = Math.log(1e6); // what is above leaves the picture
const LOWEST = Math.log(0.96); // so that the line at perplexity 1 is seen
const HEADROOM = Math.log(1.15); // above the line of uniform guessing
const FULL_TICK = 5; // height of the mark where every update was clipped

/**
 * @param {Surface} surface
 * @param {View} view
 * @returns {CurveGeometry}
 */
function curveGeometry(surface, view) {
  const { curve, scene, playhead } = view;
  let most = Math.log(scene.uniform) + HEADROOM;
  for (const loss of curve.loss) if (loss > most && loss < Infinity) most = loss;
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

/**
 * The uniform line and the memory floors; floors that lie on one another share a label, which tells them apart.
 * @param {View} view
 * @returns {CurveGeometry["levels"]}
 */
function levelsOf({ scene, words }) {
  /** @type {{orders: number[], values: number[]}[]} */
  const floors = [];
  scene.floors.forEach((value, order) => {
    const near = floors.at(-1);
    if (near && Math.abs(near.values[near.values.length - 1] / value - 1) < NEAR) {
      near.orders.push(order);
      near.values.push(value);
    } else floors.push({ orders: [order], values: [value] });
  });
  return [
    { text: `${words.uniform} ${short(scene.uniform)}`, values: [scene.uniform], kind: "uniform" },
    ...floors.map(({ orders, values }) => ({
      text: `${say(words, "floor", { k: ordersText(orders) })}: ${valuesText(values)}`,
      values,
      kind: /** @type {const} */ ("floor"),
    })),
  ];
}

/** @param {number[]} values  of floors that share a label, falling */
function valuesText(values) {
  const [first, last] = [values[0], values[values.length - 1]];
  if (Math.abs(first / last - 1) < SAME) return short(first);
  return `${first.toPrecision(4)}–${last.toPrecision(4)}`;
}

/** @param {number[]} orders */
function ordersText(orders) {
  return orders.length > 2 ? `${orders[0]}–${orders.at(-1)}` : orders.join(", ");
}

/** @param {CurveGeometry} geometry @param {number} step */
function stepX({ rect, last }, step) {
  return rect.left + (step / last) * rect.width;
}

/** @param {CurveGeometry} geometry @param {number} loss */
function lossY({ rect, high }, loss) {
  return rect.top + ((high - loss) / (high - LOWEST)) * rect.height;
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
  surface.prepare(`${view.key}|${geometry.last}|${geometry.high}|${view.explosion?.step ?? ""}`, (base) => {
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
 * What is painted stays between the first step and the last, and below the upper edge: what is beyond leaves the picture.
 * @param {CanvasRenderingContext2D} context
 * @param {Surface} surface
 * @param {CurveGeometry} geometry
 */
function clip(context, surface, { rect }) {
  context.beginPath();
  context.rect(rect.left - 1, rect.top - 1, rect.width + 2, surface.height);
  context.clip();
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
  clip(context, surface, geometry);
  context.lineWidth = 1.5 * surface.unit;
  view.scene.ghosts.forEach((ghost, k) => {
    context.strokeStyle = view.theme.ghosts[k % view.theme.ghosts.length];
    context.setLineDash(GHOST_DASHES[k % GHOST_DASHES.length].map((length) => length * surface.unit));
    tracePath(context, geometry, ghost.steps, ghost.loss, Infinity);
    context.stroke();
  });
  context.setLineDash([]);
  if (view.explosion) {
    const x = Math.round(stepX(geometry, view.explosion.step)) + 0.5;
    line(context, x, rect.top, x, rect.top + rect.height, view.theme.colour.exploded, 1.5 * surface.unit);
  }
  context.restore();
}

/** So that ghosts are told apart without colour. */
export const GHOST_DASHES = [[7, 3], [3, 2], [1.5, 2.5]];

/**
 * Lays a path through the points up to a training step; where a loss is no finite number, the path is broken.
 * @param {CanvasRenderingContext2D} context
 * @param {CurveGeometry} geometry
 * @param {ArrayLike<number>} steps
 * @param {ArrayLike<number|null>} losses
 * @param {number} until  training step
 * @returns {boolean} whether the path may go on from its end
 */
function tracePath(context, geometry, steps, losses, until) {
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

/**
 * @param {Surface} surface
 * @param {View} view
 * @param {CurveGeometry} geometry
 */
function paintRun(surface, view, geometry) {
  const { context, unit } = surface;
  const { theme, curve, frame, step } = view;
  const { rect } = geometry;
  const bottom = rect.top + rect.height;
  context.fillStyle = theme.colour.clipped;
  for (let k = 0; k < curve.step.length; k += 1) {
    const high = (curve.share[k] / 255) * FULL_TICK * unit;
    if (high > 0) context.fillRect(stepX(geometry, curve.step[k]) - 0.5, bottom - high, 1.25, high);
  }
  context.save();
  clip(context, surface, geometry);
  context.strokeStyle = theme.colour.perplexity;
  if ((curve.step.at(-1) ?? 0) > step) {
    context.globalAlpha = 0.35;
    context.lineWidth = 1.5 * unit;
    tracePath(context, geometry, curve.step, curve.loss, Infinity);
    context.stroke();
    context.globalAlpha = 1;
  }
  context.lineWidth = 2 * unit;
  const loss = frame?.loss ?? NaN;
  const x = stepX(geometry, step);
  const y = lossY(geometry, loss);
  const goesOn = tracePath(context, geometry, curve.step, curve.loss, step);
  if (goesOn && Number.isFinite(loss)) context.lineTo(x, y); // the thinned curve need not have a point here
  context.stroke();
  context.restore();
  const hair = Math.round(x) + 0.5;
  line(context, hair, rect.top, hair, bottom, theme.text, 1);
  if (Number.isFinite(loss)) paintCursor(context, hair, y, rect.top, unit, theme);
}

/**
 * The loss at the training cursor: a dot, or an arrow where it is above the picture.
 * @param {CanvasRenderingContext2D} context
 * @param {number} x
 * @param {number} y
 * @param {number} top
 * @param {number} unit
 * @param {import("../shared/theme.js").Theme} theme
 */
function paintCursor(context, x, y, top, unit, theme) {
  context.fillStyle = theme.colour.perplexity;
  context.strokeStyle = theme.background;
  context.lineWidth = 1.5;
  context.beginPath();
  if (y >= top - 1) context.arc(x, y, 4.5 * unit, 0, 2 * Math.PI);
  else {
    context.moveTo(x, top - 4 * unit);
    context.lineTo(x + 5 * unit, top + 5 * unit);
    context.lineTo(x - 5 * unit, top + 5 * unit);
    context.closePath();
  }
  context.fill();
  context.stroke();
}

/**
 * The point of the thinned curve that is nearest to a training step, -1 when there is none.
 * @param {import("./wire.js").Curve} curve
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
 * @param {Surface} surface
 * @param {View} view
 * @param {number} x
 */
export function curveTip(surface, view, x) {
  const { words } = view;
  const reading = readingNear(view, stepAt(surface, view, x));
  if (!reading) return null;
  const lines = [
    say(words, "step", { step: reading.step }),
    `${words.perplexity} ${perplexityText(reading.loss)}`,
    `${words.loss} ${lossText(reading.loss)} ${words.nats}`,
    `${words.gradient_norm} ${exact(reading.gradient_norm)}`,
  ];
  if (reading.clipped) lines.push(`${words.clipped} ${exact(reading.clipped_norm)}`);
  const between = clippedSince(view, reading.step);
  if (between) lines.push(say(words, "clipped_since", { share: percent(between.share), step: between.since }));
  return lines;
}

/** @param {View} view */
export function describeCurve(view) {
  return say(view.words, "aria_curve", {
    step: view.step,
    perplexity: perplexityText(view.frame?.loss ?? NaN),
    levels: levelsOf(view).map((level) => level.text).join("; "),
  });
}
