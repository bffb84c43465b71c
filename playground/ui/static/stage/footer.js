/** The scrub bar over training, what it says, and its buttons. */

import { element, setAttribute, setText } from "../shared/dom.js";
import { counted, say } from "../shared/words.js";

/** @typedef {import("./view.js").View} View */

export class Footer {
  constructor() {
    this.range = element("input", { type: "range", min: "0", max: "0", step: "1", value: "0" });
    this.status = element("span", { class: "status" });
    this.newest = element("button", { type: "button", class: "newest-button" });
    this.study = element("button", { type: "button", class: "study-button" });
    this.notice = element("p", { class: "notice", role: "status" });
    const scrubbing = element("div", { class: "scrubbing" }, [this.range, this.status]);
    const bar = element("div", { class: "bar" }, [scrubbing, this.newest, this.study]);
    this.element = element("footer", {}, [bar, this.notice]);
  }

  /**
   * @param {import("./keyboard.js").Moves} moves
   * @param {() => void} study  looks closely at the step shown
   */
  listen(moves, study) {
    this.range.oninput = () => moves.scrub(Number(this.range.value));
    this.newest.onclick = () => moves.follow();
    this.study.onclick = study;
  }

  /** @param {View} view */
  dress({ words }) {
    setAttribute(this.range, "aria-label", say(words, "scrub"));
    setText(this.newest, say(words, "newest"));
  }

  /**
   * @param {View} view
   * @param {import("./wire.js").Message} message
   * @param {{isBack: boolean, ahead: import("./memory.js").Place|null, isOverture: boolean}} how  whether an earlier
   *   step is looked at than the newest, where the server is still to come to, and whether a recording plays by itself
   */
  tell({ step, playhead, words }, { playing, rate, others, tracks }, { isBack, ahead, isOverture }) {
    const where = isBack ? say(words, "scrubbed", { step: counted(step), newest: counted(playhead) })
      : say(words, "step", { step: counted(step) });
    const told = isBack || ahead ? [where] : [where, say(words, isOverture ? "overture" : playing ? "live" : "paused")];
    if (playing && !ahead) told.push(say(words, "rate", { rate: counted(Math.round(rate)) }));
    if (others) told.push(say(words, "others_training", { count: others }));
    setText(this.status, told.join(" · "));
    setAttribute(this.range, "max", String(playhead));
    if (this.range.value !== String(step)) this.range.value = String(step);
    setAttribute(this.range, "aria-valuetext", where);
    this.range.style.setProperty("--filled", `${(playhead ? (100 * step) / playhead : 0).toFixed(1)}%`);
    setAttribute(this.newest, "data-shown", String(isBack));
    this.newest.disabled = !isBack;
    setText(this.study, say(words, "study", { step: counted(step) }));
    const whose = (/** @type {string} */ name) => (tracks.length > 1 ? `${name}: ` : "");
    setText(this.notice, ahead ? say(words, "ahead", { step: counted(ahead.step) }) : tracks.flatMap(({ explosion, scene }) => (
      explosion?.sentence ? [whose(scene.name) + explosion.sentence] : []
    )).join(" "));
  }
}
