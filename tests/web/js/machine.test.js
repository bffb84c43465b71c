/** The picture of one unit: its numbers are those of the trace, and its equations come out. */

import assert from "node:assert/strict";
import test from "node:test";
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
