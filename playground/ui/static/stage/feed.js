/**
 * The stage's own way to the server: while playing it asks an address of ours for the next message, which costs much
 * less than a run of the page. Where a host does not serve that address, the page is asked, as before.
 */

const NOTICED = 1000; // ms in which a server that serves the address says so
const AGAIN = 5000; // ms until it is looked for once more
const PATIENCE = 10000; // ms for an answer of a busy server

/** @typedef {"page"|"later"|Uint8Array} Answer  the page has to run; ask again soon; the next message */

export class Feed {
  /** @param {URL} address  of all feeds; a token comes behind it */
  constructor(address) {
    this.address = address;
    this.works = false;
    this.looked = -Infinity;
    this.asking = false;
  }

  /** Finds out whether the address is served; a look that has just been taken is not repeated. */
  async look() {
    const now = performance.now();
    if (this.works || now - this.looked < AGAIN) return;
    this.looked = now;
    try {
      const answer = await fetch(this.address, { signal: AbortSignal.timeout(NOTICED) });
      this.works = answer.status === 204;
    } catch {
      this.works = false;
    }
  }

  /**
   * @param {string} token
   * @param {{serial: number, scene: string}} heard  what is here already
   * @returns {Promise<Answer>}
   */
  async next(token, { serial, scene }) {
    this.asking = true;
    try {
      const answer = await this.#post(`/${encodeURIComponent(token)}`, { serial: String(serial), scene });
      if (answer.status === 200) return new Uint8Array(await answer.arrayBuffer());
      if (answer.status === 429) return "later";
      if (answer.status !== 204) this.works = false;
      return "page";
    } catch {
      this.works = false; // no network, or a server that has gone
      return "page";
    } finally {
      this.asking = false;
    }
  }

  /**
   * What this viewer asks, answered at a training step.
   * @param {string} token
   * @param {number} step
   * @param {Record<string, string>} change  of what is asked
   * @returns {Promise<Answer>} "later": there is nothing to be told yet
   */
  async reading(token, step, change = {}) {
    try {
      const answer = await this.#post(`/${encodeURIComponent(token)}/reading`, { step: String(step), ...change });
      if (answer.status === 200) return new Uint8Array(await answer.arrayBuffer());
      return answer.status === 204 || answer.status === 429 ? "later" : "page";
    } catch {
      return "page";
    }
  }

  /** @param {string} path @param {Record<string, string>} query */
  #post(path, query) {
    const address = new URL(this.address);
    address.pathname += path;
    address.search = new URLSearchParams(query).toString();
    return fetch(address, { method: "POST", signal: AbortSignal.timeout(PATIENCE) });
  }
}
