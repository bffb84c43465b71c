/** What the picture says in words: for who reads instead of looking, and of the timestep that is pointed at. */

import { isRight, lengthOf } from "./message.js";
import { counted, exact, isolate, lossText, percent, probabilityText, say, short, subscript } from "../shared/words.js";

/** @typedef {import("./message.js").Message} Message */
/** @typedef {import("./message.js").Frame} Frame */
/** @typedef {import("./message.js").Value} Value */

/** Which update it is, of how many recorded so far. @param {Message} message @param {Frame|null} frame */
export function whereText({ words, frames }, frame) {
  return say(words, "where", { step: counted(frame?.step ?? 0), last: counted(frames.at(-1)?.step ?? 0) });
}

/** Loss and success of a step. @param {Message} message @param {Frame|null} frame */
export function verdictText({ words, measure }, frame) {
  if (!frame) return "";
  const told = [say(words, "loss", { loss: number(words, frame.loss, measure.share ? lossText : exact) })];
  if (frame.success !== null) {
    const shown = (/** @type {number} */ value) => (measure.share ? percent(words, value) : exact(value));
    const values = { success: shown(frame.success), n: counted(measure.n), chance: shown(measure.chance ?? 0) };
    told.push(say(words, "success", values));
  }
  return told.join(" · ");
}

/** What is read, answered and asked, in one line. @param {Message} message @param {Frame|null} frame */
export function exampleText(message, frame) {
  const { words, asked, asks, judged, reading } = message;
  const values = { read: joined((frame?.read ?? []).slice(0, reading ?? undefined)), answered: joined(frame?.answered ?? []), asked: joined(asked) };
  const told = say(words, "example", values);
  if (!judged || !frame) return told;
  const count = asks.filter(Boolean).length;
  const right = asks.filter((_, t) => isRight(message, frame, t)).length;
  if (count === 1) return `${told} ${right ? words.is_right : words.is_wrong}`;
  return `${told} ${say(words, "right_of", { right, count })}`;
}

/** Symbols one after the other, with spaces round those that are more than a character. @param {string[]} parts */
function joined(parts) {
  const isLong = (/** @type {string} */ part) => [...new Intl.Segmenter().segment(part)].length > 1;
  const said = parts.filter((part) => part !== "");
  return isolate(said.map((part, k) => (k > 0 && (isLong(part) || isLong(said[k - 1])) ? ` ${part}` : part)).join(""));
}

/** Everything of one timestep. @param {Message} message @param {Frame|null} frame @param {number} t */
export function detailText(message, frame, t) {
  const { words, reads, asks, asked, back, measure } = message;
  if (t < 0 || t >= lengthOf(message)) return "";
  const parts = [`t = ${t + 1}`, reads[t] ? say(words, "reads", { read: isolate(frame?.read[t] ?? "") }) : words.reads_zeros];
  if (frame) parts.push(...(back ? gradients(message, frame, t) : states(message, frame, t)));
  if (!asks[t]) return [...parts, words.asks_nothing].join(" · ");
  if (frame && !back) parts.push(...outputs(message, frame, t));
  parts.push(say(words, "asks", { asked: isolate(asked[t]) }));
  if (frame) parts.push(say(words, "loss", { loss: number(words, frame.losses[t], measure.share ? lossText : exact) }));
  return parts.join(" · ");
}

/** @param {Message} message @param {Frame} frame @param {number} t */
function states(message, frame, t) {
  return eachState(message, (l, d, name) => {
    const values = frame.states[l][d][t].map((value) => number(message.words, value, short));
    return `${name} = (${values.join(", ")}${message.units < message.hidden ? ", …" : ""})`;
  });
}

/** @param {Message} message @param {Frame} frame @param {number} t */
function gradients(message, frame, t) {
  return eachState(message, (l, d, name) => `‖∂L/∂${name}‖ = ${number(message.words, frame.gradients[l][d][t], exact)}`);
}

/** @param {Message} message @param {(l: number, d: number, name: string) => string} tell */
function eachState({ layers, directions }, tell) {
  return Array.from({ length: layers * directions }, (_, k) => {
    const [l, d] = [Math.floor(k / directions), k % directions];
    return tell(l, d, `h${layers > 1 ? subscript(l + 1) : ""}${directions > 1 ? (d ? "←" : "→") : ""}`);
  });
}

const LISTED = 4; // outputs that are named

/** The likeliest answers with their probabilities, or the numbers. @param {Message} message @param {Frame} frame @param {number} t */
function outputs({ words, classes }, frame, t) {
  const values = frame.outputs[t];
  if (!classes.length) return [say(words, "answers", { answered: values.map((value) => number(words, value, short)).join(", ") })];
  const order = values.map((value, k) => ({ value, k })).sort((a, b) => (b.value ?? 0) - (a.value ?? 0)).slice(0, LISTED);
  return order.map(({ value, k }) => `${isolate(classes[k])} ${number(words, value, probabilityText)}`);
}

/** @param {Record<string, string>} words @param {Value} value @param {(value: number) => string} tell */
function number(words, value, tell) {
  return value === null ? words.broken : tell(value);
}
