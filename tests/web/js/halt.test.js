/** Pause: the picture stands from the press on, and what comes until the server has stopped is shown when it has. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { makeMessage, makeScene } from "./messages.js";
import { Opened } from "./open.js";
import { signOn } from "./page.js";

const scene = makeScene();
const steps = (first, last) => Array.from({ length: last - first + 1 }, (_, k) => ({ step: first + k }));
const message = (serial, last, { playing = true } = {}) => makeMessage({
  scene, serial, playing, playhead: last, frames: steps(playing ? last - 3 : 0, last),
});
const press = (selector = ".st-key-play button") => signOn("click", {
  composedPath: () => [{ closest: (wanted) => (wanted === selector ? {} : null) }],
});
const status = (opened) => opened.layout.footer.status.textContent;

/** A stage that plays, with the last frames of step 12 still to be shown. */
function playing() {
  const opened = new Opened(message(1, 8));
  opened.stage.receive(message(2, 12), () => {});
  opened.wait(64);
  assert.ok(opened.step >= 8 && opened.step < 12, `${opened.step}`);
  return opened;
}

test("the picture stands from the press on, and goes to where the server has stopped", () => {
  const opened = playing();
  const { step } = opened;
  press();
  opened.receive(message(3, 16));
  assert.equal(opened.step, step);
  assert.match(status(opened), /paused$/);
  opened.receive(message(4, 18, { playing: false }));
  assert.equal(opened.step, 18);
  opened.receive(message(5, 22));
  opened.receive(message(6, 26));
  opened.wait(4000);
  assert.equal(opened.step, 26, "played anew, it moves again");
});

test("space does the same; pressed once more, it goes on", () => {
  const opened = playing();
  const { step } = opened;
  opened.stage.moves.toggle();
  opened.wait(500);
  assert.equal(opened.step, step);
  opened.stage.moves.toggle();
  opened.wait(4000);
  assert.equal(opened.step, 12);
});

test("other buttons hold nothing, and where nothing plays there is nothing to hold", () => {
  const opened = playing();
  press(".st-key-dice button");
  opened.wait(4000);
  assert.equal(opened.step, 12);
  const paused = new Opened(message(1, 8, { playing: false }));
  press();
  paused.receive(message(2, 12));
  paused.receive(message(3, 16));
  paused.wait(4000);
  assert.equal(paused.step, 16);
});

test("a server that plays on after a while has not been asked to stop", () => {
  const opened = playing();
  press();
  opened.wait(2500);
  opened.receive(message(3, 16));
  opened.wait(4000);
  assert.equal(opened.step, 16);
});
