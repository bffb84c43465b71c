/** Messages that Python wrote of real runs: what is drawn and said is held to what the trace and the curve say. */

import assert from "node:assert/strict";
import test from "node:test";
import { css } from "../../../playground/ui/static/shared/theme.js";
import { written } from "./messages.js";
import { Opened } from "./open.js";
import { SIZE } from "./page.js";

const near = (value, expected, room, what) =>
  assert.ok(Math.abs(value - expected) <= room, `${what}: ${value} is not ${expected} ± ${room}`);

/** The number that a text shows, also in powers of ten. */
function number(text) {
  const exponent = [...(text.match(/10([⁻⁰-⁹¹²³]+)/)?.[1] ?? "")].map((c) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹".indexOf(c));
  const power = exponent.map((digit) => (digit ? digit - 1 : "-")).join("");
  if (power === "") return Number(text.replace("−", "-"));
  return Number(text.includes("·") ? text.split("·")[0].replace("−", "-") : 1) * 10 ** Number(power);
}

/** Pairs of a number and its height, from the labels beside an axis. */
const labels = (calls, pattern) => calls.filter(({ text }) => pattern.test(text ?? "")).map(({ text, values }) => [number(text), values[1]]);

/** Heights on a logarithmic axis, from two of its labels. */
function logHeight(marks) {
  const [[low, y0], [high, y1]] = [marks[0], marks.at(-1)];
  return (value) => y0 + (Math.log(value / low) / Math.log(high / low)) * (y1 - y0);
}

/** Where a colour stands in a palette. */
const placeIn = (palette, colour) => palette.indexOf(colour);

/** The whole paths that were stroked. */
const strokes = (calls, length) => calls.filter(({ name, path }) => name === "stroke" && path.length === length);

for (const name of written("cases.json")) {
  const { steps, curve } = written(`${name}.json`);

  /** Opens the run at each of its steps. */
  const each = (check) => () => {
    const opened = new Opened(written(`${name}.bin`));
    for (const [step, told] of Object.entries(steps)) {
      opened.scrub(Number(step));
      assert.equal(opened.step, Number(step));
      for (let layer = 0; layer < opened.view.scene.layers; layer += 1) {
        if (opened.view.scene.layers > 1) opened.panel("tiles").parts.tabs.children[layer].onclick();
        opened.wait();
        check(opened, { ...told, ...told.layers[layer] }, Number(step));
      }
    }
  };

  test(`${name}: every state has the colour of its value, in the panel that is named after it`, each((opened, told) => {
    const { theme, words } = opened.view;
    for (const [panel, state] of [["state", "h"], ["cell_state", "c"]]) {
      assert.equal(opened.panel(panel).element.hidden, !(state in told.states));
      if (!(state in told.states)) continue;
      assert.ok(opened.panel(panel).title.textContent.startsWith(words[panel]));
      const limit = number(opened.panel(panel).aside.all(".legend")[0].children[2].textContent);
      opened.cells(panel).forEach((row, unit) => row.forEach((colour, t) => {
        const share = Math.max(-1, Math.min(1, told.states[state][unit][t] / limit));
        near(placeIn(theme.signed, colour), 255.5 * (1 + share), 3, `${state} of unit ${unit} at ${t}`);
      }));
    }
  }));

  test(`${name}: every gate has the colours of its values, under its own label`, each((opened, told) => {
    const { scene, theme, words } = opened.view;
    const boxes = opened.panel("gates").body.children;
    assert.equal(boxes.length, Object.keys(told.gates).length);
    boxes.forEach((box, k) => {
      const gate = Object.keys(told.gates).find((one) => box.firstElementChild.textContent === words[`gate_${one}`]);
      const { low, high } = scene.gates.find((one) => one.name === gate);
      const palette = low < 0 ? theme.signed : theme.gate;
      opened.cells("gates", k).forEach((row, unit) => row.forEach((colour, t) => {
        const share = (told.gates[gate][unit][t] - low) / (high - low);
        near(placeIn(palette, colour), share * (palette.length - 1), 3, `${gate} of unit ${unit} at ${t}`);
      }));
      const mean = told.gates[gate].reduce((sum, row) => sum + row[opened.view.t], 0) / scene.units;
      near(number(opened.said("gates", k).match(/≈ ([−\d.]+)\.$/)[1]), mean, 0.011, `the mean of ${gate}`);
    });
  }));

  test(`${name}: every tile carries the probability and the colour of its own target`, each((opened, told) => {
    const { scene, theme } = opened.view;
    const calls = opened.drawn("tiles");
    const texts = calls.filter(({ text }) => /^(<0\.001|[01]\.\d{3})$/.test(text ?? ""));
    assert.equal(texts.length, scene.inputs.length);
    texts.sort((a, b) => a.values[0] - b.values[0]);
    const limit = 2 * Math.log(scene.uniform);
    texts.forEach(({ text, values: [x] }, t) => {
      const probability = told.probabilities[t][scene.target_ids[t]];
      near(probability, Math.exp(-told.losses[t]), 1e-5, "the target's probability");
      assert.equal(text, probability < 0.0005 ? "<0.001" : probability.toFixed(3));
      const lower = calls.filter(({ name: call, values: [left,, width] }) => call === "fillRect" && left < x && x < left + width).at(-1);
      const place = Array.from(theme.loss, css).indexOf(lower.fillStyle);
      near(place, Math.min(1, told.losses[t] / limit) * 255, 1.1, `the colour of tile ${t}`);
      assert.deepEqual(
        calls.filter(({ text: label, values: [at] }) => label === `\u2068${scene.inputs[t]}\u2069` && Math.abs(at - x) < 1).length > 0, true,
      );
    });
  }));

  test(`${name}: the odds are those of the time cursor`, each((opened, told) => {
    const { scene } = opened.view;
    for (const t of [0, scene.inputs.length - 1]) {
      opened.pin(t);
      const said = Object.fromEntries(
        [...opened.said("odds").matchAll(/\u2068([^\u2069]+)\u2069 (<?[\d.]+)(?=[,.])/g)].map(([, label, odds]) => [label, odds]),
      );
      const likeliest = told.probabilities[t].map((odds, id) => [odds, id]).sort(([a], [b]) => b - a).slice(0, 3);
      for (const [odds, id] of [...likeliest, [told.probabilities[t][scene.target_ids[t]], scene.target_ids[t]]]) {
        const text = said[scene.vocabulary[id]].replace(/\.$/, "");
        if (odds < 0.0005) assert.equal(text, "<0.001");
        else near(Number(text), odds, 0.0006, `the odds of ${scene.vocabulary[id]} at ${t}`);
      }
    }
    opened.pin(0);
  }));

  test(`${name}: the gradient of one loss stands at its heights up to that loss, and that of all at its own`, each((opened, told) => {
    const { scene } = opened.view;
    for (const [kind, length] of [["one", scene.loss_at + 1], ["total", scene.inputs.length]]) {
      opened.panel("gradients").parts.kinds.children[kind === "one" ? 0 : 1].onclick();
      opened.wait();
      const height = logHeight(labels(opened.base("gradients"), /^10/));
      const drawn = strokes(opened.drawn("gradients"), length).filter(({ path }) => path[0][0] === "move");
      assert.equal(drawn.length, scene.states.length);
      [...scene.states].reverse().forEach((state, k) => {
        assert.equal(drawn[k].strokeStyle, opened.view.theme.colour[state]);
        drawn[k].path.forEach(([, , y], t) => near(y, height(told[kind][state][t]), 0.1, `${kind} ${state} at ${t}`));
      });
      const said = opened.said("gradients").match(/[\d.]+(·10[⁻⁰-⁹¹²³]+)?(?= at )/g);
      [told[kind].h[0], told[kind].h[length - 1]].forEach((expected, k) => (
        near(number(said[k]), expected, 0.006 * expected, `number ${k} of the description`)
      ));
    }
    opened.panel("gradients").parts.kinds.children[0].onclick();
  }));

  test(`${name}: the states of a pair are as far apart as the trace says, in all and unit by unit`, each((opened, told, step) => {
    const { scene, pair, layer } = opened.view;
    if (!pair) {
      assert.deepEqual([told.apart, opened.panel("difference").surfaces], [[], []]);
      return;
    }
    const { now } = opened.panel("difference").parts;
    near(number(now.textContent.split("= ")[1]), told.apart[0], 0.006 * told.apart[0], "the distance");
    const untrained = steps[0].layers[layer].apart[0];
    near(number(opened.said("difference").match(/at step 0: (\S+)/)[1].replace(/\.$/, "")), untrained, 0.006 * untrained, `untrained, said at ${step}`);
    const rects = opened.drawn("difference").filter(({ name: call }) => call === "fillRect").map(({ values }) => values);
    const [gauge, mark, ...bars] = rects;
    const limit = number(opened.panel("state").aside.all(".legend")[0].children[2].textContent);
    const farthest = 2 * limit * Math.sqrt(scene.hidden_size);
    near(gauge[2] / SIZE.width, told.apart[0] / farthest, 1e-3, "the gauge");
    near((mark[0] + 1) / SIZE.width, untrained / farthest, 2e-3, "the mark of step 0");
    const byUnit = told.states.h.map((row) => Math.abs(row[pair.b] - row[pair.a]));
    const shown = bars.map(([x, , , high]) => [Math.floor((x / SIZE.width) * scene.units), high]);
    const room = SIZE.height - 12 - 1;
    byUnit.forEach((value, unit) => {
      const high = shown.find(([at]) => at === unit)?.[1] ?? 0;
      near(high / room, value / (2 * limit), 0.01, `unit ${unit}`);
    });
  }));

  test(`${name}: the path keeps the distances that its plane shows`, each((opened, told) => {
    const said = opened.panel("trajectory").aside.textContent.match(/(>?)(\d+) %/);
    near(Number(said[2]) + (said[1] ? 0.5 : 0), 100 * told.share, 0.51, "the share of variance");
    const marks = labels(opened.base("trajectory").filter(({ values: [x] }) => x < 44), /^−?\d+(\.\d+)?$/);
    const unit = (marks[0][1] - marks.at(-1)[1]) / (marks.at(-1)[0] - marks[0][0]);
    const dots = opened.drawn("trajectory").filter(({ name: call, path }) => call === "fill" && path[0]?.[0] === "arc").map(({ path }) => path[0]);
    dots.splice(opened.view.t, 0, dots.pop()); // that of the time cursor is drawn last
    assert.equal(dots.length, told.points.length);
    dots.forEach(([, x, y], t) => told.points.forEach(([left, top], k) => {
      const distance = Math.hypot(told.points[t][0] - left, told.points[t][1] - top);
      near(Math.hypot(x - dots[k][1], y - dots[k][2]) / unit, distance, 0.02 * distance + 0.002, `from ${t} to ${k}`);
    }));
  }));

  test(`${name}: the learning curve goes through what was measured`, () => {
    const opened = new Opened(written(`${name}.bin`));
    const height = logHeight(labels(opened.base("curve"), /^\d+(\.\d+)?$/).filter(([, y]) => y < SIZE.height - 29));
    const path = strokes(opened.drawn("curve"), curve.step.length + 1)[0].path;
    curve.loss.forEach((loss, k) => {
      near(path[k][2], height(Math.exp(loss)), 1.5, `the height at step ${curve.step[k]}`);
      assert.ok(path[k][2] > 8 && path[k][2] < SIZE.height - 29, "inside the axes");
    });
    const alongAxis = (along, size) => {
      const room = (along.at(-1)[1] - along[0][1]) / size(curve.step.at(-1));
      along.slice(0, -1).forEach(([, x], k) => near(x, along[0][1] + room * size(curve.step[k]), 0.01, "the place along the axis"));
    };
    alongAxis(path, Math.log1p);
    opened.scale("linear");
    alongAxis(strokes(opened.drawn("curve"), curve.step.length + 1)[0].path, (step) => step);
    opened.scale("log");
    const marks = opened.drawn("curve").filter(({ name: call }) => call === "fillRect");
    assert.equal(marks.length, curve.clipped.filter(Boolean).length);
    for (const step of Object.keys(steps).map(Number)) {
      opened.scrub(step);
      const { perplexity, loss } = opened.readout();
      near(number(perplexity.value.textContent), Math.exp(curve.loss[step]), 0.006 * Math.exp(curve.loss[step]), "perplexity");
      near(number(loss.value.textContent.split(" ")[0]), curve.loss[step], 0.006 * curve.loss[step], "loss");
      const dot = opened.drawn("curve").flatMap(({ path: p }) => p ?? []).findLast(([kind]) => kind === "arc");
      near(dot[2], path[step][2], 0.01, "the dot");
      const lines = opened.tip("curve", dot[1], 50);
      assert.equal(lines[0], `step ${step}`);
      near(number(lines[3].split(" ").at(-1)), curve.gradient_norm[step], 0.006 * curve.gradient_norm[step], "the gradient's norm");
      assert.equal(lines.length, curve.clipped[step] ? 5 : 4);
    }
  });
}
