/** The picture of one unit: its numbers are those of the trace, and its equations come out. */

import assert from "node:assert/strict";
import test from "node:test";
import { linkToCell } from "../../../playground/ui/static/stage/keep.js";
import { byUnit, distances } from "../../../playground/ui/static/stage/panels/difference.js";
import { written } from "./messages.js";
import { Opened } from "./open.js";

const textOf = (chip) => chip.all("b")[0].textContent.replace("−", "-");
const shown = (chip) => Number(textOf(chip));
/** What the last digit stands for: a byte is as coarse as that, or finer. */
const lastDigit = (chip) => 10 ** -(textOf(chip).split(".")[1]?.length ?? 1);
const nameOf = (chip) => chip.all(".wire-name")[0].textContent;

/** What a chip of this name should say: a gate, a state, one of the step before, 1 − it, tanh of it. */
function expected(name, { states, gates }, unit, t) {
  const plain = name.replace("1 − ", "").replace("tanh ", "").replace("′", "");
  if (name === "φ′") return gates.phi[unit][t];
  const before = name.endsWith("′");
  const row = (gates[plain] ?? states[plain])[unit];
  const value = before ? row[t - 1] ?? 0 : row[t];
  if (name.startsWith("tanh ")) return Math.tanh(value);
  return name.startsWith("1 − ") ? 1 - value : value;
}

for (const name of written("cases.json")) {
  const { steps } = written(`${name}.json`);

  test(`${name}: the numbers on the wires of any unit, at any timestep, are those of the trace`, () => {
    const opened = new Opened(written(`${name}.bin`));
    for (const [step, told] of Object.entries(steps)) {
      opened.scrub(Number(step));
      const { scene, layer } = opened.view;
      for (const [unit, t] of [[0, 0], [scene.units - 1, 1], [1, scene.inputs.length - 1]]) {
        opened.stage.cursors.unit = unit;
        opened.stage.moves.pin(t);
        opened.wait();
        const chips = opened.panel("machine").parts.rows.all(".wire");
        assert.ok(chips.length >= 2);
        for (const chip of chips) {
          const value = expected(nameOf(chip), told.layers[layer], unit, t);
          assert.ok(Math.abs(shown(chip) - value) <= lastDigit(chip), `${nameOf(chip)}: ${shown(chip)} is not ${value}`);
        }
        assert.equal(opened.panel("machine").parts.unit.textContent, `unit ${unit + 1} · t = ${t + 1}`);
      }
    }
  });
}

test("the first layer reads the symbol, one above it the layer below", () => {
  const opened = new Opened(written("rnn.bin")); // of two layers
  const told = () => opened.panel("machine").parts.rows.all(".wire-sign")[0].textContent.replace(/[\u2068\u2069]/g, "");
  opened.stage.moves.pin(1);
  opened.wait();
  assert.equal(told(), "all h of layer 1 and all units before, weighted");
  opened.panel("tiles").parts.tabs.children[0].onclick();
  opened.wait();
  assert.equal(told(), `${opened.view.scene.inputs[1]} and all units before, weighted`);
});

test("a click on a row looks into its unit; the arrows stop at the first and at the last", () => {
  const opened = new Opened(written("lstm.bin"));
  const { units } = opened.view.scene;
  const { parts } = opened.panel("machine");
  opened.stage.moves.pickUnit(units - 1);
  opened.wait();
  assert.ok(parts.later.disabled && !parts.earlier.disabled);
  parts.earlier.onclick();
  opened.wait();
  assert.equal(opened.view.unit, units - 2);
  opened.stage.moves.pickUnit(0);
  opened.wait();
  assert.ok(parts.earlier.disabled);
});

test("with edits the numbers are those of the reading with them: nothing before a cut, and what is held is said to be", () => {
  const told = written("edited.json");
  const opened = new Opened(written("edited.bin"));
  const { parts } = opened.panel("machine");
  const { scene } = opened.view;
  for (const [unit, t] of [[0, 2], [1, 3], [1, 4], [2, 4], [0, scene.inputs.length - 1]]) {
    opened.stage.cursors.unit = unit;
    opened.stage.moves.pin(t);
    opened.wait();
    for (const chip of parts.rows.all(".wire")) {
      const name = nameOf(chip);
      const value = t === 3 && name.endsWith("′") ? 0 : expected(name, told, unit, t);
      assert.ok(Math.abs(shown(chip) - value) <= lastDigit(chip), `${name} of ${unit} at ${t}: ${shown(chip)} is not ${value}`);
    }
    const signs = parts.rows.all(".wire-sign").map(({ textContent }) => textContent);
    assert.equal(signs.includes("held:"), unit === 1 && t === 4, `${signs} at ${t}`);
    assert.equal(signs.filter((each) => each === "=").length, scene.wires.length - Number(unit === 1 && t === 4));
  }
});

test("with edits the path of h and the two states of one symbol are those of the reading with them, too", () => {
  const told = written("edited.json");
  const opened = new Opened(written("edited.bin"));
  const { view } = opened;
  const { scene, pairAt, reading, frame } = view;
  assert.ok(Math.abs(distances(view).now - told.apart[pairAt]) <= 1e-5 * told.apart[pairAt]);
  const { a, b } = view.pair;
  const { values, unit } = byUnit(view);
  values.forEach((value, k) => assert.ok(Math.abs(value - Math.abs(told.states.h[k][b] - told.states.h[k][a])) <= unit));
  assert.notDeepEqual(reading.edited.layers[0].xy, frame.layers[0].xy);
  const dots = ({ name, path }) => name === "fill" && path?.[0]?.[0] === "arc";
  const points = () => opened.drawn("trajectory").filter(dots).map(({ path: [[, x, y]] }) => [x, y]);
  const edited = points();
  assert.equal(edited.length, scene.inputs.length);
  reading.edited = frame;
  opened.pin(view.t);
  opened.wait();
  assert.notDeepEqual(points(), edited, "what was drawn is the path with edits");
});

test("a unit opens on the Cell page at the same step, timestep and layer, with the same edits", () => {
  const { view } = new Opened(written("edited.bin"));
  const href = linkToCell("https://x.org/base/train?cell=lstm&seed=3&train.at=9&train.edits=x%400%3D1", { ...view, t: 2, unit: 4 });
  const { pathname, searchParams } = new URL(href);
  assert.equal(pathname, "/base/cell");
  assert.deepEqual(Object.fromEntries(searchParams), {
    cell: "lstm", seed: "3", "cell.source": "run", "cell.at": "14", "cell.t": "3", "cell.units": "5",
    "cell.edits": "l0.f@1-=1,cut@3,l0.h.1@4=0.5",
  });
  const deep = linkToCell("https://x.org/?cell=rnn", { ...view, layer: 1, unit: 0, scene: { ...view.scene, layers: 2 }, question: null });
  assert.equal(deep, "https://x.org/cell?cell=rnn&cell.source=run&cell.at=14&cell.t=1&cell.units=1&cell.layer=2".replace("cell.t=1", `cell.t=${view.t + 1}`));
});
