/** Where the reader looks: at which timestep, which layer and which unit. All tracks share it. */

/** @typedef {import("../shared/gestures.js").Target} Target */

export class Cursors {
  constructor() {
    this.pinned = 0; // timestep
    this.hovered = -1; // timestep under the pointer, −1 for none
    /** @type {Target|null} */
    this.hoveredOn = null;
    this.layer = Infinity; // the topmost that a scene has
    this.unit = 0;
  }

  /** The timestep looked at. */
  get t() {
    return this.hovered >= 0 ? this.hovered : this.pinned;
  }

  /** The timestep that stays in view. */
  get anchor() {
    return this.hoveredOn?.scrolls ? this.pinned : this.t;
  }

  /**
   * A timestep that there is in a scene.
   * @param {import("./wire.js").Scene} scene
   * @param {number} t
   */
  within({ inputs }, t) {
    return Math.max(0, Math.min(t, inputs.length - 1));
  }

  /**
   * Other runs are looked at: at the layers that predict.
   * @param {import("./wire.js").Scene} scene  of the first
   */
  open(scene) {
    this.pinned = this.within(scene, this.pinned);
    this.hovered = -1;
    this.layer = Infinity;
  }

  /** @param {number} t */
  pin(t) {
    this.pinned = t;
    this.hovered = -1;
  }

  /**
   * @param {number} t  −1 when the pointer has left
   * @param {Target} on
   * @returns {boolean} whether that is news
   */
  hover(t, on) {
    if (t === this.hovered && on === this.hoveredOn) return false;
    this.hovered = t;
    this.hoveredOn = on;
    return true;
  }
}
