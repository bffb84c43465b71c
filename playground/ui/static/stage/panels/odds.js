/** What the network expects next, at the time cursor. */

import { fit, line, write } from "../../shared/axes.js";
import { setText } from "../../shared/dom.js";
import { isolate, probabilityText, say } from "../../shared/words.js";
import { likeliestCount, oddsOf, pictured } from "../answers.js";
import { isEdited } from "./tile.js";

/** @typedef {import("../../shared/surface.js").Surface} Surface */
/** @typedef {import("../view.js").View} View */
/**
 * @typedef {object} Row
 * @property {string} label
 * @property {number} odds
 * @property {number} before  what they are without the edits; NaN where there are none, or that is not known
 * @property {boolean} target
 * @property {boolean} rest
 */

/**
 * The likeliest symbols, as read with the edits, where there are any; in the order of the vocabulary when it is small enough to show whole, so that bars stay put.
 * @param {View} view
 * @returns {Row[]}
 */
function oddsRows(view) {
  const { scene, t, reading } = view;
  const frame = pictured(view);
  if (!frame) return [];
  const { vocabulary } = scene;
  const top = likeliestCount(scene);
  const original = frame === reading?.edited ? reading.original : null;
  const before = (/** @type {number} */ id) => (original ? oddsOf(original, scene, t, id) : NaN);
  const ofTarget = Math.exp(-frame.losses[t]);
  const target = scene.target_ids[t];
  const isKnown = !Number.isNaN(frame.losses[t]);
  const rows = Array.from({ length: top }, (_, k) => {
    const id = frame.likeliest[t * top + k];
    const isTarget = id === target;
    const sent = isKnown ? frame.odds[t * top + k] / 65535 : NaN;
    const odds = isTarget ? ofTarget : sent;
    return { id, label: vocabulary[id], odds, before: before(id), target: isTarget, rest: false };
  });
  if (vocabulary.length <= top) return rows.sort((a, b) => a.id - b.id);
  if (!rows.some((row) => row.target)) {
    rows.push({
      id: target, label: vocabulary[target], odds: ofTarget, before: before(target), target: true, rest: false,
    });
    return rows;
  }
  const rest = Math.max(0, 1 - rows.reduce((sum, row) => sum + row.odds, 0));
  const label = say(view.words, "others", { count: vocabulary.length - top });
  return [...rows, { id: -1, label, odds: rest, before: NaN, target: false, rest: true }];
}

/**
 * @param {Surface} surface
 * @param {View} view
 */
function drawOdds(surface, view) {
  const { context, unit, width, height } = surface;
  const { theme, scene } = view;
  const isWhole = scene.vocabulary.length <= likeliestCount(scene);
  const count = isWhole ? scene.vocabulary.length : likeliestCount(scene) + 1;
  const key = `${view.key}|${isEdited(view)}`;
  const rect = surface.memo(key, () => {
    context.font = surface.font(12.5, 500);
    const labels = scene.vocabulary.map((label) => context.measureText(label).width);
    context.font = surface.font(10.5);
    const others = isWhole ? "" : say(view.words, "others", { count: 256 });
    const widest = Math.min(Math.max(...labels, context.measureText(others).width, 14), width * 0.3);
    const left = Math.ceil(widest + 8 * unit);
    context.font = surface.font(10.5, 600);
    const numbers = isEdited(view) ? "0.000 → 0.000" : "0.000";
    const right = Math.ceil(Math.max(context.measureText(`${numbers} ◀ ${view.words.target}`).width, 40) + 6);
    return { left, top: 2, width: Math.max(20, width - left - right), height: height - 29 * unit, labels: widest };
  });
  const high = Math.min(rect.height / count, 24 * unit);
  surface.prepare(key, (base) => paintAxis(base, surface, view, rect, high * count));
  surface.stamp();
  oddsRows(view).forEach((row, k) => {
    const middle = rect.top + (k + 0.5) * high;
    const thick = Math.max(3, Math.min(high - 4, 15 * unit));
    const long = Math.max(0, Math.min(1, row.odds || 0)) * rect.width;
    const font = row.rest ? surface.font(10.5) : surface.font(Math.min(12.5, high / unit), row.target ? 700 : 500);
    context.font = font;
    write(context, fit(context, isolate(row.label), rect.labels), rect.left - 6 * unit, middle, {
      font, colour: row.rest ? theme.muted : theme.text, align: "right",
    });
    context.fillStyle = row.target ? theme.colour.probability : theme.muted;
    const isCompared = !Number.isNaN(row.before);
    const was = isCompared ? Math.min(1, row.before) * rect.width : 0;
    if (isCompared) {
      context.globalAlpha = 0.3;
      context.fillRect(rect.left, middle - thick / 2, Math.max(was, 1), thick / 2);
    }
    context.globalAlpha = row.target ? 1 : row.rest ? 0.3 : isCompared ? 0.8 : 0.55;
    context.fillRect(rect.left, isCompared ? middle : middle - thick / 2, Math.max(long, 1), isCompared ? thick / 2 : thick);
    context.globalAlpha = 1;
    const text = oddsText(row) + (row.target ? ` ◀ ${view.words.target}` : "");
    write(context, text, rect.left + Math.max(long, was) + 5 * unit, middle, {
      font: surface.font(10.5, row.target ? 600 : 400), colour: row.target ? theme.text : theme.muted,
    });
  });
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Surface} surface
 * @param {View} view
 * @param {import("../../shared/surface.js").Rect} rect
 * @param {number} height  of all bars
 */
function paintAxis(context, surface, view, rect, height) {
  const { theme } = view;
  const { unit } = surface;
  const bottom = rect.top + height + 2;
  for (const value of [0, 0.5, 1]) {
    const x = Math.round(rect.left + value * rect.width) + 0.5;
    line(context, x, rect.top, x, bottom, value ? theme.faint : theme.muted);
    write(context, String(value), x, bottom + 7 * unit, {
      font: surface.font(10), colour: theme.muted, align: "center",
    });
  }
  write(context, view.words.probability ?? "probability", rect.left + rect.width / 2, bottom + 19 * unit, {
    font: surface.font(10), colour: theme.muted, align: "center",
  });
}

/**
 * A probability; before it what it was without the edits, where that is seen to be another one.
 * @param {Row} row
 */
function oddsText({ before, odds }) {
  const [was, is] = [before, odds].map(probabilityText);
  return Number.isNaN(before) || was === is ? is : `${was} → ${is}`;
}

/** @param {View} view */
function describeOdds(view) {
  const list = oddsRows(view).map((row) => `${isolate(row.label)} ${oddsText(row)}`).join(", ");
  return say(view.words, "aria_odds", {
    t: view.t + 1, input: isolate(view.scene.inputs[view.t]), target: isolate(view.scene.targets[view.t]), list,
  });
}

/** @type {import("../placed.js").Kind} */
export const odds = {
  name: "odds",
  order: 2,
  height: () => 1.3,
  plots: () => [""],
  tell({ aside }, { words, scene, t }) {
    setText(aside, say(words, "after", { t: t + 1, input: isolate(scene.inputs[t]) }));
  },
  sees: ({ key, frame, t, reading }) => [key, frame, t, reading],
  draw: drawOdds,
  describe: describeOdds,
};
