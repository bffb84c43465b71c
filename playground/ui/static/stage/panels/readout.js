/** The numbers of the training cursor, large: of its batch, and of the sequence shown when that is only a part of it. */

import { element, setText } from "../../shared/dom.js";
import { counted, lossText, perplexityText, say } from "../../shared/words.js";
import { watchedLoss } from "../view.js";

export function buildReadout() {
  const list = element("dl", { class: "readout" });
  /** @param {string} key */
  const entry = (key) => {
    const name = element("dt");
    const value = element("dd");
    const box = element("div", { class: key }, [name, value]);
    list.append(box);
    return { box, name, value };
  };
  return {
    element: list, step: entry("step"), perplexity: entry("perplexity"), loss: entry("loss"), watched: entry("watched"),
  };
}

/**
 * @param {ReturnType<typeof buildReadout>} readout
 * @param {import("../view.js").View} view
 */
export function dressReadout({ step, perplexity, loss, watched }, { words, scene }) {
  setText(step.name, say(words, "axis_step"));
  setText(perplexity.name, say(words, "perplexity"));
  setText(loss.name, say(words, "loss"));
  setText(watched.name, say(words, "watched_perplexity"));
  watched.box.hidden = scene.windows === 1;
}

/**
 * @param {ReturnType<typeof buildReadout>} readout
 * @param {import("../view.js").View} view
 */
export function tellReadout({ step, perplexity, loss, watched }, view) {
  const { words, frame } = view;
  const batch = frame?.loss ?? NaN;
  setText(step.value, counted(frame?.step ?? view.step));
  setText(perplexity.value, perplexityText(batch));
  setText(loss.value, `${lossText(batch)} ${say(words, "nats")}`);
  setText(watched.value, perplexityText(frame ? watchedLoss(frame) : NaN));
}
