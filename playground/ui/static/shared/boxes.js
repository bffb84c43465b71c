/**
 * The boxes on the page in which surfaces draw: follows their sizes, whether anyone can see them, how sharp the screen
 * is, and fonts that arrive.
 */

/** @typedef {import("./surface.js").Surface} Surface */

export class Boxes {
  /** @param {() => void} refresh  asks for a drawing, at the beginning of which `settle` is to be called */
  constructor(refresh) {
    this.refresh = refresh;
    /** @type {Map<Element, Surface>} */
    this.surfaces = new Map();
    /** @type {Map<Element, DOMRectReadOnly>} */
    this.newSizes = new Map();
    this.sizes = new ResizeObserver((entries) => this.#resized(entries));
    this.sights = new IntersectionObserver((entries) => this.#sighted(entries));
    this.onFonts = () => {
      for (const surface of this.surfaces.values()) surface.forget();
      this.refresh();
    };
    document.fonts.addEventListener("loadingdone", this.onFonts);
    /** @type {MediaQueryList|null} */
    this.ratio = null;
    this.onRatio = () => {
      this.#followRatio();
      this.refresh();
    };
    this.#followRatio();
  }

  /** @param {Surface} surface */
  watch(surface) {
    this.surfaces.set(surface.plot, surface);
    this.sizes.observe(surface.plot);
    this.sights.observe(surface.plot);
  }

  /** @param {Surface} surface */
  leave(surface) {
    this.surfaces.delete(surface.plot);
    this.newSizes.delete(surface.plot);
    this.sizes.unobserve(surface.plot);
    this.sights.unobserve(surface.plot);
  }

  /** Gives every surface the size and sharpness that it has to be drawn with. */
  settle() {
    for (const [box, { width, height }] of this.newSizes) this.surfaces.get(box)?.resize(width, height);
    this.newSizes.clear();
    for (const surface of this.surfaces.values()) surface.sharpen();
  }

  /** Gives every surface the size that its box has now, of which nobody has heard yet. */
  measure() {
    for (const [box, surface] of this.surfaces) surface.resize(box.clientWidth, box.clientHeight);
    this.newSizes.clear();
  }

  dispose() {
    document.fonts.removeEventListener("loadingdone", this.onFonts);
    this.ratio?.removeEventListener("change", this.onRatio);
    this.sizes.disconnect();
    this.sights.disconnect();
  }

  /** Hears when the page moves to a screen of another sharpness, or is zoomed. */
  #followRatio() {
    this.ratio?.removeEventListener("change", this.onRatio);
    this.ratio = matchMedia(`(resolution: ${window.devicePixelRatio}dppx)`);
    this.ratio.addEventListener("change", this.onRatio);
  }

  /** @param {ResizeObserverEntry[]} entries */
  #resized(entries) {
    for (const { target, contentRect } of entries) this.newSizes.set(target, contentRect);
    this.refresh();
  }

  /** @param {IntersectionObserverEntry[]} entries */
  #sighted(entries) {
    for (const { target, isIntersecting } of entries) {
      const surface = this.surfaces.get(target);
      if (surface) surface.visible = isIntersecting;
    }
    this.refresh();
  }
}
