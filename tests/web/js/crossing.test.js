/** The moment at which the curve crosses the line k = 1: one flash, a mark that stays, and a sentence. */

import assert from "node:assert/strict";
import test from "node:test";
import { makeMessage, makeScene } from "./messages.js";
import { Opened } from "./open.js";
import { SIZE } from "./page.js";

const FLOORS = [[0, 0, 3], [1, 1, 1.5], [2, null, 1]];
const scene = makeScene({ floors: FLOORS, remembers: 1.5, pairs: [{ a: 0, b: 2 }] });
const point = (step) => ({ step, loss: 1 / (1 + step), gradient_norm: 1 });
const message = (until, more = {}) => makeMessage({
  scene, curve: Array.from({ length: until + 1 }, (_, step) => point(step)), frames: Array.from({ length: until + 1 }, (_, step) => ({ step })),
  playing: true, ...more,
});

const flashes = (opened) => opened.surface("curve").plot.all(".flash");
const diamonds = (opened) => opened.drawn("curve").filter(({ name, path, fillStyle }) => name === "fill" && path.length === 4 && fillStyle === opened.view.theme.colour.floor);
const legend = (opened) => opened.panel("curve").parts.legend.textContent;

test("the line flashes once when it is crossed before one's eyes, and the mark stays where that was", () => {
  const opened = new Opened(message(4));
  assert.deepEqual([flashes(opened).length, diamonds(opened).length], [0, 0]);
  opened.stage.receive(message(9, { serial: 2, crossed: 7 }), () => {});
  opened.wait(1500);
  assert.equal(opened.step, 9);
  assert.equal(flashes(opened).length, 1);
  assert.equal(flashes(opened)[0].textContent, "from here on it remembers");
  const [mark] = diamonds(opened);
  const at = opened.base("curve").find(({ text }) => text === "k = 1: 1.5");
  const line = opened.base("curve").filter(({ name, path }) => name === "stroke" && path.length === 2).map(({ path }) => path[0][2]);
  assert.ok(line.some((y) => Math.abs(y - mark.path[1][2]) < 1), "on a line");
  assert.ok(at && Math.abs((Number.parseFloat(flashes(opened)[0].style.top) / 100) * SIZE.height - mark.path[1][2]) < 1);
  assert.match(legend(opened), /k = 1 crossed at step 7: it remembers/);
  assert.match(opened.said("curve"), /k = 1 crossed at step 7: it remembers\./);
  opened.wait(4500);
  assert.equal(flashes(opened).length, 0, "it goes by itself");
  opened.scrub(2);
  opened.scrub(9);
  assert.equal(flashes(opened).length, 0, "once");
  assert.equal(diamonds(opened).length, 1);
  opened.receive(message(4, { serial: 3, playhead: 0, playing: false }));
  opened.stage.receive(message(9, { serial: 4, crossed: 7 }), () => {});
  opened.wait(1500);
  assert.equal(flashes(opened).length, 1, "from the start, it is news again");
  opened.stage.dispose();
});

test("whoever comes later finds the mark and no flash", () => {
  const opened = new Opened(message(9, { crossed: 7, playing: false }));
  for (const step of [9, 8, 9]) {
    opened.scrub(step);
    assert.deepEqual([flashes(opened).length, diamonds(opened).length], [0, 1], `at step ${step}`);
  }
});

test("what lies beyond the playhead is not told", () => {
  const opened = new Opened(message(9, { crossed: 7, playhead: 5, playing: false }));
  assert.equal(diamonds(opened).length, 0);
  assert.doesNotMatch(legend(opened), /crossed/);
});

test("where memory does not help, that is what the legend says", () => {
  const useless = makeScene({ floors: [[0, 0, 3], [1, null, 1.5]] });
  assert.match(legend(new Opened(makeMessage({ scene: useless, frames: [{ step: 0 }] }))), /memory does not help on this text/);
});

test("of several runs, the flash names the one that remembers", () => {
  const tracks = (until, crossed) => ["rnn", "gru"].map((name, k) => ({
    scene: { ...scene, name, cell: name }, scene_id: name, crossed: crossed[k], curve: [point(0), point(until)],
    frames: Array.from({ length: until + 1 }, (_, step) => ({ step })),
  }));
  const opened = new Opened(makeMessage({ tracks: tracks(4, [null, null]), playing: true }));
  opened.stage.receive(makeMessage({ serial: 2, tracks: tracks(9, [null, 7]), playing: true }), () => {});
  opened.wait(1500);
  assert.deepEqual(flashes(opened).map((line) => line.textContent), ["2 gru: from here on it remembers"]);
  assert.equal(diamonds(opened).length, 1);
  opened.stage.dispose();
});
