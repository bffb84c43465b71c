/** One cell over a text, rolled or unrolled: one control morphs between them, and one set of weights serves all copies. */

import { element, setAttribute, setText } from "../shared/dom.js";
import { counted, isolate, say, subscript } from "../shared/words.js";
import { columnsOf, placeOf } from "./places.js";

/**
 * @typedef {object} Message
 * @property {string[]} inputs  what is read at each timestep
 * @property {string[]} targets  what is to be predicted there
 * @property {number[]} recurrent  how many parameters the network has, for every length from 1 on
 * @property {number[]} window  and a fixed window that sees so many symbols
 * @property {string} cell
 * @property {number} layers
 * @property {Record<string, string>} words
 */

const FIRST = 5; // symbols to begin with
const MORPH = 900; // ms from one end to the other
const WHOLE = 100; // of the control
const NAMED = 66; // px of a copy from which on its arrow has a name

export class Picture {
  #frame = 0;
  #width = 600;
  #isFresh = true;

  /** @param {ShadowRoot|HTMLElement} parent */
  constructor(parent) {
    /** @type {Message|null} */
    this.message = null;
    this.morph = 0;
    this.length = 1;
    this.calm = window.matchMedia("(prefers-reduced-motion: reduce)");
    this.rolled = element("button", { type: "button", class: "end" });
    this.unrolled = element("button", { type: "button", class: "end" });
    this.slider = element("input", { type: "range", class: "morph", min: "0", max: String(WHOLE), value: "0" });
    this.lengths = element("input", { type: "range", class: "length", min: "1", max: "1", value: "1" });
    this.lengthName = element("span", { class: "length-name" });
    this.badge = element("div", { class: "badge" });
    this.copies = element("div", { class: "copies" });
    this.scene = element("div", { class: "scene", role: "img" }, [this.badge, this.copies]);
    this.counts = element("div", { class: "counts" });
    this.verdict = element("p", { class: "verdict", "aria-live": "polite" });
    const controls = element("div", { class: "controls" }, [
      element("span", { class: "control" }, [this.rolled, this.slider, this.unrolled]),
      element("label", { class: "control" }, [this.lengthName, this.lengths]),
    ]);
    this.root = element("div", { class: "live unrolled" }, [controls, this.scene, this.counts, this.verdict]);
    parent.append(this.root);
    this.rolled.onclick = () => this.#go(0);
    this.unrolled.onclick = () => this.#go(1);
    this.slider.oninput = () => this.#set(Number(this.slider.value) / WHOLE);
    this.lengths.oninput = () => this.#lengthen(Number(this.lengths.value));
    this.sizes = new ResizeObserver(([{ contentRect }]) => {
      this.#width = contentRect.width;
      this.#draw();
    });
    this.sizes.observe(this.scene);
  }

  /** @param {Message} message */
  receive(message) {
    const before = this.message;
    this.message = message;
    const { words, inputs } = message;
    setText(this.rolled, words.rolled);
    setText(this.unrolled, words.unrolled);
    setAttribute(this.slider, "aria-label", words.morph);
    setAttribute(this.lengths, "max", String(inputs.length));
    if (before?.inputs.join("\n") !== inputs.join("\n")) this.length = Math.min(FIRST, inputs.length);
    this.lengths.value = String(this.length);
    this.#draw();
    if (this.#isFresh) this.#go(1); // the first picture is rolled, and unrolls before the reader's eyes
    this.#isFresh = false;
  }

  dispose() {
    cancelAnimationFrame(this.#frame);
    this.sizes.disconnect();
    this.root.remove();
  }

  /** @param {number} length */
  #lengthen(length) {
    const most = this.message?.inputs.length ?? 1;
    this.length = Math.min(Math.max(Math.round(length) || 1, 1), most);
    this.#draw();
  }

  /**
   * To one end, on the way or at once where less motion is wanted.
   * @param {0|1} goal
   */
  #go(goal) {
    cancelAnimationFrame(this.#frame);
    if (this.calm.matches) {
      this.#set(goal);
      return;
    }
    const [from, began] = [this.morph, performance.now()];
    const move = (/** @type {number} */ now) => {
      const share = Math.min(Math.max((now - began) / MORPH, 0), 1);
      this.#show(from + (goal - from) * (1 - (1 - share) ** 3));
      if (share < 1) this.#frame = requestAnimationFrame(move);
    };
    this.#frame = requestAnimationFrame(move);
  }

  /** @param {number} morph  0 rolled … 1 unrolled */
  #set(morph) {
    cancelAnimationFrame(this.#frame);
    this.#show(Math.min(Math.max(morph || 0, 0), 1));
  }

  /** @param {number} morph */
  #show(morph) {
    this.morph = morph;
    this.slider.value = String(Math.round(WHOLE * morph));
    this.#place();
  }

  #draw() {
    const { message, length } = this;
    if (!message) return;
    const { words, inputs, targets, recurrent, window: windows, cell, layers } = message;
    const columns = columnsOf(length, this.#width);
    setAttribute(this.copies, "class", columns.column < NAMED ? "copies crowded" : "copies");
    setText(this.lengthName, `${words.length}: ${length}`);
    setText(this.badge, length === 1 ? words.shared_once : say(words, "shared", { count: length }));
    const copies = Array.from({ length: columns.shown }, (_, t) => element("div", { class: "copy" }, [
      element("span", { class: "target", title: words.predicts }, [isolate(targets[t])]),
      element("span", { class: "wire up" }),
      element("span", { class: "box" }, ["W"]),
      element("span", { class: "wire up" }),
      element("span", { class: "input", title: words.reads }, [isolate(inputs[t])]),
      element("span", { class: "time" }, [columns.column < NAMED ? String(t + 1) : `t = ${t + 1}`]),
      ...(t > 0 ? [element("span", { class: "wire across" }, [element("i", {}, [`h${subscript(t)}`])])] : []),
    ]));
    const loop = element("div", { class: "loop" }, [element("i", {}, [words.state])]);
    const more = element("span", { class: "more" }, [say(words, "more", { count: length - columns.shown })]);
    more.hidden = columns.shown === length;
    this.copies.replaceChildren(loop, ...copies, more);
    this.#place();
    const [own, wide] = [recurrent[length - 1], windows[length - 1]];
    const largest = Math.max(recurrent[0], windows[windows.length - 1]);
    this.counts.replaceChildren(
      bar("recurrent", say(words, "recurrent", { cell }), own, largest),
      bar("window", length === 1 ? words.window_one : say(words, "window", { count: length }), wide, largest),
    );
    const told = say(words, length === 1 ? "verdict_one" : "verdict", {
      cell, count: length, recurrent: counted(own), window: counted(wide), more: counted(wide - windows[0]),
    });
    setText(this.verdict, layers > 1 ? `${told} ${say(words, "layers", { count: layers })}` : told);
    setAttribute(this.scene, "aria-label", `${words.picture}: ${this.badge.textContent}. ${told}`);
  }

  /** Puts the copies where they belong between rolled and unrolled. */
  #place() {
    const { morph } = this;
    const shown = this.copies.children.length - 2; // beside the loop, and the words that say how many more there are
    const [loop, ...rest] = /** @type {HTMLElement[]} */ ([...this.copies.children]);
    if (!loop) return;
    loop.style.opacity = String(Math.max(1 - 2 * morph, 0));
    rest.forEach((copy, t) => {
      if (t === shown) {
        copy.style.opacity = String(Math.max(2 * morph - 1, 0));
        return;
      }
      const place = placeOf(t, this.length, this.#width, morph);
      copy.style.left = `${place.left.toFixed(1)}px`;
      copy.style.setProperty("--column", `${place.column.toFixed(1)}px`);
      copy.style.setProperty("--apart", String(Math.max(2 * morph - 1, 0)));
      copy.style.opacity = String(t === 0 ? 1 : morph);
    });
    loop.style.left = `${placeOf(0, this.length, this.#width, morph).left.toFixed(1)}px`;
  }
}

/**
 * @param {string} kind
 * @param {string} name
 * @param {number} count
 * @param {number} largest  that is drawn as wide as there is room
 */
function bar(kind, name, count, largest) {
  const drawn = element("span", { class: "bar" });
  drawn.style.width = `${((100 * count) / largest).toFixed(2)}%`;
  return element("div", { class: `count ${kind}` }, [
    element("span", { class: "name" }, [name]), element("b", {}, [counted(count)]), element("span", { class: "track" }, [drawn]),
  ]);
}
