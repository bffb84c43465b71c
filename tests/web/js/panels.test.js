/** What the panels draw and say, on messages made by hand. */

import assert from "node:assert/strict";
import test from "node:test";
import { pathNames } from "../../../playground/ui/static/stage/panels/labels.js";
import { parted } from "../../../playground/ui/static/stage/panels/samples.js";
import { makeMessage, makeScene } from "./messages.js";
import { Opened } from "./open.js";
import { changeRatio } from "./page.js";

const point = (step, loss, more = {}) => ({ step, loss, gradient_norm: 1, ...more });
const near = (a, b, room = 1e-6) => assert.ok(Math.abs(a - b) <= room, `${a} is not ${b}`);

/** The dot at the training cursor: [x, y]. */
const dot = (opened) => opened.drawn("curve").flatMap(({ path }) => path ?? []).findLast(([kind]) => kind === "arc")?.slice(1, 3);

/** Where a perplexity stands, from the ticks of the axis. */
function heightOf(opened, perplexity) {
  const at = (value) => opened.base("curve").find(({ text }) => text === String(value)).values[1];
  return at(1) + (Math.log(perplexity) / Math.log(2)) * (at(2) - at(1));
}

test("the dot and the numbers at the cursor are those of its step, not of a point that was kept", () => {
  const curve = [point(0, 1.4), point(32, 0.5), point(64, 0.1)];
  const frames = [{ step: 0, loss: 1.4 }, { step: 20, loss: 0.9 }, { step: 64, loss: 0.1 }];
  const opened = new Opened(makeMessage({ curve, frames }));
  opened.scrub(20);
  near(dot(opened)[1], heightOf(opened, Math.exp(0.9)), 1.01); // ticks stand on whole pixels
  assert.match(opened.said("curve"), /Perplexity 2\.46 at step 20/);
  assert.equal(opened.readout().perplexity.value.textContent, "2.46");
  assert.match(opened.readout().loss.value.textContent, /^0\.900/);
  const solid = opened.drawn("curve").filter(({ name }) => name === "stroke")[1].path;
  assert.deepEqual(solid.at(-1).slice(0, 1), ["line"]);
  near(solid.at(-1)[2], dot(opened)[1]);
});

test("step 0 is read at step 0", () => {
  const opened = new Opened(makeMessage({
    curve: [point(0, 1.4), point(5104, 0.1)], frames: [{ step: 0, loss: 1.4 }, { step: 5104, loss: 0.1 }],
  }));
  opened.scrub(0);
  assert.equal(opened.readout().perplexity.value.textContent, "4.06");
  assert.match(opened.said("curve"), /Perplexity 4\.06 at step 0/);
});

test("the tip over the curve tells the nearest point that is known, with its own step", () => {
  const opened = new Opened(makeMessage({
    curve: [point(0, 1), point(10, 0.5), point(100, 0.1)], frames: [{ step: 40, loss: 0.25 }], playhead: 100,
  }));
  for (const [scale, size] of [["log", Math.log1p], ["linear", (step) => step]]) {
    opened.scale(scale);
    const [left, right] = [44, dot(opened)[0]]; // of steps 0 and 40
    const at = (step) => left + ((right - left) * size(step)) / size(40);
    assert.equal(opened.tip("curve", at(12), 50)[0], "step 10");
    assert.deepEqual(opened.tip("curve", at(38), 50).slice(0, 3), ["step 40", "perplexity 1.28", "loss 0.250 nats"]);
    assert.equal(opened.tip("curve", at(90), 50)[0], "step 100");
  }
});

test("clipping: a mark is as high as the share of clipped updates, the tip tells the step's own", () => {
  const opened = new Opened(makeMessage({
    curve: [point(0, 1), point(20, 0.9, { share: 51 }), point(40, 0.8, { share: 255, clipped: 1, clipped_norm: 0.5 })],
    frames: [{ step: 0 }], playhead: 40,
  }));
  opened.scale("linear");
  const marks = opened.drawn("curve").filter(({ name }) => name === "fillRect");
  assert.deepEqual(marks.map(({ values }) => Math.round(values[3] * 100) / 100), [1, 5]);
  const x = (step) => marks[0].values[0] + 0.5 + ((step - 20) * (marks[1].values[0] - marks[0].values[0])) / 20;
  assert.ok(!opened.tip("curve", x(20), 50).some((line) => /^clipped/.test(line)));
  assert.equal(opened.tip("curve", x(20), 50).at(-1), "20 % of the updates since step 0 were clipped");
  assert.equal(opened.tip("curve", x(40), 50)[4], "clipped 0.500");
});

test("a loss is shown as it was measured, however large or small", () => {
  const large = new Opened(makeMessage({ curve: [point(0, 1)], frames: [{ step: 0, loss: 7_699_782.4 }] }));
  assert.match(large.readout().loss.value.textContent, /^7\.70·10⁶/);
  assert.equal(large.readout().perplexity.value.textContent, "≈ 10^(3.34·10⁶)");
  const small = new Opened(makeMessage({ curve: [point(0, 1)], frames: [{ step: 0, loss: 1.04e-6 }] }));
  assert.match(small.readout().loss.value.textContent, /^1\.0·10⁻⁶/);
});

test("a ghost above the scale leaves the picture", () => {
  const ghosts = [{ id: "g", label: "g", other_text: false, steps: [0, 10, 20], loss: [0.5, 20, null] }];
  const opened = new Opened(makeMessage({ scene: makeScene({ ghosts }), curve: [point(0, 0.6)], frames: [{ step: 0 }] }));
  const path = opened.base("curve").find(({ name, dash, path: p }) => name === "stroke" && dash[0] === 8 && p.length > 1).path;
  assert.equal(path.length, 2);
  assert.ok(path[1][2] < -100, "not along the upper edge");
});

test("what is not a finite number has its own colour, and a word", () => {
  const scene = makeScene({ T: 2, U: 2 });
  const opened = new Opened(makeMessage({
    scene, frames: [{ step: 0, "l0.h": [-128, 127, -127, 0], "l0.z": [255, 254, 0, 127] }],
    curve: [point(0, 1)], explosion: { step: 0, sentence: "It exploded." },
  }));
  const { theme } = opened.stage;
  assert.equal(opened.cells("state")[0][0], theme.broken);
  assert.equal(opened.cells("gates", 1)[0][0], theme.broken);
  assert.equal(opened.cells("gates", 1)[0][1], theme.gate.at(-1));
  assert.equal(opened.cells("gates", 1)[1][0], theme.gate[0]);
  assert.equal(opened.tip("state", 100, 20)[1], "h not a finite number");
  assert.equal(opened.tip("gates", 100, 20, 1)[1], "z not a finite number");
  assert.match(opened.said("state"), /from ≈ −1\.00 to ≈ 1\.00\. Values that are not finite numbers: 1\./);
  assert.match(opened.panel("state").aside.textContent, /not a finite number/);
  assert.equal(opened.layout.footer.notice.textContent, "It exploded.");
});

test("the ends and the middle of a gate's range are bytes 0, 127 and 254, in its tip and its description", () => {
  const gates = [{ name: "r", low: 0, high: 2 }, { name: "z", low: 0, high: 1 }, { name: "n", low: -1, high: 1 }];
  for (const [byte, r, n] of [[254, "≈ 2.00", "≈ 1.00"], [127, "≈ 1.00", "≈ 0"], [0, "≈ 0", "≈ −1.00"]]) {
    const opened = new Opened(makeMessage({ scene: makeScene({ gates }), frames: [{ step: 0, "l0.r": byte, "l0.n": byte }] }));
    for (const [k, name, value] of [[0, "r", r], [2, "n", n]]) {
      assert.equal(opened.tip("gates", 100, 20, k)[1], `${name} ${value}`);
      assert.ok(opened.said("gates", k).includes(value), opened.said("gates", k));
    }
  }
});

test("a gate's mean is over all units at the time cursor, and moves with it", () => {
  const scene = makeScene({ T: 3, U: 2 });
  const z = [0, 127, 254, 254, 127, 127]; // a row a unit
  const opened = new Opened(makeMessage({ scene, frames: [{ step: 0, "l0.z": z }] }));
  for (const [t, mean] of [[0, "0.50"], [1, "0.50"], [2, "0.75"]]) {
    opened.pin(t);
    assert.ok(opened.said("gates", 1).includes(`≈ ${mean}`), opened.said("gates", 1));
  }
});

test("the tip of a cell tells its own unit, timestep and value, in every place", () => {
  const [T, U] = [5, 2];
  const bytes = Array.from({ length: U * T }, (_, k) => 12 * k);
  const opened = new Opened(makeMessage({
    scene: makeScene({ T, U }), frames: [{ step: 0, "l0.h": bytes, "l0.scale.h": 127, "l0.z": bytes }],
  }));
  for (const [panel, k, told] of [
    ["state", 0, (byte) => (byte ? `h ≈ ${byte}` : "h ≈ 0")],
    ["gates", 1, (byte) => (byte ? `z ≈ ${(byte / 254).toFixed(2)}` : "z ≈ 0")],
  ]) {
    const [left, top, width, height] = opened.drawn(panel, k).findLast(({ image }) => image).values;
    bytes.forEach((byte, cell) => {
      const [unit, t] = [Math.floor(cell / T), cell % T];
      const tip = opened.tip(panel, left + ((t + 0.5) * width) / T, top + ((unit + 0.5) * height) / U, k);
      assert.deepEqual(tip, [`unit ${unit + 1} · t = ${t + 1}`, told(byte)]);
    });
  }
});

test("a step before an explosion keeps its colours", () => {
  const frames = [{ step: 0, "l0.scale.h": 1 }, { step: 1, "l0.scale.h": 7 }, { step: 2, "l0.scale.h": 4e13 }];
  const opened = new Opened(makeMessage({ curve: [point(0, 1)], frames }));
  const ends = [0, 1, 2].map((step) => {
    opened.scrub(step);
    return opened.panel("state").aside.all(".legend")[0].children[2].textContent;
  });
  assert.deepEqual(ends, ["1", "7.5", "5·10¹³"]);
  const mild = new Opened(makeMessage({ curve: [point(0, 1)], frames: frames.slice(0, 2) }));
  mild.scrub(0);
  assert.equal(mild.panel("state").aside.all(".legend")[0].children[2].textContent, "7.5", "one scale for all");
});

test("states and odds show no more digits than they have", () => {
  const scene = makeScene({ T: 2, U: 1, K: 2 });
  const opened = new Opened(makeMessage({
    scene, curve: [point(0, 1)],
    frames: [{ step: 0, "l0.h": [127, 64], "l0.scale.h": 12_559_933, losses: [0.1, 0.1], odds: [65532, 3, 1, 1], likeliest: [0, 1, 1, 0] }],
  }));
  assert.equal(opened.tip("state", 100, 20)[1], "h ≈ 1.26·10⁷");
  assert.match(opened.said("odds"), /b\u2069 <0\.001/);
});

test("the readout names what it is of: the batch, and the sequence shown where that is only a part", () => {
  const frames = [{ step: 0, loss: 0.5, losses: [1, 2, 3] }];
  const whole = new Opened(makeMessage({ frames, curve: [point(0, 0.5)] }));
  assert.equal(whole.readout().watched.box.hidden, true);
  const part = new Opened(makeMessage({ scene: makeScene({ windows: 2 }), frames, curve: [point(0, 0.5)] }));
  const { perplexity, watched } = part.readout();
  assert.equal(perplexity.value.textContent, "1.65");
  assert.equal(watched.box.hidden, false);
  assert.equal(watched.name.textContent, "perplexity of this sequence");
  assert.equal(watched.value.textContent, "7.39");
  assert.match(part.panel("curve").hint.textContent, /^Perplexity of the whole text\./);
  const drawn = new Opened(makeMessage({ scene: makeScene({ windows: 40, whole_batch: false }), frames, curve: [point(0, 0.5)] }));
  assert.match(drawn.panel("curve").hint.textContent, /^Perplexity of the batch of each update; the lines are of the whole text/);
});

for (const reduction of ["mean", "sum"]) {
  test(`the gradient of one loss and that of the ${reduction} are shown one at a time, each with its own sentence`, () => {
    const opened = new Opened(makeMessage({
      scene: makeScene({ reduction, T: 4, loss_at: 2 }), curve: [point(0, 1)],
      frames: [{ step: 0, "l0.sum.h": [1, 0.1, 0.01, 0.1], "l0.one.h": [1e-5, 1e-3, 0.1, 0] }],
    }));
    const panel = opened.panel("gradients");
    const drawn = (length) => opened.drawn("gradients").filter(({ name: call, path }) => call === "stroke" && path[0]?.[0] === "move" && path.length === length);
    const all = reduction === "mean" ? "mean loss" : "sum of losses";
    assert.deepEqual(panel.parts.kinds.children.map((radio) => radio.textContent.replace(/[\u2068\u2069]/g, "")), ["loss at a (t = 3)", all]);
    assert.match(panel.hint.textContent, /^Gradient of the loss at .a. \(t = 3\) alone\./);
    assert.equal(drawn(3).length, 1, "up to its own timestep");
    assert.match(opened.said("gradients"), /loss at t = 3 .* 1\.00·10⁻⁵ at the first timestep, 0\.100 at its own/);
    assert.deepEqual(opened.tip("gradients", 60, 50).slice(1), ["‖∂ loss at t = 3 / ∂hₜ‖ 1.00·10⁻⁵"]);
    assert.deepEqual(opened.tip("gradients", 580, 50).slice(1), ["read after t = 3: no gradient of this loss"]);
    assert.ok(!opened.drawn("gradients").some(({ path }) => path?.length === 1 && path[0][0] === "arc" && path[0][1] > 480 && path[0][3] < 4.5), "no ring for what is not");
    panel.parts.kinds.children[1].onclick();
    opened.wait();
    assert.match(panel.hint.textContent, new RegExp(`^Gradient of the ${reduction} of all losses, which training follows\\.`));
    assert.equal(drawn(4).length, 1);
    assert.match(opened.said("gradients"), new RegExp(`${reduction} of all losses .* 1\\.00 at the first timestep, 0\\.100 at the last`));
    assert.deepEqual(opened.tip("gradients", 60, 50).slice(1), [`‖∂ ${all} / ∂hₜ‖ 1.00`]);
  });
}

test("the axes of the path claim no share of the variance, the panel tells that of the plane", () => {
  const opened = new Opened(makeMessage({ curve: [point(0, 1)], frames: [{ step: 0, "l0.share": 0.904 }] }));
  assert.equal(opened.panel("trajectory").aside.textContent, "this plane shows 90 % of the variance");
  const titles = opened.base("trajectory").map(({ text }) => text ?? "").filter((text) => text.includes("axis"));
  assert.deepEqual(titles, ["plane of the path, axis 1", "plane of the path, axis 2"]);
  assert.match(opened.said("trajectory"), /in a plane that shows 90 % of its variance/);
  const still = new Opened(makeMessage({ curve: [point(0, 1)], frames: [{ step: 0, "l0.share": 0, "l0.xy": 0 }] }));
  assert.equal(still.panel("trajectory").aside.textContent, "", "no part of nothing");
});

test("another sharpness of the screen draws everything anew", () => {
  const opened = new Opened(makeMessage({ curve: [point(0, 1)], frames: [{ step: 0 }] }));
  const { canvas } = opened.surface("state");
  const before = canvas.width;
  changeRatio(2);
  opened.wait();
  assert.equal(canvas.width, 2 * before);
  changeRatio(1.5);
  opened.wait();
  assert.equal(canvas.width, 1.5 * before);
  assert.ok(opened.drawn("state").length);
});

test("given and written text meet between characters", () => {
  assert.deepEqual(parted({ prompt: "the", text: " cat" }), ["the", " cat"]);
  assert.deepEqual(parted({ prompt: "ᄋ", text: "ᅡᆫ녕" }), ["", "안녕".normalize("NFD").replace("녕".normalize("NFD"), "녕")]);
  assert.deepEqual(parted({ prompt: "ab", text: "" }), ["ab", ""]);
  assert.deepEqual(parted({ prompt: "", text: "ab" }), ["", "ab"]);
});

test("floors that lie on one another keep their own values", () => {
  const floors = [...[1.2626, 1.2593, 1.2558, 1.2521, 1.2482].map((value, k) => [k, k, value]), [20, null, 1]];
  const page = new Opened(makeMessage({ scene: makeScene({ floors }), frames: [{ step: 0 }] }));
  assert.match(page.said("curve"), /k = 0–4: 1\.263–1\.248; k ≥ 20: 1\./);
});

test("where a symbol is read twice, its points on the path tell which time", () => {
  const bare = (names) => names.map((name) => name.replace(/[\u2068\u2069]/g, ""));
  assert.deepEqual(bare(pathNames([..."hell"])), ["h", "e", "l₃", "l₄"]);
  assert.deepEqual(bare(pathNames([..."안녕하세요", "안"])), ["안₁", "녕", "하", "세", "요", "안₆"]);
  assert.equal(bare(pathNames(Array(12).fill("."))).at(-1), ".₁₂");
  const opened = new Opened(makeMessage({ scene: makeScene({ T: 3, K: 2 }), frames: [{ step: 0, "l0.xy": [0, 0, 0.5, 0.5, -0.5, 0.2] }] }));
  const drawn = opened.drawn("trajectory").flatMap(({ text }) => text?.replace(/[\u2068\u2069]/g, "") ?? []);
  assert.deepEqual(drawn.sort(), ["a₁", "a₃", "b"]);
});

test("a short sequence fills its card, a very short one does not become a banner", () => {
  const width = (T) => {
    const opened = new Opened(makeMessage({ scene: makeScene({ T }), frames: [{ step: 0 }] }));
    const [left, , wide] = opened.drawn("tiles").find(({ name }) => name === "fillRect").values;
    return { wide, end: left + T * (wide + 2) };
  };
  assert.ok(Math.abs(width(4).end - 600) < 6, "up to the right edge");
  assert.ok(width(1).wide <= 400);
});
