/**
 * The picture of one training step as a list of things by name: `x.3` is the input at the fourth timestep, `h.1.0.3` the
 * state of the second layer there in the first direction, `y.3` its output, `loss.3` its loss, `x.3>h.0.0.3` an arrow.
 * Pure: it draws nothing, so pictures can be compared, mixed and asked.
 */

import { isRight, lightOf } from "./message.js";
import { exact, isolate, lossText, powerOfTen, short, subscript } from "../shared/words.js";

/** @typedef {import("./message.js").Message} Message */
/** @typedef {import("./message.js").Frame} Frame */
/** @typedef {import("./message.js").Value} Value */
/** @typedef {import("./layout.js").Layout} Layout */
/** @typedef {import("./morph.js").Item} Item */
/** @typedef {import("./morph.js").Scene} Scene */
/**
 * @typedef {object} Look  what of a thing does not move
 * @property {string} [tone]  a colour by what it stands for
 * @property {boolean} [outlined]  a place where nothing stands
 * @property {string} [text]
 * @property {number} [size]  of type
 * @property {boolean} [bold]
 * @property {number} [room]  px for the text
 * @property {Value[]} [cells]  of a state: −1 … 1
 * @property {Value[]} [bars]  probabilities
 * @property {number} [right]  which bar is the one asked for
 * @property {number} [light]  of the gradient, 0 … 1
 * @property {number} [shade]  of the loss, 0 … 1
 * @property {boolean} [broken]  not a finite number
 * @property {boolean} [lit]
 * @property {boolean} [points]  whether an arrow has a head
 */

const DIM = 0.28; // of what is not on the path that is lit
const [NUMBER, EXPONENT] = [42, 26]; // px a box must have for its number, or for its power of ten

/**
 * @param {Message} message
 * @param {Frame|null} frame
 * @param {Layout} layout
 * @param {import("./message.js").Scales} scales
 * @returns {Scene}
 */
export function sceneOf(message, frame, layout, scales) {
  const made = new Maker(message, frame, layout, scales);
  for (let t = 0; t < message.reads.length; t += 1) {
    made.time(t);
    made.input(t);
    made.states(t);
    if (message.directions > 1) made.joins(t);
    made.output(t);
  }
  if (message.readout === "mean") made.mean();
  if (message.decoder_from !== null) made.halves(message.decoder_from);
  return made.scene;
}

class Maker {
  /** @param {Message} message @param {Frame|null} frame @param {Layout} layout @param {import("./message.js").Scales} scales */
  constructor(message, frame, layout, scales) {
    this.message = message;
    this.frame = frame;
    this.layout = layout;
    this.lit = new Set(message.lit);
    this.path = new Set(message.lit.slice(1).map((name, k) => `${message.lit[k]}>${name}`));
    this.scales = scales;
    this.top = message.layers - 1;
    /** @type {Scene} */
    this.scene = new Map();
  }

  /** @param {number} t */
  time(t) {
    const { layout, message } = this;
    const below = message.vectors ? layout.heights.input / 2 : 0;
    if (message.vectors && message.reads[t]) {
      this.#text(`read.${t}`, layout.x(t), layout.input + below + 9 * layout.unit, this.#read(t), { bold: true });
    }
    const y = message.vectors ? layout.time + 8 * layout.unit : layout.time;
    this.#text(`time.${t}`, layout.x(t), y, String(t + 1), { tone: "muted", size: 10 });
  }

  /** @param {number} t */
  input(t) {
    const { message, layout } = this;
    const at = [layout.x(t), layout.input, message.vectors ? layout.box : 0.86 * layout.column, layout.heights.input];
    at[2] = Math.min(at[2], 1.3 * 92 * layout.unit);
    this.#add(`x.${t}`, "box", at, { tone: "input", outlined: true, text: message.reads[t] ? "" : "0", size: 11 });
    if (!message.reads[t]) return;
    const cells = message.vectors?.[t].map((value) => (value === null ? null : value / message.reach));
    this.#add(`x.${t}*`, "box", at, { tone: "input", ...(cells ? { cells } : { text: isolate(this.#read(t)), size: 13, bold: true }) });
  }

  /** @param {number} t */
  states(t) {
    const { message, layout, frame } = this;
    const split = message.decoder_from;
    for (let l = 0; l < message.layers; l += 1) {
      for (let d = 0; d < message.directions; d += 1) {
        const name = `h.${l}.${d}.${t}`;
        const at = [this.#side(t, d), layout.states[l][d], layout.box, layout.heights.state];
        const tone = split !== null && t >= split ? "decoder" : "state";
        const gradient = frame?.gradients[l][d][t] ?? null;
        if (message.back) this.#lightBox(name, at, gradient, tone);
        else this.#add(name, "box", at, { tone, cells: frame?.states[l][d][t].map((value) => value === null ? null : value / message.limit) ?? [] });
        const before = d === 0 ? t - 1 : t + 1;
        if (before >= 0 && before < message.reads.length) this.#across(l, d, before, t);
        this.#up(l === 0 ? `x.${t}` : this.#readFrom(l, t), name, l === 0 && !message.reads[t], gradient);
      }
    }
  }

  /** Both directions of a layer together are what is read above them. @param {number} t */
  joins(t) {
    const { message, layout } = this;
    for (let l = 0; l < message.layers; l += 1) {
      if (l === this.top && message.readout === "mean") continue;
      const name = `join.${l}.${t}`;
      this.#add(name, "join", [layout.x(t), layout.join[l], layout.box + 2 * layout.aside, 5 * layout.unit], { tone: "muted" });
      const isRead = l < this.top || message.asks[t];
      for (let d = 0; d < message.directions; d += 1) this.#up(`h.${l}.${d}.${t}`, name, !isRead, this.#gradient(l, d, t));
    }
  }

  /** @param {number} t */
  output(t) {
    const { message, layout, frame } = this;
    const asks = message.asks[t];
    const [x, unit] = [layout.x(t), layout.unit];
    const at = [x, layout.output, Math.max(layout.box, Math.min(0.66 * layout.column, 92 * unit)), layout.heights.output];
    this.#add(`y.${t}`, "box", at, { tone: "output", outlined: true });
    if (!asks) return;
    const values = frame?.outputs[t] ?? [];
    const isNumber = message.classes.length === 0;
    this.#add(`y.${t}*`, "box", at, isNumber
      ? { tone: "output", text: values.map((value) => value === null ? message.words.broken : short(Number(value.toPrecision(2)))).join(", "), size: 10 }
      : { tone: "output", bars: values, right: message.right[t] });
    this.#up(message.readout === "mean" ? "mean" : this.#readFrom(this.top + 1, t), `y.${t}`, false, 1);
    this.#loss(t);
    if (message.feeds_itself && message.reads[t + 1]) this.#fed(t);
    const isGood = isRight(message, frame, t);
    const mark = isGood === null ? "" : isGood ? "✓ " : "✗ ";
    const tone = isGood === null ? "text" : isGood ? "right" : "wrong";
    if (frame) this.#text(`answered.${t}`, x, layout.answered, `${mark}${isolate(frame.answered[t])}`, { tone, bold: true });
    this.#text(`asked.${t}`, x, layout.asked, isolate(message.asked[t]), { tone: "muted" });
  }

  /** The mean of all top states up to the last answer is what outputs are read from. */
  mean() {
    const { message, layout } = this;
    const last = message.asks.lastIndexOf(true);
    const [from, to] = [layout.x(0) - layout.box / 2, layout.x(last) + layout.box / 2];
    this.#add("mean", "join", [(from + to) / 2, layout.join[this.top], to - from, 5 * layout.unit], { tone: "output" });
    for (let t = 0; t <= last; t += 1) {
      for (let d = 0; d < message.directions; d += 1) this.#up(`h.${this.top}.${d}.${t}`, "mean", false, this.#gradient(this.top, d, t));
    }
  }

  /** @param {number} split */
  halves(split) {
    const { message, layout } = this;
    const [x, middle] = [(layout.x(split - 1) + layout.x(split)) / 2, layout.title];
    this.#add("split", "split", [x, middle, x, layout.time], { tone: "muted" });
    this.#text("encoder", (layout.x(0) + layout.x(split - 1)) / 2, middle, message.words.encoder, { tone: "state", bold: true, room: 400 });
    this.#text("decoder", (layout.x(split) + layout.x(message.reads.length - 1)) / 2, middle, message.words.decoder, { tone: "decoder", bold: true, room: 400 });
  }

  /** @param {number} t */
  #loss(t) {
    const { frame, layout } = this;
    const loss = frame?.losses[t] ?? null;
    const radius = 9 * layout.unit;
    const at = [layout.x(t), layout.loss - 7 * layout.unit, radius];
    const broken = frame !== null && loss === null;
    this.#add(`loss.${t}`, "loss", at, { tone: "loss", shade: (loss ?? 0) / this.scales.loss, broken });
    if (frame) {
      const text = loss === null ? this.message.words.broken : lossText(loss);
      this.#text(`lost.${t}`, at[0], layout.loss + 10 * layout.unit, text, { size: 10 });
    }
    this.#edge(`y.${t}>loss.${t}`, [at[0], layout.output - layout.heights.output / 2, at[0], layout.loss + 17 * layout.unit], 1, false);
  }

  /** What is answered is read next: between the columns down to the next input. @param {number} t */
  #fed(t) {
    const { layout } = this;
    const [from, to] = [layout.x(t), layout.x(t + 1)];
    const half = Math.min(0.33 * layout.column, 46 * layout.unit);
    const wide = Math.min(0.43 * layout.column, 60 * layout.unit);
    this.#add(`y.${t}>x.${t + 1}`, "fed", [from + half, layout.output, (from + half + to - wide) / 2, to - wide, layout.input], { tone: "output" });
  }

  /** @param {string} name @param {number[]} at @param {Value} gradient @param {string} tone */
  #lightBox(name, at, gradient, tone) {
    const { frame, layout, scales, message } = this;
    const broken = frame !== null && gradient === null;
    this.#add(name, "box", at, { tone, outlined: true, text: gradient === 0 ? "0" : "", size: 10 });
    if (!gradient && !broken) return;
    const number = broken ? message.words.broken : numberIn(gradient ?? 0, at[2] / layout.unit);
    this.#add(`${name}*`, "box", at, { tone, light: lightOf(gradient, scales), broken, text: number, size: 10 });
  }

  /** From one timestep to the next in the direction of reading. @param {number} l @param {number} d @param {number} from @param {number} to */
  #across(l, d, from, to) {
    const { layout, message } = this;
    const way = Math.sign(to - from);
    const y = layout.states[l][d];
    const [x0, x1] = [this.#side(from, d) + (way * layout.box) / 2, this.#side(to, d) - (way * layout.box) / 2];
    const isBridge = message.decoder_from === to && d === 0;
    const arrives = this.#gradient(l, d, from) === 0 ? 0 : this.#gradient(l, d, to);
    this.#edge(`h.${l}.${d}.${from}>h.${l}.${d}.${to}`, [x0, y, x1, y], arrives, false, isBridge ? "bridge" : "muted");
  }

  /**
   * An arrow up, straight above one of its ends.
   * @param {string} from
   * @param {string} to
   * @param {boolean} isEmpty  whether only zeros go there, or nobody reads it
   * @param {Value} gradient  what comes back on it
   */
  #up(from, to, isEmpty, gradient) {
    const { scene } = this;
    const name = `${from}>${to}`;
    const [low, high] = [this.#end(from, -1), this.#end(to, 1)];
    const side = from.startsWith("h") ? from : to;
    const x = scene.get(side)?.at[0] ?? this.layout.x(0);
    this.#edge(name, [x, low, x, high], from.startsWith("x") ? null : gradient, isEmpty);
  }

  /** Where an arrow touches a thing: its upper edge (−1) or its lower one. @param {string} name @param {number} which */
  #end(name, which) {
    const { layout, scene } = this;
    const [kind, l] = name.split(".");
    if (kind === "mean") return layout.join[this.top] + which * 3 * layout.unit;
    if (kind === "join") return layout.join[Number(l)] + which * 3 * layout.unit;
    const at = scene.get(name)?.at ?? [0, 0, 0, 0];
    return at[1] + (which * at[3]) / 2;
  }

  /** What a layer, or the read-out, reads at a timestep. @param {number} l @param {number} t */
  #readFrom(l, t) {
    return this.message.directions > 1 ? `join.${l - 1}.${t}` : `h.${l - 1}.0.${t}`;
  }

  /** @param {number} t */
  #read(t) {
    return this.frame?.read[t] ?? "";
  }

  /** The middle of a state. @param {number} t @param {number} d */
  #side(t, d) {
    return this.layout.x(t) + (d === 0 ? -1 : 1) * this.layout.aside;
  }

  /** @param {number} l @param {number} d @param {number} t */
  #gradient(l, d, t) {
    return this.frame?.gradients[l][d][t] ?? null;
  }

  /**
   * @param {string} name
   * @param {number[]} ends
   * @param {Value} gradient
   * @param {boolean} isEmpty
   * @param {string} [tone]
   */
  #edge(name, ends, gradient, isEmpty, tone = "muted") {
    const { back } = this.message;
    const at = back ? [ends[2], ends[3], ends[0], ends[1]] : ends;
    const light = back ? (name.includes("loss") || name.includes(">y.") ? 1 : lightOf(gradient, this.scales)) : undefined;
    this.#add(name, "edge", at, { tone: isEmpty ? "faint" : tone, light, points: !isEmpty && light !== 0, lit: this.path.has(name) });
  }

  /** @param {string} name @param {number} x @param {number} y @param {string} text @param {Look} look */
  #text(name, x, y, text, look) {
    const { column, unit } = this.layout;
    this.#add(name, "text", [x, y], { tone: "text", size: 11, room: column - 4 * unit, ...look, text });
  }

  /** @param {string} name @param {Item["kind"]} kind @param {number[]} at @param {Look} look */
  #add(name, kind, at, look) {
    const plain = name.endsWith("*") ? name.slice(0, -1) : name;
    const lit = look.lit ?? this.lit.has(plain);
    const isDim = this.lit.size > 0 && !lit && kind !== "text";
    this.scene.set(name, { kind, at, alpha: isDim ? DIM : 1, look: { ...look, lit } });
  }
}

/**
 * A gradient as it fits into its box.
 * @param {number} value
 * @param {number} room
 */
function numberIn(value, room) {
  if (room >= NUMBER) return exact(value);
  return room >= EXPONENT ? powerOfTen(Math.floor(Math.log10(value))) : "";
}

/**
 * The names of rows, at the left, with the middle of each.
 * @param {Message} message
 * @param {Layout} layout
 * @returns {{text: string, y: number}[]}
 */
export function rowsOf({ words, layers, directions, back }, layout) {
  const rows = [
    { text: words.row_answer, y: layout.answered }, { text: words.row_asked, y: layout.asked },
    { text: words.row_loss, y: layout.loss - 7 * layout.unit }, { text: words.row_output, y: layout.output },
    { text: words.row_input, y: layout.input },
  ];
  for (let l = 0; l < layers; l += 1) {
    for (let d = 0; d < directions; d += 1) {
      const state = `h${layers > 1 ? subscript(l + 1) : ""}`;
      const name = back ? `‖∂L/∂${state}‖` : `${words.row_state} ${state}`;
      rows.push({ text: directions > 1 ? `${name} ${d ? "←" : "→"}` : name, y: layout.states[l][d] });
    }
  }
  return rows;
}
