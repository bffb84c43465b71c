/**
 * The gradient of one loss as light that runs back over the tiles: as bright as what is left of it, ‖∂L_A/∂h_t‖ of what
 * it is at the timestep A of the loss itself.
 */

import { element, setText } from "../../shared/dom.js";
import { inkOn } from "../../shared/theme.js";
import { exact, isolate, powerOfTen, say } from "../../shared/words.js";
import { pictured } from "../answers.js";

/** @typedef {import("../../shared/surface.js").Surface} Surface */
/** @typedef {import("../view.js").View} View */
/** @typedef {Float32Array|Float64Array} Norms  one a timestep */

const DECADES = 30; // the axis of brightness: from 1 down to 10⁻³⁰, the same for every run
/**
 * The eye tells tenths of a decade apart where there is much light, and hardly anything from nothing where there is
 * little. So brightness falls faster than the exponent: a tenth is 0.76 bright, a thousandth 0.43, 10⁻⁶ 0.17, 10⁻¹² 0.02.
 */
const CURVE = 8;
const PLAIN = 1e-3; // shares from here on are written out
const NORMAL = 2 ** -126; // what is smaller in 32 bits has lost digits on its way, and in the end is 0

/**
 * The gradient of the loss that is looked at, by every state of the layer that is looked at: as read beside the frames
 * in 64 bits, or as the picture has it. null where neither is known.
 * @param {View} view
 * @returns {Record<string, Norms>|null}
 */
export function gradientOfOne(view) {
  const { frame, layer, lossAt, scene, reading } = view;
  const isOwn = lossAt === scene.loss_at;
  const isAsked = reading?.lossAt === lossAt && (!isOwn || reading.step === frame?.step);
  if (isAsked && reading.beam) return reading.beam.layers[layer];
  return isOwn ? pictured(view)?.layers[layer].one ?? null : null;
}

/**
 * Below which a gradient is known only to be that small: what was taken back in 64 bits is known down to 0.
 * @param {Norms} norms
 */
function least(norms) {
  return norms instanceof Float32Array ? NORMAL : 0;
}

/**
 * The length of a gradient, as far as it is known.
 * @param {Norms} norms
 * @param {number} t
 */
export function normText(norms, t) {
  return norms[t] < least(norms) ? `<${powerOfTen(Math.ceil(Math.log10(NORMAL)))}` : exact(norms[t]);
}

/**
 * How much of the gradient at its own timestep arrives at another; NaN where there is none, or where it is not known.
 * @param {View} view
 * @param {number} t
 */
export function arriving(view, t) {
  const norms = gradientOfOne(view)?.h;
  return norms ? norms[t] / norms[view.lossAt] : NaN;
}

/**
 * How bright that is, 0 … 1.
 * @param {number} share
 */
export function brightness(share) {
  if (!(share > 0)) return 0;
  const left = 1 + Math.log10(Math.min(share, 1)) / DECADES;
  return left > 0 ? left ** CURVE : 0;
}

/**
 * The light on a tile as a place in the palette of light: 0 where there is none.
 * @param {View} view
 * @param {number} t
 */
function lightOn(view, t) {
  if (!view.isLit || t > view.lossAt) return 0;
  return Math.round(brightness(arriving(view, t)) * (view.theme.beam.length - 1));
}

/**
 * Colours of the upper half of a tile, under the light: of the ground, and of what is written on it.
 * @param {View} view
 * @param {number} t
 * @returns {{ground: number, ink: string}}
 */
export function litColours(view, t) {
  const { beam, text } = view.theme;
  const place = lightOn(view, t);
  return { ground: beam[place], ink: place ? inkOn(beam[place]) : text };
}

/** The number of the beam in large type, with what it says. */
export function buildBeam() {
  const name = element("dt");
  const value = element("dd");
  const box = element("dl", { class: "beam" }, [element("div", {}, [value, name])]);
  return { element: box, name, value };
}

/**
 * @param {ReturnType<typeof buildBeam>} parts
 * @param {View} view
 */
export function tellBeam({ name, value }, view) {
  setText(value, view.isLit ? shareText(view) : ""); // its place is kept, or else tiles would move under the pointer
  setText(name, view.isLit ? beamText(view) : say(view.words, "beam_invites", { first: isolate(view.scene.inputs[0]) }));
}

/**
 * What arrives at the first symbol, as a number; a power of ten where it is little.
 * @param {View} view
 */
function shareText(view) {
  const norms = gradientOfOne(view)?.h;
  if (!norms) return "…";
  if (norms[view.lossAt] === 0) return "–";
  if (norms[0] < least(norms)) return `<${powerOfTen(Math.ceil(Math.log10(NORMAL / norms[view.lossAt])))}`;
  const share = arriving(view, 0);
  return share > 0 && share < PLAIN ? `≈ ${powerOfTen(Math.round(Math.log10(share)))}` : exact(share);
}

/** @param {View} view */
function beamText(view) {
  const { scene, words, lossAt } = view;
  const norms = gradientOfOne(view)?.h;
  if (norms?.[lossAt] === 0) return say(words, "beam_none");
  if (norms && !Number.isFinite(arriving(view, 0))) return say(words, "broken");
  return say(words, norms ? "beam" : "beam_unknown", {
    target: isolate(scene.targets[lossAt]), at: lossAt + 1, first: isolate(scene.inputs[0]),
  });
}

/**
 * The same for those who listen; nothing where no loss is lit.
 * @param {View} view
 */
export function describeBeam(view) {
  return view.isLit ? ` ${beamText(view)} ${shareText(view)}.` : "";
}

/**
 * The target whose loss is lit.
 * @param {Surface} surface
 * @param {View} view
 * @param {{left: number, top: number, width: number, height: number}} rect  of its half of the tile
 */
export function frameTarget({ context, unit }, { theme }, { left, top, width, height }) {
  context.strokeStyle = theme.light;
  context.lineWidth = 2.5 * unit;
  context.strokeRect(left + unit, top + unit, width - 2 * unit, height - 2 * unit);
}
