/**
 * What this tab showed last, kept over a reload and over a server that went away: another session that opens the same
 * experiment anew is asked to go on from there.
 */

const KEY = "rnn-playground";
const ENOUGH = 5; // messages of a session that was asked to go on and still has not begun: it never will

/** @typedef {{digest: string, step: number, playing: boolean}} Place  of which experiment, which step, and whether on */
/** @typedef {{explosion: unknown, frames: {step: number}[]}} Track */
/**
 * @typedef {object} Message
 * @property {string} run
 * @property {string} digest
 * @property {boolean} fresh
 * @property {number} serial
 * @property {number} playhead
 * @property {boolean} playing
 * @property {Track[]} tracks
 */

export class Memory {
  /** @param {Pick<Storage, "getItem"|"setItem">|null} storage  of the tab; null where the browser keeps none */
  constructor(storage) {
    this.storage = storage;
    this.viewer = "";
    /** @type {Place|null} */
    this.place = this.#stored();
    /** @type {Place|null} where a new session is to go on from, until it stands there */
    this.ahead = null;
    this.serial = 0; // of the message before
    this.unmoved = 0; // messages in which that session had not begun
  }

  /**
   * To be called with every message.
   * @param {Message} message
   * @returns {Place|null} where the session is still to come to, if it is a new one of the experiment shown before
   */
  received(message) {
    const { run, digest, fresh, serial, playhead, playing } = message;
    const viewer = run.split("-")[0];
    const isNew = viewer !== this.viewer;
    if (isNew && fresh && this.place && this.place.step > 0) {
      this.ahead = this.place;
      this.unmoved = 0;
    }
    if (fresh && (isNew || serial !== this.serial)) this.unmoved += 1;
    this.viewer = viewer;
    this.serial = serial;
    const isOver = this.ahead?.digest !== digest || (fresh ? this.unmoved > ENOUGH : stands(message));
    if (isOver) this.ahead = null;
    if (!fresh && !this.ahead) this.#keep({ digest, step: playhead, playing });
    return this.ahead;
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

/**
 * Whether the playhead rests on a step whose frame is there: while a run is trained again, the frames end before.
 * @param {Message} message
 */
function stands({ playing, playhead, tracks }) {
  return playing || tracks.every(({ explosion, frames }) => explosion || (frames.at(-1)?.step ?? playhead) >= playhead);
}
