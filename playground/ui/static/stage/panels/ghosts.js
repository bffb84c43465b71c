/** Earlier runs of this tab on the plane of the curve: each by its letter, its dashes and its colour. */

import { write } from "../../shared/axes.js";
import { element } from "../../shared/dom.js";
import { lineLegend } from "../../shared/panel.js";
import { isolate, perplexityText, say } from "../../shared/words.js";
import { clip, lossY, stepX, tracePath } from "./chart.js";

/** @typedef {import("../../shared/surface.js").Surface} Surface */
/** @typedef {import("../view.js").View} View */
/** @typedef {import("./chart.js").Geometry} Geometry */
/** @typedef {import("../wire.js").Ghost & {mark: string, colour: string, dash: number[]}} Marked */

const MARKS = "ABC"; // numbers are those of tracks
const DASHES = [[8, 3], [4, 2], [1.5, 2.5]]; // px of the designed size
const BETWEEN_MARKS = 13; // px of the designed size: where curves lie on one another, each letter has its own place

/**
 * All of them, with what tells them apart.
 * @param {View} view
 * @returns {Marked[]}
 */
function marked({ scene, theme }) {
  return scene.ghosts.map((ghost, k) => ({
    ...ghost, mark: MARKS[k % MARKS.length], colour: theme.ghosts[k % theme.ghosts.length], dash: DASHES[k % DASHES.length],
  }));
}

/**
 * Those of the same text: another has other floors, and no curve of it can be compared with these.
 * @param {View} view
 */
const comparable = (view) => marked(view).filter((ghost) => !ghost.other_text);

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Surface} surface
 * @param {View} view
 * @param {Geometry} geometry
 */
export function paintGhosts(context, surface, view, geometry) {
  const { unit } = surface;
  context.save();
  clip(context, surface, geometry);
  context.lineWidth = 1.5 * unit;
  for (const { colour, dash, steps, loss } of comparable(view)) {
    context.strokeStyle = colour;
    context.setLineDash(dash.map((length) => length * unit));
    tracePath(context, geometry, steps, loss, Infinity);
    context.stroke();
  }
  context.setLineDash([]);
  context.restore();
  comparable(view).forEach((ghost, k) => paintMark(context, surface, view, geometry, ghost, k));
}

/**
 * A ghost's letter on its curve, near its end.
 * @param {CanvasRenderingContext2D} context
 * @param {Surface} surface
 * @param {View} view
 * @param {Geometry} geometry
 * @param {Marked} ghost
 * @param {number} place
 */
function paintMark(context, surface, view, geometry, { mark, colour, steps, loss }, place) {
  const { rect } = geometry;
  const { unit } = surface;
  const end = Math.min(stepX(geometry, steps.at(-1) ?? 0), rect.left + rect.width);
  const x = Math.max(end - (6 + BETWEEN_MARKS * place) * unit, rect.left + 4 * unit);
  let k = steps.findIndex((step, n) => stepX(geometry, step) >= x && Number.isFinite(loss[n] ?? NaN));
  if (k < 0) k = loss.findLastIndex((value) => Number.isFinite(value ?? NaN));
  if (k < 0) return;
  const y = Math.min(Math.max(lossY(geometry, loss[k] ?? 0), rect.top + 6 * unit), rect.top + rect.height - 6 * unit);
  const font = surface.font(11, 700);
  context.font = font;
  context.lineWidth = 4 * unit;
  context.lineJoin = "round";
  context.strokeStyle = view.theme.background;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.strokeText(mark, x, y);
  write(context, mark, x, y, { font, colour, align: "center" });
}

/**
 * An entry of the legend for each, with a button to remove it; those of another text say why they are not drawn.
 * @param {View} view
 * @param {(id: string) => void} remove
 */
export function ghostLegends(view, remove) {
  const { words } = view;
  return marked(view).map(({ id, mark, colour, dash, label, other_text }) => {
    const name = other_text ? `${label} (${say(words, "ghost_other_text")})` : `${mark} ${label}`;
    const entry = lineLegend(colour, name, other_text ? "none" : dash);
    const removes = say(words, "ghost_remove", { label });
    const button = element("button", { type: "button", class: "remove", "aria-label": removes, title: removes }, ["×"]);
    button.onclick = () => remove(id);
    entry.append(button);
    return entry;
  });
}

/**
 * Where each of them ended.
 * @param {View} view
 * @returns {string} nothing, if none is drawn
 */
export function describeGhosts(view) {
  const list = comparable(view).map(({ mark, label, loss }) => (
    `${mark} ${isolate(label)}, ${perplexityText(loss.at(-1) ?? NaN)}`
  ));
  return list.length ? say(view.words, "aria_ghosts", { list: list.join("; ") }) : "";
}
