/** The stage: takes messages, holds the two cursors, and has the panels draw whenever something changed. */

import { isPageRunning, setAttribute, setText } from "../shared/dom.js";
import { dress } from "./dress.js";
import { Clock } from "../shared/clock.js";
import { Feed } from "./feed.js";
import { buildLayout } from "./layout.js";
import { listen, listenToKeys } from "../shared/gestures.js";
import { Player } from "./player.js";
import { Store } from "./store.js";
import { makeTheme, themeVariables } from "../shared/theme.js";
import { decode } from "./wire.js";
import { isolate, likelihoodText, lossText, perplexityText, say } from "../shared/words.js";
import { curveTip, describeCurve, drawCurve, stepAt } from "./curve.js";
import { describeGate, drawGate, gateTip } from "./gates.js";
import { describeGradients, drawGradients, gradientTimeAt, gradientTip } from "./gradients.js";
import { cellAt } from "./heatmap.js";
import { describeOdds, drawOdds } from "./odds.js";
import { drawSamples } from "./samples.js";
import { describeState, drawState, stateLimit, stateTip } from "./states.js";
import { describeTiles, drawTiles, scrollWanted, tileGeometry, tileTimeAt, tileTip } from "./tiles.js";
import { watchedLoss } from "./view.js";
import { describeTrajectory, drawTrajectory, planeText, reachWanted, trajectoryTimeAt, trajectoryTip } from "./trajectory.js";

/** @typedef {import("../shared/surface.js").Surface} Surface */
/** @typedef {import("../shared/gestures.js").Target} Target */
/** @typedef {import("./view.js").View} View */
/** @typedef {(name: string, value: unknown) => void} Trigger */

const TEXT_EVERY = 100; // ms between changes of numbers in the text while playing
const SPEECH_EVERY = 1000; // ms between changes of what a screen reader hears
const EASE = 90; // ms, time constant of moving axes and tiles

export class Stage {
  /**
   * @param {ShadowRoot|HTMLElement} parent
   * @param {URL} feeds  address below which every viewer has a feed
   * @param {import("./memory.js").Memory} memory  of this tab
   */
  constructor(parent, feeds, memory) {
    this.layout = buildLayout();
    this.store = new Store();
    this.clock = new Clock(isPageRunning);
    this.feed = new Feed(feeds);
    this.memory = memory;
    this.disposed = false;
    this.player = new Player(this.store, (now) => this.#draw(now));
    /** @type {Trigger} */
    this.trigger = () => {};
    this.pinned = 0;
    this.hovered = -1;
    /** @type {Surface|null} */
    this.hoveredOn = null;
    this.layer = 0;
    this.reach = 0; // of the trajectory's axes as drawn, 0 before the first frame
    this.reachGoal = 0;
    this.scroll = 0;
    this.drawnStep = -1;
    this.drawnFrames = 0;
    this.drawnSamples = "";
    this.dressed = "";
    this.lastDraw = 0;
    this.lastText = 0;
    this.lastSpeech = 0;
    this.acted = false;
    this.textTimer = 0;
    this.speechTimer = 0;
    /** @type {View|null} */
    this.view = null;
    this.variables = "";
    this.theme = makeTheme({ background: "", text: "", accent: "", font: "", mono: "" });
    /** @type {{target: Target, x: number, y: number}|null} */
    this.pointed = null;
    /** @type {Map<Element, Surface>} */
    this.boxes = new Map();
    /** @type {Map<Element, DOMRectReadOnly>} */
    this.newSizes = new Map();
    this.sizes = new ResizeObserver((entries) => this.#resized(entries));
    this.sights = new IntersectionObserver((entries) => this.#sighted(entries));
    this.motion = matchMedia("(prefers-reduced-motion: reduce)");
    this.onFonts = () => {
      for (const surface of this.boxes.values()) surface.forget();
      this.player.refresh();
    };
    document.fonts.addEventListener("loadingdone", this.onFonts);
    /** @type {MediaQueryList|null} */
    this.ratio = null;
    this.onRatio = () => {
      this.#followRatio();
      this.player.refresh();
    };
    this.moves = this.#movesOf();
    this.#connect();
    this.#followRatio();
    parent.append(this.layout.root);
  }

  /**
   * @param {Uint8Array} bytes
   * @param {Trigger} trigger
   */
  receive(bytes, trigger) {
    this.trigger = trigger;
    const message = decode(bytes, this.store.scenes);
    const last = this.store.message;
    if (last && last.feed === message.feed && message.serial < last.serial) {
      this.#readTheme(); // what the page sent before the feed went on, once more: after a change of theme
      this.player.refresh();
      return;
    }
    const wasPlaying = last?.playing ?? false;
    if (message.playing) this.feed.look();
    const place = this.memory.received(message);
    if (place) this.#whenPageIsDone(() => this.trigger("resume", place));
    this.clock.received(message, (serial) => this.#ask(message, serial));
    if (!message.scene) return;
    const { newRun } = this.store.receive(message);
    this.#readTheme();
    if (newRun) {
      this.pinned = Math.min(this.pinned, message.scene.inputs.length - 1);
      this.layer = message.scene.layers - 1; // the one that predicts
      this.hovered = -1;
      this.reach = 0;
      this.drawnStep = -1;
      this.drawnSamples = "";
    }
    const { root, footer } = this.layout;
    setAttribute(root, "data-run", message.run);
    setAttribute(root, "data-playing", String(message.playing));
    footer.study.disabled = message.playing;
    this.acted ||= wasPlaying && !message.playing;
    this.player.received({ newRun });
  }

  /** @param {() => void} then */
  #whenPageIsDone(then) {
    setTimeout(() => {
      if (this.disposed) return;
      if (isPageRunning()) this.#whenPageIsDone(then);
      else then();
    }, 20);
  }

  /**
   * Asks for what comes after a message: the feed where it works, else the page.
   * @param {{feed: string, sceneId: string}} message
   * @param {number} serial  of that message
   * @returns {boolean} whether the question is out
   */
  #ask({ feed, sceneId }, serial) {
    if (this.feed.asking) return false; // the answer to the question before is still to come
    const heard = { serial, scene: this.store.scenes.has(sceneId) ? sceneId : "" };
    if (!feed || !this.feed.works) {
      this.trigger("tick", heard);
      return true;
    }
    this.feed.next(feed, heard).then((answer) => {
      const now = this.store.message;
      if (this.disposed || !now?.playing || now.serial !== serial) return; // the page was faster
      if (answer instanceof Uint8Array) this.receive(answer, this.trigger);
      else if (answer === "page") this.trigger("tick", heard);
      else this.clock.soon();
    });
    return true;
  }

  dispose() {
    this.disposed = true;
    this.clock.stop();
    this.player.stop();
    document.fonts.removeEventListener("loadingdone", this.onFonts);
    this.ratio?.removeEventListener("change", this.onRatio);
    this.sizes.disconnect();
    this.sights.disconnect();
    clearTimeout(this.textTimer);
    clearTimeout(this.speechTimer);
    this.layout.root.remove();
  }

  /**
   * What mouse, touch and keys do.
   * @returns {import("../shared/gestures.js").Moves}
   */
  #movesOf() {
    return {
      /** @param {number} t @param {Surface} from */
      pin: (t, from) => {
        this.pinned = t;
        this.hovered = -1;
        this.hoveredOn = from;
        this.#act();
      },
      /** @param {number} t @param {Surface} from */
      hover: (t, from) => {
        if (t === this.hovered) return;
        this.hovered = t;
        this.hoveredOn = from;
        this.player.refresh();
      },
      /** @param {number} by */
      moveTime: (by) => {
        const last = (this.view?.scene.inputs.length ?? 1) - 1;
        const present = this.hovered >= 0 ? this.hovered : this.pinned;
        this.pinned = Math.min(Math.max(present + by, 0), last);
        this.hovered = -1;
        this.hoveredOn = null;
        this.#act();
      },
      /** @param {number} frames */
      moveStep: (frames) => {
        this.player.move(frames);
        this.#act();
      },
      /** @param {number} step */
      scrub: (step) => {
        this.player.scrub(step);
        this.#act();
      },
      toggle: () => this.trigger("toggle", true),
      follow: () => {
        this.player.follow();
        this.#act();
      },
      /** @param {Target|null} target @param {number} x @param {number} y */
      point: (target, x, y) => {
        this.pointed = target && { target, x, y };
        this.#tooltip();
      },
    };
  }

  #connect() {
    const { root, panels, footer } = this.layout;
    root.dataset.frames = "0";
    root.dataset.playing = "false";
    listenToKeys(root, this.moves);
    footer.range.oninput = () => this.moves.scrub(Number(footer.range.value));
    footer.newest.onclick = () => this.moves.follow();
    footer.study.onclick = () => {
      if (this.view) this.trigger("study", { step: this.view.step });
    };
    /** @param {(surface: Surface, view: View, x: number, y: number) => number} time @param {Surface} surface */
    const onView = (time, surface) => (/** @type {number} */ x, /** @type {number} */ y) =>
      (this.view ? time(surface, this.view, x, y) : -1);
    /** @param {string} name @param {(s: Surface, v: View, x: number, y: number) => number} time
     *  @param {(s: Surface, v: View, x: number, y: number) => string[]|null} tip */
    const add = (name, time, tip) => {
      const [surface] = panels[name].surfaces;
      listen({
        surface, time: onView(time, surface), step: null,
        tip: (x, y) => (this.view ? tip(surface, this.view, x, y) : null),
      }, this.moves);
      this.#watch(surface);
    };
    add("tiles", tileTimeAt, tileTip);
    add("gradients", gradientTimeAt, gradientTip);
    add("trajectory", trajectoryTimeAt, trajectoryTip);
    add("odds", () => -1, () => null);
    for (const [name, state] of [["state", "h"], ["cell_state", "c"]]) {
      add(name, (s, v, x, y) => cellAt(s, v, x, y, false)?.t ?? -1, (s, v, x, y) => stateTip(s, v, state, x, y));
    }
    const [curve] = panels.curve.surfaces;
    listen({
      surface: curve, time: () => -1,
      step: (x) => (this.view ? stepAt(curve, this.view, x) : 0),
      tip: (x) => (this.view ? curveTip(curve, this.view, x) : null),
    }, this.moves);
    this.#watch(curve);
  }

  /** Has everything drawn anew when the page moves to a screen of another sharpness, or is zoomed. */
  #followRatio() {
    this.ratio?.removeEventListener("change", this.onRatio);
    this.ratio = matchMedia(`(resolution: ${window.devicePixelRatio}dppx)`);
    this.ratio.addEventListener("change", this.onRatio);
  }

  /** @param {Surface} surface */
  #watch(surface) {
    this.boxes.set(surface.plot, surface);
    this.sizes.observe(surface.plot);
    this.sights.observe(surface.plot);
  }

  /** @param {ResizeObserverEntry[]} entries */
  #resized(entries) {
    for (const { target, contentRect } of entries) this.newSizes.set(target, contentRect);
    this.player.refresh();
  }

  /** @param {IntersectionObserverEntry[]} entries */
  #sighted(entries) {
    for (const { target, isIntersecting } of entries) {
      const surface = this.boxes.get(target);
      if (surface) surface.visible = isIntersecting;
    }
    this.player.refresh();
  }

  #readTheme() {
    const variables = themeVariables(this.layout.root);
    const key = JSON.stringify(variables);
    if (key === this.variables) return;
    this.variables = key;
    this.theme = makeTheme(variables);
    setAttribute(this.layout.root, "data-theme", this.theme.dark ? "dark" : "light");
  }

  #act() {
    this.acted = true;
    this.player.refresh();
  }

  /** @returns {View|null} */
  #look() {
    const { message, frames, limits } = this.store;
    if (!message) return null;
    const frame = frames[this.player.index] ?? null;
    const last = message.scene.inputs.length - 1;
    return {
      scene: message.scene,
      words: message.scene.words,
      theme: this.theme,
      key: `${message.sceneId}|${this.theme.key}|${this.layer}`,
      frame,
      step: frame?.step ?? 0,
      t: Math.max(0, Math.min(this.hovered >= 0 ? this.hovered : this.pinned, last)),
      layer: this.layer,
      curve: message.curve,
      playhead: message.playhead,
      explosion: message.explosion,
      limits,
      samples: message.samples,
      reach: this.reach || 1,
      scroll: this.scroll,
    };
  }

  /**
   * @param {number} now
   * @returns {boolean} whether something is still moving
   */
  #draw(now) {
    const view = this.#look();
    this.view = view;
    if (!view) return false;
    this.#dress(view);
    for (const [box, { width, height }] of this.newSizes) this.boxes.get(box)?.resize(width, height);
    this.newSizes.clear();
    for (const surface of this.boxes.values()) surface.sharpen();
    const moving = this.#ease(view, now);
    this.#paint(view);
    const { root } = this.layout;
    setAttribute(root, "data-t", String(view.t));
    if (view.frame && view.step !== this.drawnStep) {
      this.drawnStep = view.step;
      this.drawnFrames += 1;
      root.dataset.step = String(view.step);
      root.dataset.frames = String(this.drawnFrames);
    }
    this.#text(now);
    this.#speak(now);
    if (this.pointed) this.#tooltip();
    return moving;
  }

  /** @param {View} view */
  #paint(view) {
    const { panels } = this.layout;
    drawTiles(panels.tiles.surfaces[0], view);
    drawCurve(panels.curve.surfaces[0], view);
    drawState(panels.state.surfaces[0], view, "h");
    if (view.scene.states.includes("c")) drawState(panels.cell_state.surfaces[0], view, "c");
    panels.gates.surfaces.forEach((surface, k) => drawGate(surface, view, view.scene.gates[k]));
    drawGradients(panels.gradients.surfaces[0], view);
    drawTrajectory(panels.trajectory.surfaces[0], view);
    drawOdds(panels.odds.surfaces[0], view);
  }

  /**
   * Titles and legends, whenever what they depend on has changed.
   * @param {View} view
   */
  #dress(view) {
    const limits = view.scene.states.map((state) => stateLimit(view, state));
    const key = `${view.key}|${limits}|${view.explosion !== null}`;
    if (key === this.dressed) return;
    this.dressed = key;
    dress(this.layout, view, {
      showLayer: (layer) => {
        this.layer = layer;
        this.reach = 0;
        this.#act();
      },
      removeGhost: (id) => this.trigger("ghost", { remove: id }),
    });
    view.scene.gates.forEach((gate, k) => {
      const surface = this.layout.panels.gates.surfaces[k];
      if (this.boxes.has(surface.plot)) return;
      this.#watch(surface);
      listen({
        surface, step: null,
        time: (x, y) => (this.view ? cellAt(surface, this.view, x, y, true)?.t ?? -1 : -1),
        tip: (x, y) => (this.view ? gateTip(surface, this.view, gate, x, y) : null),
      }, this.moves);
    });
    for (const [box, surface] of this.boxes) {
      if (box.isConnected || box.getRootNode() === this.layout.root.getRootNode()) continue;
      this.sizes.unobserve(surface.plot);
      this.sights.unobserve(surface.plot);
      this.boxes.delete(box);
    }
  }

  /**
   * Moves the trajectory's axes and the tiles towards where they should be.
   * @param {View} view
   * @param {number} now
   */
  #ease(view, now) {
    const elapsed = Math.min(now - this.lastDraw, 100);
    this.lastDraw = now;
    const share = this.motion.matches ? 1 : 1 - Math.exp(-elapsed / EASE);
    const { panels } = this.layout;
    const [trajectory] = panels.trajectory.surfaces;
    const fresh = this.reach === 0;
    const reach = reachWanted(trajectory, view, fresh ? 0 : this.reachGoal);
    const [tiles] = panels.tiles.surfaces;
    const held = this.hovered >= 0 && this.hoveredOn === tiles;
    const scroll = tiles.ready
      ? scrollWanted(tileGeometry(tiles, view), this.scroll, held ? this.pinned : view.t) : this.scroll;
    this.reachGoal = reach;
    this.reach = fresh ? reach : approach(this.reach, reach, share, reach * 0.005);
    this.scroll = fresh ? scroll : approach(this.scroll, scroll, share, 0.01);
    view.reach = this.reach || 1;
    view.scroll = this.scroll;
    return this.reach !== reach || this.scroll !== scroll;
  }

  /**
   * The numbers in words; ten times a second while playing, at once otherwise.
   * @param {number} now
   */
  #text(now) {
    const { view, layout } = this;
    const { message } = this.store;
    if (!view || !message) return;
    clearTimeout(this.textTimer);
    const wait = this.lastText + TEXT_EVERY - now;
    if (message.playing && wait > 0) {
      this.textTimer = setTimeout(() => this.#text(performance.now()), wait);
      return;
    }
    this.lastText = now;
    const { words, step } = view;
    const { footer, readout, root } = layout;
    const loss = view.frame?.loss ?? NaN;
    const newest = step >= (this.store.frames[this.store.visible - 1]?.step ?? 0);
    const still = newest && this.player.following ? "paused" : "scrubbed";
    const mode = message.playing && this.player.following ? "live" : still;
    const where = say(words, "step", { step });
    const told = [where, say(words, mode)];
    if (message.playing) told.push(say(words, "rate", { rate: Math.round(message.rate) }));
    if (message.others) told.push(say(words, "others_training", { count: message.others }));
    setText(footer.status, told.join(" · "));
    setAttribute(footer.range, "max", String(view.playhead));
    if (footer.range.value !== String(step)) footer.range.value = String(step);
    setAttribute(footer.range, "aria-valuetext", where);
    const filled = view.playhead ? (100 * step) / view.playhead : 0;
    footer.range.style.setProperty("--filled", `${filled.toFixed(1)}%`);
    setAttribute(footer.newest, "data-shown", String(mode === "scrubbed"));
    footer.newest.disabled = mode !== "scrubbed";
    setText(footer.study, say(words, "study", { step }));
    setText(footer.notice, message.explosion?.sentence ?? "");
    setText(readout.step.value, String(step));
    setText(readout.perplexity.value, perplexityText(loss));
    setText(readout.loss.value, `${lossText(loss)} ${say(words, "nats")}`);
    setText(readout.watched.value, perplexityText(view.frame ? watchedLoss(view.frame) : NaN));
    setText(layout.panels.trajectory.aside, planeText(view));
    const input = isolate(view.scene.inputs[view.t]);
    setText(layout.panels.odds.aside, say(words, "after", { t: view.t + 1, input }));
    this.drawnSamples = drawSamples(layout.samples, view, this.drawnSamples);
    setAttribute(root, "aria-label", say(words, "aria_label"));
  }

  /**
   * Text alternatives, once a second; what is announced, only while paused or after the reader did something.
   * @param {number} now
   */
  #speak(now) {
    const { view, layout } = this;
    const { message } = this.store;
    if (!view || !message) return;
    clearTimeout(this.speechTimer);
    const wait = this.lastSpeech + SPEECH_EVERY - now;
    if (wait > 0) {
      this.speechTimer = setTimeout(() => this.#speak(performance.now()), wait);
      return;
    }
    this.lastSpeech = now;
    const { panels } = layout;
    panels.tiles.describe(describeTiles(view));
    panels.curve.describe(describeCurve(view));
    panels.state.describe(describeState(view, "h"));
    if (view.scene.states.includes("c")) panels.cell_state.describe(describeState(view, "c"));
    panels.gates.surfaces.forEach((surface, k) => {
      setAttribute(surface.plot, "aria-label", describeGate(view, view.scene.gates[k]));
    });
    panels.gradients.describe(describeGradients(view));
    panels.trajectory.describe(describeTrajectory(view));
    panels.odds.describe(describeOdds(view));
    if (message.playing && !this.acted) return;
    this.acted = false;
    setText(layout.live, say(view.words, "aria_stage", {
      step: view.step, perplexity: perplexityText(view.frame?.loss ?? NaN), t: view.t + 1,
      input: isolate(view.scene.inputs[view.t]), target: isolate(view.scene.targets[view.t]),
      probability: likelihoodText(view.frame?.losses[view.t] ?? NaN),
    }));
  }

  /** Shows what is under the pointer, as of the frame drawn. */
  #tooltip() {
    const { tip, root } = this.layout;
    const lines = this.pointed?.target.tip(this.pointed.x, this.pointed.y);
    if (!lines || !this.pointed) {
      tip.style.display = "none";
      return;
    }
    setText(tip, lines.join("\n"));
    tip.style.display = "block";
    const box = root.getBoundingClientRect();
    const plot = this.pointed.target.surface.plot.getBoundingClientRect();
    const x = plot.left - box.left + this.pointed.x;
    const y = plot.top - box.top + this.pointed.y;
    const left = x + 14 + tip.offsetWidth > box.width ? x - 14 - tip.offsetWidth : x + 14;
    const top = Math.min(Math.max(y - tip.offsetHeight - 10, 2), box.height - tip.offsetHeight - 2);
    tip.style.transform = `translate(${Math.max(2, Math.round(left))}px, ${Math.round(top)}px)`;
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
