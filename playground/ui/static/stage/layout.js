/** Puts the stage's elements together; what they say and show comes later. */

import { element, setAttribute, setText } from "../shared/dom.js";
import { buildRadios, dressRadios } from "../shared/radios.js";
import { Tip } from "../shared/tip.js";
import { say } from "../shared/words.js";
import { Footer } from "./footer.js";
import { Keep } from "./keep.js";
import { Keys } from "./keys.js";
import { BESIDE, COLUMNS, PANELS, TOP } from "./panels.js";
import { Placed } from "./placed.js";
import { standings } from "./standings.js";
import { trackColour, trackName } from "./view.js";

/** @typedef {import("./view.js").View} View */

export class Layout {
  constructor() {
    this.root = element("div", { class: "stage", "data-testid": "stage", tabindex: "0", role: "group" });
    this.root.style.display = "none"; // the style sheet shows it, once it has its words
    this.root.dataset.frames = "0";
    this.root.dataset.playing = "false";
    this.inner = element("div", { class: "inner" });
    this.footer = new Footer();
    this.footer.element.dataset.unpainted = "";
    this.keep = new Keep();
    this.live = element("div", { class: "spoken", "aria-live": "polite" });
    this.tip = new Tip(this.root);
    this.keys = new Keys();
    this.root.append(this.inner, this.live, this.tip.element, this.keys.dialog);
    /** @type {Placed[]} */
    this.panels = [];
    this.count = 0; // of tracks
    this.worn = "";
    /** @type {HTMLElement[]} the names above the tracks that stand side by side */
    this.names = [];
    this.standings = element("p", { class: "standings", "data-testid": "standings" });
    this.chooser = buildRadios(); // which track is seen, where there is room for one only
    this.tracks = element("div", { class: "tracks" });
    this.#choose(0);
  }

  /** @param {number} track  which is seen, where there is room for one only */
  #choose(track) {
    this.tracks.dataset.chosen = String(track);
  }

  /**
   * Places all panels for so many tracks: a single one fills the stage, several stand side by side, each in a column.
   * @param {number} count
   * @returns {import("../shared/surface.js").Surface[]} those that are no more, where there were more or fewer tracks
   */
  arrange(count) {
    if (count === this.count) return [];
    const gone = this.panels.flatMap((panel) => panel.surfaces);
    this.count = count;
    this.panels = [];
    this.names = [];
    const parts = count === 1 ? this.#single() : this.#sideBySide(count);
    this.inner.replaceChildren(...parts, this.footer.element, this.keep.element);
    return gone;
  }

  #single() {
    const place = (/** @type {import("./placed.js").Kind} */ kind) => this.#place(kind, 0);
    const columns = COLUMNS.map((kinds) => element("div", { class: "column" }, kinds.map(place)));
    return [place(TOP), element("div", { class: "columns" }, columns)];
  }

  /** @param {number} count */
  #sideBySide(count) {
    const across = [...PANELS.filter((kind) => kind.isAcross), ...BESIDE].map((kind) => this.#place(kind, 0));
    const tracks = Array.from({ length: count }, (_, track) => {
      const name = element("h3", { class: "track-name" });
      this.names.push(name);
      const panels = PANELS.filter((kind) => !kind.isAcross).map((kind) => this.#place(kind, track));
      const column = element("div", { class: "track" }, [name, ...panels]);
      column.style.setProperty("--track", String(track + 1));
      return column;
    });
    this.#choose(0);
    this.tracks.replaceChildren(...tracks);
    return [this.standings, ...across, element("div", { class: "chooser" }, [this.chooser]), this.tracks];
  }

  /** @param {import("./placed.js").Kind} kind @param {number} track @returns {HTMLElement} */
  #place(kind, track) {
    const panel = new Placed(kind, track);
    panel.element.style.setProperty("--order", String(PANELS.indexOf(kind))); // whole, as style sheets want it
    this.panels.push(panel);
    return panel.element;
  }

  /**
   * What belongs to no panel: words of the whole, and the names of the tracks in the colours of their curves.
   * @param {View[]} views
   */
  dress(views) {
    const worn = views.map(({ key }) => key).join();
    if (worn === this.worn) return;
    this.worn = worn;
    this.root.toggleAttribute("data-dressed", true);
    setAttribute(this.root, "aria-label", say(views[0].words, "aria_label"));
    setAttribute(this.root, "aria-description", say(views[0].words, "aria_keys"));
    this.footer.dress(views[0]);
    this.keep.dress(views[0]);
    this.keys.dress(views[0]);
    this.names.forEach((name, track) => {
      setText(name, trackName(views[track]));
      name.style.borderColor = trackColour(views[track]);
    });
    if (views.length > 1) this.#dressChooser(views);
  }

  /** @param {View[]} views */
  #dressChooser(views) {
    const chosen = Number(this.tracks.dataset.chosen);
    dressRadios(this.chooser, say(views[0].words, "tracks"), views.map(trackName), chosen, (track) => {
      this.#choose(track);
      this.#dressChooser(views);
    });
  }

  /**
   * What is to be read above all panels, of the step that is shown.
   * @param {View[]} views
   */
  tell(views) {
    setText(this.standings, standings(views));
  }
}
