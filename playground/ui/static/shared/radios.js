/** A choice of one among a few words, as one group of radio buttons: one stop of the tab key, arrows move inside. */

import { element, setAttribute } from "./dom.js";

const MOVES = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };

export function buildRadios() {
  return element("div", { class: "tabs", role: "radiogroup" });
}

/**
 * @param {HTMLElement} group
 * @param {string} name  of the choice, for those who listen
 * @param {string[]} options
 * @param {number} chosen
 * @param {(k: number) => void} choose
 */
export function dressRadios(group, name, options, chosen, choose) {
  setAttribute(group, "aria-label", name);
  const had = group.contains(/** @type {ShadowRoot|Document} */ (group.getRootNode()).activeElement);
  group.replaceChildren(...options.map((option, k) => {
    const checked = k === chosen;
    const radio = element("button", {
      type: "button", role: "radio", "aria-checked": String(checked), tabindex: checked ? "0" : "-1",
    }, [option]);
    radio.onclick = () => choose(k);
    radio.onkeydown = (event) => {
      const move = /** @type {Record<string, number>} */ (MOVES)[event.key];
      if (!move) return;
      event.preventDefault();
      event.stopPropagation();
      choose((k + move + options.length) % options.length);
    };
    return radio;
  }));
  if (had) /** @type {HTMLElement} */ (group.children[chosen]).focus();
}
