/** What this viewer asks beside the frames that everybody sees, and the answers that have come: one a step and track. */

/** @typedef {import("./wire.js").Question} Question */
/** @typedef {import("./wire.js").Frame} Frame */
/**
 * @typedef {object} Reading  an answer, with what it is to be compared with
 * @property {number} step
 * @property {Frame|null} edited  as read with the edits; null without any
 * @property {Frame|null} original  the frame of the same step
 * @property {import("./wire.js").Beam|null} beam
 * @property {number|null} lossAt  of which loss the beam is, counted from 0
 */

const KEPT = 64; // answers of each track: who scrubs comes back

export class Readings {
  constructor() {
    /** @type {Question|null} */
    this.question = null;
    this.asked = ""; // of which run, and what
    /** @type {Map<number, Reading>[]} of each track by step, oldest answer first */
    this.answers = [];
  }

  /**
   * To be called with every message and every answer: answers to another question are of no use any more.
   * @param {string} run  of which recording, and on which of its branches
   * @param {Question|null} question
   * @param {(import("./wire.js").Reading|null)[]} found  one a track
   * @param {(track: number, step: number) => Frame|null} frameOf  the nearest to a step that there is
   */
  receive(run, question, found, frameOf) {
    const asked = question ? `${run}|${question.key}` : "";
    if (asked !== this.asked) this.answers = found.map(() => new Map());
    this.asked = asked;
    this.question = question;
    found.forEach((reading, track) => {
      const answers = this.answers[track];
      if (!reading || !answers) return;
      const frame = frameOf(track, reading.step);
      const original = frame?.step === reading.step ? frame : null;
      answers.delete(reading.step);
      answers.set(reading.step, { ...reading, original, lossAt: question?.loss_at ?? null });
      if (answers.size > KEPT) answers.delete(answers.keys().next().value ?? -1);
    });
  }

  /**
   * The answer of a track at a step, or at the nearest for which there is one: it says of which it is.
   * @param {number} track
   * @param {number} step
   * @returns {Reading|null}
   */
  near(track, step) {
    const answers = this.answers[track];
    if (!this.question || !answers?.size) return null;
    const exact = answers.get(step);
    if (exact) return exact;
    return [...answers.values()].reduce((best, each) => (
      Math.abs(each.step - step) < Math.abs(best.step - step) ? each : best
    ));
  }

  /**
   * Whether anything is asked that has no answer at these steps, one a track.
   * @param {number[]} steps
   */
  lack(steps) {
    return this.question !== null && steps.some((step, track) => !this.answers[track]?.has(step));
  }
}
