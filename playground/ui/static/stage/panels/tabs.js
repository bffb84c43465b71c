/** The choice of the layer that the panels show. */

import { dressRadios } from "../../shared/radios.js";
import { say } from "../../shared/words.js";

/**
 * @param {HTMLElement} tabs
 * @param {import("../view.js").View} view
 * @param {import("../placed.js").Actions} actions
 */
export function dressTabs(tabs, { scene, words, layer }, actions) {
  tabs.hidden = scene.layers < 2;
  if (tabs.hidden) return;
  const names = Array.from({ length: scene.layers }, (_, k) => say(words, "layer", { n: k + 1 }));
  dressRadios(tabs, say(words, "layers"), names, layer, actions.showLayer);
}
