/** A first visit sees a run learning from step 0, and nothing of it that has not been played. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { written } from "./messages.js";
import { Opened } from "./open.js";
import { signOn } from "./page.js";

const LAST = 14;
const SECOND = 1000;

/** What may be seen: the curve's last step, the end of the scrub bar, the newest sample. */
function seen(opened) {
  const { view, layout } = opened;
  return {
    step: opened.step, curve: view.curve.step.at(-1), points: view.curve.loss.length, bar: Number(layout.footer.range.getAttribute("max")),
  };
}

/** A first visit of somebody who does not mind motion, as soon as it is drawn. */
function visit() {
  const opened = Opened.moving();
  opened.stage.receive(written("overture.bin"), () => assert.fail("it asks for nothing"));
  opened.wait(50);
  return opened;
}

test("it plays from step 0 to its end and rests there", () => {
  const losses = written("overture.json");
  const opened = visit();
  assert.deepEqual(seen(opened), { step: 0, curve: 0, points: 1, bar: 0 });
  assert.equal(opened.layout.root.dataset.playing, "false");
  assert.match(opened.layout.footer.status.textContent, /step 0 · a recording/);
  let before = 0;
  const steps = new Set();
  for (let k = 0; k < 40; k += 1) {
    opened.wait(100);
    const { step, curve, points, bar } = seen(opened);
    assert.ok(step >= before && step - before <= 1, "one step after the other");
    assert.deepEqual([curve, points, bar], [step, step + 1, step]);
    assert.equal(opened.view.curve.loss.at(-1), Math.fround(losses[step]));
    steps.add(step);
    before = step;
  }
  assert.equal(steps.size, LAST + 1, "all of them");
  assert.match(opened.layout.footer.status.textContent, /step 14 · paused/);
});

for (const sign of ["pointerdown", "keydown"]) {
  test(`${sign} anywhere on the page stops it`, () => {
    const opened = visit();
    opened.wait(SECOND);
    const { step } = seen(opened);
    assert.ok(step > 0 && step < LAST);
    signOn(sign);
    opened.wait(5 * SECOND);
    assert.deepEqual(seen(opened), { step, curve: step, points: step + 1, bar: step });
    opened.receive(written("overture.bin")); // the page runs again: it does not begin anew, and gives nothing away
    opened.wait(SECOND);
    assert.deepEqual(seen(opened), { step, curve: step, points: step + 1, bar: step });
    opened.scrub(LAST);
    assert.equal(opened.step, step);
  });
}

test("looking back stops it where it is", () => {
  const opened = visit();
  opened.wait(SECOND);
  const { step } = seen(opened);
  opened.scrub(1);
  opened.wait(5 * SECOND);
  assert.deepEqual(seen(opened), { step: 1, curve: step, points: step + 1, bar: step });
});

test("with less motion it waits at step 0", () => {
  const opened = new Opened(written("overture.bin"));
  opened.wait(5 * SECOND);
  assert.deepEqual(seen(opened), { step: 0, curve: 0, points: 1, bar: 0 });
  assert.match(opened.layout.footer.status.textContent, /step 0 · paused/);
});

test("whoever presses Play sees a run from step 0", () => {
  const opened = visit();
  opened.wait(SECOND);
  opened.receive(written("overture_played.bin"));
  assert.equal(opened.step, 0);
  opened.wait(5 * SECOND);
  assert.equal(opened.step, 0, "the recording does not go on");
  assert.match(opened.layout.footer.status.textContent, /step 0 · live/);
});
