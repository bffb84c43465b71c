/** Panels are drawn when what they show has changed: not more often, and not less. */

import assert from "node:assert/strict";
import test from "node:test";
import { PANELS } from "../../../playground/ui/static/stage/panels.js";
import { makeMessage, makeScene, written } from "./messages.js";
import { Opened } from "./open.js";

const point = (step, loss) => ({ step, loss, gradient_norm: 1 });

/** Every canvas of the stage with a name. */
const canvases = ({ layout }) => layout.panels.flatMap((panel) => panel.surfaces.map((surface, k) => ({
  name: `${panel.kind.name} ${panel.plots[k]} of track ${panel.track}`, surface,
})));

/** The names of the panels that are drawn while something is done. */
function drawnBy(opened, act) {
  const before = new Map(canvases(opened).map(({ surface }) => [surface, surface.context.calls.length]));
  act();
  opened.wait();
  const drawn = canvases(opened).filter(({ surface }) => surface.context.calls.length > before.get(surface));
  return new Set(drawn.map(({ name }) => name.split(" ")[0]));
}

/** What can be seen of the calls of a canvas. */
const told = (calls) => calls.map(({ name, values, globalAlpha, path, text, image, ...styles }) => {
  const { fillStyle, font, strokeStyle, lineWidth, dash } = styles;
  const style = /^stroke/.test(name) ? [strokeStyle, lineWidth, dash] : /^fill/.test(name) ? [fillStyle, text && font] : [];
  return JSON.stringify([name, values, globalAlpha, path, text, image && [...image], style]);
});
const sinceCleared = (context) => context.calls.slice(context.calls.findLastIndex(({ name }) => name === "clearRect") + 1);

/** Draws everything anew: nothing may look otherwise than it did. */
function assertFresh(opened, after) {
  const seen = canvases(opened).map(({ surface }) => ({ top: told(surface.context.calls), base: told(sinceCleared(surface.baseContext)) }));
  for (const { surface } of canvases(opened)) surface.forget();
  opened.stage.player.refresh();
  opened.wait();
  canvases(opened).forEach(({ name, surface }, k) => {
    const [, ...whole] = told(sinceCleared(surface.context)); // the first shows the base picture
    assert.ok(whole.length, `${name} is drawn`);
    assert.deepEqual(seen[k].top.slice(-whole.length), whole, `${name} after ${after}`);
    assert.deepEqual(seen[k].base, told(sinceCleared(surface.baseContext)), `axes of ${name} after ${after}`);
  });
}

const frames = [0, 1, 2, 3].map((step) => ({
  step, loss: 1 / (step + 1), "l0.xy": [step, 1, 0, 2, 1, 3], "l0.h": [step, 9, 9, 9, 9, 9], losses: [1, 0.5, step / 10],
}));
const curve = frames.map(({ step, loss }) => point(step, loss));

test("what has not changed is not drawn again", () => {
  const opened = new Opened(makeMessage({ frames, curve }));
  assert.deepEqual([...drawnBy(opened, () => opened.stage.player.refresh())], []);
  assert.deepEqual([...drawnBy(opened, () => opened.receive(makeMessage({ frames: [], curve, playhead: 3 })))], ["curve"]);
  const moved = drawnBy(opened, () => opened.pin(1));
  assert.ok(!moved.has("curve") && ["tiles", "state", "gates", "gradients", "trajectory", "odds"].every((name) => moved.has(name)));
  const pictured = PANELS.filter((kind) => kind.plots(opened.view.scene).length).map(({ name }) => name);
  assert.deepEqual([...drawnBy(opened, () => opened.scrub(1))].sort(), pictured.sort(), "all that have pictures");
});

test("what has changed is drawn, whatever it was", () => {
  const pairs = [{ a: 0, b: 2 }, { a: 0, b: 1 }];
  const opened = new Opened(makeMessage({ scene: makeScene({ pairs }), frames: frames.map((frame) => ({ ...frame, "l0.apart": [1, 2] })), curve }));
  const wide = [{ step: 4, "l0.scale.h": 40, "l0.sum.h": 1e3, "l0.one.h": 1e-9, "l0.xy": 70 }];
  const ghosts = [{ id: "g", label: "g", other_text: false, steps: [0, 50], loss: [2, 1] }];
  const dark = { "--st-background-color": "#101010", "--st-text-color": "#eeeeee" };
  const computed = globalThis.getComputedStyle;
  for (const [name, act] of Object.entries({
    "the time cursor": () => opened.pin(2),
    "a lit loss": () => opened.stage.moves.lightLoss(),
    "another pair": () => opened.stage.moves.comparePair(),
    "the training cursor": () => opened.scrub(1),
    "another axis of steps": () => opened.scale("linear"),
    "the gradient of all losses": () => opened.panel("gradients").parts.kinds.children[1].onclick(),
    "a look at the newest": () => opened.stage.moves.follow(),
    "a frame beyond all scales": () => opened.receive(makeMessage({ scene: makeScene({ pairs }), frames: wide, curve, serial: 2 })),
    "a step back from it": () => opened.scrub(2),
    "another text and ghosts": () => opened.receive(makeMessage({
      scene: makeScene({ ghosts, floors: [[0, 0, 1.5], [1, null, 1.2]] }), scene_id: "other", frames, curve, serial: 3,
    })),
    "an explosion": () => opened.receive(makeMessage({
      scene_id: "other", known: true, frames: [{ step: 3, loss: NaN }], curve, serial: 4, explosion: { step: 3, sentence: "!" },
    })),
    "another theme": () => {
      globalThis.getComputedStyle = (host) => Object.assign(computed(host), dark);
      opened.receive(makeMessage({ scene_id: "other", known: true, serial: 3 }));
    },
  })) {
    act();
    opened.wait();
    assertFresh(opened, name);
  }
});

test("scales that widen while one looks back are drawn", () => {
  const opened = new Opened(makeMessage({ frames, curve, playing: true }));
  opened.scrub(1);
  opened.receive(makeMessage({ frames: [{ step: 4, "l0.scale.h": 7, "l0.sum.h": 1e3 }], curve, serial: 2, playing: true }));
  assert.equal(opened.step, 1);
  assertFresh(opened, "a frame that is not looked at");
  opened.receive(makeMessage({ frames: [], curve, serial: 3, playhead: 90, playing: true }));
  assertFresh(opened, "a playhead that went on");
  opened.stage.dispose();
});

test("what moves is drawn until it stands still", () => {
  const T = 60;
  const path = (size) => Array.from({ length: 2 * T }, (_, k) => size * Math.sin(k));
  const opened = new Opened(makeMessage({ scene: makeScene({ T }), frames: [{ step: 0, "l0.xy": path(1) }, { step: 1, "l0.xy": path(30) }] }));
  opened.stage.motion.matches = false; // no wish for less motion
  opened.scrub(0);
  assertFresh(opened, "a smaller path");
  opened.pin(T - 1);
  assert.ok(opened.view.scroll > 20);
  assertFresh(opened, "tiles that scroll");
});

test("another layer is drawn", () => {
  const opened = new Opened(written("rnn.bin"));
  assertFresh(opened, "the first message");
  opened.panel("tiles").parts.tabs.children[0].onclick();
  opened.wait();
  assertFresh(opened, "a change of the layer");
});

test("what is changed in the text read is drawn", () => {
  const edits = [{ text: "h@0>1", kind: "transplant", source: 0, first: 1, last: 1 }];
  const opened = new Opened(makeMessage({ frames, curve }));
  const question = { key: "h@0>1|null", edits, loss_at: null };
  opened.stage.moves.carry(0, 1);
  opened.wait();
  assertFresh(opened, "a state that is held over another tile");
  const edited = { "l0.h": [9, 1, 9, 1, 9, 9], "l0.z": [9, 200, 9, 9, 9, 9], losses: [1, 3, 2], "l0.scale.h": 5 };
  opened.receive(makeMessage({ frames: [], curve, playhead: 3, serial: 2, question, reading: { step: 3, edited } }));
  assertFresh(opened, "an answer");
  opened.scrub(1);
  assertFresh(opened, "another step, of which there is no answer yet");
  opened.receive(makeMessage({ frames: [], curve, playhead: 3, serial: 3 }));
  assertFresh(opened, "edits that are taken back");
});
