/** The path of the hidden state in a plane that shows much of its variance, both axes at the same scale. */

import { line, sideTitle, write } from "../../shared/axes.js";
import { setText } from "../../shared/dom.js";
import { comfortable, FINE_LADDER, ticks } from "../../shared/scales.js";
import { mix } from "../../shared/theme.js";
import { isolate, percent, say, short } from "../../shared/words.js";
import { pictured } from "../answers.js";
import { isRecent, LONG, paintLabels, RECENT } from "./labels.js";

/** @typedef {import("../../shared/surface.js").Surface} Surface */
/** @typedef {import("../../shared/surface.js").Rect} Rect */
/** @typedef {import("../view.js").View} View */

const MARGINS = { left: 44, right: 8, top: 6, bottom: 30 };

/**
 * Half the height of the axes that this frame needs; it stays what it is unless the path leaves it or shrinks a lot.
 * @param {Surface} surface
 * @param {View} view
 * @param {number} present  what it is, 0 when nothing was drawn
 */
function reachWanted(surface, view, present) {
  const xy = pictured(view)?.layers[view.layer].xy;
  if (!xy || !surface.ready) return null;
  const rect = surface.inside(MARGINS);
  const aspect = rect.width / rect.height;
  let needed = 0;
  for (let k = 0; k < xy.length; k += 2) {
    const most = Math.max(Math.abs(xy[k]) / aspect, Math.abs(xy[k + 1]));
    if (Number.isFinite(most)) needed = Math.max(needed, most);
  }
  const wanted = needed > 0 ? comfortable(Math.max(needed * 1.2, 0.01), FINE_LADDER) : 1;
  return present > 0 && wanted <= present && wanted > present * 0.45 ? present : wanted;
}

/**
 * @param {Surface} surface
 * @param {View} view
 */
function drawTrajectory(surface, view) {
  const rect = surface.inside(MARGINS);
  const layer = pictured(view)?.layers[view.layer];
  surface.prepare(`${view.key}|${view.reach.toPrecision(5)}`, (base) => paintAxes(base, surface, view, rect));
  surface.stamp();
  if (layer) paintPath(surface, view, rect, layer.xy);
}

/** @param {Rect} rect @param {number} reach */
function place(rect, reach) {
  const scale = rect.height / 2 / reach;
  const x0 = rect.left + rect.width / 2;
  const y0 = rect.top + rect.height / 2;
  return {
    /** @param {number} x */ x: (x) => x0 + x * scale,
    /** @param {number} y */ y: (y) => y0 - y * scale,
  };
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Surface} surface
 * @param {View} view
 * @param {Rect} rect
 */
function paintAxes(context, surface, view, rect) {
  const { theme, reach } = view;
  const to = place(rect, reach);
  const style = { font: surface.font(10.5), colour: theme.muted };
  const right = rect.left + rect.width;
  const bottom = rect.top + rect.height;
  const wide = (reach * rect.width) / rect.height;
  const marks = ticks(-reach, reach, 4);
  const spacing = marks.length > 1 ? marks[1] - marks[0] : reach;
  for (const value of marks) {
    const y = Math.round(to.y(value)) + 0.5;
    line(context, rect.left, y, right, y, value === 0 ? theme.muted : theme.faint, value === 0 ? 0.75 : 1);
    write(context, short(value), rect.left - 4 * surface.unit, y, { ...style, align: "right" });
  }
  const last = Math.floor(wide / spacing + 1e-9);
  for (let k = -last; k <= last; k += 1) {
    const x = Math.round(to.x(k * spacing)) + 0.5;
    line(context, x, rect.top, x, bottom, k === 0 ? theme.muted : theme.faint, k === 0 ? 0.75 : 1);
    if (x > rect.left + 8 && x < right - 8) {
      write(context, short(Number((k * spacing).toPrecision(6))), x, bottom + 9 * surface.unit, {
        ...style, align: "center",
      });
    }
  }
  /** @param {number} n */
  const title = (n) => say(view.words, "axis_plane", { n });
  write(context, title(1), rect.left + rect.width / 2, bottom + 22 * surface.unit, {
    font: surface.font(10), colour: theme.muted, align: "center",
  });
  sideTitle(context, surface, view.theme, rect, title(2));
}

/**
 * @param {Surface} surface
 * @param {View} view
 * @param {Rect} rect
 * @param {Float32Array} xy
 */
function paintPath(surface, view, rect, xy) {
  const { context, unit } = surface;
  const { theme, scene } = view;
  const count = scene.inputs.length;
  const to = place(rect, view.reach);
  const colour = theme.colour.h;
  const points = scene.inputs.map((_, t) => ({ x: to.x(xy[2 * t]), y: to.y(xy[2 * t + 1]) }));
  const shades = Array.from({ length: 5 }, (_, k) => mix(theme.background, colour, 0.3 + 0.175 * k));
  /** @param {number} t */
  const shade = (t) => {
    if (count <= LONG) return shades[Math.min(4, Math.floor(((t + 0.5) / count) * 5))];
    const ago = view.t - t; // of a long path only the steps before the cursor stand out
    return ago < 0 || ago > RECENT ? faded : shades[4 - Math.floor((ago / (RECENT + 1)) * 4)];
  };
  const faded = mix(theme.background, colour, 0.22);
  const order = points.map((_, t) => t);
  if (count > LONG) order.sort((a, b) => Number(isRecent(view, a)) - Number(isRecent(view, b)) || a - b);
  context.save();
  context.beginPath();
  context.rect(rect.left, rect.top, rect.width, rect.height);
  context.clip();
  context.lineWidth = 1.5 * unit;
  for (const t of order) {
    if (t === 0 || !Number.isFinite(points[t - 1].x + points[t].x)) continue;
    line(context, points[t - 1].x, points[t - 1].y, points[t].x, points[t].y, shade(t), 1.5 * unit);
  }
  const radius = (count > 60 ? 2 : 3) * unit;
  for (const t of order) {
    const point = points[t];
    if (!Number.isFinite(point.x) || t === view.t) continue;
    context.fillStyle = shade(t);
    context.beginPath();
    context.arc(point.x, point.y, radius, 0, 2 * Math.PI);
    context.fill();
  }
  paintLabels(surface, view, rect, points);
  context.restore();
  const chosen = points[view.t];
  if (!chosen || !Number.isFinite(chosen.x)) return;
  context.fillStyle = colour;
  context.strokeStyle = theme.text;
  context.lineWidth = 2 * unit;
  context.beginPath();
  context.arc(chosen.x, chosen.y, 5.5 * unit, 0, 2 * Math.PI);
  context.fill();
  context.stroke();
}

/**
 * The timestep whose point is nearest, −1 when none is near.
 * @param {Surface} surface
 * @param {View} view
 * @param {number} x
 * @param {number} y
 */
function trajectoryTimeAt(surface, view, x, y) {
  const xy = pictured(view)?.layers[view.layer].xy;
  if (!xy) return -1;
  const to = place(surface.inside(MARGINS), view.reach);
  let found = -1;
  let nearest = 24 * surface.unit;
  for (let t = 0; t < view.scene.inputs.length; t += 1) {
    const distance = Math.hypot(to.x(xy[2 * t]) - x, to.y(xy[2 * t + 1]) - y);
    if (distance < nearest) [found, nearest] = [t, distance];
  }
  return found;
}

/**
 * @param {Surface} surface
 * @param {View} view
 * @param {number} x
 * @param {number} y
 */
function trajectoryTip(surface, view, x, y) {
  const t = trajectoryTimeAt(surface, view, x, y);
  const xy = pictured(view)?.layers[view.layer].xy;
  if (t < 0 || !xy) return null;
  return [
    `${say(view.words, "timestep", { t: t + 1 })} · ${isolate(view.scene.inputs[t])}`,
    `(${short(xy[2 * t])}, ${short(xy[2 * t + 1])})`,
  ];
}

/**
 * How much of the path the plane shows, NaN where nothing moves and no part of nothing can be told.
 * @param {View} view
 */
function planeShare(view) {
  return pictured(view)?.layers[view.layer].share || NaN;
}

/** @param {View} view */
function planeText(view) {
  const share = planeShare(view);
  return Number.isNaN(share) ? "" : say(view.words, "plane_share", { share: percent(view.words, share) });
}

/** @param {View} view */
function describeTrajectory(view) {
  return say(view.words, "aria_trajectory", { count: view.scene.inputs.length, share: percent(view.words, planeShare(view)) });
}

/** @type {import("../placed.js").Kind} */
export const trajectory = {
  name: "trajectory",
  order: 7,
  height: () => 1,
  isOfLayer: true,
  plots: () => [""],
  tell: ({ aside }, view) => setText(aside, planeText(view)),
  sees: (view) => [view.key, pictured(view), view.t, view.reach],
  draw: drawTrajectory,
  timeAt: trajectoryTimeAt,
  tip: trajectoryTip,
  describe: describeTrajectory,
  eases: {
    name: "reach",
    goal: (surface, view, { goal }) => reachWanted(surface, view, goal),
    near: (goal) => goal * 0.005,
  },
};
