/**
 * Decodes the messages of the server: a JSON header, and for each track the columns of its learning curve and its frames
 * of bytes. The header says which columns and fields there are, of which type and shape: no offset is written down here.
 * All numbers are little-endian, as every browser's typed arrays are; every column and frame begins on a multiple of 8.
 */

/** @typedef {{name: string, low: number, high: number}} Gate  range of the stored bytes 0 … 254 */
/**
 * @typedef {object} Ghost  an earlier run
 * @property {string} id
 * @property {string} label
 * @property {boolean} other_text  whether it was of another text: then it has no steps
 * @property {number[]} steps
 * @property {(number|null)[]} loss  nats, null: no finite number
 */
/**
 * @typedef {object} Factor  a gate or state that is multiplied
 * @property {string} name
 * @property {boolean} is_before  the state of the step before
 * @property {boolean} is_complement  1 − it
 * @property {boolean} is_squashed  tanh of it
 */
/** @typedef {{state: string, terms: Factor[][]}} Wires  a state as a sum of products; none: the activation of a sum */
/** @typedef {{a: number, b: number}} Pair  timesteps counted from 0, a before b */
/** @typedef {[first: number, last: number|null, perplexity: number]} Floor  range of k, null: any number of symbols */
/** @typedef {"f8"|"f4"|"u4"|"u2"|"i1"|"u1"} Dtype */
/** @typedef {[name: string, dtype: Dtype, shape: number[]]} Field */
/**
 * @typedef {object} Scene  what stays the same while a track is watched
 * @property {string} name  of the track, where several stand side by side; "" where it is alone
 * @property {string} caption  its settings in a line, for pictures
 * @property {string} file  what a file of it is called, without its ending
 * @property {string} cell
 * @property {number} layers
 * @property {number} hidden_size
 * @property {number} units  rows sent of each plane, the first of hidden_size
 * @property {string[]} inputs  drawn labels, one a timestep
 * @property {string[]} targets
 * @property {number[]} input_ids
 * @property {number[]} target_ids
 * @property {string[]} vocabulary
 * @property {string[]} states  "h" or "h", "c"
 * @property {Gate[]} gates
 * @property {Wires[]} wires  the equation of its cell, unit by unit
 * @property {Field[]} frame  the fields of every frame, in order
 * @property {number} windows  of the text; 1: the watched sequence is the whole batch
 * @property {boolean} whole_batch  whether every update sees the whole text
 * @property {"mean"|"sum"} reduction  of the losses over time
 * @property {number} uniform  perplexity of knowing nothing
 * @property {Floor[]} floors  lowest perplexities with the last k symbols visible, falling; the last is that of any memory
 * @property {{kind: string, threshold: number, from: number}} clipping  of the gradients, from a step on
 * @property {boolean} parted  whether tracks that stand side by side differ in that
 * @property {number|null} remembers  a perplexity below which the curve is only of a network that remembers; null where
 *   that cannot be told
 * @property {Pair[]} pairs  timesteps that read the same symbol and must answer otherwise, the best example first
 * @property {number} loss_at  timestep whose loss alone `one` is of, counted from 0
 * @property {Ghost[]} ghosts
 * @property {string[]} lit  the panels that a scene of the tour is about; none: all are
 * @property {Record<string, string>} words
 */
/**
 * @typedef {object} Curve  columns of the same length, thinned for drawing: step 0 and the newest are always there
 * @property {Uint32Array} step
 * @property {Float32Array} loss  mean nats of the batch of that step
 * @property {Float64Array} gradient_norm  before clipping
 * @property {Float64Array} clipped_norm  after clipping
 * @property {Uint8Array} clipped  1 where that step's own update was clipped
 * @property {Uint8Array} share  of the updates since the point before, how many were clipped, in 1/255
 */
/**
 * @typedef {object} Sample  text that follows a prompt
 * @property {number} step
 * @property {string} prompt
 * @property {string} text
 * @property {string} beyond  what follows it where no sequence of the training text has reached
 */
/** @typedef {{step: number, sentence: string}} Explosion  where training stopped, and why, in the reader's language */
/**
 * @typedef {object} TrackMessage  what a message brings of one run
 * @property {number[]} forks  the step of every change of rate: frames beyond one are of another future than before
 * @property {number|null} crossed  the first step, up to the playhead, whose loss is below what the scene's `remembers` says
 * @property {number|null} learned  the step, up to the playhead, at which the text is learned
 * @property {Explosion|null} explosion
 * @property {string} sceneId  the same for equal scenes
 * @property {Scene} scene
 * @property {Sample[]} samples
 * @property {Curve} curve
 * @property {Frame[]} frames
 * @property {Reading|null} reading  what the question of the message comes to at one of these steps
 */
/**
 * @typedef {object} Edit  something that is to be otherwise in the text that is read; timesteps, layers and units from 0
 * @property {string} text  as a link has it
 * @property {"transplant"|"symbol"|"cut"|"hold"} kind
 * @property {number} first  the first timestep at which it is
 * @property {number|null} last  and the last; null: to the end
 * @property {number} [source]  of a transplant
 * @property {number} [symbol]
 * @property {number} [layer]  of what is held
 * @property {string} [name]  gate or state that is held
 * @property {number|null} [unit]  the only one that is held; null: all
 * @property {number|null} [value]  null: one number for every unit
 */
/** @typedef {{key: string, edits: Edit[], loss_at: number|null}} Question  key: equal for equal questions */
/** @typedef {{layers: Record<string, Float64Array>[]}} Beam  of every layer ‖∂L/∂s_t‖₂ by state name, L the loss at `loss_at` */
/**
 * @typedef {object} Reading  a step read anew
 * @property {number} step
 * @property {Frame|null} edited  with the edits; null without any
 * @property {Beam|null} beam  as read with the edits; null where no loss was chosen
 */
/** @typedef {{run: string, question: Question, readings: (Reading|null)[]}} Readings  one a track */
/**
 * @typedef {object} Message  tracks under one playhead
 * @property {string} run  another where nothing that was sent before is of use
 * @property {string} digest  the same for equal experiments
 * @property {boolean} fresh  whether its viewer has just come and done nothing yet
 * @property {boolean} overture  whether it is the recording that a first visit sees, see overture.js
 * @property {number} serial  counts the messages of a viewer
 * @property {boolean} playing
 * @property {number} playhead
 * @property {number} rate  training steps a second that the playhead moves
 * @property {number} others  how many others train on this server
 * @property {number} tick  seconds between messages while playing
 * @property {boolean} recorded  whether it is all there is: a file that no server stands behind
 * @property {string} feed  token of the address that answers with messages; "" where there is none
 * @property {Question|null} question  what its viewer asks beside
 * @property {string[]} sceneIds  of its tracks
 * @property {TrackMessage[]} tracks  none where one of the scenes has not been seen yet
 */
/**
 * @typedef {object} LayerView
 * @property {Record<string, Float32Array>} total  ‖∂(mean or sum of losses)/∂s_t‖₂ by state name
 * @property {Record<string, Float32Array>} one  ‖∂(loss at the scene's loss_at)/∂s_t‖₂ by state name, 0 after it
 * @property {Float32Array} apart  ‖h_b − h_a‖₂ of every pair
 * @property {Float32Array} xy  x0, y0, x1, y1, …
 * @property {number} share  part of the variance that the plane of `xy` shows
 * @property {Record<string, number>} scale  value of byte 127, by state name
 * @property {Record<string, Int8Array>} states  (units, T) by state name, −128 where it is not a finite number
 * @property {Record<string, Uint8Array>} gates  (units, T) by gate name, 255 where it is not a finite number
 */
/** @typedef {{scene: Scene, places: Map<string, Place>}} KnownScene */
/** @typedef {{dtype: Dtype, offset: number, count: number}} Place  where a field lies in the bytes of a frame */

const VERSION = 4;
const MOST_SCENES = 8;
const ARRAYS = {
  f8: Float64Array, f4: Float32Array, u4: Uint32Array, u2: Uint16Array, i1: Int8Array, u1: Uint8Array,
};

/**
 * Where each field lies: they follow one another by falling size, so that none needs padding.
 * @param {Field[]} fields
 * @returns {Map<string, Place>}
 */
function placesOf(fields) {
  let offset = 0;
  return new Map(fields.map(([name, dtype, shape]) => {
    const count = shape.reduce((product, size) => product * size, 1);
    const place = { dtype, offset, count };
    offset += count * ARRAYS[dtype].BYTES_PER_ELEMENT;
    return [name, place];
  }));
}

/** One training step as the stage draws it: views into the bytes it came in. */
export class Frame {
  /**
   * @param {Uint8Array<ArrayBuffer>} bytes  its own buffer, starting at 0
   * @param {KnownScene} known
   */
  constructor(bytes, { scene, places }) {
    /** @param {string} name */
    const field = (name) => {
      const place = places.get(name);
      if (!place) throw new Error(`a frame has no field ${name}`);
      return new ARRAYS[place.dtype](bytes.buffer, place.offset, place.count);
    };
    /** @template V @param {string[]} names @param {(name: string) => V} value @returns {Record<string, V>} */
    const each = (names, value) => Object.fromEntries(names.map((name) => [name, value(name)]));
    const gates = scene.gates.map((gate) => gate.name);
    this.nbytes = bytes.length;
    this.step = field("step")[0];
    this.loss = field("loss")[0]; // nats, of the batch
    this.gradient_norm = field("gradient_norm")[0];
    this.clipped_norm = field("clipped_norm")[0];
    this.clipped = field("clipped")[0];
    this.losses = field("losses"); // nats, of every timestep of the watched sequence
    this.odds = field("odds"); // (T, K), in 1/65535
    this.likeliest = field("likeliest"); // (T, K)
    /** @type {LayerView[]} */
    this.layers = Array.from({ length: scene.layers }, (_, l) => ({
      total: each(scene.states, (state) => /** @type {Float32Array} */ (field(`l${l}.sum.${state}`))),
      one: each(scene.states, (state) => /** @type {Float32Array} */ (field(`l${l}.one.${state}`))),
      xy: /** @type {Float32Array} */ (field(`l${l}.xy`)),
      share: field(`l${l}.share`)[0],
      apart: /** @type {Float32Array} */ (field(`l${l}.apart`)),
      scale: each(scene.states, (state) => field(`l${l}.scale.${state}`)[0]),
      states: each(scene.states, (state) => /** @type {Int8Array} */ (field(`l${l}.${state}`))),
      gates: each(gates, (gate) => /** @type {Uint8Array} */ (field(`l${l}.${gate}`))),
    }));
  }

  /** Whether all that was measured is a finite number. */
  get finite() {
    return Number.isFinite(this.loss) && Number.isFinite(this.gradient_norm);
  }
}

/**
 * @param {Uint8Array} bytes
 * @param {Map<string, KnownScene>} scenes  known scenes by id; while playing most messages only name theirs
 * @returns {Message}
 */
export function decode(bytes, scenes) {
  const { header, blocks } = opened(bytes);
  for (const { scene, scene_id: id } of header.tracks) if (scene) remember(scenes, id, scene);
  const {
    run, digest, fresh, overture = false, serial, playing, playhead, rate, others, tick, feed, recorded = false, question = null,
  } = header;
  /** @type {string[]} */
  const sceneIds = header.tracks.map((/** @type {{scene_id: string}} */ track) => track.scene_id);
  const isKnown = sceneIds.every((id) => scenes.has(id));
  return {
    run, digest, fresh, overture, serial, playing, playhead, rate, others, tick, feed, recorded, question, sceneIds,
    tracks: isKnown ? header.tracks.map((/** @type {any} */ told) => trackOf(told, blocks, scenes)) : [],
  };
}

/**
 * The answer to a question about one training step.
 * @param {Uint8Array} bytes
 * @param {Map<string, KnownScene>} scenes
 * @returns {Readings|null} null where a scene is not known
 */
export function decodeReadings(bytes, scenes) {
  const { header: { run, question, tracks }, blocks } = opened(bytes);
  const known = tracks.map((/** @type {{scene_id: string}} */ { scene_id: id }) => scenes.get(id));
  if (known.includes(undefined)) return null;
  const readings = known.map((/** @type {KnownScene} */ each, /** @type {number} */ k) => (
    readingOf(tracks[k].reading, blocks, each)
  ));
  return { run, question, readings };
}

/** @param {Uint8Array} bytes @returns {{header: any, blocks: Blocks}} */
function opened(bytes) {
  const data = bytes.slice(); // own buffer, so that every part lies on a multiple of 8
  const headerBytes = new DataView(data.buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(data.subarray(4, 4 + headerBytes)));
  if (header.version !== VERSION) throw new Error(`stage message version ${header.version}, expected ${VERSION}`);
  return { header, blocks: new Blocks(data, 4 + headerBytes) };
}

/** The parts of a message, one after the other, each from a multiple of 8 on. */
class Blocks {
  /** @param {Uint8Array<ArrayBuffer>} data @param {number} offset  of the first */
  constructor(data, offset) {
    this.data = data;
    this.offset = offset;
  }

  /** @param {number} size @returns {number} where the next part begins */
  next(size) {
    const start = this.offset;
    this.offset += Math.ceil(size / 8) * 8;
    return start;
  }
}

/**
 * @param {any} told  what the header says of a track
 * @param {Blocks} blocks
 * @param {Map<string, KnownScene>} scenes
 * @returns {TrackMessage}
 */
function trackOf(told, blocks, scenes) {
  const { forks, crossed, learned = null, explosion, samples, scene_id: sceneId, curve: { count, columns }, frames, reading } = told;
  const known = /** @type {KnownScene} */ (scenes.get(sceneId));
  /** @param {[name: string, dtype: Dtype]} column */
  const column = ([name, dtype]) => {
    const start = blocks.next(count * ARRAYS[dtype].BYTES_PER_ELEMENT);
    return [name, new ARRAYS[dtype](blocks.data.buffer, start, count)];
  };
  const curve = /** @type {Curve} */ (/** @type {unknown} */ (Object.fromEntries(columns.map(column))));
  const pictures = Array.from({ length: frames.count }, () => {
    const start = blocks.next(frames.size);
    return new Frame(blocks.data.slice(start, start + frames.size), known);
  });
  return {
    forks, crossed, learned, explosion, samples, sceneId, scene: known.scene, curve, frames: pictures,
    reading: readingOf(reading, blocks, known),
  };
}

/**
 * @param {{step: number, edited: number, beam: number[]|null}|null} told
 * @param {Blocks} blocks
 * @param {KnownScene} known
 * @returns {Reading|null}
 */
function readingOf(told, blocks, known) {
  if (!told) return null;
  const { step, edited: size, beam: shape } = told;
  const start = blocks.next(size);
  const edited = size ? new Frame(blocks.data.slice(start, start + size), known) : null;
  if (!shape) return { step, edited, beam: null };
  const [layers, states, length] = shape;
  const layer = () => Object.fromEntries(Array.from({ length: states }, (_, s) => [
    known.scene.states[s], new Float64Array(blocks.data.buffer, blocks.next(8 * length), length),
  ]));
  return { step, edited, beam: { layers: Array.from({ length: layers }, layer) } };
}

/**
 * @param {Map<string, KnownScene>} scenes
 * @param {string} id
 * @param {Scene} scene
 */
function remember(scenes, id, scene) {
  if (scenes.has(id)) return;
  if (scenes.size >= MOST_SCENES) scenes.delete(scenes.keys().next().value ?? "");
  scenes.set(id, { scene, places: placesOf(scene.frame) });
}
