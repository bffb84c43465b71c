/**
 * What the sheet has asked for and not been answered yet. Of two messages that come close together Streamlit keeps the
 * later one, so each holds all that is waited for; the page does each thing once (`playground/ui/cell/asked.py`).
 */

const MOST = 50; // that are waited for at once

/**
 * @typedef {object} Wish  something that the sheet can ask for
 * @property {string} [name]  of a number, with
 * @property {string} [text]  what was typed
 * @property {boolean} [reset]
 * @property {"forward"|"back"} [way]
 * @property {boolean} [joined]
 */

export class Asked {
  constructor() {
    /** @type {(Wish & {serial: number})[]} */
    this.pending = [];
    this.last = 0;
  }

  /** @param {Wish} wish @returns {(Wish & {serial: number})[]} all that is to be sent */
  add(wish) {
    this.last += 1;
    this.pending = [...this.pending, { ...wish, serial: this.last }].slice(-MOST);
    return this.pending;
  }

  /** @param {number} serial  up to which all was done */
  hear(serial) {
    this.last = Math.max(this.last, serial);
    this.pending = this.pending.filter((each) => each.serial > serial);
  }

  /**
   * A message as it will be when the way of looking that is waited for has been heard.
   * @template {{way: "forward"|"back", joined: boolean}} M
   * @param {M} message
   * @returns {M}
   */
  looked(message) {
    return this.pending.reduce((so, { way = so.way, joined = so.joined }) => ({ ...so, way, joined }), message);
  }
}
