/** What does not jump to where it should be, but moves there: the trajectory's axes, and the tiles of a long sequence. */

/** @typedef {"reach"|"scroll"} Name  of a view's value */
/** @typedef {{present: number, goal: number}} State  of a value; before the first drawing 0 */
/**
 * @typedef {object} Eased  what a panel has to say of such a value
 * @property {Name} name
 * @property {(surface: import("../shared/surface.js").Surface, view: import("./view.js").View, state: State) => number|null}
 *   goal  where it should be; null where that cannot be told, as nothing is to be seen
 * @property {(goal: number) => number} near  a difference that is none
 */

const PACE = 90; // ms, time constant
const LONGEST = 100; // ms that one step makes up for

export class Easing {
  constructor() {
    this.last = 0;
    /** @type {Record<Name, State>} */
    this.states = { reach: { present: 0, goal: 0 }, scroll: { present: 0, goal: 0 } };
    /** @type {Set<Name>} those that have not been drawn yet */
    this.fresh = new Set(["reach", "scroll"]);
  }

  /** The next values are shown at once, wherever they are. */
  forget() {
    this.states.reach.goal = 0;
    this.fresh = new Set(["reach", "scroll"]);
  }

  /** The values as they are to be drawn. */
  get values() {
    return { reach: this.states.reach.present || 1, scroll: this.states.scroll.present };
  }

  /**
   * Moves all values by the time since they were moved last. Panels side by side agree on the largest.
   * @param {{eased: Eased, surface: import("../shared/surface.js").Surface, view: import("./view.js").View}[]} wanted
   * @param {number} now
   * @param {boolean} atOnce  for those who want less motion
   * @returns {boolean} whether something still moves
   */
  move(wanted, now, atOnce) {
    const share = atOnce ? 1 : 1 - Math.exp(-Math.min(now - this.last, LONGEST) / PACE);
    this.last = now;
    /** @type {Map<Eased, number>} */
    const goals = new Map();
    for (const { eased, surface, view } of wanted) {
      const goal = eased.goal(surface, view, this.states[eased.name]);
      if (goal !== null) goals.set(eased, Math.max(goal, goals.get(eased) ?? -Infinity));
    }
    let moves = false;
    for (const [{ name, near }, goal] of goals) {
      const state = this.states[name];
      state.goal = goal;
      state.present = this.fresh.delete(name) ? goal : approach(state.present, goal, share, near(goal));
      moves ||= state.present !== goal;
    }
    return moves;
  }
}

/**
 * @param {number} from
 * @param {number} to
 * @param {number} share
 * @param {number} near  close enough to be there
 */
function approach(from, to, share, near) {
  const next = from + (to - from) * share;
  return Math.abs(to - next) <= near ? to : next;
}
