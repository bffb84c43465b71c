/** Panel 8: text that the network wrote, the newest that the training cursor has reached in front. */

import { element } from "../shared/dom.js";
import { say } from "../shared/words.js";

/** @typedef {import("./view.js").View} View */

const OLDER = 5;

/**
 * @param {HTMLElement} list
 * @param {View} view
 * @param {string} drawn  what is on the page
 * @returns {string} what is on the page now
 */
export function drawSamples(list, view, drawn) {
  const reached = view.samples.filter((sample) => sample.step <= view.step).slice(-1 - OLDER).reverse();
  const key = `${view.key}|${reached.map((sample) => `${sample.step}\u0000${sample.prompt}\u0000${sample.text}`).join("\u0001")}`;
  if (key === drawn) return drawn;
  list.replaceChildren(...reached.map((sample, k) => {
    const [given, written] = parted(sample);
    return element("li", { class: k ? "older" : "newest" }, [
      element("span", { class: "when" }, [say(view.words, "step", { step: sample.step })]),
      element("bdi", { class: "text" }, [element("span", { class: "given" }, [given]), written || "∅"]),
    ]);
  }));
  return key;
}

/**
 * What was given and what the network wrote; a character that both have a part in counts as written, in one piece.
 * @param {import("./wire.js").Sample} sample
 * @returns {[given: string, written: string]}
 */
export function parted({ prompt, text }) {
  const whole = prompt + text;
  let border = 0;
  for (const { index } of new Intl.Segmenter().segment(whole)) if (index <= prompt.length) border = index;
  if (!text) border = prompt.length;
  return [whole.slice(0, border), whole.slice(border)];
}
