/** What a tab remembers over a reload and over a server that went away. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Memory } from "../../../playground/ui/static/stage/memory.js";

/** A tab's storage. */
function storage(text = null) {
  const kept = { text };
  return { kept, getItem: () => kept.text, setItem: (_, value) => { kept.text = value; } };
}

let serial = 0;
const at = (run, playhead, more = {}) => {
  serial += 1;
  const tracks = [{ explosion: null, frames: [{ step: playhead }] }];
  return { run, digest: "d", fresh: false, serial, playhead, playing: false, tracks, ...more };
};

test("a new session of the same experiment goes on where this tab was", () => {
  const memory = new Memory(storage());
  assert.equal(memory.received(at("a-1", 40, { playing: true })), null);
  assert.deepEqual(memory.received(at("b-1", 0, { fresh: true })), { digest: "d", step: 40, playing: true });
  const halfway = { tracks: [{ explosion: null, frames: [{ step: 9 }] }] };
  assert.equal(memory.received(at("b-1", 40, halfway)).step, 40, "frames end before the playhead: on its way");
  assert.equal(memory.place.playing, true, "what was kept is still what it goes back to");
  assert.equal(memory.received(at("b-1", 40)), null, "it stands there");
});

for (const [name, message] of [
  ["it plays", { playing: true }],
  ["its playhead had to go back", { playhead: 9, tracks: [{ explosion: null, frames: [{ step: 9 }] }] }],
  ["it ended before", { tracks: [{ explosion: { step: 9, sentence: "" }, frames: [{ step: 9 }] }] }],
  ["it is another experiment", { digest: "e", fresh: true }],
]) {
  test(`a session is not waited for any more when ${name}`, () => {
    const memory = new Memory(storage());
    memory.received(at("a-1", 40));
    assert.ok(memory.received(at("b-1", 0, { fresh: true })));
    assert.equal(memory.received(at("b-1", 40, message)), null);
  });
}

test("a session that will not go on is waited for no longer, however often one message comes", () => {
  const memory = new Memory(storage());
  memory.received(at("a-1", 40));
  const once = at("b-1", 0, { fresh: true });
  for (let k = 0; k < 20; k++) assert.ok(memory.received(once));
  for (let k = 0; k < 4; k++) assert.ok(memory.received(at("b-1", 0, { fresh: true })));
  assert.equal(memory.received(at("b-1", 0, { fresh: true })), null);
});

test("a reload finds what the tab kept", () => {
  const tab = storage();
  new Memory(tab).received(at("a-1", 7));
  assert.deepEqual(new Memory(tab).received(at("b-1", 0, { fresh: true })), { digest: "d", step: 7, playing: false });
});

for (const [name, message] of [
  ["another experiment", at("b-1", 0, { fresh: true, digest: "e" })],
  ["a viewer who has begun", at("b-1", 3)],
  ["the same viewer", at("a-2", 0, { fresh: true })],
]) {
  test(`${name} is not sent anywhere`, () => {
    const memory = new Memory(storage());
    memory.received(at("a-1", 40));
    assert.equal(memory.received(message), null);
  });
}

test("after a reset there is nothing to go back to", () => {
  const memory = new Memory(storage());
  memory.received(at("a-1", 40));
  memory.received(at("a-1", 0));
  assert.equal(memory.received(at("b-1", 0, { fresh: true })), null);
});

for (const text of ["", "{", "null", "7", '{"digest":1,"step":2,"playing":true}', '{"digest":"d","step":1.5,"playing":true}']) {
  test(`nonsense in the storage is nothing: ${text}`, () => {
    assert.equal(new Memory(storage(text)).received(at("b-1", 0, { fresh: true })), null);
  });
}

test("a browser that keeps nothing loses only this", () => {
  const broken = { getItem() { throw new Error("no"); }, setItem() { throw new Error("full"); } };
  const memory = new Memory(broken);
  memory.received(at("a-1", 40));
  assert.equal(memory.received(at("b-1", 0, { fresh: true })).step, 40, "within the page it is still known");
});
