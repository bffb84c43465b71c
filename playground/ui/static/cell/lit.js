/** What belongs together is lit together: by the pointer, by the keyboard's focus, by a tap, which stays. */

export class Lit {
  constructor() {
    /** @type {{target: Element, keys: string[]}[]} */
    this.parts = [];
    /** @type {string[]} what a tap has lit */
    this.kept = [];
  }

  /** Forgets all elements; what is lit stays lit on those that come. */
  clear() {
    this.parts = [];
  }

  /**
   * @template {HTMLElement|SVGElement} E
   * @param {E} target
   * @param {string[]} keys  by which it is lit
   * @param {string[]} [lights]  what it lights; its own keys if not said
   * @returns {E}
   */
  add(target, keys, lights = keys) {
    this.parts.push({ target, keys });
    target.onpointerenter = () => this.light(lights);
    target.onpointerleave = () => this.light(this.kept);
    const { onfocus, onblur } = target;
    target.onfocus = (event) => {
      onfocus?.call(target, event);
      this.light(lights);
    };
    target.onblur = (event) => {
      onblur?.call(target, event);
      this.light(this.kept);
    };
    target.onclick = () => {
      this.kept = lights;
      this.light(lights);
    };
    return target;
  }

  /** @param {string[]} wanted */
  light(wanted) {
    for (const { target, keys } of this.parts) target.toggleAttribute("data-lit", keys.some((key) => wanted.includes(key)));
  }
}
