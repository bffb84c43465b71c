/** What a reader takes along: links to a place, pictures, recordings that play by themselves. */

import assert from "node:assert/strict";
import test from "node:test";
import { Playback } from "../../../playground/ui/static/recording/playback.js";
import { gradientOf, wrapped } from "../../../playground/ui/static/shared/png.js";
import { linkTo, Linked } from "../../../playground/ui/static/stage/keep.js";
import { makeMessage, makeScene } from "./messages.js";
import { Opened } from "./open.js";
import { advance, openPage } from "./page.js";

test("a link names the place and keeps the rest of the address", () => {
  const href = "http://localhost:8501/?cell=lstm&text=%EC%95%88+%26&train.layer=3&train.edits=h%402%3E3";
  const link = new URL(linkTo(href, { step: 120, t: 3, layer: 0 }, 1));
  assert.deepEqual(Object.fromEntries(link.searchParams), {
    cell: "lstm", text: "안 &", "train.edits": "h@2>3", "train.at": "120", "train.t": "4",
  });
  assert.equal(new URL(linkTo(href, { step: 0, t: 0, layer: 1 }, 2)).searchParams.get("train.layer"), "2");
});

test("what the address says of a place is news once, and nonsense is none", () => {
  const linked = new Linked();
  assert.deepEqual(linked.news("?train.t=4&train.layer=2"), { t: 3, layer: 1 });
  assert.deepEqual(linked.news("?train.t=4&train.layer=2&more=1"), {}, "the reader may have moved on");
  assert.deepEqual(linked.news("?train.t=1"), { t: 0, layer: undefined });
  for (const bad of ["0", "-1", "1e3", "x", "99999", "%00"]) {
    assert.deepEqual(new Linked().news(`?train.t=${bad}&train.layer=${bad}`), { t: undefined, layer: undefined }, bad);
  }
});

test("a stage opens at the timestep and layer of the address, as far as there are such", () => {
  const scene = makeScene({ T: 3 });
  const opened = Opened.at("?train.t=3", makeMessage({ scene, frames: [{ step: 0 }] }));
  assert.equal(opened.view.t, 2);
  const far = Opened.at("?train.t=150&train.layer=3", makeMessage({ scene, frames: [{ step: 0 }] }));
  assert.deepEqual([far.view.t, far.view.layer], [2, 0]);
});

test("a link is copied, or shown where the clipboard is forbidden", async () => {
  const opened = new Opened(makeMessage({ frames: [{ step: 0 }, { step: 7 }] }));
  const { keep } = opened.layout;
  keep.link.select = () => {};
  const copied = [];
  const clipboards = [
    [{ writeText: async (text) => { copied.push(text); } }, "copied"],
    [{ writeText: async () => { throw new Error("forbidden"); } }, "copy_by_hand"],
    [undefined, "copy_by_hand"],
  ];
  for (const [clipboard, word] of clipboards) {
    Object.defineProperty(globalThis, "navigator", { value: { clipboard }, configurable: true });
    keep.copy.onclick();
    await Promise.resolve().then(() => {}).then(() => {});
    assert.equal(keep.said.textContent, opened.view.words[word]);
    assert.equal(keep.link.hidden, word === "copied");
  }
  assert.deepEqual(copied, [keep.link.value]);
  assert.equal(new URL(copied[0]).searchParams.get("train.at"), "7");
});

test("before the first frame a picture is one sentence", () => {
  const opened = new Opened(makeMessage({ frames: [] }));
  opened.layout.keep.save.onclick();
  assert.equal(opened.layout.keep.said.textContent, opened.view.words.no_picture);
  for (const panel of opened.layout.panels) assert.ok(panel.save.getAttribute("aria-label").includes(panel.title.textContent));
});

test("in a recording nothing is asked of a server, and nothing waits for an answer", () => {
  const acts = (recorded) => {
    const opened = new Opened(makeMessage({ recorded, frames: [{ step: 0 }] }));
    const { moves, cursors } = opened.stage;
    moves.lightLoss();
    moves.moveState();
    moves.carry(0, 1);
    const { loss, carried } = cursors;
    moves.drop(0, 1);
    moves.comparePair();
    opened.wait();
    return { sent: opened.sent.map(([name]) => name), loss, carried };
  };
  assert.deepEqual(acts(true), { sent: [], loss: -1, carried: -1 });
  const asked = acts(false);
  assert.ok(asked.sent.includes("loss") && asked.sent.includes("edits") && asked.loss >= 0 && asked.carried === 0, JSON.stringify(asked));
});

test("a caption breaks between words, and a word that is too long stands alone", () => {
  const context = { measureText: (text) => ({ width: text.length }) };
  assert.deepEqual(wrapped(context, "one two three", 7), ["one two", "three"]);
  assert.deepEqual(wrapped(context, "a extraordinary b", 5), ["a", "extraordinary", "b"]);
  assert.deepEqual(wrapped(context, "", 5), []);
});

test("the gradients of legends are painted with their colours in their places", () => {
  const painted = (css, width) => {
    const stops = [];
    return gradientOf({ createLinearGradient: () => ({ addColorStop: (at, colour) => stops.push([at, colour]) }) }, css, 0, width)
      && stops;
  };
  assert.deepEqual(painted("linear-gradient(to right, rgb(1, 2, 3), rgba(4, 5, 6, 0.5), rgb(7, 8, 9))", 50), [
    [0, "rgb(1, 2, 3)"], [0.5, "rgba(4, 5, 6, 0.5)"], [1, "rgb(7, 8, 9)"],
  ]);
  const dash = painted("repeating-linear-gradient(to right, rgb(1, 1, 1) 0px 6px, rgba(0, 0, 0, 0) 6px 10px)", 20);
  assert.deepEqual(dash.map(([at]) => at), [0, 0.3, 0.3, 0.5, 0.5, 0.8, 0.8, 1]);
  assert.equal(painted("none", 20), null);
  assert.equal(painted("url(x)", 20), null);
});

test("a recording plays at its pace, stops at its end, and begins again from there", () => {
  openPage();
  const reel = { at: 0, isAtEnd: () => reel.at >= 40, move: (by) => { reel.at = Math.min(40, reel.at + by); }, rewind: () => { reel.at = 0; } };
  const playback = new Playback(reel);
  let changes = 0;
  playback.changed = () => { changes += 1; };
  playback.toggle();
  advance(1000);
  assert.ok(Math.abs(reel.at - 20) <= 1, `${reel.at} pictures in a second`);
  playback.toggle();
  const stood = reel.at;
  advance(500);
  assert.deepEqual([reel.at, playback.isPlaying, changes], [stood, false, 2]);
  playback.pace = "fast";
  playback.toggle();
  advance(1000);
  assert.deepEqual([reel.at, playback.isPlaying, changes], [40, false, 4]);
  playback.toggle();
  advance(100);
  assert.ok(reel.at > 0 && reel.at < 20 && playback.isPlaying, "from the start");
});
