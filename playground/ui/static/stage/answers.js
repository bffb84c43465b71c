/** What the edits of a reading have changed in what the network answers, against the same step without them. */

/** @typedef {import("./view.js").View} View */
/** @typedef {import("./wire.js").Frame} Frame */
/** @typedef {import("./wire.js").Scene} Scene */
/**
 * @typedef {object} Change  of what is answered at one timestep
 * @property {number} before  probability of the target without the edits
 * @property {number} after  and with them
 * @property {number} old  the likeliest symbol without the edits
 * @property {number} now  and with them
 * @property {boolean} answers  whether that is another one
 */
/**
 * @typedef {object} Outcome  of all edits together
 * @property {"waiting"|"broken"|"nothing"|"odds"|"answers"} kind  nothing, odds: every answer stays what it is
 * @property {number} t  where most has changed; of an answer, the first that is another one
 */

/** Less than this is not seen in a probability of three decimals, and may be rounding. */
export const VISIBLE = 0.0005;

/**
 * The frame that states and gates are drawn of: with the edits, where there are any.
 * @param {View} view
 */
export function pictured({ frame, reading }) {
  return reading?.edited ?? frame;
}

/** @param {Scene} scene  how many symbols every frame carries the odds of */
export function likeliestCount({ frame }) {
  return frame.find(([name]) => name === "odds")?.[2][1] ?? 0;
}

/**
 * The probability of a symbol after timestep t; NaN where it is none of those that a frame carries.
 * @param {Frame} frame
 * @param {Scene} scene
 * @param {number} t
 * @param {number} id
 */
export function oddsOf(frame, scene, t, id) {
  if (id === scene.target_ids[t]) return Math.exp(-frame.losses[t]);
  const top = likeliestCount(scene);
  for (let k = 0; k < top; k += 1) {
    if (frame.likeliest[t * top + k] === id) return frame.odds[t * top + k] / 65535;
  }
  return NaN;
}

/**
 * What is otherwise at a timestep; null where there are no edits, or no answer yet.
 * @param {View} view
 * @param {number} t
 * @returns {Change|null}
 */
export function changeAt({ reading, scene }, t) {
  const { original, edited } = reading ?? {};
  if (!original || !edited) return null;
  const top = likeliestCount(scene);
  const [old, now] = [original.likeliest[t * top], edited.likeliest[t * top]];
  const [before, after] = [Math.exp(-original.losses[t]), Math.exp(-edited.losses[t])];
  const gained = oddsOf(edited, scene, t, now) - (oddsOf(original, scene, t, now) || 0);
  return { before, after, old, now, answers: old !== now && Math.abs(gained) > VISIBLE };
}

/**
 * Whether a change can be seen.
 * @param {Change|null} change
 */
export function isSeen(change) {
  return change !== null && (change.answers || Math.abs(change.after - change.before) > VISIBLE);
}

/**
 * @param {View} view
 * @returns {Outcome|null} null without edits
 */
export function outcome(view) {
  const { question, scene } = view;
  if (!question?.edits.length) return null;
  const changes = scene.inputs.map((_, t) => changeAt(view, t));
  if (changes.includes(null)) return { kind: "waiting", t: 0 };
  const found = /** @type {Change[]} */ (changes);
  if (found.some(({ before, after }) => Number.isNaN(before + after))) return { kind: "broken", t: 0 };
  const answered = found.findIndex(({ answers }) => answers);
  if (answered >= 0) return { kind: "answers", t: answered };
  const sizes = found.map(({ before, after }) => Math.abs(after - before));
  const most = Math.max(...sizes);
  return { kind: most > VISIBLE ? "odds" : "nothing", t: sizes.indexOf(most) };
}
