/** The stage: takes messages, holds the cursors, and has the panels draw whatever has changed. */

import { Boxes } from "../shared/boxes.js";
import { Choice } from "../shared/choice.js";
import { scrollTo, setAttribute, setText } from "../shared/dom.js";
import { Paced } from "../shared/paced.js";
import { makeTheme, themeVariables } from "../shared/theme.js";
import { counted, isolate, likelihoodText, perplexityText, say } from "../shared/words.js";
import { Cursors } from "./cursors.js";
import { Easing } from "./easing.js";
import { transplant } from "./edits.js";
import { Halt } from "./halt.js";
import { Linked } from "./keep.js";
import { listenToKeys, listenToPageKeys } from "./keyboard.js";
import { Layout } from "./layout.js";
import { Line } from "./line.js";
import { outcomeText } from "./panels/what_if.js";
import { STEP_SCALES } from "./panels/steps.js";
import { Overture } from "./overture.js";
import { Player } from "./player.js";
import { Presenter } from "./presenter.js";
import { Skip } from "./skip.js";
import { Printing } from "./printing.js";
import { Store } from "./store.js";
import { dim } from "./tour.js";
import { GRADIENTS, look } from "./view.js";
import { decode } from "./wire.js";

/** @typedef {import("./placed.js").Placed} Placed */
/** @typedef {import("./view.js").View} View */

const SIGNS = ["pointerdown", "keydown"]; // of somebody being there, anywhere on the page
const TEXT_EVERY = 100; // ms between changes of numbers in the text while playing
const SPEECH_EVERY = 1000; // ms between changes of what a screen reader hears

export class Stage {
  /**
   * @param {ShadowRoot|HTMLElement} parent
   * @param {URL} feeds  address below which every viewer has a feed
   * @param {import("./memory.js").Memory} memory  of this tab
   */
  constructor(parent, feeds, memory) {
    this.stepScale = new Choice(memory.storage, "rnn-playground-steps", STEP_SCALES);
    this.gradientOf = new Choice(memory.storage, "rnn-playground-gradient", GRADIENTS);
    this.layout = new Layout();
    this.store = new Store();
    const read = () => this.player.refresh();
    this.line = new Line(feeds, memory, this.store, (bytes) => this.#take(bytes), read);
    this.player = new Player(this.store, (now) => this.#draw(now));
    this.halt = new Halt(() => this.store.message?.playing ?? false, () => {
      this.#hold();
      this.#tell();
    });
    this.cursors = new Cursors();
    this.linked = new Linked();
    this.easing = new Easing();
    this.boxes = new Boxes(() => this.player.refresh());
    this.text = new Paced(TEXT_EVERY, () => this.#tell());
    this.speech = new Paced(SPEECH_EVERY, () => this.#speak());
    this.motion = matchMedia("(prefers-reduced-motion: reduce)");
    this.overture = new Overture(this.motion, (message) => {
      this.store.receive(message);
      this.player.scrub(message.playhead);
    });
    this.touched = () => this.#touch();
    for (const sign of SIGNS) document.addEventListener(sign, this.touched, true);
    this.theme = makeTheme({ background: "", text: "", accent: "", font: "", mono: "" });
    this.variables = "";
    this.drawnStep = -1;
    this.drawnFrames = 0;
    this.acted = false; // whether the reader did something that is to be spoken of
    /** @type {View[]} of the tracks, as drawn last */
    this.views = [];
    this.moves = this.#movesOf();
    listenToKeys(this.layout.root, this.moves);
    this.presenter = new Presenter(this.layout.root, (panels) => {
      this.line.trigger("present", { panels });
      this.player.refresh();
    });
    this.layout.keep.element.append(this.presenter.enter, this.layout.keys.open);
    this.skip = new Skip(this.layout.root);
    this.stopListening = listenToPageKeys({
      toggle: this.moves.toggle,
      present: () => this.presenter.toggle(),
      leave: () => this.presenter.leave(),
      showKeys: () => this.layout.keys.show(),
    });
    this.layout.footer.listen(this.moves, () => {
      if (!this.views.length) return;
      this.line.trigger("study", { step: this.views[0].step });
      scrollTo(".st-key-study", this.motion.matches);
    });
    this.layout.keep.listen(() => this.views, this.layout.inner, () => this.layout.panels);
    this.printing = new Printing(this.layout.root, (sharpness) => this.#drawAnew(sharpness));
    parent.append(this.layout.root);
  }

  /**
   * @param {Uint8Array} bytes
   * @param {import("./line.js").Trigger} trigger
   */
  receive(bytes, trigger) {
    this.line.trigger = trigger;
    this.#take(bytes);
  }

  dispose() {
    for (const sign of SIGNS) document.removeEventListener(sign, this.touched, true);
    this.overture.touch();
    this.halt.dispose();
    this.stopListening();
    this.presenter.dispose();
    this.skip.dispose();
    this.line.close();
    this.player.stop();
    this.boxes.dispose();
    this.printing.dispose();
    this.text.stop();
    this.speech.stop();
    this.layout.root.remove();
  }

  /** @param {Uint8Array} bytes  of a message */
  #take(bytes) {
    const message = decode(bytes, this.store.scenes);
    const last = this.store.message;
    if (last && last.feed === message.feed && message.serial < last.serial) {
      this.#readTheme(); // what the page sent before the feed went on, once more: after a change of theme
      this.player.refresh();
      return;
    }
    const place = this.line.received(message);
    if (!message.tracks.length) return;
    if (place && last) {
      this.#tell(); // the picture stays as it is until the server has come to where it was
      return;
    }
    const { newRun } = this.store.receive(this.overture.received(message));
    this.#readTheme();
    if (newRun) {
      for (const surface of this.layout.arrange(message.tracks.length)) this.boxes.leave(surface);
      this.cursors.open(message.tracks[0].scene);
      this.cursors.go(this.linked.news(window.location.search));
      this.easing.forget();
      this.drawnStep = -1;
    }
    const asked = message.question?.loss_at ?? null;
    if (newRun || asked !== (last?.question?.loss_at ?? null)) this.cursors.loss = asked ?? -1;
    this.presenter.follow(window.location.search);
    const { root, footer } = this.layout;
    setAttribute(root, "data-run", message.run);
    setAttribute(root, "data-playing", String(message.playing));
    footer.study.disabled = message.playing;
    this.acted ||= (last?.playing ?? false) && !message.playing;
    this.halt.received(message);
    this.#hold();
    this.player.received({ newRun });
  }

  /**
   * What mouse, touch and keys do.
   * @returns {import("./keyboard.js").Moves}
   */
  #movesOf() {
    const { cursors, player, layout } = this;
    /** @template {unknown[]} A @param {(...given: A) => void} move @returns {(...given: A) => void} */
    const act = (move) => (...given) => {
      move(...given);
      this.#act();
    };
    return {
      pin: act((t) => cursors.pin(t)),
      pickUnit: act((unit) => { cursors.unit = unit; }),
      pick: act(({ what, which }) => (what === "pair" ? this.#compare(which) : this.#light(which))),
      comparePair: act(() => this.#compare(cursors.pair + 1)),
      lightLoss: act(() => { if (this.views.length) this.#light(this.views[0].t); }),
      carry: act((from, over) => { if (!this.#isRecorded) cursors.carry(from, over); }),
      drop: act((from, onto) => this.#putState(from, onto)),
      moveState: act(() => this.#moveState()),
      letGo: () => {
        const wasCarried = cursors.carried >= 0;
        cursors.carry(-1);
        if (wasCarried) this.#act();
        return wasCarried;
      },
      hover: (t, on) => { if (cursors.hover(t, on)) player.refresh(); },
      moveTime: act((by) => {
        if (this.views.length) cursors.pin(cursors.within(this.views[0].scene, cursors.t + by));
      }),
      moveStep: act((frames) => player.move(frames)),
      scrub: act((step) => player.scrub(step)),
      follow: act(() => player.follow()),
      toggle: () => {
        this.halt.press();
        this.line.trigger("toggle", true);
      },
      point: (target, x, y) => layout.tip.point(target, x, y),
    };
  }

  /** Whether all there is to be seen is here: nobody answers a question. */
  get #isRecorded() {
    return this.store.message?.recorded ?? false;
  }

  /** @param {number} pair */
  #compare(pair) {
    if (this.views.length) this.cursors.compare(this.views[0].scene, pair);
  }

  /**
   * Lights the loss at a timestep, or puts that light out.
   * @param {number} t
   */
  #light(t) {
    if (this.#isRecorded) return;
    const { cursors } = this;
    cursors.loss = t === cursors.loss ? -1 : t;
    this.line.trigger("loss", { at: cursors.loss < 0 ? null : cursors.loss });
  }

  /** @param {Record<string, string>} change  of what is to be otherwise in the text read */
  #edit(change) {
    this.#act();
    this.line.asking.change(change);
    this.line.trigger("edits", change);
  }

  /** Takes up the state of the time cursor, or puts there what was taken up. */
  #moveState() {
    const { cursors, views: [view] } = this;
    if (!view || this.#isRecorded) return;
    if (cursors.carried < 0) cursors.carry(view.t);
    else this.#putState(cursors.carried, view.t);
  }

  /**
   * Where it is already, a state changes nothing: it is only let go.
   * @param {number} from
   * @param {number} onto  −1 for nowhere
   */
  #putState(from, onto) {
    this.cursors.carry(-1);
    if (onto < 0 || onto === from || this.#isRecorded) return;
    this.cursors.pin(onto);
    this.#edit({ add: transplant(from, onto) });
  }

  #readTheme() {
    const variables = themeVariables(this.layout.root);
    const key = JSON.stringify(variables);
    if (key === this.variables) return;
    this.variables = key;
    this.theme = makeTheme(variables);
    setAttribute(this.layout.root, "data-theme", this.theme.dark ? "dark" : "light");
  }

  /** Draws in the colours that the page has now, where nobody sends a message for it. */
  restyle() {
    this.#readTheme();
    this.player.refresh();
  }

  /** @param {number} sharpness  see `Surface.sharpen` */
  #drawAnew(sharpness) {
    this.#readTheme();
    for (const panel of this.layout.panels) for (const surface of panel.surfaces) surface.sharpen(sharpness);
    this.boxes.measure();
    this.#draw(performance.now());
  }

  #act() {
    this.overture.touch();
    this.acted = true;
    this.player.refresh();
  }

  /** Stands still while pause has been pressed and the server has not said so yet. */
  #hold() {
    this.player.holds = this.halt.isOn;
    this.layout.root.toggleAttribute("data-held", this.halt.isOn);
    this.player.refresh();
  }

  /** Somebody does something on the page. */
  #touch() {
    if (!this.overture.plays) return;
    this.overture.touch();
    this.player.refresh();
  }

  /** @returns {View[]} */
  #look() {
    const { store, player, theme, cursors, easing, stepScale, gradientOf } = this;
    const step = store.moments[player.index]?.step ?? 0;
    return look(store, { step, theme, cursors, stepScale: stepScale.value, gradientOf: gradientOf.value, eased: easing.values });
  }

  /**
   * @param {number} now
   * @returns {boolean} whether something is still moving
   */
  #draw(now) {
    const views = this.views = this.#look();
    if (!views.length) return false;
    const { layout, boxes } = this;
    this.#dress();
    boxes.settle();
    const moving = this.#ease(now);
    for (const panel of layout.panels) panel.draw(views[panel.track]);
    this.#mark(views[0]);
    const isBrought = (this.store.message?.playing ?? false) && this.player.following;
    this.line.asking.want(views[0].step, views.map(({ frame }) => frame?.step ?? -1), isBrought);
    this.text.ask(now, !this.store.message?.playing);
    this.speech.ask(now);
    layout.tip.refresh();
    return moving;
  }

  /** Titles and legends, wherever what they depend on has changed. */
  #dress() {
    const { layout, boxes, views } = this;
    /** @type {import("./placed.js").Actions} */
    const actions = {
      showLayer: (layer) => {
        this.cursors.layer = layer;
        this.easing.forget();
        this.#act();
      },
      showUnit: (by) => {
        this.cursors.unit = Math.max(0, this.views[0].unit + by);
        this.#act();
      },
      scaleSteps: (scale) => {
        this.stepScale.choose(scale);
        this.player.refresh();
      },
      keepPicture: (panel) => layout.keep.keepPicture(panel.element, [panel], this.views),
      showGradientOf: (which) => {
        this.gradientOf.choose(which);
        this.player.refresh();
      },
      moveState: this.moves.moveState,
      edit: (change) => this.#edit(change),
      removeGhost: (id) => this.line.trigger("ghost", { remove: id }),
    };
    for (const panel of layout.panels) {
      panel.dress(views[panel.track], actions, (gone) => {
        for (const surface of gone) boxes.leave(surface);
        for (const surface of panel.surfaces) boxes.watch(surface);
        panel.listen(() => this.views[panel.track], this.moves);
      });
    }
    layout.dress(views);
    dim(layout.panels, views[0].scene.lit);
    this.presenter.dress(views[0], layout.panels);
    this.skip.say(say(views[0].words, "skip"));
  }

  /**
   * @param {number} now
   * @returns {boolean} whether something is still moving
   */
  #ease(now) {
    const { layout, views, easing } = this;
    const wanted = layout.panels.flatMap(({ kind: { eases: eased }, surfaces: [surface], track }) => (
      eased && surface ? [{ eased, surface, view: views[track] }] : []
    ));
    const moving = easing.move(wanted, now, this.motion.matches);
    for (const view of views) Object.assign(view, easing.values);
    return moving;
  }

  /**
   * What tests and tools read from the page.
   * @param {View} view
   */
  #mark({ t, step, frame }) {
    const { root } = this.layout;
    setAttribute(root, "data-t", String(t));
    if (!frame || step === this.drawnStep) return;
    this.drawnStep = step;
    this.drawnFrames += 1;
    root.dataset.step = String(step);
    root.dataset.frames = String(this.drawnFrames);
  }

  /** The numbers in words. */
  #tell() {
    const { layout, store, player, views } = this;
    const { message } = store;
    if (!views.length || !message) return;
    const [view] = views;
    layout.footer.tell(view, { ...message, playing: message.playing && !this.halt.isOn }, {
      isBack: !player.following, ahead: this.line.memory.ahead, isOverture: this.overture.plays,
    });
    layout.keep.tell(views);
    layout.tell(views);
    for (const panel of layout.panels) panel.tell(views[panel.track]);
  }

  /** Text alternatives; what is announced, only while paused or after the reader did something. */
  #speak() {
    const { layout, views } = this;
    if (!views.length) return;
    for (const panel of layout.panels) panel.describe(views[panel.track]);
    if (this.store.message?.playing && !this.acted) return;
    this.acted = false;
    setText(layout.live, views.map(spoken).join(" "));
  }
}

/**
 * Where the reader is and what is to be seen there, in a sentence.
 * @param {View} view
 */
function spoken(view) {
  const { scene, words, frame, step, t, tracks } = view;
  const where = say(words, "aria_stage", {
    step: counted(step), perplexity: perplexityText(frame?.loss ?? NaN), t: t + 1,
    input: isolate(scene.inputs[t]), target: isolate(scene.targets[t]),
    probability: likelihoodText(frame?.losses[t] ?? NaN),
  });
  const said = `${where} ${outcomeText(view)}`.trim();
  return tracks.length > 1 ? `${scene.name}: ${said}` : said;
}
