/** Panel 8: text that the network wrote, the newest that the training cursor has reached in front. */

import { element } from "./dom.js";
import { say } from "./words.js";

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
  const key = `${view.key}|${reached.map((sample) => `${sample.step}\u0000${sample.text}`).join("\u0001")}`;
  if (key === drawn) return drawn;
  list.replaceChildren(...reached.map((sample, k) => element("li", { class: k ? "older" : "newest" }, [
    element("span", { class: "when" }, [say(view.words, "step", { step: sample.step })]),
    element("bdi", { class: "text" }, [
      element("span", { class: "given" }, [sample.prompt]),
      sample.text || "∅",
    ]),
  ])));
  return key;
}
