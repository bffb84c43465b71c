/**
 * The hidden states after two equal symbols that must be answered differently: how far they are apart, unit by unit and
 * in all, and whether that is enough. Of a text that has no such symbols, it is said that it needs no memory.
 */

import { line } from "../../shared/axes.js";
import { element, setText } from "../../shared/dom.js";
import { asKnown, isolate, rounded, say, subscript } from "../../shared/words.js";
import { pictured } from "../answers.js";
import { stateLimit } from "./states.js";

/** @typedef {import("../../shared/surface.js").Surface} Surface */
/** @typedef {import("../view.js").View} View */

const GAUGE = { top: 1, height: 7 }; // px of the designed size
const BARS = 12; // px of the designed size from the top to those of the units
const ROUNDING = 2 ** -23; // by which the difference of two numbers of 32 bits may be wrong, as a part of their size
const BROKEN = -128; // byte of what is not a finite number

/**
 * How far the two states are apart, at the step that is shown and untrained; NaN where that is not known.
 * @param {View} view
 */
export function distances(view) {
  const of = (/** @type {View["frame"]} */ each) => each?.layers[view.layer].apart[view.pairAt] ?? NaN;
  return { now: of(pictured(view)), untrained: of(view.first) };
}

/**
 * The farthest that two states can be apart whose values lie in the range that the hidden states are drawn in.
 * @param {View} view
 */
export function farthest(view) {
  return 2 * stateLimit(view, "h") * Math.sqrt(view.scene.hidden_size);
}

/**
 * |h_b − h_a| of every unit that is drawn; NaN where it is not a finite number.
 * @param {View} view
 * @returns {{values: number[], unit: number}} unit: what one bit makes of it
 */
export function byUnit(view) {
  const { layer, pair, scene } = view;
  const shown = pictured(view)?.layers[layer];
  if (!shown || !pair) return { values: [], unit: 1 };
  const [plane, length, unit] = [shown.states.h, scene.inputs.length, shown.scale.h / 127];
  const at = (/** @type {number} */ k, /** @type {number} */ t) => plane[k * length + t];
  const values = Array.from({ length: scene.units }, (_, k) => (
    at(k, pair.a) === BROKEN || at(k, pair.b) === BROKEN ? NaN : Math.abs(at(k, pair.b) - at(k, pair.a)) * unit
  ));
  return { values, unit };
}

/** @param {Surface} surface */
function bars({ width, height, unit }) {
  return { left: 0, top: BARS * unit, width, height: height - BARS * unit - 1 };
}

/**
 * Above, the distance of the two states, with a mark where it was untrained; below, unit by unit.
 * @param {Surface} surface
 * @param {View} view
 */
function draw(surface, view) {
  const { context, unit, width } = surface;
  const { theme } = view;
  const gauge = { top: GAUGE.top * unit, height: GAUGE.height * unit };
  const rect = bars(surface);
  surface.prepare(view.key, (base) => {
    base.fillStyle = theme.surface;
    base.fillRect(0, gauge.top, width, gauge.height);
    line(base, rect.left, rect.top + rect.height, rect.left + rect.width, rect.top + rect.height, theme.muted);
  });
  surface.stamp();
  const { now, untrained } = distances(view);
  const across = (/** @type {number} */ distance) => Math.min(distance / farthest(view), 1) * width;
  context.fillStyle = theme.accent;
  if (Number.isFinite(now)) context.fillRect(0, gauge.top, across(now), gauge.height);
  if (Number.isFinite(untrained)) {
    context.fillStyle = theme.text;
    context.fillRect(Math.max(across(untrained) - unit, 0), gauge.top - unit, 2 * unit, gauge.height + 2 * unit);
  }
  const { values } = byUnit(view);
  const most = 2 * stateLimit(view, "h");
  const slot = rect.width / values.length;
  context.fillStyle = theme.colour.h;
  values.forEach((value, k) => {
    const high = Math.min(value / most, 1) * rect.height;
    if (high > 0) context.fillRect(k * slot + slot * 0.1, rect.top + rect.height - high, slot * 0.8, high);
  });
}

/**
 * @param {Surface} surface
 * @param {View} view
 * @param {number} x
 * @param {number} y
 */
function tip(surface, view, x, y) {
  if (y < BARS * surface.unit) return [names(view), apartText(view), untrainedText(view)];
  const { values, unit } = byUnit(view);
  const k = Math.floor((x / surface.width) * values.length);
  if (!(k >= 0 && k < values.length)) return null;
  const value = Number.isNaN(values[k]) ? view.words.broken : rounded(values[k], unit);
  return [say(view.words, "unit", { u: k + 1 }), `${names(view)} ${value}`];
}

/**
 * |h₄ − h₃|, the two timesteps by their numbers.
 * @param {View} view
 */
function names({ pair }) {
  return pair ? `|h${subscript(pair.b + 1)} − h${subscript(pair.a + 1)}|` : "";
}

/**
 * A distance as far as it is known: of states that are nearly equal, 32 bits leave few digits of the difference.
 * @param {View} view
 * @param {View["frame"]} frame  that it is of
 * @param {number} distance
 */
function distanceText({ layer, scene }, frame, distance) {
  const largest = frame?.layers[layer].scale.h ?? 0;
  return asKnown(distance, ROUNDING * largest * Math.sqrt(scene.hidden_size));
}

/** @param {View} view */
function nowText(view) {
  return distanceText(view, pictured(view), distances(view).now);
}

/** @param {View} view */
function apartText(view) {
  return say(view.words, "difference_now", { distance: nowText(view) });
}

/** @param {View} view */
function untrainedText(view) {
  const { untrained } = distances(view);
  if (Number.isNaN(untrained)) return "";
  return say(view.words, "difference_untrained", { distance: distanceText(view, view.first, untrained) });
}

/**
 * What the difference is good for, by what the network holds likeliest after each of the two.
 * @param {View} view
 */
export function verdict(view) {
  const { words, pair, scene, layer } = view;
  const frame = pictured(view);
  if (!pair) return noPair(view);
  if (!frame) return "";
  const shown = frame.likeliest.length / scene.inputs.length;
  const [one, other] = [pair.a, pair.b].map((t) => frame.likeliest[t * shown]);
  if (Number.isNaN(frame.losses[pair.a] + frame.losses[pair.b])) return say(words, "broken");
  const isRight = one === scene.target_ids[pair.a] && other === scene.target_ids[pair.b];
  const kind = one === other ? "same" : layer < scene.layers - 1 ? "lower" : isRight ? "enough" : "wrong";
  return say(words, `difference_${kind}`, {
    one: isolate(scene.vocabulary[one]), other: isolate(scene.vocabulary[other]),
  });
}

/**
 * Why there is nothing to compare.
 * @param {View} view
 */
function noPair({ scene, words }) {
  const [needed, , lowest] = scene.floors[scene.floors.length - 1];
  if (needed > 1) return say(words, "memory_elsewhere");
  return say(words, lowest > 1 ? "memory_useless" : "memory_none");
}

/** @type {import("../placed.js").Kind<{now: HTMLElement, note: HTMLElement}>} */
export const difference = {
  name: "difference",
  order: 3.5,
  height: () => 0.42,
  isOfLayer: true,
  plots: ({ pairs }) => (pairs.length ? [""] : []),
  build(panel) {
    const [now, note] = ["now", "note"].map((name) => element("span", { class: name }));
    panel.aside.append(note, now);
    return { now, note };
  },
  dress({ parts }, { scene, words }) {
    const isWhole = !scene.pairs.length || scene.units === scene.hidden_size;
    setText(parts.note, isWhole ? "" : say(words, "remaining", { shown: scene.units, all: scene.hidden_size }));
  },
  tell({ parts, hint }, view) {
    setText(hint, verdict(view));
    setText(parts.now, view.pair ? `${names(view)} = ${nowText(view)}` : "");
  },
  sees: (view) => [view.key, pictured(view), view.first, view.pair, stateLimit(view, "h")],
  draw,
  tip,
  describe: (view) => [apartText(view), untrainedText(view), verdict(view)].join(" "),
};
