/** One step of a cell as a sheet: builds itself anew from every message, and keeps the focus and what somebody is typing. */

import { element } from "../shared/dom.js";
import { buildRadios, dressRadios } from "../shared/radios.js";
import { Asked } from "./asked.js";
import { arriving, leaving, passing } from "./back.js";
import { diagram } from "./diagram.js";
import { equations } from "./equations.js";
import { inFull, notes } from "./full.js";
import { Lit } from "./lit.js";
import { matrix } from "./matrix.js";

/** @typedef {import("./message.js").Message} Message */
/** @typedef {{where: string, full?: string, value: string, selectionStart: number|null, selectionEnd: number|null}} Held */

const WAY = '[role="radio"][aria-checked="true"]';
const WAYS = /** @type {const} */ (["forward", "back"]);

export class Sheet {
  /** @param {ShadowRoot|HTMLElement} parent */
  constructor(parent) {
    this.root = element("div", { class: "live sheet" });
    parent.append(this.root);
    this.lit = new Lit();
    this.asked = new Asked();
    /** Which row is written out: its block, and its unit's place among those shown. */
    this.block = 0;
    this.place = 0;
    this.isBuilding = false;
    /** Gates that are written by the other convention. */
    this.other = new Set();
    /** @type {Message|null} */
    this.message = null;
    this.trigger = (/** @type {string} */ _name, /** @type {unknown} */ _value) => {};
  }

  /**
   * @param {Message} message
   * @param {(name: string, value: unknown) => void} trigger
   */
  receive(message, trigger) {
    this.asked.hear(message.heard);
    this.message = this.asked.looked(message);
    this.trigger = trigger;
    this.block = Math.min(this.block, message.blocks.length - 1);
    this.place = Math.min(this.place, message.units.length - 1);
    this.build();
  }

  /** Sends what was typed as a number; a field that is taken out has not been left by anybody. */
  send = (/** @type {string} */ name, /** @type {string} */ text) => {
    if (!this.isBuilding) this.#ask({ name, text });
  };

  /** @param {import("./asked.js").Wish} wish */
  #ask(wish) {
    this.trigger("ask", this.asked.add(wish));
  }

  /** Writes another row out. */
  write(/** @type {number} */ block, /** @type {number} */ place) {
    this.block = block;
    this.place = place;
    this.build();
  }

  /** Writes a gate by the other convention, or by its own again. */
  turn(/** @type {string} */ gate) {
    if (!this.other.delete(gate)) this.other.add(gate);
    this.build();
  }

  dispose() {
    this.root.remove();
  }

  build() {
    const { message, lit } = this;
    if (!message) return;
    const held = this.#held();
    lit.clear();
    const parts = message.way === "forward" ? this.#forward(message) : this.#back(message);
    this.isBuilding = true;
    this.root.replaceChildren(this.#controls(message), ...parts);
    this.isBuilding = false;
    this.root.setAttribute("data-dressed", "");
    lit.light(lit.kept);
    this.#holdOn(held);
  }

  /** @param {Message} message */
  #forward(message) {
    return [
      matrix(this, message), inFull(this, message), ...notes(this, message), ...equations(this, message),
      diagram(this, message),
    ];
  }

  /** @param {Message} message */
  #back(message) {
    return [arriving(this, message), passing(this, message), diagram(this, message), matrix(this, message), leaving(this, message)];
  }

  /** @param {Message} message */
  #controls(message) {
    const { words, way, joined } = message;
    const ways = buildRadios();
    dressRadios(ways, words.way, WAYS.map((each) => words[each]), WAYS.indexOf(way), (k) => {
      this.#look(message, { way: WAYS[k] });
    });
    const button = (/** @type {string} */ text, /** @type {string} */ name, /** @type {() => void} */ press) => {
      const made = element("button", { type: "button", class: name, "data-stop": name }, [text]);
      made.onclick = press;
      return made;
    };
    const changed = message.changed.length > 0;
    return element("div", { class: "controls" }, [
      element("strong", {}, [message.name]), ways,
      button(words[joined ? "split" : "join"], "splits", () => this.#look(message, { joined: !joined })),
      ...(changed ? [button(words.reset, "resets", () => this.#ask({ reset: true }))] : []),
    ]);
  }

  /**
   * Looks at once, and tells the page so, whose address says it.
   * @param {Message} message
   * @param {{way?: "forward"|"back", joined?: boolean}} wanted
   */
  #look(message, wanted) {
    this.message = { ...message, ...wanted };
    this.build();
    this.#ask(wanted);
  }

  /**
   * What has the focus: a field, with what stands in it, or a button.
   * @returns {Held|null}
   */
  #held() {
    const holder = /** @type {ShadowRoot|Document} */ (this.root.getRootNode());
    const held = /** @type {HTMLInputElement|null} */ (holder.activeElement);
    if (!held || !this.root.contains(held)) return null;
    const { value, selectionStart, selectionEnd } = held;
    const { name, stop, full } = held.dataset;
    const where = name ? `[data-name="${name}"]` : stop ? `[data-stop="${stop}"]` : WAY;
    return { where, value, selectionStart, selectionEnd, full };
  }

  /** Gives the focus back; where its holder is no more, to the choice of a direction. @param {Held|null} held */
  #holdOn(held) {
    if (!held) return;
    const found = /** @type {HTMLInputElement|null} */ (this.root.querySelector(held.where) ?? this.root.querySelector(WAY));
    if (!found) return;
    found.focus({ preventScroll: true });
    if (held.full === undefined || found.dataset.full === undefined) return;
    if (held.value !== held.full) found.value = held.value;
    found.setSelectionRange(held.selectionStart, held.selectionEnd);
  }
}
