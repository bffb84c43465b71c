/** The gradient of a loss as light on the tiles: how bright, of which loss, and the number of what arrives. */

import assert from "node:assert/strict";
import test from "node:test";
import { brightness } from "../../../playground/ui/static/stage/panels/beam.js";
import { css } from "../../../playground/ui/static/shared/theme.js";
import { makeMessage, makeScene, written } from "./messages.js";
import { Opened } from "./open.js";

const near = (value, expected, room, what) =>
  assert.ok(Math.abs(value - expected) <= room, `${what}: ${value} is not ${expected} ± ${room}`);

const NORMS = [1e-27, 1e-9, 1e-3, 1, 0].map((share) => 0.5 * share);
const page = (one = NORMS) => new Opened(makeMessage({
  scene: makeScene({ T: 5, K: 5, loss_at: 3 }), curve: [{ step: 0, loss: 1 }], frames: [{ step: 0, "l0.one.h": one }],
}));

/** A click on the lower half of a tile. */
function click(opened, t) {
  const numbers = opened.drawn("tiles").filter(({ text }) => /^[1-5]$/.test(text ?? ""));
  const { plot } = opened.surface("tiles");
  const event = { button: 0, buttons: 1, clientX: numbers[t].values[0], clientY: 150 };
  plot.onpointerdown(event);
  plot.onpointerup(event);
  opened.wait();
}

test("a finger that scrolls lights nothing, nor does one that is let go elsewhere", () => {
  const opened = page();
  const { plot } = opened.surface("tiles");
  const [, , , fourth] = opened.drawn("tiles").filter(({ text }) => /^[1-5]$/.test(text ?? ""));
  const event = { button: 0, buttons: 1, pointerType: "touch", clientX: fourth.values[0], clientY: 150 };
  plot.onpointerdown(event);
  plot.onpointercancel(event);
  plot.onpointerup(event);
  plot.onpointerdown(event);
  plot.onpointerup({ ...event, clientX: 80 });
  opened.wait();
  assert.deepEqual([opened.view.isLit, opened.sent], [false, []]);
});

/** The colours of the upper halves of the tiles, as places in the palette of light. */
function light(opened) {
  const palette = Array.from(opened.view.theme.beam, css);
  const rects = opened.drawn("tiles").filter(({ name, values: [, top] }) => name === "fillRect" && top < 40);
  return rects.map(({ fillStyle }) => palette.lastIndexOf(fillStyle));
}

test("brightness is 1 at the loss itself, falls with every decade, and ends where its axis does", () => {
  assert.equal(brightness(1), 1);
  assert.equal(brightness(7), 1, "what grows on its way is not brighter than bright");
  const decades = Array.from({ length: 31 }, (_, k) => brightness(10 ** -k));
  decades.slice(1).forEach((value, k) => assert.ok(value < decades[k], `10⁻${k + 1}`));
  assert.ok(decades[1] > 0.7 && decades[3] < 0.5 && decades[6] < 0.2 && decades[12] < 0.03, "dark after a few");
  near(decades[30], 0, 1e-12, "10⁻³⁰");
  for (const none of [0, NaN, 1e-40, -1]) assert.equal(brightness(none), 0);
});

for (const arrives of [0, 1e-42]) {
  test(`what 32 bits cannot hold any more is not said to be a number: ${arrives}`, () => {
    const opened = page([arrives, 1e-30, 1e-3, 0.5, 0]);
    click(opened, 3);
    assert.match(opened.said("tiles"), /arrives at \u2068?a\u2069? <10⁻³⁷\.$/);
    assert.match(opened.said("gradients"), /<10⁻³⁷ at the first timestep/);
  });
}

test("nothing is lit before a target is clicked; then light runs back from it, as bright as what arrives", () => {
  const opened = page();
  const { beam } = opened.panel("tiles").parts;
  const plain = (text) => text.replace(/[\u2068\u2069]/g, "");
  assert.deepEqual([beam.value.textContent, plain(beam.name.textContent)], ["", "Click on a target: how much of its gradient arrives at a?"]);
  assert.deepEqual(light(opened), [0, 0, 0, 0, 0]);
  click(opened, 3);
  assert.equal(opened.view.isLit, true);
  const most = opened.view.theme.beam.length - 1;
  [1e-27, 1e-9, 1e-3, 1].forEach((share, t) => near(light(opened)[t], brightness(share) * most, 2.5, `the light on tile ${t}`));
  assert.equal(light(opened)[4], 0, "what is read later has no part in it");
  assert.equal(beam.value.textContent, "≈ 10⁻²⁷");
  assert.equal(beam.name.textContent.replace(/[\u2068\u2069]/g, ""), "of the gradient at d (t = 4) arrives at a");
  assert.match(opened.said("tiles"), /≈ 10⁻²⁷\.$/);
  assert.deepEqual(opened.sent, [["loss", { at: 3 }]]);
  click(opened, 3);
  assert.deepEqual([opened.view.isLit, beam.value.textContent, opened.sent.at(-1)], [false, "", ["loss", { at: null }]]);
});

for (const [name, norms, text, said] of [
  ["a good part", [0.0602, 0, 0, 0.5, 0], "0.120", /arrives at/],
  ["more than there was", [1, 0, 0, 0.5, 0], "2.00", /arrives at/],
  ["nothing that 32 bits could hold", [0, 0, 0, 0.5, 0], "<10⁻³⁷", /arrives at/],
  ["a thousandth", [0.0005, 0, 0, 0.5, 0], "0.00100", /arrives at/],
  ["hardly less", [0.000499, 0, 0, 0.5, 0], "≈ 10⁻³", /arrives at/],
  ["no gradient to begin with", [0, 0, 0, 0, 0], "–", /no gradient left/],
  ["no number", [NaN, NaN, NaN, NaN, 0], "NaN", /not a finite number/],
]) {
  test(`${name}: the large number is what was measured`, () => {
    const opened = page(norms);
    click(opened, 3);
    const { beam } = opened.panel("tiles").parts;
    assert.equal(beam.value.textContent, text);
    assert.match(beam.name.textContent, said);
  });
}

test("the key B lights the loss of the time cursor; of one that is not known yet, nothing is claimed", () => {
  const opened = page();
  opened.pin(1);
  opened.layout.root.onkeydown({ key: "b", composedPath: () => [opened.layout.root], preventDefault() {}, stopPropagation() {} });
  opened.wait();
  assert.deepEqual([opened.view.lossAt, opened.sent], [1, [["loss", { at: 1 }]]]);
  const { beam } = opened.panel("tiles").parts;
  assert.equal(beam.value.textContent, "…");
  assert.match(beam.name.textContent, /is being measured/);
  assert.deepEqual(light(opened), [0, 0, 0, 0, 0]);
  assert.ok(!opened.drawn("gradients").some(({ path }) => path?.length > 1 && path[0][0] === "move" && path.length === 2 && path[1][0] === "line" && path[0][2] !== path[1][2] && path[0][1] !== path[1][1]), "no curve");
  assert.match(opened.panel("gradients").hint.textContent, /\(t = 2\) alone/);
});

test("the light on real tiles is what the trace says of the loss", () => {
  for (const name of written("cases.json")) {
    const opened = new Opened(written(`${name}.bin`));
    const { steps } = written(`${name}.json`);
    const { scene, theme } = opened.view;
    opened.pin(scene.loss_at);
    opened.stage.moves.lightLoss();
    for (const [step, { layers }] of Object.entries(steps)) {
      opened.scrub(Number(step));
      const { one } = layers[opened.view.layer];
      const palette = Array.from(theme.beam, css);
      const rects = opened.drawn("tiles").filter(({ name: call, values: [, top] }) => call === "fillRect" && top < 40);
      assert.equal(rects.length, scene.inputs.length);
      rects.forEach(({ fillStyle }, t) => {
        const expected = t > scene.loss_at ? 0 : brightness(one.h[t] / one.h[scene.loss_at]) * (palette.length - 1);
        near(palette.lastIndexOf(fillStyle), expected, 2.5, `${name}, step ${step}, tile ${t}`);
      });
      const value = Number(opened.panel("tiles").parts.beam.value.textContent);
      if (one.h[0] / one.h[scene.loss_at] > 0.01) near(value, one.h[0] / one.h[scene.loss_at], 0.006 * value, "what arrives");
    }
  }
});

test("the run of another cell before lies beside it, at the step nearest to the one that is shown", () => {
  const of = (cell, serial, frames) => makeMessage({
    run: `viewer-${serial}`, serial, scene_id: cell, scene: makeScene({ T: 3, cell, loss_at: 1 }), curve: [{ step: 0, loss: 1 }], frames,
  });
  const opened = new Opened(of("rnn", 1, [0, 10, 20].map((step) => ({ step, "l0.one.h": [10 ** -(1 + step / 10), 1, 0] }))));
  const dashed = () => opened.drawn("gradients").filter(({ name, strokeStyle }) => name === "stroke" && strokeStyle === opened.view.theme.ghosts[0]);
  const legend = () => opened.panel("gradients").parts.legend.textContent;
  assert.equal(dashed().length, 0);
  opened.receive(of("lstm", 2, [0, 9].map((step) => ({ step, "l0.one.h": [0.5, 1, 0] }))));
  assert.equal(dashed().length, 1);
  assert.equal(dashed()[0].path.length, 2, "up to the loss");
  assert.match(legend(), /RNN before, step 10/);
  const tip = opened.tip("gradients", 60, 50);
  assert.equal(tip.at(-1), "RNN before, step 10 0.0100");
  opened.scrub(0);
  assert.match(legend(), /RNN before, step 0/);
  opened.panel("gradients").parts.kinds.children[1].onclick();
  opened.wait();
  assert.equal(dashed().length, 0, "no other loss is compared with it");
  opened.panel("gradients").parts.kinds.children[0].onclick();
  opened.receive(of("lstm", 3, [0, 9].map((step) => ({ step, "l0.one.h": [0.4, 1, 0] }))));
  assert.match(legend(), /RNN before, step 10/, "not the run of the same cell");
  opened.receive(makeMessage({ run: "viewer-4", serial: 4, scene_id: "x", scene: makeScene({ T: 4, cell: "gru" }), frames: [{ step: 0 }] }));
  assert.equal(dashed().length, 0, "nor one of another text");
});
