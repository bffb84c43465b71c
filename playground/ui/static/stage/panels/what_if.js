/** Below the tiles: what may be changed in what is read, what is changed just now, and what comes of it. */

import { element, setText } from "../../shared/dom.js";
import { counted, isolate, probabilityText, say } from "../../shared/words.js";
import { changeAt, outcome } from "../answers.js";
import { editName, offers, placeName } from "../edits.js";

/** @typedef {import("../view.js").View} View */
/** @typedef {import("../placed.js").Actions} Actions */

export function buildWhatIf() {
  const move = element("button", { type: "button", class: "move", "data-unpainted": "" });
  const change = element("select", { class: "change", "data-unpainted": "" });
  const chips = element("span", { class: "chips" });
  const sentence = element("p", { class: "outcome" });
  const controls = element("div", { class: "controls" }, [move, change, chips]);
  return { element: element("div", { class: "what-if", "data-server": "" }, [controls, sentence]), controls, move, change, chips, sentence };
}

/** @typedef {ReturnType<typeof buildWhatIf>} Parts */

/**
 * What the controls depend on, beside scene and theme.
 * @param {View} view
 */
export function whatIfWears({ t, unit, question, carried }) {
  return `${t}|${unit}|${question?.key}|${carried}`;
}

/**
 * @param {Parts} parts
 * @param {View} view
 * @param {Actions} actions
 */
export function dressWhatIf({ controls, move, change, chips }, view, actions) {
  const { words, scene, t, track, carried, question } = view;
  controls.hidden = track > 0; // all tracks share one question
  setText(move, carried < 0 ? say(words, "what_if_take", { place: placeName(scene, t) })
    : carried === t ? say(words, "what_if_let_go")
      : say(words, "what_if_put", { source: placeName(scene, carried), target: placeName(scene, t) }));
  move.onclick = () => actions.moveState();
  change.onpointerenter = change.onfocus = () => fill(change, view);
  if (!change.children.length) change.append(element("option", { value: "" }));
  setText(/** @type {HTMLElement} */ (change.firstElementChild), `${say(words, "what_if")} …`);
  change.setAttribute("aria-label", say(words, "what_if"));
  change.onchange = () => {
    if (change.value) actions.edit({ add: change.value });
    change.value = "";
  };
  const edits = question?.edits ?? [];
  const all = edits.length ? [element("button", { type: "button", class: "undo" }, [say(words, "what_if_undo")])] : [];
  for (const button of all) button.onclick = () => actions.edit({ clear: "all" });
  chips.replaceChildren(...edits.map((edit) => chip(edit, view, actions)), ...all);
}

/**
 * @param {import("../wire.js").Edit} edit
 * @param {View} view
 * @param {Actions} actions
 */
function chip(edit, view, actions) {
  const name = editName(edit, view);
  const label = say(view.words, "what_if_remove", { edit: name });
  const button = element("button", { type: "button", class: "chip", "aria-label": label, title: label }, [`${name} ×`]);
  button.onclick = () => actions.edit({ remove: edit.text });
  return button;
}

/**
 * Offers what may be changed here, when somebody is about to choose: there may be hundreds of symbols, and the time cursor
 * moves with the pointer.
 * @param {HTMLSelectElement} change
 * @param {View} view
 */
function fill(change, view) {
  const { t, unit, layer, key } = view;
  const offered = `${key}|${t}|${unit}|${layer}`;
  if (change.dataset.offered === offered) return;
  change.dataset.offered = offered;
  /** @type {Map<string, HTMLOptGroupElement>} */
  const groups = new Map();
  for (const { group, text, label } of offers(view)) {
    const within = groups.get(group) ?? element("optgroup", { label: group });
    groups.set(group, within);
    within.append(element("option", { value: text }, [label]));
  }
  change.replaceChildren(...[...change.children].slice(0, 1), ...groups.values());
}

/**
 * @param {Parts} parts
 * @param {View} view
 */
export function tellWhatIf({ sentence }, view) {
  const text = outcomeText(view);
  sentence.hidden = text === "";
  setText(sentence, text);
}

/**
 * What has come of the edits, in one sentence; it says of which step where that is not the one on screen.
 * @param {View} view
 */
export function outcomeText(view) {
  const { words, scene, reading, frame, carried } = view;
  const found = outcome(view);
  if (!found) return carried < 0 ? "" : say(words, "what_if_carried", { source: placeName(scene, carried) });
  const { kind, t } = found;
  if (kind === "waiting") return say(words, "what_if_waiting");
  const change = changeAt(view, t);
  const values = change && {
    place: placeName(scene, t), target: isolate(scene.targets[t]),
    before: probabilityText(change.before), after: probabilityText(change.after),
    old: isolate(scene.vocabulary[change.old]), now: isolate(scene.vocabulary[change.now]),
  };
  const moved = kind === "answers" ? movedText(view, t) : "";
  const text = moved || say(words, `what_if_${kind}`, values ?? {});
  const isLate = reading && frame && reading.step !== frame.step;
  return isLate ? `${text} (${say(words, "step", { step: counted(reading.step) })})` : text;
}

/**
 * What a transplant alone proves: the answer has come along with the state. "" where that is not what has happened.
 * @param {View} view
 * @param {number} t  the first timestep at which another symbol is answered
 */
function movedText(view, t) {
  const { words, scene, question } = view;
  const [edit, ...others] = question?.edits ?? [];
  if (others.length || edit?.kind !== "transplant" || edit.first !== t) return "";
  const { source = 0 } = edit;
  const [there, here] = [changeAt(view, source), changeAt(view, t)];
  if (!there || !here || here.now !== there.old) return "";
  const isSame = scene.inputs[source] === scene.inputs[t];
  return say(words, isSame ? "what_if_memory" : "what_if_moved", {
    source: placeName(scene, source), place: placeName(scene, t), now: isolate(scene.vocabulary[here.now]),
    old: isolate(scene.vocabulary[here.old]),
  });
}
