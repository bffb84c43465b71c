/** Where those who stand side by side have got to, in a sentence: measured, and true at every training step. */

import { counted, perplexityText, say } from "../shared/words.js";

/** @typedef {import("./view.js").View} View */

/**
 * Who has crossed the line k = 1 and who has learned the text, and when, the first ones first; who has exploded; and the
 * perplexity of all at the step that is shown.
 * @param {View[]} views
 * @returns {string}  "" of one that is alone
 */
export function standings(views) {
  if (views.length < 2) return "";
  const [{ words, step, scene }] = views;
  const told = [];
  if (scene.remembers !== null) told.push(crossings(views));
  if (arrived(views, "learned").length) told.push(say(words, "standings_learned", { list: list(arrived(views, "learned")) }));
  const ended = views.filter(hasEnded).map((view) => ({ view, at: view.explosion?.step ?? NaN }));
  if (ended.length) told.push(say(words, "standings_exploded", { list: list(ended) }));
  const going = views.filter(({ frame }) => frame?.step === step && Number.isFinite(frame.loss));
  if (going.length) {
    const now = going.map((view) => `${view.scene.name} ${perplexityText(view.frame?.loss ?? NaN)}`).join(", ");
    told.push(say(words, "standings_now", { step: counted(step), list: now }));
  }
  return told.join(" ");
}

/** @typedef {{view: View, at: number}} Arrival  a track, and the step at which it came somewhere */

/**
 * Who has come somewhere up to the step that is shown, the first ones first.
 * @param {View[]} views
 * @param {"crossed"|"learned"} where
 * @returns {Arrival[]}
 */
function arrived(views, where) {
  const found = views.flatMap((view) => {
    const at = view[where];
    return at !== null && at <= view.step ? [{ view, at }] : [];
  });
  return found.sort((one, other) => one.at - other.at || one.view.track - other.view.track);
}

/** @param {Arrival[]} arrivals */
function list(arrivals) {
  return arrivals.map(({ view, at }) => (
    say(view.words, "standings_at", { name: view.scene.name, step: counted(at) })
  )).join(", ");
}

/** @param {View[]} views */
function crossings(views) {
  const [{ words }] = views;
  const crossed = arrived(views, "crossed");
  if (!crossed.length) return say(words, "standings_nobody");
  const others = views.filter((view) => !crossed.some((each) => each.view === view) && !hasEnded(view));
  const waiting = others.map((view) => say(words, "standings_not_yet", { name: view.scene.name }));
  return say(words, "standings_crossed", { list: [list(crossed), ...waiting].join(", ") });
}

/**
 * Whether it has exploded: then it never will.
 * @param {View} view
 */
function hasEnded({ explosion, step }) {
  return explosion !== null && explosion.step <= step;
}
