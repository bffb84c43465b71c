/** The component's entry: Streamlit calls the default export with every message and every change of theme. */

import { element } from "../shared/dom.js";
import { Player } from "./player.js";

/**
 * @typedef {object} Component
 * @property {import("./script.js").Message|null|undefined} data
 * @property {ShadowRoot|HTMLElement} parentElement
 */

/** @type {WeakMap<ShadowRoot|HTMLElement, Player>} */
const players = new WeakMap();

/**
 * @param {Component} component
 * @returns {() => void} takes the player down
 */
export default function main({ data, parentElement }) {
  let player = players.get(parentElement);
  if (!player) {
    parentElement.append(element("link", { rel: "stylesheet", href: new URL("motion.css", import.meta.url).href }));
    player = new Player(parentElement);
    players.set(parentElement, player);
  }
  if (data) player.receive(data);
  return () => {
    players.get(parentElement)?.dispose();
    players.delete(parentElement);
  };
}
