/** The component's entry: Streamlit calls the default export with every message and every change of theme. */

import { element } from "../shared/dom.js";
import { Sheet } from "./sheet.js";

/**
 * @typedef {object} Component
 * @property {import("./message.js").Message|null|undefined} data
 * @property {ShadowRoot|HTMLElement} parentElement
 * @property {(name: string, value: unknown) => void} setTriggerValue
 */

/** @type {WeakMap<ShadowRoot|HTMLElement, Sheet>} */
const sheets = new WeakMap();

/**
 * @param {Component} component
 * @returns {() => void} takes the sheet down
 */
export default function main({ data, parentElement, setTriggerValue }) {
  let sheet = sheets.get(parentElement);
  if (!sheet) {
    parentElement.append(element("link", { rel: "stylesheet", href: new URL("cell.css", import.meta.url).href }));
    sheet = new Sheet(parentElement);
    sheets.set(parentElement, sheet);
  }
  if (data) sheet.receive(data, setTriggerValue);
  return () => {
    sheets.get(parentElement)?.root.remove();
    sheets.delete(parentElement);
  };
}
