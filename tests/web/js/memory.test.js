/** What a tab remembers over a reload and over a server that went away. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Memory } from "../../../playground/ui/static/stage/memory.js";

/** A tab's storage. */
function storage(text = null) {
  const kept = { text };
  return { kept, getItem: () => kept.text, setItem: (_, value) => { kept.text = value; } };
}

const at = (run, playhead, more = {}) => ({ run, digest: "d", fresh: false, playhead, playing: false, ...more });

test("a new session of the same experiment goes on where this tab was", () => {
  const memory = new Memory(storage());
  assert.equal(memory.received(at("a-1", 40, { playing: true })), null);
  assert.deepEqual(memory.received(at("b-1", 0, { fresh: true })), { digest: "d", step: 40, playing: true });
  assert.equal(memory.received(at("b-1", 0, { fresh: true })), null, "it is asked once");
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
