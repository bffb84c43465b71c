/** Several runs side by side under one playhead: each panel shows its own run, all on common scales, one curve shows all. */

import assert from "node:assert/strict";
import test from "node:test";
import { BESIDE, PANELS } from "../../../playground/ui/static/stage/panels.js";
import { nearest } from "../../../playground/ui/static/stage/track.js";
import { decode } from "../../../playground/ui/static/stage/wire.js";
import { makeMessage, makeScene, written } from "./messages.js";
import { Opened } from "./open.js";

const race = written("race.json"); // [{cell, steps: {step: what the trace says}, loss: of every step}]
const near = (value, expected, room, what) =>
  assert.ok(Math.abs(value - expected) <= room, `${what}: ${value} is not ${expected} ± ${room}`);

/** What a legend says of its end. */
const legendEnd = (panel) => Number(panel.aside.all(".legend")[0].children[2].textContent);
const texts = (calls) => calls.flatMap(({ text }) => text ?? []);
const point = (step, loss) => ({ step, loss, gradient_norm: 1 });
const track = (name, more = {}) => ({ scene: makeScene({ name, cell: name }), scene_id: name, ...more });

test("every track has its panels, each with what the trace of its own run says", () => {
  const opened = new Opened(written("race.bin"));
  assert.deepEqual(opened.layout.names.map((name) => name.textContent), ["1 RNN", "2 GRU", "3 LSTM"]);
  for (const step of Object.keys(race[0].steps).map(Number)) {
    opened.scrub(step);
    race.forEach(({ cell, steps, loss }, k) => {
      opened.track = k;
      const [told] = steps[step].layers;
      const { scene, theme } = opened.stage.views[k];
      assert.equal(scene.cell, cell);
      const limit = legendEnd(opened.panel("state", k));
      opened.cells("state").forEach((row, unit) => row.forEach((colour, t) => {
        const share = Math.max(-1, Math.min(1, told.states.h[unit][t] / limit));
        near(theme.signed.indexOf(colour), 255.5 * (1 + share), 3, `h of unit ${unit} of ${cell} at ${t}`);
      }));
      assert.deepEqual(opened.panel("gates", k).plots, Object.keys(told.gates));
      assert.equal(opened.panel("cell_state", k).element.hidden, !("c" in told.states));
      near(Number(opened.readout(k).perplexity.value.textContent), Math.exp(loss[step]), 0.006 * Math.exp(loss[step]), cell);
      assert.equal(opened.readout(k).step.value.textContent, String(step));
    });
  }
});

test("scales are common, so that pictures side by side may be compared", () => {
  const opened = new Opened(written("race.bin"));
  const limits = opened.layout.panels.filter(({ kind }) => kind.name === "state").map(legendEnd);
  assert.equal(new Set(limits).size, 1);
  for (const panel of ["gradients", "trajectory"]) {
    const axes = race.map((_, k) => {
      opened.track = k;
      return texts(opened.base(panel)).filter((text) => /\d/.test(text)).join();
    });
    assert.equal(new Set(axes).size, 1, panel);
    const alone = race.map((_, k) => texts(new Opened(written(`alone${k}.bin`)).base(panel)).filter((text) => /\d/.test(text)).join());
    assert.ok(new Set(alone).size > 1, "which they are not by themselves");
  }
});

test("the widest track sets the scales of all, whichever place it has", () => {
  const small = track("rnn", { frames: [{ step: 0, "l0.scale.h": 1, "l0.sum.h": 0.1, "l0.one.h": 0.1, "l0.xy": 0.1 }] });
  const large = track("gru", { frames: [{ step: 0, "l0.scale.h": 7, "l0.sum.h": 1e3, "l0.one.h": 1e-6, "l0.xy": 9 }] });
  const ends = [[small, large], [large, small]].map((tracks) => {
    const opened = new Opened(makeMessage({ tracks }));
    return tracks.map((_, k) => {
      opened.track = k;
      return [legendEnd(opened.panel("state", k)), texts(opened.base("gradients")).join(), texts(opened.base("trajectory")).join()];
    });
  }).flat();
  for (const end of ends) assert.deepEqual(end, ends[0]);
  assert.equal(ends[0][0], 7.5);
  assert.match(ends[0][1], /10⁻⁶/);
});

test("one curve shows all, each in its colour, with its number and name", () => {
  const opened = new Opened(written("race.bin"));
  assert.equal(opened.layout.panels.filter(({ kind }) => kind.name === "curve").length, 1);
  const drawn = opened.drawn("curve").filter(({ name, path }) => name === "stroke" && path.length > 10);
  assert.equal(drawn.length, 3);
  assert.equal(new Set(drawn.map(({ strokeStyle }) => strokeStyle)).size, 3);
  const ticks = opened.base("curve").filter(({ text, values }) => /^\d+(\.\d+)?$/.test(text ?? "") && values[0] < 44);
  const [[low, y0], [high, y1]] = [ticks[0], ticks.at(-1)].map(({ text, values }) => [Number(text), values[1]]);
  race.forEach(({ loss }, k) => loss.forEach((value, step) => {
    const height = y0 + ((value - Math.log(low)) / Math.log(high / low)) * (y1 - y0);
    near(drawn[k].path[step][2], height, 1.5, `the loss of track ${k} at step ${step}`);
  }));
  assert.deepEqual(texts(opened.drawn("curve")), ["1", "2", "3"]);
  assert.match(opened.panel("curve").parts.legend.textContent, /1 RNN.*2 GRU.*3 LSTM/);
  const tip = opened.tip("curve", 300, 50);
  assert.deepEqual(tip.filter((line) => /^\d /.test(line)), ["1 RNN", "2 GRU", "3 LSTM"]);
  assert.match(opened.said("curve"), /RNN: .*GRU: .*LSTM: /);
});

test("every track stands in a column of its own, under its name and with its number; what shows all stands above", () => {
  const opened = new Opened(makeMessage({ tracks: ["rnn", "gru", "lstm"].map((name) => track(name, { frames: [{ step: 0 }] })) }));
  const { layout } = opened;
  const columns = layout.inner.all(".track");
  assert.equal(columns.length, 3);
  columns.forEach((column, k) => {
    assert.equal(column.all(".track-name")[0].textContent, `${k + 1} ${["rnn", "gru", "lstm"][k]}`);
    assert.equal(column.style["--track"], String(k + 1));
    const own = layout.panels.filter(({ element }) => column.contains(element));
    assert.deepEqual(own.map(({ kind }) => kind.name), PANELS.filter(({ isAcross }) => !isAcross).map(({ name }) => name));
    assert.ok(own.every((panel) => panel.track === k), `panels of column ${k}`);
  });
  const across = layout.panels.find(({ kind }) => kind.isAcross);
  const [first, second] = layout.inner.children;
  assert.ok(first === layout.standings && second === across.element, "above"); // elements are compared as such: a page is too large to be shown
});

test("a tip tells of the track it is over, and that of the curve of each under its name", () => {
  const losses = [0.2, 0.4, 0.6];
  const opened = new Opened(makeMessage({
    tracks: losses.map((loss, k) => track(`run${k}`, {
      frames: [{ step: 0, loss, "l0.h": 100 + k, "l0.scale.h": 127, "l0.z": 50 * k, "l0.one.h": loss }], curve: [point(0, loss)],
    })),
  }));
  losses.forEach((loss, k) => {
    opened.track = k;
    assert.equal(opened.tip("state", 100, 20)[1], `h ≈ ${100 + k}`);
    assert.equal(opened.tip("gates", 100, 20, 1)[1], `z ${k ? `≈ ${((50 * k) / 254).toFixed(2)}` : "≈ 0"}`);
    assert.match(opened.tip("gradients", 100, 50)[1], new RegExp(` ${loss.toFixed(3)}$`));
  });
  const tip = opened.tip("curve", 100, 50);
  const told = tip.filter((line) => /^\d run|^loss/.test(line));
  assert.deepEqual(told, losses.flatMap((loss, k) => [`${k + 1} run${k}`, `loss ${loss.toFixed(3)} nats`]));
});

test("the numbers beside equal points stand beside one another, each in its track's colour", () => {
  const opened = new Opened(makeMessage({
    tracks: ["rnn", "gru", "lstm"].map((name) => track(name, { frames: [{ step: 9, loss: 0.5 }], curve: [point(0, 0.5), point(9, 0.5)] })),
  }));
  const { theme } = opened.view;
  const numbers = opened.drawn("curve").filter(({ text }) => text);
  assert.deepEqual(numbers.map(({ text, fillStyle }) => [text, fillStyle]), [["1", theme.colour.rnn], ["2", theme.colour.gru], ["3", theme.colour.lstm]]);
  const dots = opened.drawn("curve").flatMap(({ name, path }) => (name === "fill" && path[0]?.[0] === "arc" ? [path[0]] : []));
  const [[, x, y, radius]] = dots;
  numbers.forEach(({ values: [at, height] }, k) => {
    assert.ok(at + 3 <= (k ? numbers[k - 1].values[0] - 3 : x - radius + 1), `${k + 1} lies on what is right of it`); // 6 px wide
    assert.ok(height < y && height > y - 20, "a little above its point");
  });
});

test("marks of clipping have a row for each track: where all updates were clipped, rows do not touch", () => {
  const curve = [point(0, 0.6), { ...point(9, 0.5), share: 255 }];
  const opened = new Opened(makeMessage({ tracks: ["rnn", "gru", "lstm"].map((name) => track(name, { frames: [{ step: 9 }], curve })) }));
  const marks = opened.drawn("curve").filter(({ name }) => name === "fillRect");
  const { theme } = opened.view;
  assert.deepEqual(marks.map(({ fillStyle }) => fillStyle), ["rnn", "gru", "lstm"].map((cell) => theme.colour[cell]));
  const bottoms = marks.map(({ values: [, top, , high] }) => top + high);
  const [{ values: [, , , full] }] = marks;
  assert.deepEqual(bottoms, [0, 1, 2].map((k) => bottoms[0] - k * (full + 1)));
});

test("both cursors are those of all tracks", () => {
  const opened = new Opened(written("race.bin"));
  opened.scrub(5);
  opened.pin(3);
  assert.ok(opened.stage.views.every(({ frame, t }) => frame.step === 5 && t === 3));
  assert.equal(opened.step, 5);
  opened.layout.panels.filter(({ kind }) => kind.name === "odds").forEach(({ aside }) => assert.match(aside.textContent, /t = 4$/));
});

test("from one to several and back, nothing of before stays", () => {
  const opened = new Opened(written("lstm.bin"));
  const alone = opened.layout.panels.length;
  const row = (serial, tracks) => makeMessage({ run: `viewer-${serial}`, serial, tracks });
  const frames = [{ step: 0 }, { step: 1 }];
  opened.receive(row(10, [track("gru", { frames }), track("rnn", { frames })]));
  assert.equal(opened.layout.panels.length, 2 * alone - 1 + BESIDE.length, "one curve");
  const watched = () => [...opened.stage.boxes.surfaces.values()];
  assert.deepEqual(watched().sort(), opened.layout.panels.flatMap(({ surfaces }) => surfaces).sort());
  assert.equal(opened.layout.inner.all(".tracks").length, 1);
  opened.receive(row(11, [track("gru", { frames })]));
  assert.equal(opened.layout.panels.length, alone);
  assert.equal(watched().length, opened.layout.panels.flatMap(({ surfaces }) => surfaces).length);
  assert.equal(opened.layout.inner.all(".tracks").length, 0);
  assert.equal(opened.panel("tiles").aside.all(".legend").length, 1);
});

test("a track that has ended shows its last step, and the others go on", () => {
  const curve = [point(0, 0.6), point(9, 0.5)];
  const opened = new Opened(makeMessage({
    playhead: 9, tracks: [
      track("rnn", { curve: curve.slice(0, 1), frames: [{ step: 0 }, { step: 3, loss: NaN }], explosion: { step: 3, sentence: "It exploded." } }),
      track("lstm", { curve, frames: [0, 3, 6, 9].map((step) => ({ step })) }),
    ],
  }));
  assert.equal(opened.step, 9);
  assert.equal(opened.readout(0).step.value.textContent, "3");
  assert.equal(opened.readout(1).step.value.textContent, "9");
  assert.match(opened.layout.footer.status.textContent, /step 9/);
  assert.equal(opened.layout.footer.notice.textContent, "rnn: It exploded.");
  opened.scrub(6);
  assert.deepEqual(opened.stage.views.map(({ frame }) => frame.step), [3, 6]);
});

test("halfway between two steps the earlier is shown, by the stage as by every track", () => {
  const moments = [{ step: 0 }, { step: 2 }, { step: 6 }];
  assert.deepEqual([0, 1, 2, 3, 4, 5, 6].map((step) => moments[nearest(moments, step, 6)].step), [0, 0, 2, 2, 2, 6, 6]);
  const sparse = track("rnn", { frames: [{ step: 0 }, { step: 2 }] });
  const alone = new Opened(makeMessage({ tracks: [sparse] }));
  alone.scrub(1);
  assert.equal(alone.step, 0);
  const opened = new Opened(makeMessage({ tracks: [sparse, track("gru", { frames: [{ step: 0 }, { step: 1 }, { step: 2 }] })] }));
  opened.scrub(1);
  assert.deepEqual(opened.stage.views.map(({ frame }) => frame.step), [0, 1]);
});

test("a change of rate ends the future of its own track only", () => {
  const frames = [0, 1, 2, 3].map((step) => ({ step }));
  const opened = new Opened(makeMessage({ tracks: [track("rnn", { frames }), track("gru", { frames })] }));
  opened.receive(makeMessage({
    serial: 2, playhead: 3, tracks: [track("rnn", { frames: [], forks: [1] }), track("gru", { frames: [] })],
  }));
  assert.deepEqual(opened.stage.store.tracks.map(({ frames: kept }) => kept.length), [2, 4]);
});

test("a message is of use only when all its scenes are known, and the question says which are", () => {
  const scenes = new Map();
  const tracks = [track("rnn", { frames: [{ step: 0 }] }), track("gru", { frames: [{ step: 0 }], known: true })];
  const message = decode(makeMessage({ tracks }), scenes);
  assert.deepEqual(message.tracks, []);
  assert.deepEqual(message.sceneIds, ["rnn", "gru"]);
  assert.deepEqual([...scenes.keys()], ["rnn"]);
  const opened = new Opened(makeMessage({ tracks: [tracks[0]] }));
  opened.receive(makeMessage({ serial: 2, playing: true, tracks }));
  assert.deepEqual(opened.sent, [["tick", { serial: 2, scene: "rnn" }]]);
  opened.stage.dispose();
});

for (const [cells, colours] of [[["rnn", "gru"], ["rnn", "gru"]], [["gru", "gru"], [0, 1]]]) {
  test(`curves of ${cells.join(" and ")} are told apart`, () => {
    const opened = new Opened(makeMessage({
      tracks: cells.map((cell, k) => ({ scene: makeScene({ name: `${k}`, cell }), scene_id: `${k}`, frames: [{ step: 1 }], curve: [point(0, 1), point(1, 1)] })),
    }));
    const { theme } = opened.view;
    const strokes = opened.drawn("curve").filter(({ name, path }) => name === "stroke" && path.length && path[0][0] === "move");
    assert.deepEqual(strokes.slice(0, 2).map(({ strokeStyle }) => strokeStyle), colours.map((colour) => theme.colour[colour] ?? theme.tracks[colour]));
  });
}
