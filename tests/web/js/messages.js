/** Messages: real ones that Python wrote into a folder, and those made by hand for what a real run seldom shows. */

import { readFileSync } from "node:fs";
import { join } from "node:path";

const FOLDER = process.env.PLAYGROUND_MESSAGES;

/** A file that Python wrote: bytes, or what stands in a .json. */
export function written(name) {
  const bytes = readFileSync(join(FOLDER, name));
  return name.endsWith(".json") ? JSON.parse(bytes) : new Uint8Array(bytes);
}

const WORDS = written("words.json");

const SIZES = { f8: 8, f4: 4, u4: 4, u2: 2, i1: 1, u1: 1 };
const ARRAYS = {
  f8: Float64Array, f4: Float32Array, u4: Uint32Array, u2: Uint16Array, i1: Int8Array, u1: Uint8Array,
};
const COLUMNS = [
  ["step", "u4"], ["loss", "f4"], ["gradient_norm", "f8"], ["clipped_norm", "f8"], ["clipped", "u1"], ["share", "u1"],
];

const padded = (size) => Math.ceil(size / 8) * 8;
const count = (shape) => shape.reduce((product, size) => product * size, 1);

/** Of the GRU, whose gates the scenes below have. */
const factor = (name, more = {}) => ({ name, is_before: false, is_complement: false, is_squashed: false, ...more });
const WIRES = [{
  state: "h", terms: [[factor("z", { is_complement: true }), factor("n")], [factor("z"), factor("h", { is_before: true })]],
}];

/** A scene of one small GRU: T timesteps, U units, K symbols. */
export function makeScene({ T = 3, U = 2, K = 2, states = ["h"], pairs = [], words = WORDS, ...more } = {}) {
  const gates = [{ name: "r", low: 0, high: 1 }, { name: "z", low: 0, high: 1 }, { name: "n", low: -1, high: 1 }];
  const labels = ["a", "b", "c", "d", "e"].slice(0, K);
  const ids = Array.from({ length: T }, (_, t) => t % K);
  return {
    name: "", caption: "GRU · ab", file: "gru-ab", cell: "gru", layers: 1, hidden_size: U, units: U, inputs: ids.map((id) => labels[id]), input_ids: ids, target_ids: ids,
    targets: ids.map((id) => labels[id]), vocabulary: labels, states, gates, wires: WIRES, windows: 1, whole_batch: true,
    reduction: "mean", uniform: K, floors: [[0, 0, K], [1, null, 1]],
    clipping: { kind: "norm", threshold: 1, from: 0 }, parted: false,
    remembers: null, pairs, loss_at: T - 1, ghosts: [], lit: [], words,
    frame: [
      ["loss", "f8", []], ["gradient_norm", "f8", []], ["clipped_norm", "f8", []], ["learning_rate", "f8", []],
      ["step", "u4", []], ["losses", "f4", [T]],
      ...states.flatMap((state) => [
        [`l0.sum.${state}`, "f4", [T]], [`l0.one.${state}`, "f4", [T]], [`l0.scale.${state}`, "f4", []],
      ]),
      ["l0.xy", "f4", [T, 2]], ["l0.share", "f4", []], ["l0.apart", "f4", [pairs.length]],
      ["odds", "u2", [T, K]], ["likeliest", "u1", [T, K]],
      ...states.map((state) => [`l0.${state}`, "i1", [U, T]]),
      ...gates.map((gate) => [`l0.${gate.name}`, "u1", [U, T]]),
      ["clipped", "u1", []],
    ],
    ...more,
  };
}

/** The bytes of a frame; fields that are not said are 1 where a number is asked for. */
function frameBytes(scene, values) {
  const size = scene.frame.reduce((sum, [, dtype, shape]) => sum + SIZES[dtype] * count(shape), 0);
  const bytes = new Uint8Array(padded(size));
  let offset = 0;
  for (const [name, dtype, shape] of scene.frame) {
    const view = new ARRAYS[dtype](bytes.buffer, offset, count(shape));
    const value = values[name] ?? (name === "clipped" ? 0 : 1);
    if (typeof value === "number") view.fill(value);
    else view.set(value);
    offset += view.byteLength;
  }
  return bytes;
}

/**
 * A message. `frames` and `curve` are lists of objects with the fields or columns that matter; `tracks` are objects with
 * what belongs to a track, where there is more than one.
 */
export function makeMessage({ tracks, ...more } = {}) {
  const { scene, scene_id, frames, curve, known, forks, crossed, learned, explosion, samples, reading, ...rest } = more;
  const own = Object.entries({ scene, scene_id, frames, curve, known, forks, crossed, learned, explosion, samples, reading });
  const parts = (tracks ?? [Object.fromEntries(own.filter(([, value]) => value !== undefined))]).map(trackParts);
  const newest = Math.max(0, ...parts.map((part) => part.last));
  const header = {
    version: 4, run: "viewer-1", digest: "d", fresh: false, serial: 1, playing: false, playhead: newest, rate: 0, others: 0,
    tick: 0.2, feed: "", ...rest, tracks: parts.map(({ told }) => told),
  };
  const text = new TextEncoder().encode(JSON.stringify(header));
  const length = padded(4 + text.length) - 4;
  const head = new Uint8Array(4 + length).fill(32);
  new DataView(head.buffer).setUint32(0, length, true);
  head.set(text, 4);
  return joined([head, ...parts.flatMap(({ blocks }) => blocks)]);
}

/** A reading as the header has it, and its bytes. edited: fields of a frame; beam: of each layer numbers by state. */
function readingParts(scene, reading) {
  if (!reading) return { told: null, blocks: [] };
  const { step, edited = null, beam = null } = reading;
  const frame = edited ? frameBytes(scene, { step, ...edited }) : new Uint8Array(0);
  const numbers = Float64Array.from((beam ?? []).flatMap((layer) => scene.states.flatMap((state) => layer[state])));
  const shape = beam && [beam.length, scene.states.length, scene.inputs.length];
  return { told: { step, edited: frame.length, beam: shape }, blocks: [frame, new Uint8Array(numbers.buffer)] };
}

/** The answer to a question about one step; readings: one a track. */
export function makeReadings({ run = "viewer-1", question, readings, scene = makeScene(), scene_id = "scene" }) {
  const parts = readings.map((reading) => readingParts(scene, reading));
  const tracks = parts.map(({ told }) => ({ scene_id, reading: told }));
  const text = new TextEncoder().encode(JSON.stringify({ version: 4, run, question, tracks }));
  const length = padded(4 + text.length) - 4;
  const head = new Uint8Array(4 + length).fill(32);
  new DataView(head.buffer).setUint32(0, length, true);
  head.set(text, 4);
  return joined([head, ...parts.flatMap(({ blocks }) => blocks)]);
}

/** What the header says of a track, and its bytes. */
function trackParts({ scene = makeScene(), frames = [], curve = [], known = false, reading = null, ...more }) {
  const answer = readingParts(scene, reading);
  const payloads = frames.map((values) => frameBytes(scene, values));
  const columns = COLUMNS.map(([name, dtype]) => {
    const column = ARRAYS[dtype].from(curve, (point) => point[name] ?? 0);
    const bytes = new Uint8Array(padded(column.byteLength));
    bytes.set(new Uint8Array(column.buffer));
    return bytes;
  });
  const told = {
    forks: [], crossed: null, learned: null, explosion: null, scene_id: "scene", samples: [], reading: answer.told, ...(known ? {} : { scene }), ...more,
    curve: { count: curve.length, columns: COLUMNS }, frames: { count: payloads.length, size: payloads[0]?.length ?? 0 },
  };
  return { told, blocks: [...columns, ...payloads, ...answer.blocks], last: frames.at(-1)?.step ?? 0 };
}

/** One after the other. */
function joined(parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
