/**
 * How large the gradient still is at every timestep, in real units on a logarithmic axis. Two gradients stand
 * side by side: that of the last loss alone, which shows how far back it reaches, and that of all losses together, which
 * is what training follows; there, losses near a timestep can hide that nothing arrives from far.
 */

import { line, sideTitle, timeAt, timeAxis, TIME_MARGINS, timeX, write } from "../../shared/axes.js";
import { element } from "../../shared/dom.js";
import { lineLegend } from "../../shared/panel.js";
import { decades } from "../../shared/scales.js";
import { exact, powerOfTen, say } from "../../shared/words.js";
import { paintSeries, STRIP } from "./series.js";

/** @typedef {import("../../shared/surface.js").Surface} Surface */
/** @typedef {import("../../shared/surface.js").Rect} Rect */
/** @typedef {import("../view.js").View} View */
/** @typedef {"last"|"total"} Kind  of the last loss alone, or of the sum or mean of all */

/** @type {Kind[]} */
const KINDS = ["last", "total"];
const FAINT = 0.5; // opacity of the gradient of all losses
const MOST_DECADES = 16; // smaller values sit on the lower edge as open triangles

/**
 * Whole decades around all magnitudes seen in this run.
 * @param {View} view
 * @returns {{low: number, high: number}} exponents
 */
function gradientDecades(view) {
  const { gradientLow, gradientHigh } = view.limits;
  if (!(gradientHigh > 0)) return { low: -3, high: 0 };
  const high = Math.ceil(Math.log10(gradientHigh) + 1e-9);
  const low = Math.floor(Math.log10(gradientLow) - 1e-9);
  return { low: Math.max(Math.min(low, high - 1), high - MOST_DECADES), high };
}

/** @param {Surface} surface */
function gradientRect(surface) {
  const rect = surface.inside({ ...TIME_MARGINS, top: 8 });
  return { ...rect, height: rect.height - STRIP * surface.unit };
}

/**
 * @param {Surface} surface
 * @param {View} view
 */
function drawGradients(surface, view) {
  const rect = gradientRect(surface);
  const axis = gradientDecades(view);
  const strip = { ...rect, height: rect.height + STRIP * surface.unit };
  surface.prepare(`${view.key}|${view.t}|${axis.low}|${axis.high}`, (base) => {
    paintAxis(base, surface, view, rect, axis);
    timeAxis(base, surface, view, view.scene.inputs, strip);
  });
  surface.stamp();
  const layer = view.frame?.layers[view.layer];
  if (!layer) return;
  const { context } = surface;
  for (let k = view.scene.states.length - 1; k >= 0; k -= 1) {
    const state = view.scene.states[k];
    context.globalAlpha = FAINT;
    paintSeries(surface, view, rect, axis, layer.total[state], state);
    context.globalAlpha = 1;
    paintSeries(surface, view, rect, axis, layer.last[state], state);
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Surface} surface
 * @param {View} view
 * @param {Rect} rect
 * @param {{low: number, high: number}} axis
 */
function paintAxis(context, surface, view, rect, axis) {
  const { theme } = view;
  const style = { font: surface.font(10.5), colour: theme.muted, align: /** @type {const} */ ("right") };
  const right = rect.left + rect.width;
  const most = Math.max(2, Math.floor(rect.height / (15 * surface.unit)));
  for (const exponent of decades(axis.low, axis.high, most)) {
    const y = rect.top + ((axis.high - exponent) / (axis.high - axis.low)) * rect.height;
    line(context, rect.left, Math.round(y) + 0.5, right, Math.round(y) + 0.5, theme.faint);
    write(context, powerOfTen(exponent), rect.left - 4 * surface.unit, y, style);
  }
  const bottom = rect.top + rect.height;
  const zero = bottom + (STRIP - 4) * surface.unit;
  context.fillStyle = theme.surface;
  context.fillRect(rect.left, zero - 4 * surface.unit, rect.width, 8 * surface.unit);
  write(context, "0", rect.left - 4 * surface.unit, zero, style);
  const x = Math.round(timeX(rect, view.scene.inputs.length, view.t)) + 0.5;
  line(context, x, rect.top - 5, x, zero + 4 * surface.unit, theme.muted, 1, [3, 3]);
  sideTitle(context, surface, view.theme, rect, view.words.axis_gradient ?? "axis_gradient");
}

/**
 * @param {Surface} surface
 * @param {View} view
 * @param {number} x
 */
function gradientTimeAt(surface, view, x) {
  return timeAt(gradientRect(surface), view.scene.inputs.length, x);
}

/**
 * @param {Surface} surface
 * @param {View} view
 * @param {number} x
 */
function gradientTip(surface, view, x) {
  const t = gradientTimeAt(surface, view, x);
  const layer = view.frame?.layers[view.layer];
  if (t < 0 || !layer) return null;
  const lines = [say(view.words, "timestep", { t: t + 1 })];
  for (const kind of KINDS) {
    for (const state of view.scene.states) lines.push(`${magnitudeName(view, kind, state)} ${exact(layer[kind][state][t])}`);
  }
  return lines;
}

/**
 * @param {View} view
 * @param {Kind} kind
 * @param {string} state
 */
function magnitudeName({ words, scene }, kind, state) {
  return say(words, kind === "last" ? "gradient_last" : `gradient_${scene.reduction}`, { state });
}

/** @param {View} view */
function describeGradients(view) {
  const layer = view.frame?.layers[view.layer];
  if (!layer) return "";
  const { last, total } = layer;
  const end = view.scene.inputs.length - 1;
  return say(view.words, `aria_gradients_${view.scene.reduction}`, {
    first: exact(last.h[0]), last: exact(last.h[end]),
    first_total: exact(total.h[0]), last_total: exact(total.h[end]),
  });
}

/**
 * @param {import("../placed.js").Placed} panel
 * @param {View} view
 */
function dress({ aside }, { scene, words, theme }) {
  aside.replaceChildren(...KINDS.map((kind) => element("span", { class: "legend" }, [
    element("span", {}, [say(words, kind === "last" ? "loss_last" : `loss_${scene.reduction}`)]),
    ...scene.states.map((state) => lineLegend(
      theme.colour[state], state, state === "c" ? "dashed" : "solid", kind === "last" ? 1 : FAINT,
    )),
  ])));
}

/** @type {import("../placed.js").Kind} */
export const gradients = {
  name: "gradients",
  order: 6,
  height: () => 1.35,
  isOfLayer: true,
  hint: ({ reduction }) => `gradients_hint_${reduction}`,
  plots: () => [""],
  dress,
  sees(view) {
    const { low, high } = gradientDecades(view);
    return [view.key, view.frame, view.t, low, high];
  },
  draw: drawGradients,
  timeAt: gradientTimeAt,
  tip: gradientTip,
  describe: describeGradients,
};
