/** A race and a cliff: what is said of those who stand side by side, a line that leaves its picture, arrows on one scale. */

import assert from "node:assert/strict";
import test from "node:test";
import { geometryOf, lossY, stepX } from "../../../playground/ui/static/stage/panels/chart.js";
import { leaves } from "../../../playground/ui/static/stage/panels/leaving.js";
import { makeMessage, makeScene, written } from "./messages.js";
import { Opened } from "./open.js";

const point = (step, loss) => ({ step, loss, gradient_norm: 1 });
const frame = (step, loss, more = {}) => ({ step, loss, gradient_norm: 1, clipped_norm: 1, ...more });
const said = (opened) => opened.layout.standings.textContent;

/** A message with tracks of these names; each with what `more` gives, drawn at steps 0 and 9. */
function race(names, more = () => ({}), scene = {}) {
  return makeMessage({
    playhead: 9,
    tracks: names.map((name, k) => {
      const { scene: own, ...rest } = more(k);
      return {
        scene: makeScene({ name, cell: "lstm", remembers: 1.5, ...scene, ...own }), scene_id: name,
        frames: [frame(0, 2), frame(9, 0.1 * (k + 1))], curve: [point(0, 2), point(9, 0.1 * (k + 1))], ...rest,
      };
    }),
  });
}

test("who crossed k = 1 first is named first, and of the others that they have not", () => {
  const opened = new Opened(race(["RNN", "GRU", "LSTM"], (k) => ({ crossed: [null, 8, 3][k] })));
  assert.equal(said(opened), "Crossed k = 1: LSTM at step 3, GRU at step 8, RNN not yet. "
    + "Perplexity at step 9: RNN 1.11, GRU 1.22, LSTM 1.35.");
  opened.scrub(0);
  assert.equal(said(opened), "Nobody has crossed k = 1 yet. "
    + "Perplexity at step 0: RNN 7.39, GRU 7.39, LSTM 7.39.", "it is true of the step that is looked at");
});

test("who has learned is named with the step, and whoever has exploded is not waited for", () => {
  const opened = new Opened(race(["RNN", "GRU", "LSTM"], (k) => ({
    crossed: [null, 8, 3][k], learned: [null, null, 7][k],
    explosion: k === 0 ? { step: 5, sentence: "It exploded." } : null,
  })));
  assert.match(said(opened), /^Crossed k = 1: LSTM at step 3, GRU at step 8\. Learned: LSTM at step 7\. Exploded: RNN at step 5\. /);
  opened.scrub(0);
  assert.match(said(opened), /^Nobody has crossed k = 1 yet\. Perplexity/);
});

test("a text without such a line, and one that is alone, are told nothing of it", () => {
  const opened = new Opened(race(["RNN", "GRU"], () => ({}), { remembers: null }));
  assert.equal(said(opened), "Perplexity at step 9: RNN 1.11, GRU 1.22.");
  opened.receive(makeMessage({ run: "another", frames: [frame(0, 2)], curve: [point(0, 2)], serial: 2 }));
  assert.equal(said(opened), "");
});

test("who exploded is named with its step, and has no perplexity any more", () => {
  const opened = new Opened(race(["RNN", "GRU"], (k) => (k ? {} : {
    explosion: { step: 4, sentence: "At step 4 …" }, frames: [frame(0, 2), frame(4, NaN)], curve: [point(0, 2), point(4, NaN)],
  })));
  assert.match(said(opened), /Exploded: RNN at step 4\. Perplexity at step 9: GRU 1\.22\./);
  opened.scrub(0);
  assert.doesNotMatch(said(opened), /Exploded/);
});

test("measured runs are told by what was measured", () => {
  const opened = new Opened(written("race.bin"));
  const told = written("race.json");
  opened.scrub(14);
  told.forEach(({ cell, loss }) => {
    const [, number] = said(opened).match(new RegExp(`${cell.toUpperCase()} ([0-9]+[.][0-9]+)`));
    assert.ok(Math.abs(Number(number) - Math.exp(loss[14])) <= 0.006 * Math.exp(loss[14]), cell);
  });
});

test("where there is room for one track only, it is chosen", () => {
  const opened = new Opened(race(["RNN", "GRU", "LSTM"]));
  const { chooser, tracks } = opened.layout;
  assert.deepEqual(chooser.children.map((radio) => radio.textContent), ["1 RNN", "2 GRU", "3 LSTM"]);
  assert.equal(tracks.dataset.chosen, "0");
  chooser.children[2].onclick();
  assert.equal(tracks.dataset.chosen, "2");
  assert.deepEqual(chooser.children.map((radio) => radio.getAttribute("aria-checked")), ["false", "false", "true"]);
});

/** A run alone that explodes at step 9 after these losses. */
function cliff(losses, at = 9, playhead = at) {
  const curve = losses.map((loss, k) => point(k, loss));
  return new Opened(makeMessage({
    playhead, curve, frames: [frame(0, losses[0]), frame(at, losses[at])], explosion: { step: at, sentence: "…" },
  }));
}
const geometry = (opened) => geometryOf(opened.surface("curve"), opened.view);

test("the line of a run that explodes goes through the ceiling, where its last step that is below would go", () => {
  const opened = cliff([2, 1.9, 1.8, 1.7, 1.6, 1.5, 1.4, 1.3, 1.2, NaN]);
  const place = geometry(opened);
  const found = leaves(opened.view, place);
  assert.deepEqual(found.from, [stepX(place, 8), lossY(place, opened.view.curve.loss[8])]);
  assert.equal(found.x, stepX(place, 9), "it is gone by the step at which it exploded");
  const arrow = opened.drawn("curve").filter(({ name, path }) => name === "fill" && path.length === 3 && path[0][2] === place.rect.top);
  assert.equal(arrow.length, 1);
  assert.equal(arrow[0].path[0][1], found.x);
});

test("a loss that is too large for the picture leaves it on the way there", () => {
  const opened = cliff([2, 1.9, 1.8, 1.7, 1.6, 1.5, 1.4, 1.3, 80, Infinity]);
  const place = geometry(opened);
  assert.ok(place.high < 4, "what is about to explode does not make the picture higher");
  const { x, from } = leaves(opened.view, place);
  const share = (place.high - opened.view.curve.loss[7]) / (80 - opened.view.curve.loss[7]);
  assert.ok(Math.abs(x - (from[0] + share * (stepX(place, 8) - from[0]))) < 1e-6);
  assert.deepEqual(from, [stepX(place, 7), lossY(place, opened.view.curve.loss[7])]);
});

test("a run whose gradient breaks while its loss is a number does not leave", () => {
  const opened = cliff([2, 1.9, 1.8, 1.7, 1.6, 1.5, 1.4, 1.3, 1.2, 1.1]);
  assert.equal(leaves(opened.view, geometry(opened)), null);
});

test("a run that has not exploded does not leave, however high its loss", () => {
  const opened = new Opened(makeMessage({ playhead: 2, curve: [point(0, 2), point(1, 3), point(2, 40)], frames: [frame(0, 2), frame(2, 40)] }));
  assert.equal(leaves(opened.view, geometry(opened)), null);
  assert.ok(geometry(opened).high > 10, "and the picture grows with it");
});

/** Two that part: the first clips nothing, the second by norm at 0.5. */
function parted(raw, kept, { clipped = kept < raw ? 1 : 0, kind = "norm" } = {}) {
  return new Opened(race(["no clipping", "clipping by norm"], (k) => ({
    scene: { parted: true, clipping: k ? { kind, threshold: 0.5, from: 3 } : { kind: "off", threshold: 0, from: 0 } },
    frames: [frame(9, 0.2, { gradient_norm: raw, clipped_norm: k ? kept : raw, clipped: k ? clipped : 0 })],
  })));
}
const texts = (opened) => opened.drawn("clipping").flatMap(({ text }) => text ?? []);
const lengths = (opened) => opened.drawn("clipping").filter(({ name, dash }) => name === "stroke" && !dash.length)
  .map(({ path: [[, from], [, to]] }) => to - from);

test("arrows are drawn on one scale, shortened where clipping is", () => {
  const opened = parted(1, 0.5);
  const [raw, all, again, kept] = lengths(opened);
  assert.ok(raw > 0 && raw === all && raw === again);
  assert.ok(Math.abs(kept / raw - 0.5) < 0.02, `${kept} is half of ${raw}, but for the heads`);
  assert.deepEqual(texts(opened), ["1", "gradient: 1.00", "optimiser: all of it", "2", "gradient: 1.00", "optimiser: 0.500, turned by 0°"]);
  assert.match(opened.panel("clipping").aside.textContent, /clipping by norm: threshold 0\.500 from step 3/);
  assert.match(opened.said("clipping"), /1 no clipping: gradient: 1\.00, optimiser: all of it\. 2 clipping by norm: gradient: 1\.00/);
});

test("what is too long leaves the picture without a head; what is no number too", () => {
  const heads = (opened) => opened.drawn("clipping").filter(({ name }) => name === "fill").length;
  assert.equal(heads(parted(1, 0.5)), 4);
  assert.equal(heads(parted(1000, 0.5)), 1, "only the clipped one is inside");
  const broken = parted(NaN, NaN);
  assert.equal(heads(broken), 0);
  assert.ok(texts(broken).includes("gradient: not a finite number"));
});

test("clipping by value does not claim that the direction stays", () => {
  assert.ok(texts(parted(1, 0.5, { kind: "value" })).includes("optimiser: 0.500, turned"));
});

test("a race of cells has no such panel", () => {
  assert.equal(new Opened(race(["RNN", "GRU"])).panel("clipping").element.hidden, true);
});

test("of two that part, the second line begins where they do", () => {
  const curve = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((step) => point(step, 2 - step / 10));
  const opened = new Opened(race(["no clipping", "clipping by norm"], (k) => ({
    scene: { parted: true, clipping: k ? { kind: "norm", threshold: 0.5, from: 6 } : { kind: "off", threshold: 0, from: 0 } },
    curve, frames: curve.map(({ step, loss }) => frame(step, loss)),
  })));
  const starts = opened.drawn("curve").filter(({ name, path }) => name === "stroke" && path.length > 3).map(({ path }) => path[0][1]);
  const place = geometry(opened);
  assert.deepEqual(starts, [stepX(place, 0), stepX(place, 6)]);
});
