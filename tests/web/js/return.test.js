/** A server that went away and came back: what the stage shows meanwhile, and what it asks for. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { makeMessage, written } from "./messages.js";
import { Opened } from "./open.js";
import { eventsSent, writeOnRoot } from "./page.js";

const [before, fresh, halfway, there] = [0, 1, 2, 3].map((k) => written(`return${k}.bin`));
const status = (opened) => opened.layout.footer.status.textContent;
const notice = (opened) => opened.layout.footer.notice.textContent;
const wishes = (opened) => opened.sent.filter(([name]) => name === "resume");

test("the picture stays until the server has come to where it was, and the stage says so", () => {
  const opened = new Opened(before);
  assert.equal(status(opened), "step 14 · paused");
  const { run } = opened.layout.root.dataset;
  for (const message of [fresh, halfway]) {
    opened.receive(message);
    assert.equal(opened.step, 14);
    assert.equal(opened.layout.root.dataset.run, run);
    assert.equal(status(opened), "step 14");
    assert.match(notice(opened), /^Back to step 14: .* trained again …$/);
  }
  opened.receive(there);
  assert.equal(opened.step, 14);
  assert.notEqual(opened.layout.root.dataset.run, run);
  assert.equal(status(opened), "step 14 · paused");
  assert.equal(notice(opened), "");
});

test("it is said in a tab that draws nothing, too", () => {
  const opened = new Opened(before);
  opened.stage.receive(fresh, () => {});
  assert.match(notice(opened), /^Back to step 14/);
});

test("after a reload there is no picture to keep: what is there is shown, and what is to come is said", () => {
  const tab = { text: null, getItem() { return this.text; }, setItem(_, text) { this.text = text; } };
  Opened.with(tab, before);
  const opened = Opened.with(tab, fresh);
  assert.equal(opened.step, 0);
  assert.match(notice(opened), /^Back to step 14/);
  opened.receive(there);
  assert.equal(opened.step, 14);
});

test("a session is asked to go on until it has begun, and only while it can hear", () => {
  const opened = new Opened(before);
  writeOnRoot("notRunning", "PINGING_SERVER");
  opened.receive(fresh);
  opened.wait(10000);
  assert.deepEqual(wishes(opened), [], "nothing is said into a connection that is down");
  writeOnRoot("running", "CONNECTED");
  opened.wait(10000);
  assert.deepEqual(wishes(opened), [], "nor while the page is still to come");
  writeOnRoot("notRunning", "CONNECTED");
  opened.wait(100);
  assert.equal(wishes(opened).length, 1);
  assert.equal(wishes(opened)[0][1].step, 14);
  opened.wait(2100);
  assert.equal(wishes(opened).length, 2, "the first may have been lost");
  opened.receive(halfway);
  opened.wait(10000);
  assert.equal(wishes(opened).length, 2, "it has begun");
});

test("while the connection is down the page is not asked for more", () => {
  const opened = new Opened(makeMessage({ frames: [{ step: 1 }], playing: true }));
  opened.sent.length = 0;
  writeOnRoot("notRunning", "CONNECTING");
  opened.wait(10000);
  assert.deepEqual(opened.sent, []);
  writeOnRoot("notRunning", "CONNECTED");
  opened.wait(100);
  assert.deepEqual(opened.sent.map(([name]) => name), ["tick"]);
});

test("a page that stands still when the server is there again is made to run", () => {
  const opened = new Opened(before);
  writeOnRoot("notRunning", "CONNECTED");
  opened.wait(10000);
  assert.deepEqual(eventsSent(), [], "nothing was amiss");
  writeOnRoot("notRunning", "CONNECTING");
  opened.wait(10000);
  assert.deepEqual(eventsSent(), [], "nobody would hear");
  writeOnRoot("notRunning", "CONNECTED");
  opened.wait(1200);
  assert.deepEqual(eventsSent(), ["rnn-playground-run"]);
  opened.wait(3500);
  assert.deepEqual(eventsSent(), ["rnn-playground-run"], "once more, if it did not help");
  opened.receive(fresh);
  opened.wait(10000);
  assert.deepEqual(eventsSent(), []);
});

test("a page that runs by itself when the server is there again is left alone", () => {
  const opened = new Opened(before);
  writeOnRoot("notRunning", "CONNECTING");
  opened.wait(500);
  writeOnRoot("running", "CONNECTED");
  opened.wait(10000);
  writeOnRoot("notRunning", "CONNECTED");
  opened.wait(10000);
  assert.deepEqual(eventsSent(), []);
});

test("a stage that is taken down asks for nothing any more", () => {
  const opened = new Opened(before);
  writeOnRoot("notRunning", "CONNECTING");
  opened.receive(fresh);
  opened.stage.dispose();
  opened.sent.length = 0;
  writeOnRoot("notRunning", "CONNECTED");
  opened.wait(10000);
  assert.deepEqual([opened.sent, eventsSent()], [[], []]);
});
