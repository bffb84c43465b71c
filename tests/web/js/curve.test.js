/** The plane of the curve: its axis of steps, earlier runs on it, and what the lines across it mean. */

import assert from "node:assert/strict";
import test from "node:test";
import { stepAxis, STEP_SCALES } from "../../../playground/ui/static/stage/panels/steps.js";
import { makeMessage, makeScene, written } from "./messages.js";
import { Opened } from "./open.js";
import { SIZE } from "./page.js";

const near = (value, expected, room, what) =>
  assert.ok(Math.abs(value - expected) <= room, `${what}: ${value} is not ${expected} ± ${room}`);
const point = (step, loss) => ({ step, loss, gradient_norm: 1 });
const LONG = [0, 1, 10, 100, 1000, 21816];
const long = (serial = 1) => makeMessage({ serial, curve: LONG.map((step) => point(step, 1 / (1 + step))), frames: LONG.map((step) => ({ step })) });

/** The numbers below the axis of steps, with their places. */
const ticks = (opened) => opened.base("curve").filter(({ text, values }) => /^[\d,]+$/.test(text ?? "") && values[1] > SIZE.height - 29)
  .map(({ text, values }) => [Number(text.replaceAll(",", "")), values[0]]);

/** What is said below the curve's title. */
const legend = (opened) => opened.panel("curve").parts.legend.textContent;
const letters = (opened) => opened.base("curve").filter(({ text }) => /^[ABC]$/.test(text ?? ""));

/** The height of a loss, from the perplexities beside the axis: they stand on whole pixels. */
function heights(opened) {
  const marks = opened.base("curve").filter(({ text, values }) => /^[\d.]+$/.test(text ?? "") && values[0] < 44);
  const [[low, y0], [high, y1]] = [marks[0], marks.at(-1)].map(({ text, values }) => [Number(text), values[1]]);
  return (loss) => y0 + ((loss - Math.log(low)) / Math.log(high / low)) * (y1 - y0);
}

/** The place of a step, from the ends of the curve that is drawn. */
function places(opened, size) {
  const path = opened.drawn("curve").find(({ name, path: one }) => name === "stroke" && one.length >= LONG.length).path;
  const [left, right] = [path[0][1], path[LONG.length - 1][1]];
  return (step) => left + ((right - left) * size(step)) / size(LONG.at(-1));
}

test("at first steps stand by their logarithm, and the choice of an even axis outlives the stage", () => {
  const kept = new Map();
  const storage = { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value) };
  const opened = Opened.with(storage, long());
  for (const [scale, size] of [["log", Math.log1p], ["linear", (step) => step]]) {
    opened.scale(scale);
    const at = places(opened, size);
    for (const [step, x] of ticks(opened)) near(x, at(step), 1.01, `${scale}: step ${step}`); // they stand on whole pixels
    assert.equal(opened.base("curve").some(({ text }) => text === "training step (log)"), scale === "log");
  }
  assert.equal(Opened.with(storage, long()).view.stepScale, "linear");
});

for (const [name, storage] of [
  ["nothing", null],
  ["nonsense", { getItem: () => "sideways", setItem() {} }],
  ["a storage that is forbidden", { getItem() { throw new Error("no"); }, setItem() { throw new Error("no"); } }],
]) {
  test(`with ${name} kept, it is logarithmic and can be changed`, () => {
    const opened = Opened.with(storage, long());
    assert.equal(opened.view.stepScale, "log");
    opened.scale("linear");
    assert.equal(opened.view.stepScale, "linear");
  });
}

test("the choice is one stop of the keyboard, and its arrows do not move through time", () => {
  const opened = new Opened(long());
  const radios = () => opened.panel("curve").parts.scales.children;
  assert.deepEqual(radios().map((radio) => radio.getAttribute("tabindex")), ["0", "-1"]);
  let wasKept = true;
  const key = { key: "ArrowRight", preventDefault() {}, stopPropagation() { wasKept = false; } };
  radios()[0].onkeydown(key);
  opened.wait();
  assert.equal(wasKept, false, "the stage hears nothing of it");
  assert.equal(opened.view.stepScale, "linear");
  assert.deepEqual(radios().map((radio) => radio.getAttribute("aria-checked")), ["false", "true"]);
});

test("looking back, what came later is drawn pale, where it was measured and under what is drawn up to the cursor", () => {
  const opened = new Opened(long());
  opened.scrub(100);
  const [pale, bright] = opened.drawn("curve").filter(({ name, path }) => name === "stroke" && path.length >= 4 && path[0][0] === "move");
  assert.ok(pale.globalAlpha < 1 && bright.globalAlpha === 1);
  assert.equal(pale.strokeStyle, bright.strokeStyle);
  const [at, height] = [places(opened, Math.log1p), heights(opened)];
  assert.equal(pale.path.length, LONG.length, "all that is known");
  pale.path.forEach(([, x, y], k) => {
    near(x, at(LONG[k]), 1e-6, `the place of step ${LONG[k]}`);
    near(y, height(1 / (1 + LONG[k])), 1.5, `its height at step ${LONG[k]}`);
  });
  const passed = LONG.filter((step) => step <= 100).length;
  assert.deepEqual(bright.path.slice(0, passed), pale.path.slice(0, passed));
});

for (const scale of STEP_SCALES) {
  test(`${scale}: what is dragged to is what stands there, and the hair line comes along`, () => {
    const opened = new Opened(long());
    opened.scale(scale);
    const at = places(opened, scale === "log" ? Math.log1p : (step) => step);
    const { plot } = opened.surface("curve");
    for (const step of [10, 1000, 21816, 0]) {
      if (scale === "linear" && step === 10) continue; // beside 0 there
      plot.onpointerdown({ button: 0, pointerId: 1, clientX: at(step), clientY: 60 });
      opened.wait();
      assert.equal(opened.step, step);
      const hair = opened.drawn("curve").find(({ strokeStyle }) => strokeStyle === opened.view.theme.text).path[0][1];
      near(hair, at(step), 1.01, "the hair line"); // on whole pixels
    }
  });

  test(`${scale}: a step is found again where it stands`, () => {
    for (const last of [20, 1000, 250_000]) {
      const axis = stepAxis(scale, last);
      for (const step of [0, 1, 7, last / 2, last]) assert.equal(axis.step(axis.share(step)), step);
      assert.deepEqual([axis.share(0), axis.share(last)], [0, 1]);
    }
  });
}

test("the numbers below a logarithmic axis are 0 and 1, 2 or 5 times a power of ten, with room between them", () => {
  for (const last of [20, 40, 100, 999, 21816, 3_000_000]) {
    const opened = new Opened(makeMessage({ curve: [point(0, 1), point(last, 0.5)], frames: [{ step: 0 }, { step: last }] }));
    const found = ticks(opened);
    assert.ok(found.length > 3, `${found} up to ${last}`);
    for (const [step] of found) assert.match(String(step), /^(0|[125]0*)$/);
    const digits = new Set(found.slice(1).map(([step]) => String(step)[0]));
    assert.ok([1, 3].includes(digits.size), "all three or the decades alone");
    found.slice(1).forEach(([step, x], k) => {
      const half = (number) => 3 * number.toLocaleString("en").length;
      assert.ok(x - found[k][1] > half(step) + half(found[k][0]), `${found[k][0]} and ${step} overlap`);
    });
  }
});

test("on the narrowest phone a logarithmic axis still says where its largest power of ten stands", () => {
  const sets = stepAxis("log", 600).ticks;
  assert.deepEqual(sets[0], [0, 1, 2, 5, 10, 20, 50, 100, 200, 500]);
  assert.deepEqual(sets[1], [0, 1, 10, 100]);
  for (const set of [[0, 10, 100], [0, 100]]) assert.ok(sets.some((one) => String(one) === String(set)));
});

test("an earlier run of the same text lies where it was measured, under its letter; one of another text is only named", () => {
  const opened = new Opened(written("earlier.bin"));
  const { losses } = written("earlier.json");
  const { theme, scene } = opened.view;
  assert.deepEqual(scene.ghosts.map((ghost) => ghost.other_text), [false, true]);
  const dashed = opened.base("curve").filter(({ name, strokeStyle, path }) => name === "stroke" && theme.ghosts.includes(strokeStyle) && path.length > 2);
  assert.equal(dashed.length, 1);
  assert.equal(dashed[0].path.length, losses.length);
  const height = heights(opened);
  dashed[0].path.forEach(([, , y], step) => near(y, height(losses[step]), 1.5, `its height at step ${step}`));
  assert.deepEqual(letters(opened).map(({ text, fillStyle }) => [text, fillStyle]), [["A", theme.ghosts[0]]]);
  assert.ok(dashed[0].path.some(([, , y]) => Math.abs(y - letters(opened)[0].values[1]) < 1), "the letter stands on its curve");
  assert.match(legend(opened), /A LSTM.*GRU.*\(of another text, not drawn\)/);
  assert.match(opened.said("curve"), /Earlier runs, at their end: A \u2068LSTM\u2069, [\d.]+\.$/);
  opened.panel("curve").parts.legend.all(".remove")[1].onclick();
  assert.deepEqual(opened.sent, [["ghost", { remove: scene.ghosts[1].id }]]);
});

test("three earlier runs have three dashes, in the picture as in the legend, and letters beside one another", () => {
  const ghosts = [0, 1, 2].map((id) => ({ id: String(id), label: `run ${id}`, other_text: false, steps: [0, 15], loss: [0.5, 0.5] }));
  const opened = new Opened(makeMessage({ scene: makeScene({ ghosts }), curve: [point(0, 0.6)], frames: [{ step: 0 }] }));
  const { theme } = opened.view;
  const dashes = theme.ghosts.map((colour) => opened.base("curve").find((call) => call.strokeStyle === colour).dash);
  const swatches = opened.panel("curve").parts.legend.all(".dash").slice(-3).map((swatch) => swatch.style.backgroundImage);
  dashes.forEach(([length], k) => assert.ok(swatches[k].includes(` 0 ${length}px`), swatches[k]));
  assert.equal(new Set(swatches.map((swatch) => swatch.replace(/#\w+/g, ""))).size, 3, "without their colours, too");
  assert.deepEqual(letters(opened).map(({ text }) => text), ["A", "B", "C"]);
  const [a, b, c] = letters(opened).map(({ values: [x] }) => x);
  assert.ok(a - b >= 12 && b - c >= 12);
});

test("the floor that matters is drawn, with how much memory it takes, and its label says what k is", () => {
  const opened = new Opened(written("gap.bin"));
  const labels = opened.base("curve").filter(({ text }) => /^k|^uniform/.test(text ?? ""));
  assert.match(labels.at(-1).text, /^k ≥ 7: 1$/, "of a line's 8 symbols, the first tells the last");
  assert.match(legend(opened), /this text needs 7 symbols of memory/);
  assert.match(opened.said("curve"), /k ≥ 7: 1\. this text needs 7 symbols/);
  for (const { text, values: [x, y] } of labels) {
    const tip = opened.tip("curve", x + 2, y);
    assert.equal(tip[0], text);
    assert.match(tip[1], text.startsWith("k") ? /how many of the last symbols are seen/ : /nothing is learned yet/);
  }
});

test("equal floors are one line, under the whole range of k", () => {
  const floors = [[0, 0, 3.8], [1, 2, 1.32], [3, null, 1]];
  const opened = new Opened(makeMessage({ scene: makeScene({ floors }), frames: [{ step: 0 }] }));
  assert.match(opened.said("curve"), /k = 0: 3\.8; k = 1, 2: 1\.32; k ≥ 3: 1\./);
  const lines = opened.base("curve").filter(({ strokeStyle, dash }) => strokeStyle === opened.view.theme.colour.floor && dash.length);
  assert.equal(lines.length, 3);
  const none = new Opened(makeMessage({ scene: makeScene(), frames: [{ step: 0 }] }));
  assert.match(legend(none), /this text needs no memory/);
});

test("what is written beyond all that was read is set apart, and nothing of the text is lost", () => {
  const opened = new Opened(written("gap.bin"));
  const { samples, reach } = written("earlier.json");
  const { list } = opened.panel("samples").parts;
  const shown = samples.slice(-list.children.length).reverse();
  list.children.forEach((item, k) => {
    const text = item.all(".text")[0].textContent;
    assert.equal(text, shown[k].prompt + shown[k].text);
    assert.equal(item.all(".beyond")[0].textContent, text.slice(reach), "after the 8 symbols of a line");
  });
  assert.equal(opened.panel("samples").aside.textContent, "grey: longer than anything it has read");
  const short = new Opened(makeMessage({ frames: [{ step: 0 }], samples: [{ step: 0, prompt: "a", text: "b", beyond: "" }] }));
  assert.equal(short.panel("samples").aside.textContent, "");
});

test("looking back, every place says the same step, and of how many", () => {
  const opened = new Opened(long());
  const { status, range, study } = opened.layout.footer;
  assert.equal(status.textContent, "step 21,816 · paused");
  opened.scrub(1000);
  assert.equal(status.textContent, "looking back at 1,000 of 21,816");
  assert.equal(range.getAttribute("aria-valuetext"), status.textContent);
  assert.equal(study.textContent, "Study step 1,000 below");
  assert.equal(opened.readout().step.value.textContent, "1,000");
  assert.match(opened.said("curve"), / at step 1,000\./);
  opened.receive(long(2));
  assert.equal(status.textContent, "looking back at 1,000 of 21,816", "whatever comes");
  opened.stage.moves.follow();
  opened.wait(16);
  assert.equal(status.textContent, "step 1,000 · paused", "on its way to the newest, no more looking back");
  opened.wait();
  assert.equal(status.textContent, "step 21,816 · paused");
  const playing = new Opened(makeMessage({ playing: true, rate: 4321.4, curve: [point(0, 1)], frames: LONG.map((step) => ({ step })) }));
  assert.equal(playing.layout.footer.status.textContent, "step 21,816 · live · 4,321 steps/s");
  playing.scrub(100);
  assert.match(playing.layout.footer.status.textContent, /^looking back at 100 of 21,816 · /);
  playing.stage.dispose();
});

for (const [name, arrive] of [
  ["asked for the newest", (opened) => opened.stage.moves.follow()],
  ["when training goes on", (opened) => opened.stage.receive(makeMessage({ serial: 2, playing: true, playhead: 40 }), () => {})],
]) {
  test(`${name}, one who looks back is led there evenly through all that lies between`, () => {
    const frames = Array.from({ length: 41 }, (_, step) => ({ step }));
    const opened = new Opened(makeMessage({ curve: [point(0, 1)], frames }));
    opened.scrub(0);
    arrive(opened);
    const seen = [200, 400, 600].map((due, k, all) => {
      opened.wait(due - (all[k - 1] ?? 0));
      return opened.step;
    });
    seen.forEach((step, k) => near(step, 10 * (k + 1), 2, `after ${200 * (k + 1)} ms of 800`));
    opened.wait(250);
    assert.equal(opened.step, 40);
    opened.stage.dispose();
  });
}
