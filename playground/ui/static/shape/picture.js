/** The network of a task over its timesteps, at every recorded training step; what changes from one to the next moves. */

import { fit, write } from "../shared/axes.js";
import { Boxes } from "../shared/boxes.js";
import { element, setAttribute, setText } from "../shared/dom.js";
import { colourLegend, lineLegend } from "../shared/panel.js";
import { Surface } from "../shared/surface.js";
import { makeTheme, themeVariables } from "../shared/theme.js";
import { isolate, say, short } from "../shared/words.js";
import { columnAt, layoutOf } from "./layout.js";
import { lengthOf, scalesOf } from "./message.js";
import { between, eased } from "./morph.js";
import { colourOf, paint } from "./paint.js";
import { detailText, exampleText, verdictText, whereText } from "./said.js";
import { rowsOf, sceneOf } from "./scene.js";
import { Tape } from "./tape.js";

/** @typedef {import("./message.js").Message} Message */

const MORPH = 900; // ms from one shape to the next
/**
 * What was shown last at each place of a page. When a page is drawn anew, the browser may get another element for it.
 * @type {Map<string, {scene: import("./morph.js").Scene, name: string, tape: Tape, t: number, tall: number}>}
 */
const shown = new Map();
const BUTTONS = /** @type {const} */ ([["back", "←"], ["play", ""], ["forward", "→"]]);

export class Picture {
  #frame = 0;
  #time = 0;
  /** @type {number|null} when somebody could first see things move */
  #began = null;
  #key = "";
  #name = "";
  #isOther = false; // than the one whose first answer was brought into view

  /** @param {ShadowRoot|HTMLElement} parent */
  constructor(parent) {
    this.calm = matchMedia("(prefers-reduced-motion: reduce)");
    this.tape = new Tape();
    /** @type {Message|null} */
    this.message = null;
    this.scales = { low: -1, high: 0, loss: 1 };
    /** The timestep that is pointed at; −1 for none. */
    this.t = -1;
    /** @type {import("./morph.js").Scene|null} what has been drawn last */
    this.drawn = null;
    /** @type {import("./morph.js").Scene|null} from where things are on their way */
    this.from = null;
    /** @type {import("./layout.js").Layout|null} */
    this.layout = null;
    this.tall = 0; // px of the picture from which things come
    this.theme = makeTheme({ background: "", text: "", accent: "", font: "", mono: "" });
    this.buttons = Object.fromEntries(BUTTONS.map(([name, sign]) => [name, element("button", { type: "button", class: name }, [sign])]));
    this.slider = element("input", { type: "range", class: "scrub", min: "0", max: "0", value: "0" });
    this.where = element("span", { class: "where" });
    this.bar = element("div", { class: "bar", role: "group" }, [...Object.values(this.buttons), this.slider, this.where]);
    this.verdict = element("p", { class: "verdict" });
    this.plot = element("div", { class: "plot", role: "img" });
    this.track = element("div", { class: "track" }, [this.plot]);
    this.scroller = element("div", { class: "scroller" }, [this.track]);
    this.legends = element("div", { class: "legends" });
    this.example = element("p", { class: "example" });
    this.detail = element("p", { class: "detail", "aria-live": "polite" });
    this.keys = element("p", { class: "keys" });
    this.root = element("div", { class: "live shape", role: "group", tabindex: "0", style: "display: none", "data-testid": "shape" }, [
      this.bar, this.verdict, this.scroller, this.legends, this.example, this.detail, this.keys,
    ]);
    parent.append(this.root); // its style sheet shows it
    this.surface = new Surface(this.plot);
    this.boxes = new Boxes(() => this.#ask());
    this.boxes.watch(this.surface);
    this.#listen();
  }

  /** @param {Message} message */
  receive(message) {
    if (!this.message) this.#goOn(message);
    const isNew = message.name !== this.#name;
    const isOther = isNew || (this.message !== null && shapeOf(message) !== shapeOf(this.message));
    if (isOther && this.drawn && !this.calm.matches) {
      this.from = this.drawn;
      this.tall = this.layout?.height ?? this.tall;
      this.#began = null;
    }
    if (isNew) this.t = -1;
    this.#isOther ||= isOther;
    this.#name = message.name;
    this.theme = makeTheme(themeVariables(this.root));
    this.message = message;
    this.scales = scalesOf(message);
    this.tape.receive(message.frames, isNew);
    this.#key = ""; // words may be as wide as they like
    this.#dress(message);
    this.#ask();
  }

  dispose() {
    cancelAnimationFrame(this.#frame);
    this.boxes.dispose();
    this.root.remove();
  }

  /** @param {(tape: Tape) => void} change */
  move(change) {
    change(this.tape);
    this.#time = performance.now();
    this.#ask();
  }

  toggle() {
    this.move((tape) => (tape.isPlaying ? tape.pause() : tape.play()));
  }

  /** Looks at a timestep. @param {number} t  out of range for none */
  point(t) {
    const count = this.message ? lengthOf(this.message) : 0;
    this.t = t >= 0 && t < count ? t : -1;
    this.#ask();
  }

  /** Takes over from the element that stood at the same place. @param {Message} message */
  #goOn({ place }) {
    const before = shown.get(place);
    if (!before) return;
    this.drawn = before.scene;
    this.tall = before.tall;
    this.plot.style.height = `${before.tall}px`; // what is below keeps its place until this one has its size
    this.#name = before.name;
    this.tape = before.tape;
    this.t = before.t;
  }

  #listen() {
    const { buttons, slider, plot, scroller } = this;
    buttons.back.onclick = () => this.move((tape) => tape.step(-1));
    buttons.forward.onclick = () => this.move((tape) => tape.step(1));
    buttons.play.onclick = () => this.toggle();
    slider.oninput = () => this.move((tape) => tape.goTo(Number(slider.value)));
    scroller.onscroll = () => this.#ask();
    plot.onpointermove = (event) => this.#pointed(event);
    plot.onpointerdown = (event) => this.#pointed(event);
    this.root.onkeydown = (event) => this.#pressed(event);
  }

  /** @param {PointerEvent} event */
  #pointed({ clientX }) {
    const { layout, message } = this;
    if (!layout || !message) return;
    const x = clientX - this.plot.getBoundingClientRect().left;
    const t = x < layout.gutter ? -1 : columnAt(layout, lengthOf(message), x + this.scroller.scrollLeft);
    if (t >= 0) this.point(t);
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const { tagName } = /** @type {HTMLElement} */ (event.target);
    if (tagName === "INPUT" || (tagName === "BUTTON" && (event.key === " " || event.key === "Enter"))) return;
    const count = this.message ? lengthOf(this.message) : 0;
    /** @type {Record<string, () => void>} */
    const moves = {
      ArrowLeft: () => this.#bring(this.t < 0 ? count - 1 : Math.max(this.t - 1, 0)),
      ArrowRight: () => this.#bring(Math.min(this.t + 1, count - 1)),
      ArrowUp: () => this.move((tape) => tape.step(1)),
      ArrowDown: () => this.move((tape) => tape.step(-1)),
      "]": () => this.move((tape) => tape.step(1)),
      "[": () => this.move((tape) => tape.step(-1)),
      Home: () => this.move((tape) => tape.goTo(0)),
      End: () => this.move((tape) => tape.goTo(Infinity)),
      " ": () => this.toggle(),
    };
    const act = moves[event.key];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }

  /** @param {number} t */
  #bring(t) {
    this.point(t);
    if (this.t >= 0) this.#see(this.t, "middle");
  }

  /** Scrolls to a timestep that is not in view. @param {number} t @param {"middle"|"end"} where  it is to stand */
  #see(t, where) {
    const { layout, scroller } = this;
    if (!layout) return;
    const [x, half] = [layout.x(t), layout.column / 2];
    const seen = this.surface.width;
    const isSeen = x - half >= scroller.scrollLeft + layout.gutter && x + half <= scroller.scrollLeft + seen;
    if (!isSeen) scroller.scrollLeft = Math.max(where === "end" ? x + half - seen : x - (layout.gutter + seen) / 2, 0);
  }

  /** Everything in words that is the same for all of a message. @param {Message} message */
  #dress(message) {
    const { words, back, limit, decoder_from: split, units, hidden, classes, outputs } = message;
    setAttribute(this.root, "aria-label", message.title);
    setAttribute(this.slider, "aria-label", words.scrub);
    setAttribute(this.slider, "max", String(Math.max(this.tape.count - 1, 0)));
    setAttribute(this.bar, "aria-label", words.scrub);
    for (const name of /** @type {const} */ (["back", "forward"])) {
      setAttribute(this.buttons[name], "aria-label", words[name]);
      setAttribute(this.buttons[name], "title", words[name]);
    }
    setText(this.keys, words.keys);
    const { theme } = this;
    const { low, high } = this.scales;
    const signed = (/** @type {number} */ size, /** @type {string} */ name) => colourLegend(theme.signed, `−${short(size)}`, `+${short(size)}`, name);
    const legends = back
      ? [colourLegend(theme.beam, short(10 ** low), short(10 ** high), words.legend_gradient)]
      : [signed(limit, units < hidden ? say(words, "legend_some", { units, hidden }) : words.legend_state)];
    if (message.vectors) legends.push(signed(message.reach, words.legend_input));
    if (classes.length && !back) {
      legends.push(lineLegend(theme.colour.probability, words.legend_right, "block"), lineLegend(theme.muted, words.legend_other, "block"));
    }
    if (classes.length && classes.length < outputs && !back) legends.push(element("span", { class: "legend" }, [say(words, "legend_outputs", { shown: classes.length, outputs })]));
    if (split !== null) legends.push(lineLegend(colourOf(theme, "bridge"), words.legend_bridge));
    if (message.feeds_itself) legends.push(lineLegend(theme.colour.probability, words.legend_fed, "dashed"));
    if (message.lit.length) legends.push(lineLegend(theme.light, words.legend_lit));
    this.legends.replaceChildren(...legends);
  }

  #ask() {
    if (this.#frame) return;
    this.#frame = requestAnimationFrame((now) => this.#draw(now));
  }

  /** @param {number} now */
  #draw(now) {
    this.#frame = 0;
    const { message, tape } = this;
    if (!message) return;
    if (tape.isPlaying) tape.pass(Math.max(now - this.#time, 0) / 1000);
    this.#time = now;
    this.boxes.settle();
    this.#tell(message);
    const { surface } = this;
    const isSeen = surface.ready && surface.visible;
    if (isSeen) this.#began ??= now;
    const share = this.from ? Math.min((now - (this.#began ?? now)) / MORPH, 1) : 1;
    if (share >= 1) this.from = null;
    if (surface.ready) this.#paint(message, eased(share));
    if (tape.isPlaying || (this.from && isSeen)) this.#ask();
  }

  /** @param {Message} message @param {number} share  of the way from the shape before */
  #paint(message, share) {
    const { surface, theme, scroller, tape } = this;
    const key = `${surface.version}|${surface.width}`;
    if (key !== this.#key || !this.layout) {
      const isFirst = !this.layout;
      this.layout = layoutOf(message, surface.width, surface.unit, widest(surface, message));
      this.#key = key;
      this.track.style.width = `${Math.max(this.layout.span, surface.width).toFixed(1)}px`;
      if (isFirst || this.#isOther) this.#see(message.asks.indexOf(true), "end");
      this.#isOther = false;
    }
    const { layout } = this;
    this.plot.style.height = `${Math.ceil(this.from ? Math.max(this.tall, layout.height) : layout.height)}px`;
    const scene = between(this.from, sceneOf(message, tape.frame, layout, this.scales), share);
    this.drawn = scene;
    const shift = scroller.scrollLeft;
    const { context } = surface;
    context.clearRect(0, 0, surface.width, surface.height);
    if (this.t >= 0) {
      const left = Math.max(layout.x(this.t) - layout.column / 2 - shift, layout.gutter);
      const right = layout.x(this.t) + layout.column / 2 - shift;
      context.fillStyle = theme.surface;
      if (right > left) context.fillRect(left, 0, right - left, surface.height);
    }
    paint(surface, theme, scene, { left: layout.gutter, right: surface.width, shift });
    const style = { font: surface.font(layout.gutter < 70 * surface.unit ? 10 : 11), colour: theme.muted, align: /** @type {const} */ ("right") };
    for (const { text, y } of rowsOf(message, layout)) {
      context.font = style.font;
      write(context, fit(context, text, layout.gutter - 8 * surface.unit), layout.gutter - 5 * surface.unit, y, style);
    }
    surface.blank = false;
    shown.set(message.place, { scene, name: message.name, tape, t: this.t, tall: layout.height });
  }

  /** @param {Message} message */
  #tell(message) {
    const { tape } = this;
    const { words } = message;
    const { frame } = tape;
    const where = whereText(message, frame);
    setText(this.where, where);
    this.slider.value = String(tape.at);
    setAttribute(this.slider, "aria-valuetext", where);
    setText(this.buttons.play, tape.isPlaying ? words.pause : words.play);
    setAttribute(this.buttons.back, "aria-disabled", String(tape.at === 0));
    setAttribute(this.buttons.forward, "aria-disabled", String(tape.isAtEnd));
    setAttribute(this.buttons.play, "aria-disabled", String(tape.count < 2));
    setText(this.verdict, verdictText(message, frame));
    const example = exampleText(message, frame);
    setText(this.example, example);
    setAttribute(this.detail, "aria-live", tape.isPlaying ? "off" : "polite");
    setText(this.detail, this.t >= 0 ? detailText(message, frame, this.t) : words.point);
    setAttribute(this.plot, "aria-label", `${message.title}. ${where}. ${example}`);
    setAttribute(this.root, "data-step", String(frame?.step ?? ""));
    setAttribute(this.root, "data-playing", String(tape.isPlaying));
    setAttribute(this.root, "data-frames", String(tape.count));
  }
}

/** What must be equal for two pictures to have the same boxes. @param {Message} message */
function shapeOf({ reads, asks, layers, directions, back, readout, decoder_from, feeds_itself, lit }) {
  return JSON.stringify([reads, asks, layers, directions, back, readout, decoder_from, feeds_itself, lit]);
}

/** px of the longest word of a column. @param {Surface} surface @param {Message} message */
function widest(surface, { asked, classes, frames }) {
  const { context } = surface;
  context.font = surface.font(12.5, 600);
  const all = new Set([...(frames[0]?.read ?? []), ...[...asked, ...classes].map((text) => text && `✓ ${text}`)]);
  return Math.max(...[...all].map((text) => context.measureText(isolate(text)).width), 0);
}
