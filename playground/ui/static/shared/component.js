/** The entry of a live component: what Streamlit calls with every message and every change of theme. */

import { element } from "./dom.js";

/** @typedef {(name: string, value: unknown) => void} Trigger */

/**
 * @template Message
 * @typedef {object} Part  what stands in the component's place on the page
 * @property {(message: Message, trigger: Trigger) => void} receive
 * @property {() => void} dispose  takes it down
 */

/**
 * @template Message
 * @typedef {object} Component
 * @property {Message|null|undefined} data
 * @property {ShadowRoot|HTMLElement} parentElement
 * @property {Trigger} setTriggerValue
 */

/**
 * @template Message
 * @param {URL} sheet  its style sheet
 * @param {(parent: ShadowRoot|HTMLElement) => Part<Message>} make
 * @returns {(component: Component<Message>) => () => void} that gives what takes the part down
 */
export function component(sheet, make) {
  /** @type {WeakMap<ShadowRoot|HTMLElement, Part<Message>>} */
  const parts = new WeakMap();
  return ({ data, parentElement, setTriggerValue }) => {
    let part = parts.get(parentElement);
    if (!part) {
      parentElement.append(element("link", { rel: "stylesheet", href: sheet.href }));
      part = make(parentElement);
      parts.set(parentElement, part);
    }
    if (data) part.receive(data, setTriggerValue);
    return () => {
      parts.get(parentElement)?.dispose();
      parts.delete(parentElement);
    };
  };
}
