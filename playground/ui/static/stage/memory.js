/**
 * What this tab showed last, kept over a reload and over a server that went away: another session that opens the same
 * experiment anew is asked to go on from there.
 */

const KEY = "rnn-playground";

/** @typedef {{digest: string, step: number, playing: boolean}} Place  of which experiment, which step, and whether on */

export class Memory {
  /** @param {Pick<Storage, "getItem"|"setItem">|null} storage  of the tab; null where the browser keeps none */
  constructor(storage) {
    this.storage = storage;
    this.viewer = "";
    /** @type {Place|null} */
    this.place = this.#stored();
  }

  /**
   * To be called with every message.
   * @param {{run: string, digest: string, fresh: boolean, playhead: number, playing: boolean}} message
   * @returns {Place|null} where to go on from, if this is a new session of the experiment shown before
   */
  received({ run, digest, fresh, playhead, playing }) {
    const viewer = run.split("-")[0];
    const isNew = viewer !== this.viewer;
    const before = this.place;
    this.viewer = viewer;
    if (isNew && fresh && before && before.digest === digest && before.step > 0) return before;
    if (!fresh) this.#keep({ digest, step: playhead, playing });
    return null;
  }

  /** @returns {Place|null} */
  #stored() {
    try {
      const { digest, step, playing } = JSON.parse(this.storage?.getItem(KEY) ?? "null") ?? {};
      const isPlace = typeof digest === "string" && Number.isInteger(step) && typeof playing === "boolean";
      return isPlace ? { digest, step, playing } : null;
    } catch {
      return null; // no storage, or not ours
    }
  }

  /** @param {Place} place */
  #keep(place) {
    this.place = place;
    try {
      this.storage?.setItem(KEY, JSON.stringify(place));
    } catch {
      // a full or forbidden storage: then a reload begins anew
    }
  }
}
