/** A stage on a page without a browser, and what is to be seen on it. */

import { Memory } from "../../../playground/ui/static/stage/memory.js";
import { Stage } from "../../../playground/ui/static/stage/stage.js";
import { advance, openPage } from "./page.js";

export class Opened {
  constructor(...messages) {
    this.#open(null, messages);
  }

  /** A stage in a tab that keeps what it is told. */
  static with(storage, ...messages) {
    const opened = new Opened();
    opened.#open(storage, messages);
    return opened;
  }

  /** A stage of somebody who does not mind motion. */
  static moving(...messages) {
    const opened = new Opened();
    opened.#open(null, messages, { calm: false });
    return opened;
  }

  /** A stage of somebody who has followed a link. */
  static at(search, ...messages) {
    const opened = new Opened();
    opened.#open(null, messages, { search });
    return opened;
  }

  #open(storage, messages, reader) {
    /** What was sent to the server: [name, value]. */
    this.sent = [];
    /** Of which track `drawn` and its like are. */
    this.track = 0;
    this.stage = new Stage(openPage(reader), new URL("http://localhost/frames"), new Memory(storage));
    this.layout = this.stage.layout;
    for (const message of messages) this.receive(message);
  }

  receive(message) {
    this.stage.receive(message, (name, value) => this.sent.push([name, value]));
    this.wait();
  }

  /** Until all is drawn and said. */
  wait(milliseconds = 1500) {
    advance(milliseconds);
  }

  scrub(step) {
    this.stage.moves.scrub(step);
    this.wait();
  }

  /** Moves the time cursor to a timestep counted from 0. */
  pin(t) {
    this.stage.moves.pin(t);
    this.wait();
  }

  /** Chooses the axis of training steps, "log" or "linear". */
  scale(name) {
    this.panel("curve").parts.scales.children.find((radio) => radio.textContent === name).onclick();
    this.wait();
  }

  get step() {
    return Number(this.layout.root.dataset.step);
  }

  get view() {
    return this.stage.views[0];
  }

  /** A panel by its name, of a track. */
  panel(name, track = 0) {
    return this.layout.panels.find((panel) => panel.kind.name === name && panel.track === track);
  }

  /** The text beside the tiles: perplexity, loss and so on. */
  readout(track = 0) {
    return this.panel("tiles", track).parts.readout;
  }

  /** A surface of a panel of the track looked at: `opened.track = 1` looks at the second. */
  surface(panel, k = 0) {
    return this.panel(panel, this.panel(panel, this.track) ? this.track : 0).surfaces[k];
  }

  /** What a screen reader says of a panel. */
  said(panel, k = 0) {
    return this.surface(panel, k).plot.getAttribute("aria-label");
  }

  /** What stood on a panel's canvas after the last time it was covered by its base picture. */
  drawn(panel, k = 0) {
    const { calls } = this.surface(panel, k).context;
    return calls.slice(calls.findLastIndex((call) => call.name === "clearRect") + 1);
  }

  /** The base picture of a panel: axes, labels, ghosts. */
  base(panel, k = 0) {
    const { calls } = this.surface(panel, k).baseContext;
    return calls.slice(calls.findLastIndex((call) => call.name === "clearRect") + 1);
  }

  /** The colours of a heat map's cells, as [unit][timestep]. */
  cells(panel, k = 0) {
    const { image, source } = this.drawn(panel, k).findLast((call) => call.image);
    return Array.from({ length: source.height }, (_, unit) => [...image.slice(unit * source.width, (unit + 1) * source.width)]);
  }

  /** The lines of the tip at a place on a panel. */
  tip(panel, x, y, k = 0) {
    const { plot } = this.surface(panel, k);
    plot.onpointermove({ clientX: x, clientY: y, buttons: 0, pointerType: "mouse" });
    this.wait(50);
    const tip = this.layout.tip.element;
    const lines = tip.style.display !== "block" ? null : tip.textContent.split("\n");
    plot.onpointerleave();
    return lines;
  }
}
