/** The choice of the layer that the panels show, as one group of radio buttons. */

import { element, setAttribute } from "../../shared/dom.js";
import { say } from "../../shared/words.js";

const MOVES = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };

export function buildTabs() {
  return element("div", { class: "tabs", role: "radiogroup" });
}

/**
 * @param {HTMLElement} tabs
 * @param {import("../view.js").View} view
 * @param {import("../placed.js").Actions} actions
 */
export function dressTabs(tabs, { scene, words, layer }, actions) {
  tabs.hidden = scene.layers < 2;
  if (tabs.hidden) return;
  setAttribute(tabs, "aria-label", say(words, "layers"));
  const had = tabs.contains(/** @type {ShadowRoot|Document} */ (tabs.getRootNode()).activeElement);
  tabs.replaceChildren(...Array.from({ length: scene.layers }, (_, k) => {
    const checked = k === layer;
    const tab = element("button", {
      type: "button", role: "radio", "aria-checked": String(checked), tabindex: checked ? "0" : "-1",
    }, [say(words, "layer", { n: k + 1 })]);
    tab.onclick = () => actions.showLayer(k);
    tab.onkeydown = (event) => {
      const move = /** @type {Record<string, number>} */ (MOVES)[event.key];
      if (!move) return;
      event.preventDefault();
      event.stopPropagation();
      actions.showLayer((k + move + scene.layers) % scene.layers);
    };
    return tab;
  }));
  if (had) /** @type {HTMLElement} */ (tabs.children[layer]).focus();
}
