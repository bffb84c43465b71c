/**
 * The stage for a room: nothing but a few panels, as large as the screen, and a ring around the pointer.
 *
 * Which panels is said in the address, for whoever opens it, and told to the page, which writes the address. What the
 * page around the stage hides meanwhile is its own business: it looks at the mark on the document's body.
 */

import { element, setAttribute, setText } from "../shared/dom.js";
import { say } from "../shared/words.js";
import { PANELS } from "./panels.js";

/** @typedef {import("./placed.js").Placed} Placed */

const MOST = 3;
const USUAL = ["tiles", "curve"];
const MARK = "data-presenting"; // on the body

export class Presenter {
  /**
   * @param {HTMLElement} root  of the stage
   * @param {(panels: string[]) => void} tell  the page, which panels are presented now; none when that ends
   */
  constructor(root, tell) {
    this.root = root;
    this.tell = tell;
    /** @type {string[]} the panels presented, by name; none: nothing is presented */
    this.chosen = [];
    this.usual = USUAL;
    this.worn = "";
    this.read = ""; // of the address
    /** @type {string[]} what the address is still to say, oldest first */
    this.expected = [];
    this.enter = element("button", { type: "button", class: "present-button" });
    this.leaveButton = element("button", { type: "button", class: "leave" });
    this.names = element("div", { class: "choices", role: "group" });
    this.bar = element("nav", { class: "presenter" }, [this.names, this.leaveButton]);
    this.ring = element("div", { class: "ring", "aria-hidden": "true" });
    this.enter.onclick = () => this.toggle();
    this.leaveButton.onclick = () => this.leave();
    this.pointed = (/** @type {Event} */ event) => this.#point(/** @type {PointerEvent} */ (event));
    root.prepend(this.bar);
    root.append(this.ring);
  }

  /**
   * Takes over what the address asks for, where that is news.
   * @param {string} search
   */
  follow(search) {
    const query = new URLSearchParams(search);
    const said = query.get("train.present") ?? query.get("present") ?? "";
    if (said === this.read) return;
    this.read = said;
    const own = this.expected.indexOf(said);
    if (own >= 0) this.expected.splice(0, own + 1);
    else this.#show(said === "1" ? USUAL : said.split(",").filter(Boolean).slice(0, MOST));
  }

  toggle() {
    this.#choose(this.chosen.length ? [] : this.usual);
  }

  /** @returns {boolean} whether anything was presented */
  leave() {
    if (!this.chosen.length) return false;
    this.#choose([]);
    return true;
  }

  /**
   * Names the panels that may be presented, and which are; the chosen one of several runs stands for all of them.
   * @param {import("./view.js").View} view
   * @param {Placed[]} panels
   */
  dress({ words, key }, panels) {
    const worn = `${key}|${this.chosen.join()}|${panels.length}`;
    if (worn === this.worn) return;
    this.worn = worn;
    const label = say(words, "present");
    setText(this.enter, label);
    setText(this.leaveButton, say(words, "present_leave"));
    setAttribute(this.bar, "aria-label", label);
    const first = panels.filter(({ track, element: panel }) => track === 0 && !panel.hidden)
      .sort((one, other) => PANELS.indexOf(one.kind) - PANELS.indexOf(other.kind));
    const there = first.map(({ kind }) => kind.name);
    if (this.chosen.length && !this.chosen.some((name) => there.includes(name))) this.#show(USUAL);
    for (const { kind, element: panel } of panels) {
      panel.toggleAttribute("data-presented", this.chosen.includes(kind.name));
    }
    this.names.replaceChildren(...first.map(({ kind: { name }, title }) => {
      const pressed = this.chosen.includes(name);
      const button = element("button", { type: "button", "aria-pressed": String(pressed) }, [title.textContent ?? ""]);
      button.onclick = () => this.#choose(pressed ? this.chosen.filter((one) => one !== name) : [...this.chosen, name].slice(-MOST));
      return button;
    }));
    const beside = this.chosen.filter((name) => name !== "tiles" && there.includes(name)).length;
    this.root.style.setProperty("--presented", String(Math.max(1, beside)));
  }

  /** Leaves no trace on the page. */
  dispose() {
    this.#show([]);
  }

  /** @param {string[]} panels */
  #choose(panels) {
    if (panels.length) this.usual = panels;
    this.#show(panels);
    this.expected.push(panels.join());
    this.tell(panels);
  }

  /** @param {string[]} panels */
  #show(panels) {
    this.chosen = panels;
    const presents = panels.length > 0;
    this.root.toggleAttribute("data-presenting", presents);
    document.body.toggleAttribute(MARK, presents);
    this.ring.hidden = true;
    const listen = presents ? "addEventListener" : "removeEventListener";
    for (const name of /** @type {const} */ (["pointermove", "pointerdown"])) document[listen](name, this.pointed);
  }

  /** @param {PointerEvent} event */
  #point({ clientX, clientY }) {
    const { left, top } = this.root.getBoundingClientRect();
    this.ring.hidden = false;
    this.ring.style.transform = `translate(${clientX - left}px, ${clientY - top}px)`;
  }
}
