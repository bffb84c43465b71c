/** What gradients earlier runs of this tab had, kept when another run takes their place: to be compared with. */

/** @typedef {import("./wire.js").Scene} Scene */
/** @typedef {import("./wire.js").Frame} Frame */
/** @typedef {{cell: string, step: number, layers: Float32Array[]}} Picture  ‖∂L/∂h_t‖ of every layer, of one step */
/**
 * @typedef {object} Earlier  a run that was watched before
 * @property {string} cell
 * @property {string} text  the same for runs that read the same and look at the same loss
 * @property {Picture[]} pictures  ascending step
 */

/** @type {WeakMap<Scene, string>} */
const texts = new WeakMap();

/**
 * What a sequence reads and is to answer, and the loss that is looked at.
 * @param {Scene} scene
 */
function textOf(scene) {
  const { inputs, targets, loss_at: lossAt } = scene;
  const text = texts.get(scene) ?? JSON.stringify([inputs, targets, lossAt]);
  texts.set(scene, text);
  return text;
}

export class EarlierRuns {
  constructor() {
    /** @type {Earlier[]} the newest last, one a cell */
    this.runs = [];
  }

  /**
   * Keeps what is left behind. Of a cell, only the run before is kept.
   * @param {Scene} scene
   * @param {Frame[]} frames  those that were seen
   */
  keep(scene, frames) {
    if (!frames.some(({ step }) => step > 0)) return;
    const { cell: own } = scene;
    const pictures = frames.map(({ step, layers }) => ({ cell: own, step, layers: layers.map(({ one }) => one.h.slice()) }));
    this.runs = this.runs.filter(({ cell }) => cell !== own);
    this.runs.push({ cell: own, text: textOf(scene), pictures });
  }

  /**
   * The last run of another cell on the same text, at the step nearest to one.
   * @param {Scene} scene
   * @param {number} step
   * @returns {Picture|null}
   */
  beside(scene, step) {
    const text = textOf(scene);
    const found = this.runs.findLast((run) => run.cell !== scene.cell && run.text === text);
    if (!found) return null;
    const away = (/** @type {Picture} */ picture) => Math.abs(picture.step - step);
    return found.pictures.reduce((best, picture) => (away(picture) < away(best) ? picture : best));
  }
}
