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
    this.pair = 0; // which of the pairs is compared
    this.loss = -1; // timestep of the loss that is lit, −1 for none
    this.carried = -1; // timestep whose state was taken up, to be put elsewhere, −1 for none
    this.over = -1; // timestep over which it is held, −1 for the time cursor
    this.read = ""; // the sequence
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
   * Other runs are looked at: at the layers that predict; where they read another sequence, at what needs memory in it.
   * @param {import("./wire.js").Scene} scene  of the first
   */
  open(scene) {
    const read = JSON.stringify([scene.inputs, scene.targets]);
    if (read !== this.read) {
      this.pair = 0;
      this.loss = -1;
      this.pinned = scene.pairs[0]?.b ?? this.pinned;
    }
    this.read = read;
    this.pinned = this.within(scene, this.pinned);
    this.hovered = -1;
    this.layer = Infinity;
    this.carry(-1);
  }

  /**
   * Takes up the state of a timestep, or holds it over another; −1 lets go of it.
   * @param {number} t
   * @param {number} over
   */
  carry(t, over = -1) {
    this.carried = t;
    this.over = over;
  }

  /**
   * Stands where a link says.
   * @param {{t?: number, layer?: number}} place
   */
  go({ t, layer }) {
    if (t !== undefined) this.pinned = t;
    if (layer !== undefined) this.layer = layer;
  }

  /** @param {number} t */
  pin(t) {
    this.pinned = t;
    this.hovered = -1;
  }

  /**
   * Another pair is compared, and the later one of its timesteps is looked at.
   * @param {import("./wire.js").Scene} scene
   * @param {number} pair  beyond the last the first
   */
  compare({ pairs }, pair) {
    if (!pairs.length) return;
    this.pair = pair % pairs.length;
    this.pin(pairs[this.pair].b);
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
