/** The script of one update in slow motion, and where in it somebody is. No element, no clock: it can be asked. */

/**
 * @typedef {object} Beat  one thing that is shown at a time
 * @property {number} stage
 * @property {string} text  what is said
 * @property {string[]} lights  names of rows
 * @property {number[]} at  the timesteps at which they are lit, in this order; empty where whole rows are meant
 * @property {number} seconds
 * @property {string[]} lines  formulas with their numbers
 *
 * @typedef {object} Row
 * @property {string} name
 * @property {string} label
 * @property {""|"signed"|"gate"|"loss"|"beam"} palette
 * @property {string[]} [texts]  a cell a timestep
 * @property {number[]} [shades]  of its colour, −1 … 1 or 0 … 1
 * @property {number[][]} [units]  instead: shades of several units in each cell
 *
 * @typedef {object} Message
 * @property {string} note
 * @property {{title: string, first: number, beats: number}[]} stages
 * @property {Beat[]} beats
 * @property {Row[]} rows
 * @property {Record<string, string>} words
 */

export class Script {
  /** @param {Message} message */
  constructor(message) {
    this.message = message;
    this.at = 0;
    /** How much of the present beat is shown, 0 … 1. */
    this.share = 1;
  }

  get beat() {
    return this.message.beats[this.at];
  }

  get stage() {
    return this.message.stages[this.beat.stage];
  }

  get isAtEnd() {
    return this.at === this.message.beats.length - 1 && this.share === 1;
  }

  /**
   * Goes to a beat and shows all of it, or nothing yet.
   * @param {number} at
   * @param {number} [share]
   */
  goTo(at, share = 1) {
    this.at = Math.max(0, Math.min(at, this.message.beats.length - 1));
    this.share = share;
  }

  /** @param {number} count  of beats, negative for back */
  step(count) {
    this.goTo(this.at + count);
  }

  /** @param {number} number  from 0 */
  goToStage(number) {
    const stage = this.message.stages[number];
    if (stage) this.goTo(stage.first);
  }

  /** @param {number} count  of stages; back goes to the beginning of the present one first */
  stepStage(count) {
    const { stage } = this.beat;
    if (count < 0 && this.at > this.stage.first) this.goToStage(stage);
    else if (stage + count >= this.message.stages.length) this.goTo(this.message.beats.length - 1);
    else this.goToStage(Math.max(0, stage + count));
  }

  /**
   * Time passes while it is played. Whether it goes on.
   * @param {number} seconds
   */
  pass(seconds) {
    this.share += seconds / this.beat.seconds;
    if (this.share < 1) return true;
    this.share = 1;
    if (this.isAtEnd) return false;
    this.goTo(this.at + 1, 0);
    return true;
  }

  /**
   * Which timesteps of the rows have been lit so far, by the names of rows, and which are lit by the present beat.
   * @param {boolean} isCalm  whether a beat shows all it has at once
   * @returns {{shown: Map<string, Set<number>>, lit: Map<string, Set<number>>, newest: number|null}}
   */
  seen(isCalm) {
    /** @type {Map<string, Set<number>>} */
    const shown = new Map();
    /** @type {Map<string, Set<number>>} */
    const lit = new Map();
    /** @type {number|null} */
    let newest = null;
    this.message.beats.slice(0, this.at + 1).forEach((beat, number) => {
      const isPresent = number === this.at;
      const times = isPresent && !isCalm ? beat.at.slice(0, reached(beat.at.length, this.share)) : beat.at;
      for (const name of beat.lights) {
        add(shown, name, times);
        if (isPresent) add(lit, name, times);
      }
      if (isPresent) newest = times.at(-1) ?? null;
    });
    return { shown, lit, newest };
  }

  /** The lines of the present stage so far, and whether they are those of the present beat. */
  lines() {
    const beats = this.message.beats.slice(this.stage.first, this.at + 1);
    return beats.flatMap((beat) => beat.lines.map((text) => ({ text, isLit: beat === this.beat })));
  }
}

const LOOK = 0.3; // of a beat in which nothing more is lit: time to look at it

/**
 * How many of so many timesteps are lit; the first at once.
 * @param {number} count
 * @param {number} share
 */
function reached(count, share) {
  return Math.min(count, 1 + Math.floor((count * share) / (1 - LOOK)));
}

/** @param {Map<string, Set<number>>} sets @param {string} name @param {number[]} times */
function add(sets, name, times) {
  const set = sets.get(name) ?? new Set();
  for (const t of times) set.add(t);
  sets.set(name, set);
}
