/** The player: stages to jump to, what is said, the numbers, and buttons that go one step or play. It asks no server. */

import { element, setAttribute, setText } from "../shared/dom.js";
import { typeset } from "../shared/math.js";
import { makeTheme, themeVariables } from "../shared/theme.js";
import { say } from "../shared/words.js";
import { Picture } from "./picture.js";
import { Script } from "./script.js";

const BUTTONS = /** @type {const} */ ([
  ["stage_back", "⇤"], ["back", "←"], ["play", ""], ["forward", "→"], ["stage_forward", "⇥"],
]);

export class Player {
  /** @param {ShadowRoot|HTMLElement} parent */
  constructor(parent) {
    this.calm = matchMedia("(prefers-reduced-motion: reduce)");
    this.stages = element("ol", { class: "stages" });
    this.said = element("p", { class: "said", "aria-live": "polite" });
    this.where = element("span", { class: "where" });
    this.note = element("p", { class: "note" });
    this.keys = element("p", { class: "keys" });
    this.lines = element("div", { class: "lines formula", tabindex: "0", role: "group" });
    this.picture = new Picture();
    this.buttons = Object.fromEntries(BUTTONS.map(([name, sign]) => [
      name, element("button", { type: "button", class: name }, [sign]),
    ]));
    this.bar = element("div", { class: "bar", role: "group" }, [...Object.values(this.buttons), this.where]);
    this.told = element("div", { class: "told" }, [this.said, this.lines]);
    this.root = element("div", { class: "live motion", role: "group", tabindex: "0", style: "display: none" }, [
      element("div", { class: "head" }, [this.stages, this.bar]), element("div", { class: "body" }, [this.told, this.picture.element]),
      this.note, this.keys,
    ]);
    parent.append(this.root); // its style sheet shows it
    /** @type {Script|null} */
    this.script = null;
    this.heard = "";
    this.written = "";
    this.isPlaying = false;
    this.frame = 0;
    this.time = 0;
    this.theme = makeTheme({ background: "", text: "", accent: "", font: "", mono: "" });
    this.buttons.stage_back.onclick = () => this.move((script) => script.stepStage(-1));
    this.buttons.back.onclick = () => this.move((script) => script.step(-1));
    this.buttons.play.onclick = () => this.toggle();
    this.buttons.forward.onclick = () => this.move((script) => script.step(1));
    this.buttons.stage_forward.onclick = () => this.move((script) => script.stepStage(1));
    this.root.onkeydown = (event) => this.#key(event);
  }

  /**
   * Takes a message; whoever watched stays where that was, if the new update has such a place.
   * @param {import("./script.js").Message} message
   */
  receive(message) {
    const heard = JSON.stringify(message);
    this.theme = makeTheme(themeVariables(this.root));
    if (heard !== this.heard) {
      const { stage = 0 } = this.script?.beat ?? {};
      const place = this.script ? this.script.at - this.script.stage.first : 0;
      this.heard = heard;
      this.script = new Script(message);
      const { first, beats } = message.stages[stage] ?? message.stages[0];
      this.script.goTo(first + Math.min(place, beats - 1));
      this.#dress(message);
    }
    this.draw();
  }

  /** @param {(script: Script) => void} change  goes somewhere, and there it rests */
  move(change) {
    this.pause();
    if (this.script) change(this.script);
    this.draw();
  }

  toggle() {
    if (this.isPlaying) this.pause();
    else this.play();
    this.draw();
  }

  play() {
    if (!this.script) return;
    if (this.script.isAtEnd) this.script.goTo(0, 0);
    else if (this.script.share === 1) this.script.goTo(this.script.at + 1, 0);
    this.isPlaying = true;
    this.time = performance.now();
    this.frame = requestAnimationFrame((now) => this.#pass(now));
  }

  pause() {
    this.isPlaying = false;
    cancelAnimationFrame(this.frame);
    if (this.script) this.script.share = 1;
  }

  dispose() {
    this.pause();
    this.root.remove();
  }

  draw() {
    const { script } = this;
    if (!script) return;
    const { beat, message } = script;
    const { words, stages } = message;
    const seen = script.seen(this.calm.matches);
    setText(this.said, beat.text);
    this.#write(script.lines());
    this.picture.draw(seen, this.theme);
    if (seen.newest !== null) this.picture.bring(seen.newest, this.calm.matches);
    [...this.stages.children].forEach((item, number) => {
      const button = /** @type {HTMLElement} */ (item.children[0]);
      setAttribute(button, "aria-current", number === beat.stage ? "step" : "false");
      setAttribute(button, "data-passed", String(number < beat.stage));
    });
    const place = { stage: beat.stage + 1, stages: stages.length, beat: script.at - script.stage.first + 1 };
    setText(this.where, say(words, "where", { ...place, beats: script.stage.beats }));
    setText(this.buttons.play, say(words, this.isPlaying ? "pause" : "play"));
    const isFirst = script.at === 0;
    const isLast = script.at === message.beats.length - 1;
    for (const [name, ends] of /** @type {const} */ ([
      ["stage_back", isFirst], ["back", isFirst], ["forward", isLast], ["stage_forward", isLast],
    ])) setAttribute(this.buttons[name], "aria-disabled", String(ends));
  }

  /** @param {number} now */
  #pass(now) {
    if (!this.isPlaying || !this.script) return;
    const goesOn = this.script.pass((now - this.time) / 1000);
    this.time = now;
    if (goesOn) this.frame = requestAnimationFrame((later) => this.#pass(later));
    else this.pause();
    this.draw();
  }

  /** @param {import("./script.js").Message} message */
  #dress(message) {
    const { words, stages, note } = message;
    setAttribute(this.root, "aria-label", words.player);
    setAttribute(this.stages, "aria-label", words.stages);
    setAttribute(this.lines, "aria-label", words.lines);
    setText(this.note, note);
    setText(this.keys, say(words, "keys", { stages: stages.length }));
    for (const [name] of BUTTONS) {
      if (name === "play") continue;
      setAttribute(this.buttons[name], "aria-label", say(words, name));
      setAttribute(this.buttons[name], "title", say(words, name));
    }
    this.stages.replaceChildren(...stages.map(({ title }, number) => {
      const button = element("button", { type: "button" }, [
        element("span", { class: "number" }, [String(number + 1)]), ` ${title}`,
      ]);
      button.onclick = () => this.move((script) => script.goToStage(number));
      return element("li", {}, [button]);
    }));
    this.picture.build(message);
  }

  /** @param {{text: string, isLit: boolean}[]} lines */
  #write(lines) {
    const whole = lines.map(({ text }) => text).join("\n");
    const isSame = this.written === whole;
    if (!isSame) this.lines.replaceChildren(...lines.map(({ text }) => element("div", {}, typeset(text, { isFlat: true }))));
    this.written = whole;
    lines.forEach(({ isLit }, k) => setAttribute(/** @type {HTMLElement} */ (this.lines.children[k]), "data-lit", String(isLit)));
    if (!isSame) this.lines.scrollTop = this.lines.scrollHeight; // the newest ones are meant
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const isOnButton = /** @type {HTMLElement} */ (event.target).tagName === "BUTTON";
    /** @type {Record<string, () => void>} */
    const moves = {
      ArrowLeft: () => this.move((script) => script.step(-1)),
      ArrowRight: () => this.move((script) => script.step(1)),
      PageUp: () => this.move((script) => script.stepStage(-1)),
      PageDown: () => this.move((script) => script.stepStage(1)),
      Home: () => this.move((script) => script.goTo(0)),
      End: () => this.move((script) => script.goTo(Infinity)),
    };
    if (!isOnButton) moves[" "] = () => this.toggle();
    const digit = /^[1-9]$/.test(event.key) ? () => this.move((script) => script.goToStage(Number(event.key) - 1)) : null;
    const act = moves[event.key] ?? digit;
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }
}
