/** The component's entry: Streamlit calls the default export with every message and every change of theme. */

import { element, tabStorage } from "../shared/dom.js";
import { Memory } from "./memory.js";
import { Stage } from "./stage.js";

/**
 * @typedef {object} Component
 * @property {Uint8Array|null|undefined} data  one message, see wire.js
 * @property {ShadowRoot|HTMLElement} parentElement
 * @property {(name: string, value: unknown) => void} setTriggerValue
 */

/** Outlives a stage that is built again; a browser may forbid storage. */
const memory = new Memory(tabStorage());

/** @type {WeakMap<ShadowRoot|HTMLElement, Stage>} */
const stages = new WeakMap();

/**
 * @param {Component} component
 * @returns {() => void} takes the stage down
 */
export default function main(component) {
  const { data, parentElement, setTriggerValue } = component;
  let stage = stages.get(parentElement);
  if (!stage) {
    const style = element("link", { rel: "stylesheet", href: new URL("stage.css", import.meta.url).href });
    parentElement.append(style);
    stage = new Stage(parentElement, new URL("../../../frames", import.meta.url), memory);
    stages.set(parentElement, stage);
  }
  if (data instanceof Uint8Array) stage.receive(data, setTriggerValue);
  return () => {
    stages.get(parentElement)?.dispose();
    stages.delete(parentElement);
  };
}
