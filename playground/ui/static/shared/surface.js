/**
 * A canvas as sharp as the screen, with a base picture (axes, labels) that is repainted only when its key changes.
 * Coordinates are CSS pixels.
 */

/** @typedef {{left: number, top: number, width: number, height: number}} Rect */

export class Surface {
  /** @param {HTMLElement} plot  the box that the canvas fills */
  constructor(plot) {
    this.plot = plot;
    this.canvas = document.createElement("canvas");
    this.canvas.setAttribute("aria-hidden", "true");
    plot.append(this.canvas);
    this.context = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
    this.base = document.createElement("canvas");
    this.baseContext = /** @type {CanvasRenderingContext2D} */ (this.base.getContext("2d"));
    this.width = 0;
    this.height = 0;
    this.ratio = 1;
    this.least = 1; // that the ratio is
    this.unit = 1; // type size relative to the 12 px it was designed for
    this.family = "sans-serif";
    this.version = 0; // changes with the size
    this.visible = true;
    this.blank = true; // not drawn since its size or its fonts changed
    this.painted = "";
    /** @type {unknown[]} what was drawn last */
    this.drawn = [];
    /** @type {Map<string, {canvas: HTMLCanvasElement, context: CanvasRenderingContext2D, image: ImageData,
     *   pixels: Uint32Array}>} */
    this.tiny = new Map();
    /** @type {{key: string, value: any}} */
    this.memory = { key: "", value: null };
  }

  /**
   * Follows the size of the box.
   * @param {number} width
   * @param {number} height
   * @returns {boolean} whether anything changed
   */
  resize(width, height) {
    const ratio = Math.max(screenRatio(), this.least);
    const style = getComputedStyle(this.plot);
    const unit = (parseFloat(style.fontSize) || 12) / 12;
    const same = width === this.width && height === this.height && ratio === this.ratio
      && unit === this.unit && style.fontFamily === this.family;
    if (same) return false;
    Object.assign(this, { width, height, ratio, unit, family: style.fontFamily });
    for (const canvas of [this.canvas, this.base]) {
      canvas.width = Math.max(1, Math.round(width * ratio));
      canvas.height = Math.max(1, Math.round(height * ratio));
    }
    this.canvas.style.width = `${this.canvas.width / ratio}px`; // pixel for pixel, or else the type is blurred
    this.canvas.style.height = `${this.canvas.height / ratio}px`;
    for (const context of [this.context, this.baseContext]) context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.version += 1;
    this.painted = "";
    this.blank = true;
    return true;
  }

  /**
   * Follows the sharpness of the screen.
   * @param {number} [least]  pixels of the canvas to a CSS pixel, however few the screen has: from now on
   */
  sharpen(least = this.least) {
    this.least = least;
    if (this.width && this.ratio !== Math.max(screenRatio(), least)) this.resize(this.width, this.height);
  }

  /** Whether there is anything to draw on and anyone to see it. */
  get ready() {
    return (this.visible || this.blank) && this.width > 8 && this.height > 8;
  }

  /**
   * Whether there is anything to draw: not when the last picture was of the same values, or when nobody can see it.
   * @param {unknown[]} values  everything the picture depends on
   */
  needs(values) {
    if (!this.ready) return false;
    if (!this.blank && values.length === this.drawn.length && values.every((value, k) => Object.is(value, this.drawn[k]))) {
      return false;
    }
    this.drawn = values;
    return true;
  }

  /**
   * Repaints the base when its key has changed.
   * @param {string} key  everything the base picture depends on
   * @param {(context: CanvasRenderingContext2D) => void} paint
   * @returns {boolean} whether it was repainted
   */
  prepare(key, paint) {
    const full = `${this.version}|${key}`;
    if (full === this.painted) return false;
    this.baseContext.clearRect(0, 0, this.width, this.height);
    paint(this.baseContext);
    this.painted = full;
    return true;
  }

  /** Shows the base picture, covering all that was drawn before. */
  stamp() {
    const { context, ratio } = this;
    context.setTransform(1, 0, 0, 1, 0, 0); // pixel for pixel
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    context.drawImage(this.base, 0, 0);
    this.blank = false;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
  }

  /**
   * The last value computed under the same key.
   * @template V
   * @param {string} key
   * @param {() => V} compute
   * @returns {V}
   */
  memo(key, compute) {
    const full = `${this.version}|${key}`;
    if (this.memory.key !== full) this.memory = { key: full, value: compute() };
    return this.memory.value;
  }

  /** Has the base painted again, because fonts have arrived. */
  forget() {
    this.version += 1;
    this.blank = true;
  }

  /**
   * @param {number} size  px at the designed size
   * @param {number} [weight]
   * @param {string} [family]
   */
  font(size, weight = 400, family = this.family) {
    return `${weight} ${(size * this.unit).toFixed(2)}px ${family}`;
  }

  /**
   * The part of the surface inside margins given at the designed size.
   * @param {{left: number, right: number, top: number, bottom: number}} margins
   * @returns {Rect}
   */
  inside({ left, right, top, bottom }) {
    const k = this.unit;
    return {
      left: Math.round(left * k),
      top: Math.round(top * k),
      width: Math.max(4, Math.round(this.width - (left + right) * k)),
      height: Math.max(4, Math.round(this.height - (top + bottom) * k)),
    };
  }

  /**
   * A picture of one pixel a number, kept from frame to frame.
   * @param {number} width
   * @param {number} height
   */
  pixels(width, height) {
    const key = `${width}x${height}`;
    let found = this.tiny.get(key);
    if (!found) {
      const canvas = document.createElement("canvas");
      canvas.width = width;
      canvas.height = height;
      const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
      const image = context.createImageData(width, height);
      found = { canvas, context, image, pixels: new Uint32Array(image.data.buffer) };
      this.tiny.clear();
      this.tiny.set(key, found);
    }
    return found;
  }
}

/** Pixels of the canvas to a CSS pixel. */
function screenRatio() {
  return Math.min(window.devicePixelRatio || 1, 3);
}
