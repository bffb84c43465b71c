/** Draws a scene on a canvas. What is not there is outlined, what is has its colour; light is the gradient's. */

import { fit, write } from "../shared/axes.js";
import { css, inkOn, mix } from "../shared/theme.js";

/** @typedef {import("./morph.js").Item} Item */
/** @typedef {import("./morph.js").Scene} Scene */
/** @typedef {import("../shared/surface.js").Surface} Surface */
/** @typedef {import("../shared/theme.js").Theme} Theme */
/** @typedef {CanvasRenderingContext2D} Context */

const HEAD = 4; // px of an arrow's head
const [THIN, THICK] = [1, 4]; // px of an arrow's line
const ROUND = 4; // px of a corner's radius

/**
 * @param {Surface} surface
 * @param {Theme} theme
 * @param {Scene} scene
 * @param {{left: number, right: number, shift: number}} window  from where to where it is seen, and how far it is scrolled
 */
export function paint(surface, theme, scene, { left, right, shift }) {
  const { context } = surface;
  context.save();
  context.beginPath();
  context.rect(left, 0, right - left, surface.height);
  context.clip();
  context.translate(-shift, 0);
  for (const { kind, at, alpha, look } of scene.values()) {
    if (alpha <= 0 || !isSeen(kind, at, left + shift, right + shift)) continue;
    context.globalAlpha = alpha;
    DRAW[kind](context, surface, theme, at, look);
  }
  context.globalAlpha = 1;
  context.restore();
}

/** @param {Item["kind"]} kind @param {number[]} at @param {number} left @param {number} right */
function isSeen(kind, at, left, right) {
  const isLine = kind === "edge" || kind === "split";
  const reach = isLine ? Math.abs(at[2] - at[0]) : Math.max(at[2] ?? 0, 200);
  return at[0] + reach >= left && at[0] - reach <= right;
}

/** @type {Record<Item["kind"], (context: Context, surface: Surface, theme: Theme, at: number[], look: import("./scene.js").Look) => void>} */
const DRAW = { box, edge, text, loss, join, split, fed };

/** @param {Theme} theme @param {string} [tone] */
export function colourOf(theme, tone) {
  const { colour, text: plain, muted, faint } = theme;
  return {
    input: muted, state: colour.h, decoder: colour.c, output: colour.probability, loss: colour.floor, bridge: colour.c,
    text: plain, muted, faint: mix(faint, muted, 0.35), right: colour.probability, wrong: colour.exploded,
  }[tone ?? "text"] ?? muted;
}

/** @type {typeof DRAW["box"]} */
function box(context, surface, theme, [x, y, width, height], look) {
  const { unit } = surface;
  const [left, top] = [x - width / 2, y - height / 2];
  const colour = colourOf(theme, look.tone);
  outline(context, left, top, width, height, ROUND * unit);
  if (look.outlined) {
    context.strokeStyle = colourOf(theme, "faint");
    context.lineWidth = 1;
    context.setLineDash([3, 3]);
    context.stroke();
    context.setLineDash([]);
  } else {
    const isLit = look.light !== undefined;
    const light = theme.beam[Math.round(255 * (look.light ?? 0))];
    context.fillStyle = look.broken ? css(theme.broken) : isLit ? css(light) : theme.background;
    context.fill();
    context.strokeStyle = look.lit ? theme.light : colour;
    context.lineWidth = (look.lit ? 3.5 : 1.6) * unit;
    context.stroke();
    const inset = 3 * unit;
    if (look.cells) column(context, theme, left + inset, top + inset, width - 2 * inset, height - 2 * inset, look.cells);
    if (look.bars) bars(context, theme, left + inset, top + inset, width - 2 * inset, height - 2 * inset, look);
  }
  if (!look.text) return;
  const ink = look.outlined ? theme.muted : look.light === undefined ? theme.text : inkOn(look.broken ? theme.broken : theme.beam[Math.round(255 * look.light)]);
  const font = surface.font(look.size ?? 11, look.bold ? 600 : 400);
  context.font = font;
  write(context, fit(context, look.text, width - 4 * unit), x, y, { font, colour: ink, align: "center" });
}

/**
 * A vector: its entries from top to bottom, in the colours of signed numbers.
 * @param {Context} context @param {Theme} theme @param {number} left @param {number} top @param {number} width @param {number} height
 * @param {import("./message.js").Value[]} values  −1 … 1
 */
function column(context, theme, left, top, width, height, values) {
  const size = height / values.length;
  values.forEach((value, k) => {
    const share = Math.min(Math.max(((value ?? 0) + 1) / 2, 0), 1);
    context.fillStyle = css(value === null ? theme.broken : theme.signed[Math.round(511 * share)]);
    context.fillRect(left, top + k * size, width, Math.max(size - (size > 4 ? 1 : 0), 0.5));
  });
}

/**
 * Probabilities side by side; the one that should be high in its own colour.
 * @param {Context} context @param {Theme} theme @param {number} left @param {number} top @param {number} width @param {number} height
 * @param {import("./scene.js").Look} look
 */
function bars(context, theme, left, top, width, height, { bars: values = [], right }) {
  const size = width / values.length;
  values.forEach((value, k) => {
    const isRight = k === right;
    const tall = value === null ? height : Math.max(value * height, 1);
    context.fillStyle = value === null ? css(theme.broken) : isRight ? theme.colour.probability : mix(theme.background, theme.text, 0.45);
    const gap = size > 4 ? 1 : 0;
    context.fillRect(left + k * size, top + height - tall, Math.max(size - gap, 0.5), tall);
  });
}

/** @type {typeof DRAW["edge"]} */
function edge(context, surface, theme, [x0, y0, x1, y1], { tone, light, lit, points }) {
  const { unit } = surface;
  const isGradient = light !== undefined && light > 0;
  const colour = lit || isGradient ? theme.light : colourOf(theme, light === 0 ? "faint" : tone);
  const width = lit ? THICK : isGradient ? THIN + (THICK - THIN) * light : tone === "bridge" ? 2.5 : 1.2;
  const [dx, dy] = [x1 - x0, y1 - y0];
  const length = Math.hypot(dx, dy);
  if (length < 1) return;
  const [ux, uy] = [dx / length, dy / length];
  const head = points ? Math.min((HEAD + width) * unit, length / 2) : 0;
  context.strokeStyle = colour;
  context.lineWidth = width * unit;
  context.beginPath();
  context.moveTo(x0, y0);
  context.lineTo(x1 - ux * head, y1 - uy * head);
  context.stroke();
  if (!points) return;
  const wide = head * 0.6;
  context.fillStyle = colour;
  context.beginPath();
  context.moveTo(x1, y1);
  context.lineTo(x1 - ux * head - uy * wide, y1 - uy * head + ux * wide);
  context.lineTo(x1 - ux * head + uy * wide, y1 - uy * head - ux * wide);
  context.closePath();
  context.fill();
}

/** @type {typeof DRAW["text"]} */
function text(context, surface, theme, [x, y], look) {
  const font = surface.font(look.size ?? 11, look.bold ? 600 : 400);
  context.font = font;
  const shown = fit(context, look.text ?? "", look.room ?? Infinity);
  write(context, shown, x, y, { font, colour: colourOf(theme, look.tone), align: "center" });
}

/** @type {typeof DRAW["loss"]} */
function loss(context, surface, theme, [x, y, radius], { shade = 0, broken, lit }) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fillStyle = css(broken ? theme.broken : theme.loss[Math.round(255 * Math.min(shade, 1))]);
  context.fill();
  context.strokeStyle = lit ? theme.light : colourOf(theme, "loss");
  context.lineWidth = (lit ? 3.5 : 1.6) * surface.unit;
  context.stroke();
}

/** @type {typeof DRAW["join"]} */
function join(context, _surface, theme, [x, y, width, height], { tone, lit }) {
  outline(context, x - width / 2, y - height / 2, width, height, height / 2);
  context.fillStyle = lit ? theme.light : colourOf(theme, tone);
  context.fill();
}

/** @type {typeof DRAW["split"]} */
function split(context, surface, theme, [x0, y0, x1, y1], { tone }) {
  context.strokeStyle = colourOf(theme, tone);
  context.lineWidth = 1;
  context.setLineDash([4 * surface.unit, 4 * surface.unit]);
  context.beginPath();
  context.moveTo(x0, y0);
  context.lineTo(x1, y1);
  context.stroke();
  context.setLineDash([]);
}

/** @type {typeof DRAW["fed"]} */
function fed(context, surface, theme, [x0, y0, middle, x1, y1], { tone }) {
  context.strokeStyle = context.fillStyle = colourOf(theme, tone);
  context.lineWidth = 1.4 * surface.unit;
  context.setLineDash([4 * surface.unit, 3 * surface.unit]);
  context.beginPath();
  context.moveTo(x0, y0);
  context.lineTo(middle, y0);
  context.lineTo(middle, y1);
  context.lineTo(x1, y1);
  context.stroke();
  context.setLineDash([]);
}

/** A path round a box with round corners. @param {Context} context @param {number} left @param {number} top @param {number} width @param {number} height @param {number} round */
function outline(context, left, top, width, height, round) {
  const r = Math.min(round, width / 2, height / 2);
  const [right, bottom] = [left + width, top + height];
  context.beginPath();
  context.moveTo(left + r, top);
  context.arc(right - r, top + r, r, -Math.PI / 2, 0);
  context.arc(right - r, bottom - r, r, 0, Math.PI / 2);
  context.arc(left + r, bottom - r, r, Math.PI / 2, Math.PI);
  context.arc(left + r, top + r, r, Math.PI, 1.5 * Math.PI);
  context.closePath();
}
