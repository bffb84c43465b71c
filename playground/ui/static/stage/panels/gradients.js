/**
 * How large the gradient still is at every timestep, in real units on a logarithmic axis: of the loss that is looked at
 * alone, which shows how far back it reaches; or of all losses together, which is what training follows, and where
 * losses near a timestep can hide that nothing arrives from far. Beside the first, that of the run of another cell
 * before.
 */

import { line, sideTitle, timeAt, timeAxis, TIME_MARGINS, timeX, write } from "../../shared/axes.js";
import { element } from "../../shared/dom.js";
import { lineLegend } from "../../shared/panel.js";
import { buildRadios, dressRadios } from "../../shared/radios.js";
import { decades } from "../../shared/scales.js";
import { counted, isolate, powerOfTen, say } from "../../shared/words.js";
import { pictured } from "../answers.js";
import { GRADIENTS } from "../view.js";
import { gradientOfOne, normText } from "./beam.js";
import { paintSeries, STRIP } from "./series.js";

/** @typedef {import("../../shared/surface.js").Surface} Surface */
/** @typedef {import("../../shared/surface.js").Rect} Rect */
/** @typedef {import("../view.js").View} View */

const MOST_DECADES = 16; // smaller values sit on the lower edge as open triangles
const EARLIER_DASH = [4, 2]; // px of the designed size

/**
 * What is drawn, by state name: of one loss, up to its own timestep, as none after it has a gradient of it.
 * @param {View} view
 * @returns {Record<string, import("./beam.js").Norms>|null}
 */
function shown(view) {
  const { gradientOf, layer, lossAt, scene } = view;
  if (gradientOf === "total") return pictured(view)?.layers[layer].total ?? null;
  const one = gradientOfOne(view);
  return one && Object.fromEntries(scene.states.map((state) => [state, one[state].slice(0, lossAt + 1)]));
}

/**
 * The gradient of the run of another cell before, where it was of the same loss; null where there is none to compare.
 * @param {View} view
 */
function earlierShown({ earlier, gradientOf, lossAt, scene, layer }) {
  const isSame = gradientOf === "one" && lossAt === scene.loss_at;
  return (isSame && earlier?.layers[layer]?.slice(0, lossAt + 1)) || null;
}

/**
 * Whole decades around all magnitudes seen in this run, and those that were asked for beside.
 * @param {View} view
 * @returns {{low: number, high: number}} exponents
 */
function gradientDecades(view) {
  let { gradientLow, gradientHigh } = view.limits;
  const beside = [...Object.values(view.reading?.beam?.layers[view.layer] ?? {}), earlierShown(view) ?? []];
  for (const value of beside.flatMap((values) => Array.from(values))) {
    if (!(value > 0 && value < Infinity)) continue;
    gradientLow = Math.min(gradientLow, value);
    gradientHigh = Math.max(gradientHigh, value);
  }
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
  const earlier = earlierShown(view);
  if (earlier) paintEarlier(surface, view, rect, axis, earlier);
  const values = shown(view);
  if (!values) return;
  for (const state of [...view.scene.states].reverse()) paintSeries(surface, view, rect, axis, values[state], state);
}

/**
 * @param {Surface} surface
 * @param {View} view
 * @param {Rect} rect
 * @param {{low: number, high: number}} axis
 * @param {Float32Array} values
 */
function paintEarlier({ context, unit }, { scene, theme }, rect, axis, values) {
  const bottom = rect.top + rect.height;
  context.strokeStyle = theme.ghosts[0];
  context.lineWidth = 1.5 * unit;
  context.setLineDash(EARLIER_DASH.map((length) => length * unit));
  context.beginPath();
  let drawing = false;
  values.forEach((value, t) => {
    const isOnAxis = value > 0 && value < Infinity;
    const y = Math.min(rect.top + ((axis.high - Math.log10(value)) / (axis.high - axis.low)) * rect.height, bottom);
    const x = timeX(rect, scene.inputs.length, t);
    if (isOnAxis && drawing) context.lineTo(x, y);
    else if (isOnAxis) context.moveTo(x, y);
    drawing = isOnAxis;
  });
  context.stroke();
  context.setLineDash([]);
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
  const values = shown(view);
  if (t < 0 || !values) return null;
  const { words, scene, gradientOf, lossAt, earlier } = view;
  const lines = [say(words, "timestep", { t: t + 1 })];
  if (gradientOf === "one" && t > lossAt) return [...lines, say(words, "gradient_later", { at: lossAt + 1 })];
  const name = gradientOf === "one" ? "gradient_one" : `gradient_${scene.reduction}`;
  for (const state of scene.states) lines.push(`${say(words, name, { state, at: lossAt + 1 })} ${normText(values[state], t)}`);
  const before = earlierShown(view);
  if (before && earlier) lines.push(`${earlierName(view)} ${normText(before, t)}`);
  return lines;
}

/** @param {View} view */
function earlierName({ earlier, words }) {
  return earlier ? say(words, "gradient_earlier", { cell: earlier.cell.toUpperCase(), step: counted(earlier.step) }) : "";
}

/**
 * The sentence of what is shown.
 * @param {View} view
 */
function hintText({ words, gradientOf, lossAt, scene }) {
  return say(words, gradientOf === "one" ? "gradients_hint" : `gradients_hint_${scene.reduction}`, {
    target: isolate(scene.targets[lossAt]), at: lossAt + 1,
  });
}

/** @param {View} view */
function describeGradients(view) {
  const { gradientOf, lossAt, scene, words } = view;
  const h = shown(view)?.h;
  if (!h) return "";
  const key = gradientOf === "one" ? "aria_gradients_one" : `aria_gradients_${scene.reduction}`;
  return say(words, key, { first: normText(h, 0), last: normText(h, h.length - 1), at: lossAt + 1 });
}

/**
 * @typedef {object} Parts
 * @property {HTMLElement} legend
 * @property {HTMLElement} kinds
 */

/**
 * @param {import("../placed.js").Placed<Parts>} panel
 * @param {View} view
 * @param {import("../placed.js").Actions} actions
 */
function dress(panel, view, actions) {
  const { legend, kinds } = panel.parts;
  const { scene, words, theme, gradientOf, lossAt } = view;
  panel.setHint(hintText(view), words);
  const names = [
    say(words, "loss_one", { target: isolate(scene.targets[lossAt]), at: lossAt + 1 }), say(words, `loss_${scene.reduction}`),
  ];
  dressRadios(kinds, say(words, "gradient_of"), names, GRADIENTS.indexOf(gradientOf), (k) => actions.showGradientOf(GRADIENTS[k]));
  const states = scene.states.map((state) => lineLegend(theme.colour[state], state, state === "c" ? "dashed" : "solid"));
  const earlier = earlierShown(view) ? [lineLegend(theme.ghosts[0], earlierName(view), EARLIER_DASH)] : [];
  legend.replaceChildren(...states, ...earlier);
}

/** @type {import("../placed.js").Kind<Parts>} */
export const gradients = {
  name: "gradients",
  order: 6,
  height: () => 1.35,
  isOfLayer: true,
  plots: () => [""],
  build(panel) {
    const legend = element("span", { class: "legends" });
    const kinds = buildRadios();
    panel.aside.append(legend, kinds);
    return { legend, kinds };
  },
  wears: (view) => [view.gradientOf, view.lossAt, earlierShown(view) ? earlierName(view) : ""],
  dress,
  sees(view) {
    const { low, high } = gradientDecades(view);
    return [view.key, view.frame, view.t, low, high, view.gradientOf, view.lossAt, view.reading, view.earlier];
  },
  draw: drawGradients,
  timeAt: gradientTimeAt,
  tip: gradientTip,
  describe: describeGradients,
};
