/** Equal symbols that must be answered differently: the arcs between them, and the comparison of their states. */

import assert from "node:assert/strict";
import test from "node:test";
import { makeMessage, makeScene, written } from "./messages.js";
import { Opened } from "./open.js";

const near = (value, expected, room, what) =>
  assert.ok(Math.abs(value - expected) <= room, `${what}: ${value} is not ${expected} ± ${room}`);

/** a b a b: a is followed by b, then by c. */
const PAIRS = [{ a: 0, b: 2 }, { a: 1, b: 3 }];
const scene = (more = {}) => makeScene({ T: 4, K: 3, pairs: PAIRS, inputs: ["a", "b", "a", "b"], target_ids: [1, 0, 2, 1], floors: [[0, 0, 3], [1, 1, 1.4], [2, null, 1]], ...more });
const opened = (frame = {}, more = {}) => new Opened(makeMessage({ scene: scene(more), frames: [{ step: 0 }, { step: 5, ...frame }] }));

/** The arcs as drawn: from where to where, and how they look. */
const arcs = (page) => page.drawn("tiles").filter(({ name, path }) => name === "stroke" && path.length > 20).map(({ path, globalAlpha, lineWidth, strokeStyle }) => ({
  from: path[0][1], to: path.at(-1)[1], isStrong: globalAlpha === 1 && strokeStyle === page.view.theme.accent, lineWidth,
}));

/** The middle of every tile. */
function middles(page) {
  const letters = page.drawn("tiles").filter(({ text }) => /^\u2068[ab]\u2069$/.test(text ?? ""));
  return [...new Set(letters.map(({ values: [x] }) => x))].sort((one, other) => one - other);
}

test("an arc ties the two, from the middle of one tile to that of the other; the pair that is compared is strong", () => {
  const page = opened();
  const at = middles(page);
  assert.equal(at.length, 4);
  const drawn = arcs(page);
  assert.deepEqual(drawn.map(({ isStrong }) => isStrong), [false, true], "the strong one is drawn last");
  [PAIRS[1], PAIRS[0]].forEach(({ a, b }, k) => {
    near(drawn[k].from, at[a], 1.5, "the earlier foot");
    near(drawn[k].to, at[b], 1.5, "the later foot");
  });
  assert.ok(drawn[1].lineWidth > drawn[0].lineWidth);
});

test("a run begins at the later timestep of the best example; the same text keeps the reader's place", () => {
  const page = opened();
  assert.equal(page.view.t, 2);
  page.pin(1);
  page.receive(makeMessage({ run: "viewer-2", serial: 2, scene: scene(), scene_id: "again", frames: [{ step: 0 }] }));
  assert.equal(page.view.t, 1);
  const other = scene({ pairs: [{ a: 0, b: 3 }], inputs: ["a", "c", "b", "a"] });
  page.receive(makeMessage({ run: "viewer-3", serial: 3, scene: other, scene_id: "other", frames: [{ step: 0 }] }));
  assert.equal(page.view.t, 3);
});

test("another pair is chosen by a click on its arc, or by the key M", () => {
  const page = opened();
  const { plot } = page.surface("tiles");
  const [, , , last] = middles(page);
  plot.onpointerdown({ button: 0, clientX: last, clientY: 5 });
  plot.onpointerup({ button: 0, clientX: last, clientY: 5 });
  page.wait();
  assert.deepEqual([page.view.pair, page.view.t], [PAIRS[1], 3]);
  assert.deepEqual(arcs(page).map(({ isStrong }) => isStrong), [false, true]);
  near(arcs(page)[1].to, last, 1.5, "the strong arc is its own");
  const press = (key) => page.layout.root.onkeydown({ key, composedPath: () => [page.layout.root], preventDefault() {}, stopPropagation() {} });
  press("m");
  page.wait();
  assert.deepEqual([page.view.pair, page.view.t], [PAIRS[0], 2], "after the last the first");
  assert.deepEqual(page.sent, [], "the server hears nothing of it");
});

for (const [name, likeliest, sentence] of [
  ["both right", [1, 2], "Different enough to answer differently: b, then c."],
  ["one answer for both", [1, 1], "Not different enough to answer differently: b both times."],
  ["another answer for both", [0, 0], "Not different enough to answer differently: a both times."],
  ["one of two wrong", [1, 0], "Different answers, b, then a: not right both times."],
  ["changed over", [2, 1], "Different answers, c, then b: not right both times."],
]) {
  test(`${name}: what is said of the two states is what the network answers`, () => {
    const [first, second] = likeliest;
    const order = (id) => [id, ...[0, 1, 2].filter((other) => other !== id)];
    const page = opened({ likeliest: [order(first), order(0), order(second), order(1)].flat(), odds: Array(12).fill(20000) });
    const plain = (text) => text.replace(/[\u2068\u2069]/g, "");
    assert.equal(plain(page.panel("difference").hint.textContent), sentence);
    assert.ok(plain(page.said("difference")).endsWith(sentence));
  });
}

test("a layer below the highest does not answer by itself", () => {
  const page = new Opened(written("rnn.bin")); // of two layers
  const { hint } = page.panel("difference");
  page.panel("tiles").parts.tabs.children[0].onclick();
  page.wait();
  assert.doesNotMatch(hint.textContent, /^Different enough/);
});

test("of states that are nearly equal, only the digits that 32 bits know are said", () => {
  const [rest, told] = [{ "l0.scale.h": 1 }, (page) => page.panel("difference").parts.now.textContent.split("= ")[1]];
  for (const [apart, text] of [[3e-8, "<2·10⁻⁷"], [6.54321e-6, "6.5·10⁻⁶"], [0.0123456, "0.0123"]]) {
    assert.equal(told(opened({ ...rest, "l0.apart": [apart, 1] }, { hidden_size: 4 })), text);
  }
  assert.equal(told(opened({ "l0.scale.h": 0, "l0.apart": [0, 0] })), "0", "states of zeros are equal");
});

test("what is no number is called so, and no bar is drawn for it", () => {
  const page = opened({ losses: [NaN, 1, 1, 1], "l0.h": [-128, 0, 9, 9, 0, 0, 100, 0], "l0.apart": NaN });
  assert.equal(page.panel("difference").hint.textContent, "not a finite number");
  assert.match(page.panel("difference").parts.now.textContent, /NaN/);
  const bars = page.drawn("difference").filter(({ name, fillStyle }) => name === "fillRect" && fillStyle === page.view.theme.colour.h);
  assert.equal(bars.length, 1, "of the second unit");
  assert.deepEqual(page.tip("difference", 10, 100), ["unit 1", "|h₃ − h₁| not a finite number"]);
});

for (const [name, floors, sentence] of [
  ["one answer for every symbol", [[0, 0, 3], [1, null, 1]], /^This text needs no memory: every symbol has one answer\.$/],
  ["answers that nothing tells apart", [[0, 0, 3], [1, null, 1.5]], /^Memory does not help here/],
  ["answers in other lines", [[0, 0, 3], [1, 1, 1.5], [2, null, 1]], /^This text needs memory, but/],
]) {
  test(`${name}: it is said why there is nothing to compare`, () => {
    const page = new Opened(makeMessage({ scene: makeScene({ floors }), frames: [{ step: 0 }] }));
    const panel = page.panel("difference");
    assert.match(panel.hint.textContent, sentence);
    assert.equal(panel.surfaces.length, 0);
    assert.equal(panel.parts.now.textContent, "");
    assert.equal(arcs(page).length, 0);
    assert.equal(page.view.t, 0);
  });
}

test("of a long text, the arcs scroll along with the tiles", () => {
  const T = 60;
  const inputs = Array.from({ length: T }, (_, t) => "abcde"[t % 5]);
  const long = makeScene({ T, K: 5, inputs, pairs: [{ a: 50, b: 55 }] });
  const page = new Opened(makeMessage({ scene: long, frames: [{ step: 0 }] }));
  assert.equal(page.view.t, 55);
  assert.ok(page.view.scroll > 20);
  const [arc] = arcs(page);
  const at = page.drawn("tiles").find(({ text }) => text === "56").values[0];
  near(arc.to, at, 1.5, "its later foot stands over timestep 56");
});
