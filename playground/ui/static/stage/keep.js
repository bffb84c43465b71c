/** What a reader takes along from the stage: a link to this place in the run, and pictures of what is drawn. */

import { element, setAttribute, setText } from "../shared/dom.js";
import { picture, save, SHARPNESS } from "../shared/png.js";
import { counted, say } from "../shared/words.js";
import { editName } from "./edits.js";

/** @typedef {import("./view.js").View} View */
/** @typedef {import("./placed.js").Placed} Placed */
/** @typedef {{step: number, t: number, layer: number}} Place  t and layer counted from 0 */

/**
 * What the address names of a place, as far as it is news: it is read again with every run, and a reader who has moved
 * on is not to be taken back.
 */
export class Linked {
  constructor() {
    this.read = "";
  }

  /**
   * @param {string} search  of the address
   * @returns {{t?: number, layer?: number}} both counted from 0
   */
  news(search) {
    const query = new URLSearchParams(search);
    const said = ["train.t", "train.layer"].map((name) => query.get(name) ?? "");
    if (said.join() === this.read) return {};
    this.read = said.join();
    const [t, layer] = said.map((text) => (/^\d{1,4}$/.test(text) && Number(text) > 0 ? Number(text) - 1 : undefined));
    return { t, layer };
  }
}

/**
 * The address of a place in the run on screen.
 * @param {string} href  of the page
 * @param {Place} place
 * @param {number} layers  how many there are
 */
export function linkTo(href, { step, t, layer }, layers) {
  const link = new URL(href);
  link.searchParams.set("train.at", String(step));
  link.searchParams.set("train.t", String(t + 1));
  if (layers > 1) link.searchParams.set("train.layer", String(layer + 1));
  else link.searchParams.delete("train.layer");
  return link.href;
}

/**
 * The address of one unit, at one timestep of one training step, on the Cell page: the same experiment and edits.
 * @param {string} href  of the page
 * @param {Pick<View, "step"|"t"|"layer"|"unit"|"scene"|"question">} place
 */
export function linkToCell(href, { step, t, layer, unit, scene, question }) {
  const link = new URL("cell", href);
  const query = new URL(href).searchParams;
  for (const name of [...query.keys()]) if (name.startsWith("train.")) query.delete(name);
  const said = { source: "run", at: step, t: t + 1, units: unit + 1 };
  for (const [name, value] of Object.entries(said)) query.set(`cell.${name}`, String(value));
  if (scene.layers > 1) query.set("cell.layer", String(layer + 1));
  const edits = (question?.edits ?? []).map(({ text }) => text).join();
  if (edits) query.set("cell.edits", edits);
  link.search = query.toString();
  return link.href;
}

export class Keep {
  constructor() {
    this.copy = element("button", { type: "button", class: "copy-button", "data-server": "" });
    this.save = element("button", { type: "button", class: "picture-button" });
    this.link = element("input", { type: "text", readonly: "", class: "link", "data-server": "" });
    this.link.hidden = true;
    this.said = element("span", { class: "said", role: "status" });
    this.caption = element("p", { class: "caption" }); // on paper
    this.element = element("div", { class: "keep", "data-unpainted": "" }, [
      this.caption, this.said, this.link, this.copy, this.save,
    ]);
  }

  /** @param {View} view */
  dress({ words }) {
    setText(this.copy, say(words, "copy_link"));
    setText(this.save, say(words, "save_picture"));
    setAttribute(this.link, "aria-label", say(words, "copy_link"));
  }

  /**
   * @param {() => View[]} views  of the tracks, as drawn last
   * @param {HTMLElement} stage
   * @param {() => Placed[]} panels  of the stage
   */
  listen(views, stage, panels) {
    this.copy.onclick = () => this.#copyLink(views()[0]);
    this.save.onclick = () => this.keepPicture(stage, panels(), views());
  }

  /** @param {View[]} views */
  tell(views) {
    setText(this.caption, views.map(captionOf).join("\n"));
  }

  /** @param {View|undefined} view */
  #copyLink(view) {
    if (!view) return;
    const { scene, step, t, layer, words } = view;
    const link = linkTo(window.location.href, { step, t, layer }, scene.layers);
    const showIt = () => {
      this.link.hidden = false;
      this.link.value = link;
      this.link.select();
      setText(this.said, say(words, "copy_by_hand"));
    };
    this.link.hidden = true;
    // A browser has no clipboard for a page that came without a certificate, or forbids it.
    if (!navigator.clipboard) showIt();
    else navigator.clipboard.writeText(link).then(() => setText(this.said, say(words, "copied")), showIt);
  }

  /**
   * Saves an element of the stage as a picture, with all that is drawn in it drawn anew for that.
   * @param {HTMLElement} shown
   * @param {Placed[]} panels  in it
   * @param {View[]} views  of the tracks
   */
  keepPicture(shown, panels, views) {
    const [first] = views;
    if (!first?.frame) {
      if (first) setText(this.said, say(first.words, "no_picture"));
      return;
    }
    const of = (/** @type {Placed} */ panel) => views[panel.track];
    redraw(panels, of, SHARPNESS);
    const { background, text } = first.theme;
    const page = { background, text, font: getComputedStyle(shown).fontFamily };
    const alone = panels.length === 1 && !panels[0].kind.isAcross;
    const told = alone ? [of(panels[0])] : views;
    const drawn = picture(shown, page, told.map(captionOf));
    redraw(panels, of, 1);
    const which = panels.length === 1 ? `-${panels[0].name}` : "";
    save(drawn, `${told.map(({ scene }) => scene.file).join("+")}-${first.step}${which}`);
  }
}

/**
 * What a picture is of: settings, training step, and what was changed in the reading.
 * @param {View} view
 */
function captionOf(view) {
  const { scene, words, step, question } = view;
  const changes = (question?.edits ?? []).map((edit) => editName(edit, view));
  return [scene.caption, say(words, "step", { step: counted(step) }), ...changes].join(" · ");
}

/**
 * @param {Placed[]} panels
 * @param {(panel: Placed) => View} of
 * @param {number} sharpness  pixels of the canvas to one of the page, at least
 */
function redraw(panels, of, sharpness) {
  for (const panel of panels) {
    for (const surface of panel.surfaces) surface.sharpen(sharpness);
    panel.draw(of(panel));
  }
}
