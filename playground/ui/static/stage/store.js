/** What is watched: tracks under one playhead, the steps at which there is something to see, and the ranges of all. */

import { Readings } from "./reading.js";
import { EarlierRuns } from "./earlier.js";
import { commonLimits, indexAfter, nearest, Track } from "./track.js";

/** @typedef {import("./wire.js").Message} Message */
/** @typedef {{step: number}} Moment  a training step of which some track has a frame */

export class Store {
  constructor() {
    /** @type {Message|null} the newest message */
    this.message = null;
    /** @type {Track[]} */
    this.tracks = [];
    /** @type {Moment[]} ascending step */
    this.moments = [];
    this.limits = commonLimits([]);
    this.earlier = new EarlierRuns();
    this.readings = new Readings();
    /** @type {Map<string, import("./wire.js").KnownScene>} */
    this.scenes = new Map();
  }

  /**
   * Takes a message in whose scenes are known.
   * @param {Message} message
   * @returns {{newRun: boolean}}
   */
  receive(message) {
    const { tracks, playhead } = message;
    const newRun = message.run !== this.message?.run || tracks.length !== this.tracks.length;
    if (newRun) this.#leave();
    this.message = message;
    if (newRun) this.tracks = tracks.map(() => new Track(tracks.length));
    this.tracks.forEach((track, k) => track.receive(tracks[k], playhead));
    this.moments = union(this.tracks.map((track) => track.frames));
    this.limits = commonLimits(this.tracks.map((track) => track.limits));
    this.#read(message.question, tracks.map((track) => track.reading));
    return { newRun };
  }

  /**
   * Takes the answer to a question about one step; one to a question of before is dropped.
   * @param {import("./wire.js").Readings} answer
   */
  receiveReadings({ run, question, readings }) {
    if (run === this.message?.run && question.key === this.message.question?.key) this.#read(question, readings);
  }

  /**
   * Something else is asked from now on, and this is the answer.
   * @param {import("./wire.js").Readings} answer
   */
  ask({ run, question, readings }) {
    if (run !== this.message?.run) return;
    const isAsked = question.edits.length > 0 || question.loss_at !== null;
    this.message.question = isAsked ? question : null;
    this.#read(this.message.question, readings);
  }

  /**
   * @param {import("./wire.js").Question|null} question
   * @param {(import("./wire.js").Reading|null)[]} found  one a track
   */
  #read(question, found) {
    const { run = "", playhead = 0, tracks = [] } = this.message ?? {};
    const branch = [run, ...tracks.map((track) => track.forks.join())].join("|");
    this.readings.receive(branch, question, found, (track, step) => this.tracks[track].at(step, playhead));
  }

  /** Other runs are to be watched. */
  #leave() {
    const { message } = this;
    message?.tracks.forEach(({ scene }, k) => {
      const { frames } = this.tracks[k];
      this.earlier.keep(scene, frames.slice(0, indexAfter(frames, message.playhead)));
    });
  }

  /** How many of the moments this viewer may see. */
  get visible() {
    return this.message === null ? 0 : indexAfter(this.moments, this.message.playhead);
  }

  /**
   * @param {number} step
   * @returns {number} index of the visible moment nearest to `step`, −1 when there is none
   */
  nearest(step) {
    return nearest(this.moments, step, this.message?.playhead ?? -1);
  }
}

/**
 * @param {Moment[][]} lists  each of ascending step
 * @returns {Moment[]} one for every step, ascending
 */
function union(lists) {
  if (lists.length === 1) return lists[0];
  const byStep = new Map(lists.flat().map((moment) => [moment.step, moment]));
  return [...byStep.values()].sort((one, other) => one.step - other.step);
}
