/** What holds for a room and for hands: keys of the whole page, and a few panels as large as the screen. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { beforeEach, test } from "node:test";

import { KEYS, listenToKeys, listenToPageKeys } from "../../../playground/ui/static/stage/keyboard.js";
import { PANELS } from "../../../playground/ui/static/stage/panels.js";
import { Presenter } from "../../../playground/ui/static/stage/presenter.js";
import { openPage, pressKey, signOn } from "./page.js";

const words = JSON.parse(readFileSync(path.join(process.env.PLAYGROUND_MESSAGES, "words.json"), "utf8"));

let root;
beforeEach(() => { root = openPage(); });

/** Page keys that note what they do. */
function keys({ presenting = false } = {}) {
  const done = [];
  const stop = listenToPageKeys({
    toggle: () => done.push("toggle"), present: () => done.push("present"), showKeys: () => done.push("keys"),
    leave: () => { if (presenting) done.push("leave"); return presenting; },
  });
  return { done, stop };
}

const made = (tag, attributes = {}) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
};

test("space plays wherever nothing else takes it", () => {
  const { done, stop } = keys();
  assert.ok(pressKey(" "), "the page does not scroll as well");
  assert.ok(pressKey(" ", made("div")));
  for (const taker of [made("textarea"), made("input"), made("button"), made("a"), made("summary"), made("div", { role: "radio" })]) {
    assert.ok(!pressKey(" ", taker), taker.tagName);
  }
  pressKey(" ", document.body, { repeat: true });
  pressKey(" ", document.body, { defaultPrevented: true });
  assert.deepEqual(done, ["toggle", "toggle"]);
  stop();
  pressKey(" ");
  assert.equal(done.length, 2, "nobody listens any more");
});

test("letters are found on a keyboard that writes Hangul, and are left to whoever is typing", () => {
  const { done } = keys();
  pressKey("p");
  pressKey("P");
  pressKey("ㅔ", document.body, { code: "KeyP" });
  pressKey("?");
  pressKey("p", made("button"));
  assert.deepEqual(done, ["present", "present", "present", "keys", "present"]);
  for (const field of ["textarea", "input", "select"]) pressKey("p", made(field));
  pressKey("ㅔ", document.body, { code: "KeyP", isComposing: true });
  pressKey("Process", document.body, { code: "KeyP", keyCode: 229 });
  pressKey("p", document.body, { ctrlKey: true }); // prints
  assert.equal(done.length, 5);
});

test("Esc leaves what is presented, and is nobody's else", () => {
  const presenting = keys({ presenting: true });
  assert.ok(pressKey("Escape"));
  assert.deepEqual(presenting.done, ["leave"]);
  presenting.stop();
  keys();
  assert.ok(!pressKey("Escape"));
});

test("a key of the stage does nothing while Hangul is being composed", () => {
  const done = [];
  listenToKeys(root, { moveTime: (by) => done.push(by) });
  const arrow = { key: "ArrowLeft", composedPath: () => [root], preventDefault() {}, stopPropagation() {} };
  root.onkeydown({ ...arrow, isComposing: true });
  assert.deepEqual(done, []);
  root.onkeydown({ ...arrow, shiftKey: true });
  assert.deepEqual(done, [-10]);
});

test("every key in the list has its words", () => {
  assert.deepEqual(KEYS.map(([, word]) => word).filter((word) => !(word in words)), []);
});

/** A presenter over panels of these names, and what it tells the page. */
function presenter(names = ["tiles", "curve", "state", "gates"]) {
  const told = [];
  const present = new Presenter(root, (panels) => told.push(panels));
  const panels = PANELS.filter(({ name }) => names.includes(name)).map((kind) => ({
    kind, track: 0, element: made("section"), title: { textContent: kind.name },
  }));
  const shown = () => {
    present.dress({ words, key: "one" }, panels);
    return panels.filter(({ element }) => element.getAttribute("data-presented") !== null).map(({ kind }) => kind.name);
  };
  const isMarked = () => document.body.getAttribute("data-presenting") !== null;
  return { present, told, shown, isMarked };
}

test("a link presents, and the page is told nothing that it knows", () => {
  const { present, told, shown, isMarked } = presenter();
  present.follow("?text=hello");
  assert.deepEqual([shown(), isMarked()], [[], false]);
  present.follow("?present=1");
  assert.deepEqual([shown(), isMarked()], [["tiles", "curve"], true]);
  present.follow("?train.present=state,gates&present=1");
  assert.deepEqual(shown(), ["state", "gates"]);
  assert.deepEqual(told, []);
});

test("a link with nonsense presents the usual panels, one with too many the first three", () => {
  const { present, shown } = presenter();
  present.follow("?present=<b>,nothing");
  assert.deepEqual(shown(), ["tiles", "curve"]);
  present.follow("?present=gates,state,curve,tiles");
  assert.deepEqual(shown(), ["curve", "state", "gates"]);
});

test("what the reader chose is not taken back by an address that comes late", () => {
  const { present, told, shown, isMarked } = presenter();
  present.toggle();
  assert.deepEqual([shown(), told], [["tiles", "curve"], [["tiles", "curve"]]]);
  assert.ok(present.leave());
  present.follow("?train.present=tiles,curve"); // of before it was left
  assert.deepEqual([shown(), isMarked()], [[], false]);
  present.follow("");
  present.follow("?train.present=state"); // the browser's Forward
  assert.deepEqual(shown(), ["state"]);
  assert.deepEqual(told, [["tiles", "curve"], []]);
});

test("panels are chosen by their names, three at most, and come again with the next P", () => {
  const { present, told, shown } = presenter();
  present.toggle();
  shown();
  const press = (name) => {
    present.names.children.find(({ textContent }) => textContent === name).onclick();
    return shown();
  };
  assert.deepEqual(press("gates"), ["tiles", "curve", "gates"]);
  assert.deepEqual(press("state"), ["curve", "state", "gates"], "the one chosen first makes room");
  assert.deepEqual(press("curve"), ["state", "gates"]);
  present.toggle();
  present.toggle();
  assert.deepEqual(shown(), ["state", "gates"]);
  assert.deepEqual(told.at(-1), ["gates", "state"]);
});

test("the ring goes where the pointer is, on touch as well, and only while presenting", () => {
  const { present } = presenter();
  signOn("pointermove", { clientX: 10, clientY: 20 });
  assert.equal(present.ring.style.transform, undefined);
  present.toggle();
  assert.equal(present.ring.hidden, true, "where nobody has pointed there is none");
  signOn("pointerdown", { clientX: 30, clientY: 40 });
  assert.deepEqual([present.ring.hidden, present.ring.style.transform], [false, "translate(30px, 40px)"]);
  present.dispose();
  signOn("pointermove", { clientX: 50, clientY: 60 });
  assert.equal(present.ring.style.transform, "translate(30px, 40px)");
});
