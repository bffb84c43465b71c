/** Rolled and unrolled: the numbers are those that Python counted, and one control morphs, at once where that is wanted. */

import assert from "node:assert/strict";
import test from "node:test";
import main from "../../../playground/ui/static/unrolled/main.js";
import { columnsOf, placeOf } from "../../../playground/ui/static/unrolled/places.js";
import { written } from "./messages.js";
import { advance, openPage } from "./page.js";

const plain = (text) => text.replace(/[\u2066-\u2069]/g, "");

/** The picture of a message that Python wrote. */
function opened(message = written("unrolled.json"), reader = {}) {
  const parent = openPage(reader);
  const leave = main({ data: message, parentElement: parent });
  advance(50);
  const one = (name) => parent.all(`.${name}`)[0];
  const slide = (name, value) => {
    one(name).value = String(value);
    one(name).oninput();
    advance(20);
  };
  return { parent, message, leave, one, slide, copies: () => parent.all(".copy") };
}

test("at every length as many copies as symbols, one badge, and the counts of Python", () => {
  const { message, one, slide, copies, parent } = opened();
  for (let length = 1; length <= message.inputs.length; length += 1) {
    slide("length", length);
    assert.equal(copies().length, length);
    assert.equal(parent.all(".badge").length, 1);
    assert.equal(one("badge").textContent, length === 1 ? "W: one set of weights, used once" : `W: one set of weights, used ${length} times`);
    const last = copies().at(-1);
    assert.equal(plain(last.all(".input")[0].textContent), message.inputs[length - 1]);
    assert.equal(plain(last.all(".target")[0].textContent), message.targets[length - 1]);
    const counts = parent.all(".count").map((each) => Number(each.all("b")[0].textContent.replace(",", "")));
    assert.deepEqual(counts, [message.recurrent[length - 1], message.window[length - 1]]);
    assert.ok(one("verdict").textContent.replaceAll(",", "").includes(String(message.window[length - 1])));
  }
});

test("rolled, all copies stand where the one is; unrolled, each at its timestep; the control says where", () => {
  const { one, slide, copies } = opened();
  slide("length", 4);
  const lefts = () => copies().map(({ style }) => parseFloat(style.left));
  assert.equal(one("morph").value, "100", "less motion is wanted: it is unrolled at once");
  const apart = lefts();
  assert.ok(apart.every((left, t) => t === 0 || left > apart[t - 1]));
  assert.equal(one("loop").style.opacity, "0");
  slide("morph", 50);
  assert.ok(lefts()[3] < apart[3]);
  one("end").onclick();
  assert.equal(one("morph").value, "0");
  assert.equal(new Set(lefts()).size, 1);
  assert.equal(one("loop").style.opacity, "1");
});

test("with motion it takes a while, and a hand on the control ends that", () => {
  const { one, slide } = opened(undefined, { calm: false });
  advance(200);
  const before = Number(one("morph").value);
  assert.ok(before > 0 && before < 100);
  advance(1500);
  assert.equal(one("morph").value, "100");
  one("end").onclick();
  advance(100);
  slide("morph", 30);
  advance(1500);
  assert.equal(one("morph").value, "30");
});

test("what does not fit is counted, and stays inside of the picture", () => {
  for (const [length, width] of [[200, 360], [30, 1100], [7, 366], [1, 40]]) {
    const { shown, column } = columnsOf(length, width);
    assert.ok(shown >= 1 && shown <= length);
    if (width > 200) assert.ok(shown * column <= width && placeOf(shown - 1, length, width, 1).left <= width);
  }
  const message = written("unrolled.json");
  const long = { ...message, ...Object.fromEntries(["inputs", "targets", "recurrent", "window"].map((name) => [name, Array(40).fill(message[name][0])])) };
  const { one, slide, copies } = opened(long);
  slide("length", 40);
  assert.equal(one("more").textContent, `… ${40 - copies().length} more, with the same W`);
});

test("nonsense from the controls moves nothing out of its range; hostile symbols stay text; it can be taken down", () => {
  const message = { ...written("unrolled.json") };
  message.inputs = ["<img src=x>", ...message.inputs.slice(1)];
  const { one, slide, copies, leave, parent } = opened(message);
  slide("length", "abc");
  assert.equal(copies().length, 1);
  slide("length", 1e9);
  assert.equal(copies().length, message.inputs.length);
  slide("morph", NaN);
  assert.equal(one("morph").value, "0");
  assert.equal(plain(copies()[0].all(".input")[0].textContent), "<img src=x>");
  leave();
  assert.equal(parent.all(".unrolled").length, 0);
});
