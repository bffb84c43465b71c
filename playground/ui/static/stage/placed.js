/** A panel in its place on the page: what it shows is said by its kind, of which track by the view it is given. */

import { element, setAttribute, setText } from "../shared/dom.js";
import { listen } from "../shared/gestures.js";
import { Panel } from "../shared/panel.js";
import { say } from "../shared/words.js";

/** @typedef {import("../shared/surface.js").Surface} Surface */
/** @typedef {import("./view.js").View} View */
/** @typedef {import("./wire.js").Scene} Scene */
/**
 * @typedef {object} Actions  what the reader may do inside a panel
 * @property {(layer: number) => void} showLayer
 * @property {(by: number) => void} showUnit  the next or the one before
 * @property {(scale: View["stepScale"]) => void} scaleSteps
 * @property {(id: string) => void} removeGhost
 * @property {(which: View["gradientOf"]) => void} showGradientOf
 * @property {(panel: Placed) => void} keepPicture
 * @property {() => void} moveState  takes the state of the time cursor, or puts what was taken there
 * @property {(change: {add: string}|{remove: string}|{clear: string}) => void} edit  what is to be otherwise in the text read
 */
/**
 * @template [Parts=any]
 * @typedef {object} Kind  what a panel is: one object, listed in panels.js. `plot` names one of its pictures
 * @property {string} name  its class on the page, and the key of its title among the words
 * @property {number} order  among all panels, where they are read one below the other
 * @property {(scene: Scene) => number} height  its share of a column
 * @property {boolean} [isAcross]  it shows all tracks at once; else there is one beside the other
 * @property {boolean} [isOfLayer]  it shows one layer, which its title names
 * @property {(scene: Scene) => boolean} [isShown]
 * @property {(scene: Scene) => string} [title]  key, where it depends on the scene
 * @property {(scene: Scene) => string} [hint]  key of the line of advice; else that of the title with _hint
 * @property {(scene: Scene) => string[]} plots  the names of its pictures; none, if it has only text
 * @property {(plot: string) => string} [label]  key of the line above a picture
 * @property {(panel: Placed) => Parts} [build]  adds what else it consists of
 * @property {(view: View) => unknown} [wears]  what its legend depends on, beside scene, theme and layer
 * @property {(panel: Placed<Parts>, view: View, actions: Actions) => void} [dress]  legend and notes
 * @property {(panel: Placed<Parts>, view: View) => void} [tell]  numbers and texts beside the pictures
 * @property {(view: View, plot: string) => unknown[]} [sees]  everything that a picture depends on
 * @property {(surface: Surface, view: View, plot: string) => void} [draw]
 * @property {(surface: Surface, view: View, x: number, y: number, plot: string) => number} [timeAt]  timestep there,
 *   −1 for none
 * @property {(surface: Surface, view: View, x: number, y: number, plot: string) => number} [unitAt]  row there, −1 for none
 * @property {(surface: Surface, view: View, x: number, y: number) => import("../shared/gestures.js").Pick|null} [pickAt]
 *   what a click there chooses beside the timestep
 * @property {(surface: Surface, view: View, x: number, y: number) => number} [grabAt]  timestep of what a drag there
 *   takes along, −1 for nothing
 * @property {(surface: Surface, view: View, x: number) => number} [stepAt]  where dragging moves through training
 * @property {(surface: Surface, view: View, x: number, y: number, plot: string) => string[]|null} [tip]
 * @property {(view: View, plot: string) => string} [describe]  text alternative of a picture
 * @property {import("./easing.js").Eased} [eases]
 */

/** @template [Parts=any] */
export class Placed extends Panel {
  /**
   * @param {Kind<Parts>} kind
   * @param {number} track
   */
  constructor(kind, track) {
    super(kind.name);
    this.kind = kind;
    this.track = track;
    /** @type {string[]} the names of its pictures, in the order of its surfaces */
    this.plots = [];
    this.worn = "";
    this.parts = /** @type {Parts} */ (kind.build?.(this));
  }

  /**
   * Titles, legend and boxes of another scene, theme or layer.
   * @param {View} view
   * @param {Actions} actions
   * @param {(gone: Surface[]) => void} boxed  told of boxes that were taken away and made anew
   */
  dress(view, actions, boxed) {
    const { kind } = this;
    const { scene, words } = view;
    const worn = `${view.key}|${view.explosion !== null}|${kind.wears?.(view) ?? ""}`;
    if (worn === this.worn) return;
    this.worn = worn;
    const title = kind.title?.(scene) ?? kind.name;
    const layer = scene.layers > 1 && kind.isOfLayer ? ` · ${say(words, "layer", { n: view.layer + 1 })}` : "";
    const hint = say(words, kind.hint?.(scene) ?? `${title}_hint`);
    this.setNames(say(words, title) + layer, hint, words);
    if (view.tracks.length > 1 && !kind.isAcross) {
      setAttribute(this.element, "aria-label", `${this.title.textContent} · ${scene.name}`);
    }
    setAttribute(this.save, "aria-label", say(words, "save_panel", { panel: this.title.textContent ?? "" }));
    this.save.onclick = () => actions.keepPicture(this);
    this.element.hidden = kind.isShown?.(scene) === false;
    this.element.style.setProperty("--height", String(kind.height(scene)));
    this.#box(kind.plots(scene), boxed);
    const { label } = kind;
    if (label) this.plots.forEach((plot, k) => setText(this.#label(k), say(words, label(plot))));
    kind.dress?.(this, view, actions);
  }

  /** @param {number} k @returns {HTMLElement} the line above a picture */
  #label(k) {
    return /** @type {HTMLElement} */ (this.body.children[k].firstElementChild);
  }

  /**
   * A box for every picture, where others are named than before.
   * @param {string[]} plots
   * @param {(gone: Surface[]) => void} boxed
   */
  #box(plots, boxed) {
    if (plots.length === this.plots.length && plots.every((plot, k) => plot === this.plots[k])) return;
    const gone = this.surfaces.splice(0);
    for (const box of [...this.body.children].slice(0, this.plots.length)) box.remove();
    this.plots = plots;
    this.body.setAttribute("data-plots", String(plots.length));
    const boxes = plots.map((plot) => {
      const box = element("div", { class: "box", "data-plot": plot });
      if (this.kind.label) box.append(element("p", { class: "plot-name" }));
      this.addSurface(box);
      return box;
    });
    this.body.prepend(...boxes);
    boxed(gone);
  }

  /**
   * Has its pictures answer to the pointer.
   * @param {() => View|undefined} view  of its track, as drawn last
   * @param {import("../shared/gestures.js").PointerMoves} moves
   */
  listen(view, moves) {
    const { kind } = this;
    this.surfaces.forEach((surface, k) => {
      const plot = this.plots[k];
      /** @template V @param {V} none @param {(view: View) => V} answer */
      const of = (none, answer) => {
        const present = view();
        return present ? answer(present) : none;
      };
      const { stepAt } = kind;
      listen({
        surface,
        scrolls: kind.eases?.name === "scroll",
        time: (x, y) => of(-1, (present) => kind.timeAt?.(surface, present, x, y, plot) ?? -1),
        pick: (x, y) => of(null, (present) => kind.pickAt?.(surface, present, x, y) ?? null),
        unit: (x, y) => of(-1, (present) => kind.unitAt?.(surface, present, x, y, plot) ?? -1),
        step: stepAt ? (x) => of(0, (present) => stepAt(surface, present, x)) : null,
        grab: (x, y) => of(-1, (present) => kind.grabAt?.(surface, present, x, y) ?? -1),
        tip: (x, y) => of(null, (present) => kind.tip?.(surface, present, x, y, plot) ?? null),
      }, moves);
    });
  }

  /**
   * Draws those of its pictures that would look otherwise than they do.
   * @param {View} view
   */
  draw(view) {
    if (this.element.hidden) return;
    const { draw, sees } = this.kind;
    this.surfaces.forEach((surface, k) => {
      const plot = this.plots[k];
      if (surface.needs(sees?.(view, plot) ?? [view])) draw?.(surface, view, plot);
    });
  }

  /** @param {View} view */
  tell(view) {
    this.kind.tell?.(this, view);
  }

  /**
   * What somebody hears who does not see its pictures.
   * @param {View} view
   */
  describe(view) {
    if (this.element.hidden) return;
    this.surfaces.forEach((surface, k) => {
      setAttribute(surface.plot, "aria-label", this.kind.describe?.(view, this.plots[k]) ?? "");
    });
  }
}
