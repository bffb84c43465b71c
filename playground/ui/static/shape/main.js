/** The component's entry: Streamlit calls the default export with every message and every change of theme. */

import { element } from "../shared/dom.js";
import { Picture } from "./picture.js";

/**
 * @typedef {object} Component
 * @property {import("./message.js").Message|null|undefined} data
 * @property {ShadowRoot|HTMLElement} parentElement
 */

/** @type {WeakMap<ShadowRoot|HTMLElement, Picture>} */
const pictures = new WeakMap();

/**
 * @param {Component} component
 * @returns {() => void} takes the picture down
 */
export default function main({ data, parentElement }) {
  let picture = pictures.get(parentElement);
  if (!picture) {
    parentElement.append(element("link", { rel: "stylesheet", href: new URL("shape.css", import.meta.url).href }));
    picture = new Picture(parentElement);
    pictures.set(parentElement, picture);
  }
  if (data) picture.receive(data);
  return () => {
    pictures.get(parentElement)?.dispose();
    pictures.delete(parentElement);
  };
}
