/** Messages by the stage's own way to the server, and by the page where there is none. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { makeMessage, makeScene } from "./messages.js";
import { Opened } from "./open.js";
import { advance } from "./page.js";

const scene = makeScene();
const settled = () => new Promise((resolve) => { setImmediate(resolve); });

/** A playing message with one frame, at step and serial n. */
const playing = (n, more = {}) => makeMessage({
  scene, serial: n, playhead: n, playing: true, feed: "token", frames: [{ step: n }], ...more,
});

/** A server of the feed: answers each POST with the next of `answers`, a status or bytes. */
function serve(answers) {
  const asked = [];
  globalThis.fetch = async (address, { method = "GET" } = {}) => {
    if (method === "GET") return { status: 204 };
    asked.push(String(address));
    const next = answers.shift();
    if (next === undefined || next instanceof Error) throw next ?? new TypeError("no network");
    if (typeof next === "number") return { status: next };
    return { status: 200, arrayBuffer: async () => next.buffer.slice(next.byteOffset, next.byteOffset + next.length) };
  };
  return asked;
}

/** A stage that has found out whether there is a feed, before its first question. */
async function opened(answers) {
  const page = new Opened(makeMessage({ scene, serial: 1, frames: [{ step: 0 }] }));
  const asked = serve(answers);
  page.stage.receive(playing(2), (name, value) => page.sent.push([name, value]));
  await settled();
  return { page, asked };
}

/** One question and its answer. */
async function beat(milliseconds = 210) {
  advance(milliseconds);
  await settled();
  advance(50);
}

test("while playing, messages come by the feed, and each question says what is here", async () => {
  const { page, asked } = await opened([playing(3), playing(4), 429, 429]);
  await beat();
  await beat();
  const serials = asked.map((address) => new URL(address).searchParams.get("serial"));
  assert.deepEqual(serials.slice(0, 2), ["2", "3"]);
  assert.equal(new URL(asked[0]).pathname, "/frames/token");
  assert.equal(new URL(asked[1]).searchParams.get("scene"), page.stage.store.message.sceneIds[0]);
  assert.equal(page.stage.store.message.playhead, 4);
  assert.deepEqual(page.sent, [], "the page is left alone");
});

test("where the address is not served the page is asked", async () => {
  const page = new Opened(makeMessage({ scene, serial: 1, frames: [{ step: 0 }] }));
  globalThis.fetch = async () => ({ status: 404 });
  page.stage.receive(playing(2), (name, value) => page.sent.push([name, value]));
  await settled();
  await beat();
  assert.deepEqual(page.sent, [["tick", { serial: 2, scene: page.stage.store.message.sceneIds[0] }]]);
});

for (const [name, answer] of [["says that the page has to run", 204], ["is gone", 410], ["is out of reach", new TypeError("offline")]]) {
  test(`a feed that ${name} hands the question to the page`, async () => {
    const { page } = await opened([answer]);
    await beat();
    assert.deepEqual(page.sent.map(([event, value]) => [event, value.serial]), [["tick", 2]]);
  });
}

test("a feed that is asked too soon is asked again", async () => {
  const { page, asked } = await opened([429, playing(3), 429, 429]);
  await beat();
  await beat();
  const serials = asked.map((address) => new URL(address).searchParams.get("serial"));
  assert.deepEqual(serials.slice(0, 2), ["2", "2"]);
  assert.equal(page.stage.store.message.playhead, 3);
  assert.deepEqual(page.sent, []);
});

test("an answer that comes after a pause changes nothing", async () => {
  const { page } = await opened([playing(3)]);
  advance(210); // the question is out
  page.receive(makeMessage({ scene, serial: 9, playhead: 2, playing: false, feed: "token", frames: [{ step: 2 }] }));
  await settled();
  advance(50);
  assert.equal(page.stage.store.message.serial, 9);
  assert.equal(page.stage.store.message.playing, false);
});

test("what the page sent before the feed went on does not turn back time", async () => {
  const { page } = await opened([playing(3), playing(4)]);
  await beat();
  page.receive(playing(2)); // once more, after a change of theme
  assert.equal(page.stage.store.message.serial >= 3, true);
});
