/**
 * Decodes the messages of the server: a JSON header, the learning curve, and frames of bytes.
 * All numbers are little-endian, as every browser's typed arrays are.
 */

/** @typedef {{name: string, low: number, high: number}} Gate  range of the stored bytes 0 … 255 */
/** @typedef {{id: string, label: string, steps: number[], perplexity: (number|null)[]}} Ghost */
/**
 * @typedef {object} Scene  what stays the same while a run is watched
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
 * @property {number} top  how many of the likeliest symbols each frame carries
 * @property {number} uniform  perplexity of knowing nothing
 * @property {number[]} floors  lowest perplexity with the last k symbols visible
 * @property {Ghost[]} ghosts
 * @property {boolean} dark
 * @property {Record<string, string>} words
 */
/**
 * @typedef {object} Curve
 * @property {Uint32Array} step
 * @property {Float32Array} perplexity
 * @property {Float32Array} gradientNorm  before clipping
 * @property {Float32Array} clippedNorm  after clipping
 * @property {Uint8Array} clipped
 */
/** @typedef {{step: number, prompt: string, text: string}} Sample  text that follows a prompt */
/**
 * @typedef {object} Message
 * @property {string} run
 * @property {boolean} playing
 * @property {number} playhead
 * @property {number} tick  seconds between messages while playing
 * @property {string} status
 * @property {number|null} explodedAt
 * @property {Scene} scene
 * @property {string} sceneId  the same for equal scenes
 * @property {number} serial  counts the messages of a viewer
 * @property {number} epoch  grows when frames beyond the playhead are no longer what they were
 * @property {Sample[]} samples
 * @property {Curve} curve
 * @property {Frame[]} frames
 */
/**
 * @typedef {object} LayerView
 * @property {Record<string, Float32Array>} gradients  ‖∂L/∂s_t‖₂ by state name
 * @property {Float32Array} xy  x0, y0, x1, y1, …
 * @property {Float32Array} shares  of variance, along x and along y
 * @property {Record<string, number>} scale  value of byte 127, by state name
 * @property {Record<string, Int8Array>} states  (units, T) by state name
 * @property {Record<string, Uint8Array>} gates  (units, T) by gate name
 */

const VERSION = 1;
const MOST_SCENES = 8;

/** One training step as the stage draws it: views into the bytes it came in. */
export class Frame {
  /**
   * @param {Uint8Array<ArrayBuffer>} bytes  its own buffer, starting at 0
   * @param {Scene} scene
   */
  constructor(bytes, scene) {
    const { layers, units, states, gates, top } = scene;
    const length = scene.inputs.length;
    const { buffer } = bytes;
    let offset = 0;
    /** @param {number} count */
    const floats = (count) => {
      const view = new Float32Array(buffer, offset, count);
      offset += 4 * count;
      return view;
    };
    this.nbytes = bytes.length;
    this.step = new Uint32Array(buffer, offset, 1)[0];
    offset += 4;
    this.perplexity = floats(1)[0];
    this.loss = floats(length);
    /** @type {LayerView[]} */
    this.layers = Array.from({ length: layers }, () => ({
      gradients: {}, xy: new Float32Array(), shares: new Float32Array(), scale: {}, states: {}, gates: {},
    }));
    for (const layer of this.layers) for (const state of states) layer.gradients[state] = floats(length);
    for (const layer of this.layers) {
      layer.xy = floats(2 * length);
      layer.shares = floats(2);
    }
    for (const layer of this.layers) for (const state of states) layer.scale[state] = floats(1)[0];
    this.odds = new Uint16Array(buffer, offset, length * top); // (T, K), in 1/65535
    offset += 2 * length * top;
    this.likeliest = new Uint8Array(buffer, offset, length * top); // (T, K)
    offset += length * top;
    for (const layer of this.layers) {
      for (const state of states) {
        layer.states[state] = new Int8Array(buffer, offset, units * length);
        offset += units * length;
      }
      for (const gate of gates) {
        layer.gates[gate.name] = new Uint8Array(buffer, offset, units * length);
        offset += units * length;
      }
    }
  }
}

/**
 * @param {Uint8Array} bytes
 * @param {Map<string, Scene>} scenes  known scenes by id; while playing most messages only name theirs
 * @returns {Message} without a scene and frames when its scene has not been seen yet
 */
export function decode(bytes, scenes) {
  const data = bytes.slice(); // own buffer, so that every part lies on a multiple of 4
  const { buffer } = data;
  const headerBytes = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(data.subarray(4, 4 + headerBytes)));
  if (header.version !== VERSION) throw new Error(`stage message version ${header.version}, expected ${VERSION}`);
  if (header.scene) remember(scenes, header.scene_id, header.scene);
  const scene = scenes.get(header.scene_id);
  let offset = 4 + headerBytes;
  const { count } = header.curve;
  /** @param {number} size */
  const block = (size) => (offset += size) - size;
  const curve = {
    step: new Uint32Array(buffer, block(4 * count), count),
    perplexity: new Float32Array(buffer, block(4 * count), count),
    gradientNorm: new Float32Array(buffer, block(4 * count), count),
    clippedNorm: new Float32Array(buffer, block(4 * count), count),
    clipped: new Uint8Array(buffer, block(count + (-count & 3)), count),
  };
  const frames = Array.from({ length: scene ? header.frames.count : 0 }, () => {
    const start = block(header.frames.size);
    return new Frame(data.slice(start, start + header.frames.size), scene);
  });
  return {
    run: header.run,
    playing: header.playing,
    playhead: header.playhead,
    tick: header.tick,
    status: header.status,
    explodedAt: header.exploded_at ?? null,
    scene,
    sceneId: header.scene_id,
    epoch: header.epoch,
    serial: header.serial,
    samples: header.samples,
    curve,
    frames,
  };
}

/**
 * @param {Map<string, Scene>} scenes
 * @param {string} id
 * @param {Scene} scene
 */
function remember(scenes, id, scene) {
  if (scenes.has(id)) return;
  if (scenes.size >= MOST_SCENES) scenes.delete(scenes.keys().next().value ?? "");
  scenes.set(id, scene);
}
