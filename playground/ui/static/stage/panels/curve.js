/** Perplexity over training on a logarithmic axis, with what can be reached without memory. */

import { line, write } from "../../shared/axes.js";
import { element } from "../../shared/dom.js";
import { lineLegend } from "../../shared/panel.js";
import { buildRadios, dressRadios } from "../../shared/radios.js";
import { counted, perplexityText, say } from "../../shared/words.js";
import {
  clip, geometryOf, levelAt, lossY, paintAxes, paintExplosions, stepAt, stepsX, stepX, tracePath,
} from "./chart.js";
import { crossingLegends, crossingTexts, Flashes, paintCrossing } from "./crossing.js";
import { describeGhosts, ghostLegends, paintGhosts } from "./ghosts.js";
import { paintLeaving } from "./leaving.js";
import { FLOOR_DASH, levelsOf, needText } from "./levels.js";
import { told } from "./reading.js";
import { STEP_SCALES } from "./steps.js";
import { trackColour, trackName } from "../view.js";

/** @typedef {import("../../shared/surface.js").Surface} Surface */
/** @typedef {import("../view.js").View} View */
/** @typedef {import("./chart.js").Geometry} Geometry */

const FULL_TICK = 5; // height of the mark where every update was clipped

/**
 * @param {Surface} surface
 * @param {View} view
 */
function drawCurve(surface, view) {
  const geometry = geometryOf(surface, view);
  const explosions = view.tracks.map(({ explosion }) => explosion?.step ?? "");
  surface.prepare(`${geometry.key}|${explosions}`, (base) => {
    paintAxes(base, surface, view, geometry);
    paintGhosts(base, surface, view, geometry);
    paintExplosions(base, surface, view, geometry);
  });
  surface.stamp();
  for (const track of view.tracks) paintClipped(surface, track, geometry);
  for (const track of view.tracks) paintRun(surface, track, geometry);
  for (const track of view.tracks) paintLeaving(surface, track, geometry);
  for (const track of view.tracks) paintCrossing(surface, track, geometry);
  const { rect } = geometry;
  const hair = Math.round(stepX(geometry, view.step)) + 0.5;
  line(surface.context, hair, rect.top, hair, rect.top + rect.height, view.theme.text, 1);
  for (const track of view.tracks) paintCursor(surface, track, geometry);
}

/**
 * Marks where updates were clipped, a row a track, the higher the more of them.
 * @param {Surface} surface
 * @param {View} view
 * @param {Geometry} geometry
 */
function paintClipped({ context, unit }, view, geometry) {
  const { theme, curve, track, tracks } = view;
  const { rect } = geometry;
  const bottom = rect.top + rect.height - track * (FULL_TICK + 1) * unit;
  context.fillStyle = tracks.length > 1 ? trackColour(view) : theme.colour.clipped;
  const places = stepsX(geometry, curve.step);
  for (let k = 0; k < curve.step.length; k += 1) {
    const high = (curve.share[k] / 255) * FULL_TICK * unit;
    if (high > 0) context.fillRect(places[k] - 0.5, bottom - high, 1.25, high);
  }
}

/**
 * @param {Surface} surface
 * @param {View} view
 * @param {Geometry} geometry
 */
function paintRun(surface, view, geometry) {
  const { context, unit } = surface;
  const { curve, frame, step } = view;
  const since = partedAt(view);
  context.save();
  clip(context, surface, geometry);
  context.strokeStyle = trackColour(view);
  if ((curve.step.at(-1) ?? 0) > step) {
    context.globalAlpha = 0.35;
    context.lineWidth = 1.5 * unit;
    tracePath(context, geometry, curve.step, curve.loss, Infinity, since);
    context.stroke();
    context.globalAlpha = 1;
  }
  context.lineWidth = 2 * unit;
  const goesOn = tracePath(context, geometry, curve.step, curve.loss, step, since);
  if (goesOn && frame && Number.isFinite(frame.loss)) { // the thinned curve need not have a point here
    context.lineTo(stepX(geometry, frame.step), lossY(geometry, frame.loss));
  }
  context.stroke();
  context.restore();
}

/**
 * The step up to which a track is the same as the first, which its line goes on from; 0 where they have nothing in common.
 * @param {View} view
 */
function partedAt({ scene, track }) {
  return track > 0 && scene.parted ? scene.clipping.from : 0;
}

/**
 * The loss at the training cursor: a dot, or an arrow where it is above the picture; beside others with its number.
 * @param {Surface} surface
 * @param {View} view
 * @param {Geometry} geometry
 */
function paintCursor(surface, view, geometry) {
  const { context, unit } = surface;
  const { theme, frame, track, tracks } = view;
  if (!frame || !Number.isFinite(frame.loss)) return;
  const { top } = geometry.rect;
  const x = Math.round(stepX(geometry, frame.step)) + 0.5;
  const y = lossY(geometry, frame.loss);
  context.fillStyle = trackColour(view);
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
  if (tracks.length < 2) return;
  write(context, String(track + 1), x - (8 + 9 * track) * unit, Math.max(y, top + 5 * unit) - 8 * unit, {
    font: surface.font(11, 700), colour: trackColour(view), align: "center",
  });
}

/**
 * @param {Surface} surface
 * @param {View} view
 * @param {number} x
 * @param {number} y
 */
function curveTip(surface, view, x, y) {
  const level = levelAt(surface, view, x, y);
  if (level) return [level.text, say(view.words, `${level.kind}_told`)];
  const step = stepAt(surface, view, x);
  const lines = view.tracks.flatMap((track) => {
    const said = told(track, step);
    return view.tracks.length > 1 && said.length ? [trackName(track), ...said] : said;
  });
  return lines.length ? lines : null;
}

/**
 * @typedef {object} Parts
 * @property {HTMLElement} legend
 * @property {HTMLElement} scales
 * @property {Flashes} flashes
 */

/**
 * The choice of the axis; this run, or each of the tracks; clipped steps; how much memory the text needs; and the ghosts.
 * @param {import("../placed.js").Placed<Parts>} panel
 * @param {View} view
 * @param {import("../placed.js").Actions} actions
 */
function dress({ parts: { legend, scales } }, view, actions) {
  const { words, theme, tracks, stepScale } = view;
  const names = STEP_SCALES.map((scale) => say(words, `step_scale_${scale}`));
  dressRadios(scales, say(words, "step_scale"), names, STEP_SCALES.indexOf(stepScale), (k) => actions.scaleSteps(STEP_SCALES[k]));
  const isAlone = tracks.length === 1;
  legend.replaceChildren(
    ...tracks.map((track) => lineLegend(trackColour(track), isAlone ? say(words, "this_run") : trackName(track))),
    lineLegend(isAlone ? theme.colour.clipped : theme.muted, say(words, "clipped"), "tick"),
    lineLegend(theme.colour.floor, needText(view), FLOOR_DASH),
    ...crossingLegends(view),
    ...ghostLegends(view, actions.removeGhost),
  );
}

/** @param {View} view */
function describe(view) {
  const levels = levelsOf(view).map((level) => level.text).join("; ");
  const runs = view.tracks.map(({ words, step, frame, scene }) => {
    const said = say(words, "aria_curve", { step: counted(step), perplexity: perplexityText(frame?.loss ?? NaN), levels });
    return view.tracks.length > 1 ? `${scene.name}: ${said}` : said;
  });
  const crossings = crossingTexts(view).map((text) => `${text}.`);
  return [...runs, `${needText(view)}.`, ...crossings, describeGhosts(view)].join(" ").trim();
}

/** @type {import("../placed.js").Kind<Parts>} */
export const curve = {
  name: "curve",
  order: 1,
  height: () => 1,
  isAcross: true,
  hint: ({ whole_batch }) => (whole_batch ? "curve_hint" : "curve_hint_batch"),
  plots: () => [""],
  build(panel) {
    const legend = element("div", { class: "legends" });
    panel.hint.after(legend);
    const scales = buildRadios();
    panel.aside.append(scales);
    return { legend, scales, flashes: new Flashes() };
  },
  wears: ({ tracks, stepScale }) => [stepScale, ...tracks.flatMap(({ key, crossed }) => [key, crossed])],
  dress,
  tell: ({ parts, surfaces: [surface] }, view) => parts.flashes.follow(surface, view),
  sees: ({ tracks, step, playhead, stepScale }) => [step, playhead, stepScale, ...tracks.flatMap(({ key, curve: points, frame, explosion, crossed }) => [
    key, points, frame, explosion?.step, crossed,
  ])],
  draw: drawCurve,
  stepAt,
  tip: curveTip,
  describe,
};
