/** What is asked about the step on screen: of the feed, one question at a time; of the page where there is no feed. */

import assert from "node:assert/strict";
import test from "node:test";
import { makeMessage, makeReadings, makeScene } from "./messages.js";
import { Opened } from "./open.js";
import { advance } from "./page.js";

const scene = makeScene();
const question = { key: "h@0>2|null", edits: [{ text: "h@0>2", kind: "transplant", source: 0, first: 2, last: 2 }], loss_at: null };
const frames = [0, 1, 2, 3, 4].map((step) => ({ step }));
const message = (more = {}) => makeMessage({ scene, frames, curve: [{ step: 4, loss: 1 }], feed: "token", question, ...more });
const settled = () => new Promise((resolve) => { setImmediate(resolve); });

/** A server of the feed: what it is asked, and how it answers; `answer` of a path gives bytes or a status. */
function serve(answer, { there = true } = {}) {
  const asked = [];
  globalThis.fetch = async (address, { method = "GET" } = {}) => {
    if (method === "GET") return { status: there ? 204 : 404 };
    const url = new URL(address);
    asked.push(`${url.pathname}${url.search}`);
    const found = answer(url.searchParams);
    if (typeof found === "number") return { status: found };
    return { status: 200, arrayBuffer: async () => found.buffer.slice(found.byteOffset, found.byteOffset + found.length) };
  };
  return asked;
}

const answerAt = (step, more = {}) => makeReadings({ scene, question, readings: [{ step, edited: {} }], ...more });
const byStep = (query) => answerAt(Number(query.get("step")));

async function opened(answer, how = {}, more = {}) {
  const page = new Opened();
  const asked = serve(answer, how);
  page.stage.receive(message(more), (name, value) => page.sent.push([name, value]));
  return { page, asked };
}

async function pass(milliseconds = 50, times = 1) {
  for (let k = 0; k < times; k += 1) {
    advance(milliseconds);
    for (let turn = 0; turn < 6; turn += 1) await settled();
  }
}

test("the step on screen is asked about once, and again when another one is", async () => {
  const { page, asked } = await opened(byStep);
  await pass(60, 4);
  assert.deepEqual(asked, ["/frames/token/reading?step=4"]);
  assert.equal(page.view.reading.step, 4);
  page.stage.moves.scrub(2);
  await pass(60, 4);
  assert.deepEqual(asked.slice(1), ["/frames/token/reading?step=2"]);
  assert.equal(page.view.reading.step, 2);
  page.stage.moves.scrub(4);
  await pass(60, 4);
  assert.equal(asked.length, 2, "what was answered is kept");
  assert.equal(page.view.reading.step, 4);
  assert.deepEqual(page.sent, [], "the page is left alone");
});

test("who scrubs asks about where it ends, not about every step on the way", async () => {
  const { page, asked } = await opened(byStep);
  await pass(60, 4);
  for (const step of [3, 2, 1, 0]) {
    page.stage.moves.scrub(step);
    await pass(10);
  }
  await pass(60, 4);
  assert.deepEqual(asked.slice(1), ["/frames/token/reading?step=0"]);
});

test("what could not be answered yet is asked again, and not for ever", async () => {
  let left = 2;
  const { page, asked } = await opened((query) => { left -= 1; return left < 0 ? byStep(query) : 204; });
  await pass(300, 5);
  assert.equal(asked.length, 3);
  assert.equal(page.view.reading.step, 4);
  const { asked: refused } = await opened(() => 429);
  await pass(300, 80);
  assert.ok(refused.length > 5 && refused.length <= 40, String(refused.length));
});

test("where the feed is not served the page is asked, but not while it plays", async () => {
  const { page, asked } = await opened(byStep, { there: false });
  await pass(300, 6);
  assert.deepEqual([asked, page.sent], [[], [["reading", { step: 4 }]]]);
  const { page: plays } = await opened(byStep, { there: false }, { playing: true, feed: "" });
  plays.stage.moves.scrub(1);
  await pass(300, 6);
  assert.ok(!plays.sent.some(([name]) => name === "reading"));
});

test("while playing, messages bring what is asked; who looks back asks", async () => {
  const { page, asked } = await opened((query) => (query.has("serial") ? 429 : byStep(query)), {}, { playing: true, reading: { step: 4, edited: {} } });
  const readings = () => asked.filter((path) => path.includes("reading"));
  await pass(50, 3);
  assert.deepEqual(readings(), []);
  page.stage.moves.scrub(1);
  await pass(50, 4);
  assert.deepEqual(readings(), ["/frames/token/reading?step=1"]);
});

test("an edit is answered at once, and the page is told as well", async () => {
  const changed = { ...question, key: "|null", edits: [] };
  const { page, asked } = await opened((query) => (query.has("clear") ? answerAt(4, { question: changed, readings: [null] }) : byStep(query)));
  await pass(60, 4);
  const chips = page.panel("tiles").parts.whatIf.chips;
  assert.equal(chips.children.length, 2);
  chips.children[1].onclick();
  await pass(20, 3);
  assert.equal(asked.at(-1), "/frames/token/reading?step=4&clear=all");
  assert.deepEqual(page.sent, [["edits", { clear: "all" }]]);
  assert.deepEqual([page.view.question, page.view.reading, chips.children.length], [null, null, 0]);
});
