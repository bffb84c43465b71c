/** A number that can be typed over: short while nobody types, in full while somebody does. One message a change. */

import { element } from "../shared/dom.js";
import { say } from "../shared/words.js";
import { numberText } from "./message.js";

/**
 * @param {import("./message.js").Message} message
 * @param {string} name  by which Python knows the number
 * @param {string} label  for those who listen
 * @param {import("./message.js").Value} value
 * @param {(name: string, text: string) => void} send
 */
export function field(message, name, label, value, send) {
  const shown = numberText(message, value);
  const full = String(value).replace("-", "−");
  const input = element("input", {
    type: "text", inputmode: "text", autocomplete: "off", spellcheck: "false", "data-name": name, "data-full": full,
    "aria-label": say(message.words, "field", { name: label }), class: message.changed.includes(name) ? "changed" : "",
  });
  input.value = shown;
  if (message.complaint?.name === name) {
    input.setAttribute("aria-invalid", "true");
    input.setAttribute("aria-describedby", "complaint");
  }
  const commit = () => {
    if (input.value !== full && input.value !== shown) send(name, input.value);
    input.value = shown;
  };
  input.onfocus = () => {
    if (input.value === shown) input.value = full;
  };
  input.onblur = commit;
  input.onkeydown = (event) => {
    if (event.key === "Escape") input.value = full;
    if (event.key === "Enter") {
      commit();
      input.value = full;
    }
  };
  return input;
}

/**
 * A number, with a field around it where it may be changed, and what is wrong with what was typed.
 * @param {import("./message.js").Message} message
 * @param {string} name
 * @param {string} label
 * @param {import("./message.js").Value} value
 * @param {(name: string, text: string) => void} send
 * @returns {{box: HTMLElement, target: HTMLElement}} target: what takes the focus, if anything does
 */
export function number(message, name, label, value, send) {
  if (!message.editable) {
    const target = element("b", {}, [numberText(message, value)]);
    return { box: element("span", { class: "number" }, [target]), target };
  }
  const target = field(message, name, label, value, send);
  const box = element("span", { class: "number" }, [target]);
  if (message.complaint?.name === name) {
    box.append(element("span", { class: "complaint", id: "complaint", role: "alert" }, [message.complaint.sentence]));
  }
  return { box, target };
}
