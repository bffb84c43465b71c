/** One of a few, chosen by the reader, which this tab remembers over reloads. */

/** @template {string} [Option=string] */
export class Choice {
  /**
   * @param {Pick<Storage, "getItem"|"setItem">|null} storage  of the tab; null where the browser keeps none
   * @param {string} key  what it is remembered by
   * @param {readonly Option[]} options  the first holds until another is chosen
   */
  constructor(storage, key, options) {
    this.storage = storage;
    this.key = key;
    this.options = options;
    this.value = this.#stored() ?? options[0];
  }

  /** @param {Option} value */
  choose(value) {
    this.value = value;
    try {
      this.storage?.setItem(this.key, value);
    } catch {
      // a full or forbidden storage: then a reload begins with the first
    }
  }

  #stored() {
    try {
      const stored = this.storage?.getItem(this.key);
      return this.options.find((option) => option === stored);
    } catch {
      return undefined; // no storage
    }
  }
}
