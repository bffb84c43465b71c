/** The sequence as tiles. Above, the symbol read; below, the symbol to predict, coloured by its loss. */

import { write } from "../../shared/axes.js";
import { colourLegend } from "../../shared/panel.js";
import { buildRadios } from "../../shared/radios.js";
import { stride } from "../../shared/scales.js";
import { css } from "../../shared/theme.js";
import { isolate, likelihoodText, lossText, say, short } from "../../shared/words.js";
import { arcAt, arcRoom, drawArcs } from "./arcs.js";
import { buildBeam, describeBeam, tellBeam } from "./beam.js";
import { buildReadout, dressReadout, tellReadout } from "./readout.js";
import { changeAt, isSeen } from "../answers.js";
import { paintCarried, paintStates } from "./carried.js";
import { stateLimit } from "./states.js";
import { dressTabs } from "./tabs.js";
import { drawTile, isEdited, linesOf, lossColour, lossLimit } from "./tile.js";
import { buildWhatIf, dressWhatIf, tellWhatIf, whatIfWears } from "./what_if.js";

/** @typedef {import("../../shared/surface.js").Surface} Surface */
/** @typedef {import("../view.js").View} View */

/**
 * @typedef {object} TileGeometry
 * @property {number} left  where the tiles begin
 * @property {number} width  of the window onto them
 * @property {number} slot  of one tile with its gap
 * @property {number} shown  how many fit
 * @property {number} count
 * @property {boolean} scrolls
 */

const NARROWEST = 22;
const WIDEST = 92; // that a long label may ask for
const WIDER = 400; // where there is room

/**
 * @param {Surface} surface
 * @param {View} view
 * @returns {TileGeometry}
 */
function tileGeometry(surface, view) {
  return surface.memo(view.key, () => {
    const { unit, context } = surface;
    const { inputs, targets } = view.scene;
    context.font = surface.font(10.5);
    const rows = [view.words.input, view.words.target, view.words.probability];
    const left = Math.ceil(rows.reduce((most, row) => Math.max(most, context.measureText(row ?? "").width), 0) + 10);
    const width = surface.width - left - 1;
    context.font = surface.font(19, 500);
    const widest = [...inputs, ...targets].reduce((most, label) => Math.max(most, context.measureText(label).width), 0);
    const comfortable = Math.min(Math.max(widest + 10 * unit, NARROWEST * unit), WIDEST * unit);
    const least = Math.min(comfortable, Math.max(NARROWEST * unit, widest > 40 * unit ? comfortable * 0.72 : 0));
    const count = inputs.length;
    const even = width / count;
    const slot = even >= least ? Math.min(even, WIDER * unit) : width / Math.floor(width / least);
    const shown = Math.min(count, Math.floor(width / slot + 0.01));
    return { left, width, slot, shown, count, scrolls: shown < count };
  });
}

/**
 * The scroll that keeps the cursor's tile in view with one neighbour on each side.
 * @param {TileGeometry} geometry
 * @param {number} scroll
 * @param {number} t
 */
function scrollWanted({ shown, count, scrolls }, scroll, t) {
  if (!scrolls) return 0;
  const margin = Math.min(2, Math.floor((shown - 1) / 2));
  const kept = Math.min(Math.max(scroll, t + 1 + margin - shown), t - margin);
  return Math.min(Math.max(kept, 0), count - shown);
}

/** @param {Surface} surface @param {View} view @param {TileGeometry} geometry */
function rowsOf(surface, view, geometry) {
  const k = surface.unit;
  const top = (13 + arcRoom(view)) * k;
  const map = geometry.scrolls ? 11 * k : 0;
  const height = surface.height - top - map - 1;
  const upper = Math.round(height * 0.36);
  const strip = Math.round(8 * k); // of the state that lies between what is read and what is answered
  return { numbers: top - 7 * k, top, upper, strip, lower: top + upper + strip + 2 * k, end: top + height, map: surface.height - 7 * k };
}

/**
 * Where tiles stand, for the arcs over them.
 * @param {View} view
 * @param {TileGeometry} geometry
 * @param {{top: number}} rows
 * @returns {import("./arcs.js").Places}
 */
function placesOf({ scroll }, { left, slot }, { top }) {
  return { middle: (t) => left + (t + 0.5 - scroll) * slot - 1, slot, top };
}

/**
 * What a click chooses beside the timestep: an arc above the tiles; or the loss of a target, the lower half of a tile.
 * @param {Surface} surface
 * @param {View} view
 * @param {number} x
 * @param {number} y
 */
function tilePick(surface, view, x, y) {
  const geometry = tileGeometry(surface, view);
  const rows = rowsOf(surface, view, geometry);
  const pair = arcAt(view, placesOf(view, geometry, rows), x, y);
  if (pair >= 0) return { what: "pair", which: pair };
  const t = y >= rows.lower && y <= rows.end ? tileTimeAt(surface, view, x, y) : -1;
  return t < 0 ? null : { what: "loss", which: t };
}

/**
 * The timestep whose state a drag takes along: that of the upper half of a tile, with the strip of its state.
 * @param {Surface} surface
 * @param {View} view
 * @param {number} x
 * @param {number} y
 */
function stateAt(surface, view, x, y) {
  const geometry = tileGeometry(surface, view);
  const rows = rowsOf(surface, view, geometry);
  return y >= rows.top && y < rows.lower ? tileTimeAt(surface, view, x, y) : -1;
}

/**
 * @param {Surface} surface
 * @param {View} view
 */
function drawTiles(surface, view) {
  const { context } = surface;
  const { scene, theme } = view;
  const geometry = tileGeometry(surface, view);
  const rows = rowsOf(surface, view, geometry);
  surface.prepare(`${view.key}|${isEdited(view)}`, (base) => {
    const style = { font: surface.font(10.5), colour: theme.muted };
    const lower = rows.end - rows.lower;
    const lines = linesOf(view);
    write(base, view.words.input ?? "input", 0, rows.top + rows.upper / 2, style);
    write(base, view.words.target ?? "target", 0, rows.lower + lower * lines.target, style);
    if (isEdited(view)) write(base, view.words.answers ?? "answers", 0, rows.lower + lower * lines.answers, style);
    write(base, view.words.probability ?? "probability", 0, rows.lower + lower * lines.probability, style);
  });
  surface.stamp();
  context.save();
  context.beginPath();
  context.rect(geometry.left - 2, 0, geometry.shown * geometry.slot + 4, surface.height);
  context.clip();
  drawArcs(surface, view, placesOf(view, geometry, rows));
  const first = Math.max(0, Math.floor(view.scroll));
  const last = Math.min(scene.inputs.length - 1, Math.ceil(view.scroll + geometry.shown));
  context.font = surface.font(9.5);
  const every = stride(geometry.slot, context.measureText(String(scene.inputs.length)).width + 6);
  const shown = Array.from({ length: last + 1 - first }, (_, k) => {
    const left = Math.round(geometry.left + (first + k - view.scroll) * geometry.slot);
    return { t: first + k, left, width: Math.round(geometry.left + (first + k + 1 - view.scroll) * geometry.slot) - 2 - left };
  });
  paintStates(surface, view, rows, shown);
  for (const { t, left, width } of shown) {
    drawTile(surface, view, rows, t, left, width, geometry.slot - 2);
    if (t === view.t || (t + 1) % every === 0 || every === 1) {
      write(context, String(t + 1), left + width / 2, rows.numbers, {
        font: surface.font(9.5, t === view.t ? 700 : 400), colour: t === view.t ? theme.text : theme.muted,
        align: "center",
      });
    }
  }
  paintCarried(surface, view, rows, placesOf(view, geometry, rows));
  context.restore();
  if (geometry.scrolls) drawMap(surface, view, geometry, rows.map);
}

/**
 * The whole sequence in a thin strip, with the window that is in view.
 * @param {Surface} surface
 * @param {View} view
 * @param {TileGeometry} geometry
 * @param {number} top
 */
function drawMap(surface, view, geometry, top) {
  const { context, unit } = surface;
  const slot = geometry.width / geometry.count;
  for (let t = 0; t < geometry.count; t += 1) {
    context.fillStyle = css(lossColour(view, t));
    context.fillRect(geometry.left + t * slot, top, slot, 5 * unit);
  }
  context.fillStyle = view.theme.text;
  context.fillRect(geometry.left + view.t * slot, top - unit, Math.max(slot, 2), 7 * unit);
  context.strokeStyle = view.theme.muted;
  context.lineWidth = 1;
  context.strokeRect(geometry.left + view.scroll * slot + 0.5, top - 1, geometry.shown * slot - 1, 7 * unit);
}

/**
 * @param {Surface} surface
 * @param {View} view
 * @param {number} x
 * @param {number} y
 */
function tileTimeAt(surface, view, x, y) {
  const geometry = tileGeometry(surface, view);
  if (x < geometry.left) return -1;
  const t = geometry.scrolls && y > surface.height - 11 * surface.unit
    ? Math.floor(((x - geometry.left) / geometry.width) * geometry.count)
    : Math.floor((x - geometry.left) / geometry.slot + view.scroll);
  return t >= 0 && t < geometry.count ? t : -1;
}

/**
 * @param {Surface} surface
 * @param {View} view
 * @param {number} x
 * @param {number} y
 */
function tileTip(surface, view, x, y) {
  const t = tileTimeAt(surface, view, x, y);
  if (t < 0 || !view.frame) return null;
  const { words, scene } = view;
  const { losses } = view.frame;
  const change = changeAt(view, t);
  const edited = isSeen(change) ? view.reading?.edited?.losses : null;
  const both = (/** @type {(loss: number) => string} */ text) => (
    edited && view.reading?.original ? `${text(view.reading.original.losses[t])} → ${text(edited[t])}` : text(losses[t])
  );
  return [
    say(words, "timestep", { t: t + 1 }),
    `${words.input} ${isolate(scene.inputs[t])}`,
    `${words.target} ${isolate(scene.targets[t])}`,
    `${words.probability} ${both(likelihoodText)}`,
    `${words.loss} ${both(lossText)} ${words.nats}`,
  ];
}

/** @param {View} view */
function describeTiles(view) {
  const { scene, t } = view;
  const said = say(view.words, "aria_tiles", {
    count: scene.inputs.length, t: t + 1, input: isolate(scene.inputs[t]), target: isolate(scene.targets[t]),
    probability: likelihoodText(view.frame?.losses[t] ?? NaN), loss: lossText(view.frame?.losses[t] ?? NaN),
  });
  return said + describeBeam(view);
}

/**
 * @typedef {object} Parts
 * @property {ReturnType<typeof buildReadout>} readout
 * @property {HTMLElement} tabs
 * @property {ReturnType<typeof buildBeam>} beam
 * @property {ReturnType<typeof buildWhatIf>} whatIf
 */

/** @type {import("../placed.js").Kind<Parts>} */
export const tiles = {
  name: "tiles",
  order: 0,
  height: () => 1,
  plots: () => [""],
  build(panel) {
    const readout = buildReadout();
    const tabs = buildRadios();
    const beam = buildBeam();
    panel.body.append(beam.element, readout.element);
    panel.aside.append(tabs);
    const whatIf = buildWhatIf();
    panel.element.append(whatIf.element);
    return { readout, tabs, beam, whatIf };
  },
  wears: whatIfWears,
  dress({ aside, parts }, view, actions) {
    const { theme, words } = view;
    aside.querySelector(".legend")?.remove();
    const limit = `≥ ${short(lossLimit(view))}`;
    aside.prepend(colourLegend(theme.loss, "0", limit, `${say(words, "loss")} (${say(words, "nats")})`));
    dressReadout(parts.readout, view);
    dressTabs(parts.tabs, view, actions);
    dressWhatIf(parts.whatIf, view, actions);
  },
  tell({ parts }, view) {
    tellReadout(parts.readout, view);
    tellBeam(parts.beam, view);
    tellWhatIf(parts.whatIf, view);
  },
  sees(view) {
    const { key, frame, t, scroll, pair, isLit, lossAt, reading, carried, over } = view;
    return [key, frame, t, scroll, pair, isLit, lossAt, reading, carried, over, stateLimit(view, "h")];
  },
  draw: drawTiles,
  timeAt: tileTimeAt,
  pickAt: tilePick,
  grabAt: stateAt,
  tip: tileTip,
  describe: describeTiles,
  eases: {
    name: "scroll",
    goal(surface, view, { present }) {
      return surface.ready ? scrollWanted(tileGeometry(surface, view), present, view.anchor) : null;
    },
    near: () => 0.01,
  },
};
