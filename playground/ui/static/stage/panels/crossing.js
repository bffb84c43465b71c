/**
 * Where the curve has crossed the line k = 1, from which on it is proved that a network remembers: a mark that stays,
 * and one flash of the line when that happens before one's eyes.
 */

import { element } from "../../shared/dom.js";
import { lineLegend } from "../../shared/panel.js";
import { counted, say } from "../../shared/words.js";
import { trackName } from "../view.js";
import { geometryOf, lossY, stepX } from "./chart.js";

/** @typedef {import("../../shared/surface.js").Surface} Surface */
/** @typedef {import("../view.js").View} View */
/** @typedef {import("./chart.js").Geometry} Geometry */

const LASTS = 4000; // ms
const SIZE = 5; // px of the designed size, half of the mark

/**
 * A diamond on the line, at the step.
 * @param {Surface} surface
 * @param {View} view
 * @param {Geometry} geometry
 */
export function paintCrossing({ context, unit }, { crossed, scene, theme }, geometry) {
  if (crossed === null || scene.remembers === null) return;
  const [x, y, size] = [stepX(geometry, crossed), lossY(geometry, Math.log(scene.remembers)), SIZE * unit];
  context.fillStyle = theme.colour.floor;
  context.strokeStyle = theme.background;
  context.lineWidth = 1.5;
  context.beginPath();
  context.moveTo(x, y - size);
  context.lineTo(x + size, y);
  context.lineTo(x, y + size);
  context.lineTo(x - size, y);
  context.closePath();
  context.fill();
  context.stroke();
}

/**
 * Of every track that has come so far.
 * @param {View} view
 */
export function crossingTexts({ tracks, words }) {
  return tracks.flatMap((track) => {
    if (track.crossed === null) return [];
    const said = say(words, "crossed", { step: counted(track.crossed) });
    return [tracks.length > 1 ? `${trackName(track)}: ${said}` : said];
  });
}

/** @param {View} view */
export function crossingLegends(view) {
  const texts = crossingTexts(view);
  const told = view.tracks.length > 1 && texts.length ? [say(view.words, "crossing")] : texts; // of each is told above
  return told.map((text) => lineLegend(view.theme.colour.floor, text, "diamond"));
}

/** Lets the line flash when the step that is shown passes a crossing, once for every time a run gets there. */
export class Flashes {
  constructor() {
    /** @type {Map<number, {step: number, isDone: boolean}>} of every track, as shown last */
    this.seen = new Map();
    /** @type {HTMLElement|null} the one that was shown last */
    this.line = null;
  }

  /**
   * @param {Surface} surface
   * @param {View} view
   */
  follow(surface, view) {
    if (!surface.ready) return; // what nobody can see is seen later
    for (const each of view.tracks) {
      const { track, step, crossed } = each;
      const before = this.seen.get(track);
      const isNow = crossed !== null && before !== undefined && before.step < crossed && step >= crossed && !before.isDone;
      this.seen.set(track, { step, isDone: crossed !== null && (isNow || (before?.isDone ?? false)) });
      if (!isNow) continue;
      this.line?.remove(); // of several at once, the last is read
      this.line = flash(surface, each);
    }
  }
}

/**
 * @param {Surface} surface
 * @param {View} view  of the track that remembers
 * @returns {HTMLElement} it goes by itself
 */
function flash(surface, view) {
  const { scene, words, theme, tracks } = view;
  const { rect, ...geometry } = geometryOf(surface, view);
  const said = say(words, "remembers_now");
  const text = tracks.length > 1 ? `${trackName(view)}: ${said}` : said;
  const line = element("div", { class: "flash", role: "status" }, [element("span", {}, [text])]);
  const y = lossY({ ...geometry, rect }, Math.log(scene.remembers ?? 1));
  const [across, down] = [surface.width, surface.height].map((size) => (/** @type {number} */ at) => `${(100 * at) / size}%`);
  Object.assign(line.style, { left: across(rect.left), width: across(rect.width), top: down(y), color: theme.colour.floor });
  surface.plot.append(line);
  window.setTimeout(() => line.remove(), LASTS);
  return line;
}
