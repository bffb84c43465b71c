/** The symbols beside the points of a path, where they cover least. */

import { fit } from "../../shared/axes.js";
import { isolate, subscript } from "../../shared/words.js";

/** @typedef {import("../../shared/surface.js").Surface} Surface */
/** @typedef {import("../../shared/surface.js").Rect} Rect */
/** @typedef {import("../view.js").View} View */
/**
 * @typedef {{x: number, y: number, width: number, height: number, text: string, font: string, colour: string}} Label
 */

export const LONG = 40; // timesteps
export const RECENT = 9; // timesteps before the cursor that stand out on a long path

/** @param {View} view @param {number} t */
export function isRecent(view, t) {
  return t <= view.t && t >= view.t - RECENT;
}

/**
 * The symbols read; where one is read more than once, with the timestep that tells which.
 * @param {string[]} inputs
 */
export function pathNames(inputs) {
  /** @type {Map<string, number>} */
  const times = new Map();
  for (const input of inputs) times.set(input, (times.get(input) ?? 0) + 1);
  return inputs.map((input, t) => isolate(input) + ((times.get(input) ?? 0) > 1 ? subscript(t + 1) : ""));
}

/**
 * Every symbol beside its point; of a long path only those before the cursor.
 * @param {Surface} surface
 * @param {View} view
 * @param {Rect} rect
 * @param {{x: number, y: number}[]} points
 */
export function paintLabels(surface, view, rect, points) {
  const { context, unit } = surface;
  const { scene, theme } = view;
  const chosen = points.map((_, t) => t).filter((t) => points.length <= LONG || isRecent(view, t));
  chosen.sort((a, b) => Number(b === view.t) - Number(a === view.t));
  const names = surface.memo(view.key, () => pathNames(scene.inputs));
  /** @type {Label[]} */
  const placed = [];
  for (const t of chosen) {
    if (!Number.isFinite(points[t].x)) continue;
    const atCursor = t === view.t;
    const font = surface.font(atCursor ? 14 : 11.5, atCursor ? 700 : 500);
    context.font = font;
    const text = fit(context, names[t], 84 * unit);
    const size = { width: context.measureText(text).width, height: (atCursor ? 14 : 12) * unit };
    const place = freePlace(rect, points, t, size, placed, (atCursor ? 8 : 5) * unit);
    placed.push({ ...place, ...size, text, font, colour: atCursor ? theme.text : theme.muted });
  }
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineWidth = 3 * unit;
  context.lineJoin = "round";
  context.strokeStyle = theme.background;
  for (const { text, font, colour, x, y } of placed.reverse()) {
    context.font = font;
    context.strokeText(text, x, y);
    context.fillStyle = colour;
    context.fillText(text, x, y);
  }
}

/**
 * The place around a point where a label covers least: outwards when that is free, else the nearest turn from it.
 * @param {Rect} rect
 * @param {{x: number, y: number}[]} points
 * @param {number} t
 * @param {{width: number, height: number}} size
 * @param {Label[]} placed
 * @param {number} gap
 */
function freePlace(rect, points, t, size, placed, gap) {
  const { x, y } = points[t];
  const outwards = Math.atan2(y - rect.top - rect.height / 2, x - rect.left - rect.width / 2);
  const neighbours = points.length > LONG ? [] : points;
  let best = { x, y };
  let least = Infinity;
  for (const turn of TURNS) {
    const angle = outwards + turn;
    const left = x + Math.cos(angle) * (gap + size.width / 2);
    const top = y + Math.sin(angle) * (gap + size.height / 2);
    let cost = Math.abs(turn);
    if (left - size.width / 2 < rect.left || left + size.width / 2 > rect.left + rect.width) cost += 20;
    if (top - size.height / 2 < rect.top || top + size.height / 2 > rect.top + rect.height) cost += 20;
    for (const other of neighbours) {
      if (Math.abs(other.x - left) < size.width / 2 + 3 && Math.abs(other.y - top) < size.height / 2 + 2) cost += 6;
    }
    for (const other of placed) {
      const across = Math.abs(other.x - left) < (other.width + size.width) / 2;
      if (across && Math.abs(other.y - top) < (other.height + size.height) / 2) cost += 8;
    }
    if (cost < least) [best, least] = [{ x: left, y: top }, cost];
    if (least < 0.01) break;
  }
  return best;
}

const TURNS = [0, 0.785, -0.785, 1.571, -1.571, 2.356, -2.356, 3.142];
