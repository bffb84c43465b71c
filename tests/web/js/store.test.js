/** Which frames are kept, what ranges they span, and where the stage looks. */

import assert from "node:assert/strict";
import test from "node:test";
import { lastCommon } from "../../../playground/ui/static/stage/track.js";
import { makeMessage, makeScene } from "./messages.js";
import { Opened } from "./open.js";

const steps = (from, to) => Array.from({ length: to - from + 1 }, (_, k) => ({ step: from + k, loss: 1 + (from + k) / 100 }));
const kept = ({ stage }) => stage.store.tracks[0].frames.map((frame) => frame.step);

test("frames beyond a change of rate are of another future", () => {
  const opened = new Opened(makeMessage({ frames: steps(0, 10), playing: true }));
  opened.receive(makeMessage({ frames: steps(7, 8), playhead: 8, forks: [6], playing: true }));
  assert.deepEqual(kept(opened), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
});

test("they go although the message of an earlier change was missed", () => {
  const opened = new Opened(makeMessage({ frames: steps(0, 10), playing: true, forks: [2] }));
  opened.receive(makeMessage({ frames: [{ step: 9 }], playhead: 9, forks: [2, 4, 8], playing: true }));
  assert.deepEqual(kept(opened), [0, 1, 2, 3, 4, 9]);
});

test("they go when play has ended with the same message", () => {
  const opened = new Opened(makeMessage({ frames: steps(0, 10), playing: true }));
  opened.receive(makeMessage({ frames: [], playhead: 5, forks: [5] }));
  assert.deepEqual(kept(opened), [0, 1, 2, 3, 4, 5]);
  assert.equal(opened.step, 5);
});

test("two records part at the first change that only one of them has", () => {
  assert.equal(lastCommon([], []), Infinity);
  assert.equal(lastCommon([3], [3, 9, 7]), 7);
  assert.equal(lastCommon([3, 8], [3]), 8);
  assert.equal(lastCommon([3, 8], [3, 5]), 5);
});

test("frames kept from before a reset are there for playing again", () => {
  const opened = new Opened(makeMessage({ frames: steps(0, 10) }));
  opened.receive(makeMessage({ frames: [], playhead: 0 }));
  assert.equal(opened.step, 0);
  assert.equal(kept(opened).length, 11);
});

test("one exploded frame does not change the scales of the others", () => {
  const opened = new Opened(makeMessage({ frames: [{ step: 0, "l0.scale.h": 2, "l0.sum.h": [1e-2, 1e-3, 1e-4] }] }));
  const before = structuredClone(opened.stage.store.limits);
  opened.receive(makeMessage({
    frames: [{ step: 1, loss: NaN, "l0.scale.h": 3.4e38, "l0.sum.h": [Infinity, 1e18, 1], "l0.one.h": 1e30 }],
    explosion: { step: 1, sentence: "!" },
  }));
  assert.equal(opened.step, 1);
  assert.deepEqual(opened.stage.store.limits, before);
});

test("scales hold what has been seen up to the playhead, and no more after it went back", () => {
  const frames = [{ step: 0, "l0.scale.h": 2 }, { step: 1, "l0.scale.h": 70 }];
  const opened = new Opened(makeMessage({ frames, playhead: 0 }));
  assert.equal(opened.stage.store.limits.state.h, 2);
  opened.receive(makeMessage({ frames: [], playhead: 1 }));
  assert.equal(opened.stage.store.limits.state.h, 70);
  opened.receive(makeMessage({ frames: [], playhead: 0 }));
  assert.equal(opened.stage.store.limits.state.h, 2);
});

test("scales forget a future that has been left", () => {
  const opened = new Opened(makeMessage({ frames: [{ step: 0 }, { step: 1, "l0.scale.h": 70 }] }));
  opened.receive(makeMessage({ frames: [{ step: 1, "l0.scale.h": 3 }], forks: [0] }));
  assert.equal(opened.stage.store.limits.state.h, 3);
});

test("looking back ends with a step and with a reset, and not with a pause", () => {
  const opened = new Opened(makeMessage({ frames: steps(0, 10), playing: true }));
  opened.scrub(3);
  opened.receive(makeMessage({ frames: steps(11, 12) }));
  assert.equal(opened.step, 3);
  opened.receive(makeMessage({ frames: [{ step: 13 }], serial: 2 }));
  assert.equal(opened.step, 13);
  opened.scrub(4);
  opened.receive(makeMessage({ frames: [], playhead: 0, serial: 3 }));
  assert.equal(opened.step, 0);
  assert.match(opened.layout.footer.status.textContent, /paused/);
});

test("a message whose scene was missed does no harm", () => {
  const opened = new Opened(makeMessage({ frames: [{ step: 4 }] }));
  opened.receive(makeMessage({ frames: [{ step: 5 }], known: true, scene_id: "another" }));
  assert.equal(opened.step, 4);
});

test("step 0 and the newest steps stay when many frames are kept", () => {
  const opened = new Opened(makeMessage({ scene: makeScene({ T: 1, U: 1 }), frames: steps(0, 1000) }));
  assert.ok(kept(opened).length <= 720);
  assert.equal(kept(opened)[0], 0);
  assert.deepEqual(kept(opened).slice(-100), steps(901, 1000).map(({ step }) => step));
});
