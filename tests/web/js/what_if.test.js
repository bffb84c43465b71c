/** What is changed in the text that is read: made by hand and by keys, told in chips, and what comes of it. */

import assert from "node:assert/strict";
import test from "node:test";
import { offers } from "../../../playground/ui/static/stage/edits.js";
import { outcomeText } from "../../../playground/ui/static/stage/panels/what_if.js";
import { decodeReadings } from "../../../playground/ui/static/stage/wire.js";
import { makeMessage, makeReadings, makeScene } from "./messages.js";
import { Opened } from "./open.js";

const plain = (text) => text.replace(/[\u2066-\u2069]/g, "");
const SCENE = makeScene({ T: 3, K: 2, inputs: ["a", "b", "b"], input_ids: [0, 1, 1], target_ids: [1, 1, 0], targets: ["b", "b", "a"] });
const TRANSPLANT = { text: "h@1>2", kind: "transplant", source: 1, first: 2, last: 2 };
const HOLD = { text: "l0.z@1-=0", kind: "hold", layer: 0, name: "z", unit: null, value: 0, first: 1, last: null };
const UNIT = { text: "l0.h.1@1-2=0", kind: "hold", layer: 0, name: "h", unit: 1, value: 0, first: 1, last: 2 };
const CUT = { text: "cut@1", kind: "cut", first: 1, last: 1 };
const SYMBOL = { text: "x@1=0", kind: "symbol", symbol: 0, first: 1, last: 1 };

/** A frame's odds: at each timestep the probability of the target, of two symbols. */
function odds(...targets) {
  const sure = targets.map((p, t) => {
    const [target] = [SCENE.target_ids[t]];
    return p >= 0.5 ? [[target, p], [1 - target, 1 - p]] : [[1 - target, 1 - p], [target, p]];
  });
  return {
    losses: targets.map((p) => -Math.log(p)), likeliest: sure.flatMap((pair) => pair.map(([id]) => id)),
    odds: sure.flatMap((pair) => pair.map(([, p]) => Math.round(65535 * p))),
  };
}

const question = (...edits) => ({ key: `${edits.map(({ text }) => text)}|null`, edits, loss_at: null });

/** A stage on which something is asked, and the answer to it. */
function asked(before, after, edits = [TRANSPLANT], more = {}) {
  return new Opened(makeMessage({
    scene: SCENE, curve: [{ step: 4, loss: 1 }], frames: [{ step: 4, ...before }], question: question(...edits),
    reading: after && { step: 4, edited: after }, ...more,
  }));
}

const GOOD = odds(0.9, 0.8, 0.7);

for (const [name, after, edits, expected, before = GOOD] of [
  ["an answer that came with the state", odds(0.9, 0.8, 0.2), [TRANSPLANT],
    "With the state of b₂ the network answers b at b₃ too, no longer a: the state is the memory."],
  ["an answer of something else", odds(0.9, 0.3, 0.6), [HOLD], "Read so, the network answers a at b₂, no longer b."],
  ["an answer that is not the one of the source", odds(0.9, 0.3, 0.2), [TRANSPLANT],
    "Read so, the network answers b at b₃, no longer a.", odds(0.9, 0.3, 0.7)],
  ["an answer of several", odds(0.9, 0.8, 0.2), [TRANSPLANT, CUT], "Read so, the network answers b at b₃, no longer a."],
  ["probabilities alone", odds(0.9, 0.8, 0.6), [TRANSPLANT],
    "Read so, the likeliest symbol stays the same everywhere; the probability of a at b₃ goes from 0.700 to 0.600."],
  ["just what is seen", odds(0.9, 0.8, 0.7 - 0.0006), [TRANSPLANT],
    "Read so, the likeliest symbol stays the same everywhere; the probability of a at b₃ goes from 0.700 to 0.699."],
  ["less than is seen", odds(0.9, 0.8, 0.7 - 0.0004), [TRANSPLANT],
    "Read so, no probability of a target changes in its first three decimals."],
  ["what is no number", { ...GOOD, losses: [0.1, NaN, NaN] }, [HOLD],
    "Read so, a number is not finite at this step: nothing can be compared."],
  ["no answer yet", null, [HOLD], "It is being read so …"],
]) {
  test(`the sentence says what was measured: ${name}`, () => {
    const opened = asked(before, after, edits);
    const { sentence } = opened.panel("tiles").parts.whatIf;
    assert.equal(plain(sentence.textContent), expected);
    assert.equal(sentence.hidden, false);
    opened.pin(1);
    assert.ok(plain(opened.layout.live.textContent).endsWith(expected), "and it is spoken");
  });
}

test("the gradients that are shown are those of the reading with the edits, whether a loss is lit or not", () => {
  const [before, after] = [0.5, 0.125].map((one) => ({ ...GOOD, "l0.one.h": one, "l0.sum.h": 2 * one }));
  const opened = asked(before, after, [HOLD]);
  assert.match(opened.said("gradients"), /0\.125 at the first timestep/);
  opened.panel("gradients").parts.kinds.children[1].onclick();
  opened.wait();
  assert.match(opened.said("gradients"), /0\.250 at the first timestep/);
  assert.match(asked(before, null, []).said("gradients"), /0\.500 at the first timestep/);
});

test("where two symbols are as likely, that their order changes is no other answer", () => {
  const even = odds(0.9, 0.8, 0.5);
  const turned = { ...even, likeliest: [...even.likeliest.slice(0, 4), 1, 0] };
  assert.match(plain(outcomeText(asked(even, turned).view)), /no probability of a target changes/);
});

test("a state of another symbol proves less: its answer comes along", () => {
  const from = { ...TRANSPLANT, text: "h@0>2", source: 0 };
  const text = plain(outcomeText(asked(GOOD, odds(0.9, 0.8, 0.1), [from]).view));
  assert.equal(text, "With the state of a₁ the network answers at b₃ what it answers at a₁: b, no longer a.");
});

test("without edits nothing is said, and nothing compared", () => {
  const opened = new Opened(makeMessage({ scene: SCENE, curve: [{ step: 4, loss: 1 }], frames: [{ step: 4, ...GOOD }] }));
  assert.equal(opened.panel("tiles").parts.whatIf.sentence.hidden, true);
  assert.ok(!opened.drawn("tiles").some(({ text }) => text?.includes("→")));
  assert.ok(!opened.drawn("odds").some(({ text }) => text?.includes("→")));
});

test("tiles and odds show what was beside what is, and only where that is another", () => {
  const opened = asked(GOOD, odds(0.9, 0.8, 0.2));
  opened.pin(2);
  const texts = opened.drawn("tiles").map(({ text }) => text && plain(text));
  for (const text of ["0.700 → ", "0.200", "a → ", "0.800", "0.900"]) assert.ok(texts.includes(text), `${text} in ${texts}`);
  assert.ok(!texts.includes("0.800 → "));
  const rows = opened.drawn("odds").filter(({ text }) => text).map(({ text }) => plain(text));
  assert.ok(rows.some((text) => text.startsWith("0.700 → 0.200 ◀")) && rows.includes("0.300 → 0.800"), rows.join());
  assert.match(plain(opened.said("odds")), /a 0\.700 → 0\.200, b 0\.300 → 0\.800/);
  const last = opened.drawn("tiles").find(({ text }) => text === "3").values[0];
  assert.ok(opened.tip("tiles", last, 60).includes("probability 0.700 → 0.200"), "the tip tells both");
  const bars = opened.drawn("odds").filter(({ name }) => name === "fillRect").map(({ values: [, , width] }) => width);
  assert.ok(Math.abs(bars[0] / bars[1] - 0.7 / 0.2) < 0.05, "two bars, as long as the two probabilities");
});

test("states and gates are drawn as they are with the edits", () => {
  const opened = asked({ ...GOOD, "l0.h": [9, 9, 9, 9, 9, 9] }, { ...GOOD, "l0.h": [9, 9, 9, -127, 9, 9] });
  const cells = opened.cells("state");
  assert.notEqual(cells[1][0], cells[0][0]);
  assert.equal(cells[1][1], cells[0][0]);
});

test("a drag takes the state of a tile to another", () => {
  const opened = asked(GOOD, GOOD, []);
  const { plot } = opened.surface("tiles");
  const at = (t, y = 40) => {
    const number = opened.drawn("tiles").find(({ text }) => text === String(t + 1));
    return { clientX: number.values[0], clientY: y, button: 0, buttons: 1, pointerType: "mouse", pointerId: 1 };
  };
  const drag = (from, to, y = 40) => {
    plot.onpointerdown(at(from, y));
    plot.onpointermove(at(to, y));
    opened.wait(50);
    const carried = opened.stage.views[0].carried;
    plot.onpointerup(at(to, y));
    opened.wait();
    return carried;
  };
  assert.equal(drag(1, 2), 1);
  assert.deepEqual(opened.sent, [["edits", { add: "h@1>2" }]]);
  assert.deepEqual([opened.view.carried, opened.view.t], [-1, 2]);
  drag(0, 0);
  assert.equal(opened.sent.length, 1, "onto itself: nothing would change");
  plot.onpointerdown(at(1));
  plot.onpointermove(at(2));
  plot.onpointercancel(at(2));
  opened.wait();
  assert.deepEqual([opened.sent.length, opened.view.carried], [1, -1]);
  drag(0, 2, 150);
  assert.ok(!opened.sent.slice(1).some(([name]) => name === "edits"), "from the lower half no state is taken");
});

test("the key S takes up a state and puts it elsewhere; on the same timestep it is let go", () => {
  const opened = asked(GOOD, GOOD, []);
  const press = (key) => {
    const event = { key, code: "", composedPath: () => [opened.layout.root], preventDefault() {}, stopPropagation() {} };
    opened.layout.root.onkeydown(event);
    opened.wait();
  };
  const { move, sentence } = opened.panel("tiles").parts.whatIf;
  opened.pin(0);
  assert.equal(plain(move.textContent), "Move the state of a₁");
  press("s");
  assert.match(plain(sentence.textContent), /^The state of a₁ is picked up/);
  assert.equal(plain(move.textContent), "Let go of it");
  press("s");
  assert.deepEqual([opened.view.carried, opened.sent], [-1, []]);
  press("s");
  press("ArrowRight");
  assert.equal(plain(move.textContent), "Put the state of a₁ at b₂");
  press("Escape");
  assert.equal(opened.view.carried, -1);
  press("s");
  press("ArrowRight");
  move.onclick();
  assert.deepEqual(opened.sent, [["edits", { add: "h@1>2" }]]);
});

test("every edit is a chip that can be taken back, and all at once", () => {
  const opened = asked(GOOD, GOOD, [TRANSPLANT, HOLD, UNIT, CUT, SYMBOL]);
  const chips = opened.panel("tiles").parts.whatIf.chips.children;
  assert.deepEqual(chips.map(({ textContent }) => plain(textContent)), [
    "h at b₂ → b₃ ×", "z = 0 · t ≥ 2 ×", "h = 0 · unit 2 · t = 2–3 ×", "memory cut · t = 2 ×", "b → a · t = 2 ×", "As it was",
  ]);
  chips[3].onclick();
  chips[5].onclick();
  assert.deepEqual(opened.sent, [["edits", { remove: "cut@1" }], ["edits", { clear: "all" }]]);
});

test("what is offered is an edit of the timestep, the layer and the unit that are looked at", () => {
  const opened = asked(GOOD, GOOD, []);
  opened.pin(1);
  const { change } = opened.panel("tiles").parts.whatIf;
  const texts = offers(opened.view).map(({ text }) => text);
  assert.deepEqual(texts, [
    "l0.h.0@1-=0", "l0.r@1-=0", "l0.r@1-=1", "l0.z@1-=0", "l0.z@1-=1", "l0.n@1-=-1", "l0.n@1-=0", "l0.n@1-=1", "cut@1", "x@1=0",
  ]);
  change.onfocus();
  const options = change.children.slice(1).flatMap((group) => group.children);
  assert.deepEqual(options.map((option) => option.getAttribute("value")), texts);
  change.value = "l0.z@1-=1";
  change.onchange();
  assert.deepEqual([opened.sent, change.value], [[["edits", { add: "l0.z@1-=1" }]], ""]);
  opened.pin(0);
  assert.ok(!offers(opened.view).some(({ text }) => text.startsWith("cut")), "before the first nothing is remembered");
});

test("an answer is shown at its own step until there is one of the step on screen, and says so", () => {
  const frames = [3, 4].map((step) => ({ step, ...GOOD }));
  const opened = asked(GOOD, odds(0.9, 0.8, 0.6), [TRANSPLANT], { frames });
  opened.scrub(3);
  assert.match(plain(outcomeText(opened.view)), /goes from 0\.700 to 0\.600\. \(step 4\)$/);
  const { store } = opened.stage;
  const answer = (more) => store.receiveReadings(decodeReadings(makeReadings({
    question: question(TRANSPLANT), scene: SCENE, readings: [{ step: 3, edited: odds(0.9, 0.8, 0.5) }], ...more,
  }), store.scenes));
  answer({ question: question(CUT) });
  answer({ run: "viewer-2" });
  opened.stage.player.refresh();
  opened.wait();
  assert.match(plain(outcomeText(opened.view)), /\(step 4\)$/, "answers to other questions are dropped");
  answer();
  opened.stage.player.refresh();
  opened.wait();
  assert.match(plain(outcomeText(opened.view)), /goes from 0\.700 to 0\.500\.$/);
  opened.receive(makeMessage({ scene: SCENE, known: true, frames, curve: [{ step: 4, loss: 1 }], serial: 2 }));
  assert.equal(opened.view.reading, null, "nothing is asked any more");
});

test("every tile has the strip of its own state, in the colours of the panel below", () => {
  const opened = asked({ ...GOOD, "l0.h": [-127, 0, 127, 64, -128, 9], "l0.scale.h": 3 }, null, []);
  const strips = opened.drawn("tiles").filter(({ name }) => name === "drawImage").slice(-3); // the first is the base picture
  const { image } = strips[0];
  const cells = opened.cells("state");
  strips.forEach(({ values: [, row, count] }, t) => {
    assert.deepEqual([row, count], [t, 2]);
    assert.deepEqual([...image.slice(2 * t, 2 * t + 2)], [cells[0][t], cells[1][t]]);
  });
});
