/** Text that the network wrote, the newest that the training cursor has reached in front. */

import { element, setText } from "../../shared/dom.js";
import { counted, say } from "../../shared/words.js";

/** @typedef {import("../view.js").View} View */

const OLDER = 5;

/**
 * @typedef {object} Parts
 * @property {HTMLElement} list
 * @property {string} written  what stands there
 */

/**
 * @param {import("../placed.js").Placed<Parts>} panel
 * @param {View} view
 */
function tell({ aside, parts }, view) {
  const reached = view.samples.filter((sample) => sample.step <= view.step).slice(-1 - OLDER).reverse();
  const written = `${view.key}|${reached.map((sample) => `${sample.step}\u0000${sample.prompt}\u0000${sample.text}\u0000${sample.beyond}`).join("\u0001")}`;
  if (written === parts.written) return;
  parts.written = written;
  setText(aside, reached.some(({ beyond }) => beyond) ? say(view.words, "samples_beyond") : "");
  parts.list.replaceChildren(...reached.map((sample, k) => {
    const [given, added] = parted(sample);
    return element("li", { class: k ? "older" : "newest" }, [
      element("span", { class: "when" }, [say(view.words, "step", { step: counted(sample.step) })]),
      element("bdi", { class: "text" }, [element("span", {}, [
        element("span", { class: "given" }, [given]), added || "∅",
        ...(sample.beyond ? [element("span", { class: "beyond" }, [sample.beyond])] : []),
      ])]),
    ]);
  }));
}

/**
 * What was given and what the network wrote; a character that both have a part in counts as written, in one piece.
 * @param {import("../wire.js").Sample} sample
 * @returns {[given: string, written: string]}
 */
export function parted({ prompt, text }) {
  const whole = prompt + text;
  let border = 0;
  for (const { index } of new Intl.Segmenter().segment(whole)) if (index <= prompt.length) border = index;
  if (!text) border = prompt.length;
  return [whole.slice(0, border), whole.slice(border)];
}

/** @type {import("../placed.js").Kind<Parts>} */
export const samples = {
  name: "samples",
  order: 8,
  height: () => 0.9,
  plots: () => [],
  build(panel) {
    const list = element("ol", { class: "samples-list" });
    panel.body.append(list);
    return { list, written: "" };
  },
  tell,
};
