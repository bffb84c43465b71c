/** The panels of the stage. This is their one list: everything else goes through it. */

import { clipping } from "./panels/clipping.js";
import { curve } from "./panels/curve.js";
import { difference } from "./panels/difference.js";
import { gates } from "./panels/gates.js";
import { gradients } from "./panels/gradients.js";
import { machine } from "./panels/machine.js";
import { odds } from "./panels/odds.js";
import { samples } from "./panels/samples.js";
import { cellState, hiddenState } from "./panels/states.js";
import { tiles } from "./panels/tiles.js";
import { trajectory } from "./panels/trajectory.js";

/** @typedef {import("./placed.js").Kind} Kind */

/** @type {Kind} at the top of a single track */
export const TOP = tiles;

/** @type {Kind[][]} below it, in the columns of a wide stage */
export const COLUMNS = [
  [curve, trajectory],
  [hiddenState, difference, cellState, gradients],
  [gates, machine, odds, samples],
];

/** @type {Kind[]} only where several tracks stand side by side, of all at once */
export const BESIDE = [clipping];

/** All the others, in the order in which they are read. */
export const PANELS = [TOP, ...COLUMNS.flat()].sort((one, other) => one.order - other.order);
