/** Where those who stand side by side have got to, in a sentence: measured, and true at every training step. */

import { counted, perplexityText, say } from "../shared/words.js";

/** @typedef {import("./view.js").View} View */

/**
 * Who has crossed the line k = 1 and when, the first ones first, where there is such a line; who has exploded; and the
 * perplexity of all at the step that is shown.
 * @param {View[]} views
 * @returns {string}  "" of one that is alone
 */
export function standings(views) {
  if (views.length < 2) return "";
  const [{ words, step, scene }] = views;
  const told = [];
  if (scene.remembers !== null) told.push(crossings(views));
  const ended = views.flatMap((view) => (view.explosion && view.explosion.step <= step ? [
    say(words, "standings_at", { name: view.scene.name, step: counted(view.explosion.step) }),
  ] : []));
  if (ended.length) told.push(say(words, "standings_exploded", { list: ended.join(", ") }));
  const going = views.filter(({ frame }) => frame?.step === step && Number.isFinite(frame.loss));
  if (going.length) {
    const list = going.map((view) => `${view.scene.name} ${perplexityText(view.frame?.loss ?? NaN)}`).join(", ");
    told.push(say(words, "standings_now", { step: counted(step), list }));
  }
  return told.join(" ");
}

/** @param {View[]} views */
function crossings(views) {
  /** @param {View} view */
  const when = ({ crossed, step }) => (crossed !== null && crossed <= step ? crossed : Infinity);
  const [{ words }] = views;
  if (views.every((view) => when(view) === Infinity)) return say(words, "standings_nobody");
  const sorted = [...views].sort((one, other) => when(one) - when(other) || one.track - other.track);
  const list = sorted.map((view) => (
    when(view) < Infinity ? say(words, "standings_at", { name: view.scene.name, step: counted(when(view)) })
      : say(words, "standings_not_yet", { name: view.scene.name })
  ));
  return say(words, "standings_crossed", { list: list.join(", ") });
}
