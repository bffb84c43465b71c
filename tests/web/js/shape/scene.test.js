/** What stands where, and what it is worth: the boxes, arrows and lights of every message. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { lightOf, scalesOf } from "../../../../playground/ui/static/shape/message.js";
import { between } from "../../../../playground/ui/static/shape/morph.js";
import { columnAt, layoutOf } from "../../../../playground/ui/static/shape/layout.js";
import { NAMES, plain, read, sceneIn } from "./open.js";

for (const name of NAMES) {
  test(`${name}: a shape is where inputs and losses stand`, () => {
    const message = read(name);
    const scene = sceneIn(message);
    const count = message.reads.length;
    for (let t = 0; t < count; t += 1) {
      assert.ok(scene.get(`x.${t}`).look.outlined && scene.get(`y.${t}`).look.outlined);
      assert.equal(scene.has(`x.${t}*`), message.reads[t]);
      for (const what of [`y.${t}*`, `loss.${t}`, `answered.${t}`, `y.${t}>loss.${t}`]) assert.equal(scene.has(what), message.asks[t], what);
      for (let l = 0; l < message.layers; l += 1) {
        for (let d = 0; d < message.directions; d += 1) assert.ok(scene.has(`h.${l}.${d}.${t}`));
      }
    }
    assert.equal([...scene.keys()].filter((key) => /^h(\.\d+){3}$/.test(key)).length, count * message.layers * message.directions);
  });

  test(`${name}: arrows begin and end at what they join, and nothing stands in another's place`, () => {
    const message = read(name);
    const scene = sceneIn(message);
    for (const [key, { kind, at }] of scene) {
      assert.ok(at.every(Number.isFinite), key);
      if (kind !== "edge" || key.startsWith("y.") || key.includes("mean")) continue;
      const [from, to] = (message.back ? key.split(">").reverse() : key.split(">")).map((each) => scene.get(each));
      for (const [box, x, y] of [[from, at[0], at[1]], [to, at[2], at[3]]]) {
        assert.ok(Math.abs(x - box.at[0]) <= box.at[2] / 2 + 0.5, `${key} beside its end`);
        assert.ok(Math.abs(y - box.at[1]) <= box.at[3] / 2 + 1.5, `${key} above or below its end`);
      }
    }
    const boxes = [...scene].filter(([key, { kind }]) => kind === "box" && !key.endsWith("*")).map(([, { at }]) => at);
    boxes.forEach((one, k) => boxes.slice(k + 1).forEach((other) => {
      const isApart = Math.abs(one[0] - other[0]) >= (one[2] + other[2]) / 2 || Math.abs(one[1] - other[1]) >= (one[3] + other[3]) / 2;
      assert.ok(isApart);
    }));
  });

  test(`${name}: no arrow goes through a box`, () => {
    const scene = sceneIn(read(name));
    const boxes = [...scene].filter(([key, { kind }]) => kind === "box" && !key.endsWith("*"));
    for (const [key, { kind, at: [x0, y0, x1, y1] }] of scene) {
      if (kind !== "edge") continue;
      for (const [box, { at: [x, y, width, height] }] of boxes) {
        const beside = Math.max(Math.min(x0, x1) - x, x - Math.max(x0, x1)) >= width / 2 - 0.5;
        const above = Math.max(Math.min(y0, y1) - y, y - Math.max(y0, y1)) >= height / 2 - 0.5;
        assert.ok(beside || above, `${key} through ${box}`);
      }
    }
  });
}

test("the cells of states, the bars of outputs and the marks are those of the frame", () => {
  for (const name of ["sentiment", "tags", "name"]) {
    const message = read(name);
    for (const frame of message.frames) {
      const scene = sceneIn(message, frame);
      message.reads.forEach((_, t) => {
        for (let l = 0; l < message.layers; l += 1) {
          for (let d = 0; d < message.directions; d += 1) assert.deepEqual(scene.get(`h.${l}.${d}.${t}`).look.cells, frame.states[l][d][t]);
        }
        if (!message.asks[t]) return;
        const { bars, right } = scene.get(`y.${t}*`).look;
        assert.deepEqual(bars, frame.outputs[t]);
        assert.equal(message.classes[right], message.asked[t]);
        const mark = frame.answered[t] === message.asked[t] ? "✓" : "✗";
        assert.equal(plain(scene.get(`answered.${t}`).look.text), `${mark} ${frame.answered[t]}`);
      });
    }
  }
});

test("numbers that are read have cells, numbers that are answered are written and neither right nor wrong", () => {
  const message = read("numbers");
  const scene = sceneIn(message);
  const last = message.reads.length - 1;
  assert.deepEqual(scene.get("x.0*").look.cells, message.vectors[0].map((value) => value / message.reach));
  assert.ok(!scene.get(`y.${last}*`).look.bars && /^−?\d/.test(scene.get(`y.${last}*`).look.text));
  assert.equal(plain(scene.get(`answered.${last}`).look.text), message.frames.at(-1).answered[last]);
});

test("where nothing is read the zeros are drawn as a zero", () => {
  const scene = sceneIn(read("name"));
  assert.equal(scene.get("x.1").look.text, "0");
  assert.equal(scene.get("x.0").look.text, "");
  assert.equal(scene.get("x.1>h.0.0.1").look.points, false);
});

test("backwards, light grows with the gradient on a logarithmic scale, and arrows start at the losses that exist", () => {
  for (const name of ["back", "mean"]) {
    const message = read(name);
    const frame = message.frames.at(-1);
    const scene = sceneIn(message);
    const scales = scalesOf(message);
    const all = message.frames.flatMap(({ gradients }) => gradients.flat(2)).filter((value) => value > 0);
    assert.ok(10 ** scales.high >= Math.max(...all) && 10 ** scales.high < 3 * Math.max(...all));
    frame.gradients.forEach((layer, l) => layer[0].forEach((value, t) => {
      const { light, text } = scene.get(`h.${l}.0.${t}*`).look;
      assert.equal(light, lightOf(value, scales));
      assert.ok(Math.abs(light - Math.max((Math.log10(value) - scales.low) / (scales.high - scales.low), 0.06)) < 1e-9);
      assert.ok(text !== "");
    }));
    const last = message.asks.lastIndexOf(true);
    const [, from, , to] = scene.get(`y.${last}>loss.${last}`).at;
    assert.ok(from < to, "from the loss down");
    const across = scene.get("h.0.0.2>h.0.0.3");
    assert.ok(across.at[0] > across.at[2], "from a timestep to the one before");
    assert.equal(across.look.light, lightOf(frame.gradients[0][0][3], scales));
  }
});

test("what no loss reaches is an outline with a zero, and no light goes there", () => {
  const message = read("back");
  const frame = structuredClone(message.frames.at(-1));
  for (const layer of frame.gradients) layer[0][0] = 0;
  const scene = sceneIn({ ...message, frames: [frame] }, frame);
  assert.ok(!scene.has("h.0.0.0*") && scene.get("h.0.0.0").look.text === "0");
  assert.equal(scene.get("h.0.0.0>h.0.0.1").look.light, 0);
});

test("the mean of all h is read by one output, and gives every h its share", () => {
  const message = read("mean");
  const scene = sceneIn(message);
  message.reads.forEach((_, t) => assert.ok(scene.has(`h.0.0.${t}>mean`)));
  assert.equal([...scene.keys()].filter((key) => key.startsWith("mean>")).length, 1);
});

test("a decoder stands beside its encoder, a bridge between them, and reads what it has answered", () => {
  const message = read("delayed");
  const scene = sceneIn(message);
  const split = message.decoder_from;
  assert.equal(split, 3);
  const across = (t) => scene.get(`h.0.0.${t}>h.0.0.${t + 1}`).look.tone;
  assert.equal(across(split - 1), "bridge");
  assert.notEqual(across(0), "bridge");
  assert.deepEqual([0, split - 1, split].map((t) => scene.get(`h.0.0.${t}`).look.tone), ["state", "state", "decoder"]);
  assert.ok(scene.has("split") && scene.has(`y.${split}>x.${split + 1}`) && !scene.has(`y.${split + 1}>x.${split + 2}`));
  const [before, after] = [scene.get(`x.${split - 1}`), scene.get(`x.${split}`)].map(({ at }) => at[0]);
  assert.ok(scene.get("split").at[0] > before && scene.get("split").at[0] < after);
  assert.ok(after - before > scene.get("x.1").at[0] - scene.get("x.0").at[0] + 10, "apart");
});

test("of two directions one goes back, both meet in what is read above them", () => {
  const scene = sceneIn(read("tags"));
  const [on, back] = [scene.get("h.0.0.1>h.0.0.2").at, scene.get("h.0.1.2>h.0.1.1").at];
  assert.ok(on[2] > on[0] && back[2] < back[0]);
  assert.ok(!scene.has("h.0.1.1>h.0.1.2"));
  for (const key of ["h.0.0.1>join.0.1", "h.0.1.1>join.0.1", "join.0.1>h.1.0.1", "join.0.1>h.1.1.1", "join.1.1>y.1"]) assert.ok(scene.has(key), key);
});

test("the path of the leak is lit, from what is read next to the answer, and nothing else", () => {
  const message = read("leak");
  const scene = sceneIn(message);
  const lit = [...scene].filter(([, { look }]) => look.lit).map(([key]) => key);
  const path = ["x.2", "h.0.1.2", "h.0.1.1", "join.0.1", "y.1"];
  assert.deepEqual(new Set(lit.map((key) => key.replace("*", ""))), new Set([...path, ...path.slice(1).map((key, k) => `${path[k]}>${key}`)]));
  assert.equal(message.frames[0].read[2], message.asked[1], "there stands what is asked");
  assert.ok(scene.get("h.0.0.1").alpha < 1 && scene.get("h.0.1.1").alpha === 1);
});

test("from one shape to the next, what both have moves, and what one has fades", () => {
  const [from, to] = [sceneIn(read("sentiment")), sceneIn(read("tags"))];
  const half = between(from, to, 0.5);
  const quarter = between(from, to, 0.25);
  const middle = (key) => (from.get(key).at[0] + to.get(key).at[0]) / 2;
  assert.ok(Math.abs(half.get("h.0.0.3").at[0] - middle("h.0.0.3")) < 1e-9);
  assert.equal(quarter.get("loss.8").alpha, 0.5);
  assert.equal(quarter.get("loss.0").alpha, 0);
  assert.equal(between(from, to, 0.75).get("loss.0").alpha, 0.5);
  assert.equal(between(from, to, 1), to);
  assert.equal(between(null, to, 0), to);
});

test("on the way no timestep meets another, those that come or go least of all", () => {
  const [short, long] = [sceneIn(read("one")), sceneIn(read("name"))];
  const apart = long.get("h.0.0.1").at[0] - long.get("h.0.0.0").at[0];
  for (const [from, to] of [[short, long], [long, short]]) {
    for (const share of [0.1, 0.3, 0.6, 0.9]) {
      const scene = between(from, to, share);
      const boxes = [0, 1, 2, 3].map((t) => scene.get(`h.0.0.${t}`)).filter(Boolean);
      boxes.slice(1).forEach((box, k) => assert.ok(Math.abs(box.at[0] - boxes[k].at[0] - apart) < 1e-9));
      const arrow = scene.get("h.0.0.0>h.0.0.1");
      if (arrow) assert.ok(Math.abs(arrow.at[2] - (boxes[1].at[0] - boxes[1].at[2] / 2)) < 1e-9);
    }
  }
});

test("many timesteps are as wide as they must be, few stand in the middle, and the pointer finds each", () => {
  for (const [name, width] of [["numbers", 360], ["numbers", 1200], ["one", 1200], ["tags", 360], ["delayed", 700]]) {
    const message = read(name);
    const layout = layoutOf(message, width, 1, 30);
    const count = message.reads.length;
    assert.ok(layout.column >= 32);
    message.reads.forEach((_, t) => assert.equal(columnAt(layout, count, layout.x(t)), t));
    assert.equal(columnAt(layout, count, -5), -1);
    assert.ok(layout.x(0) - layout.column / 2 >= layout.gutter - 1e-6);
    if (count < 6) assert.ok(layout.x(count - 1) + layout.column / 2 <= width);
  }
});
