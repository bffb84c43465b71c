/** Words that explain themselves, in every hint of the stage. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Terms } from "../../../playground/ui/static/shared/terms.js";
import { written } from "./messages.js";
import { Opened } from "./open.js";
import { openPage } from "./page.js";

const WORDS = written("words.json");

test("a text is parted where its terms are", () => {
  const terms = new Terms(openPage());
  const parts = terms.written("Below [line k](k), of the [loss](loss)", (term) => `what ${term} is`);
  assert.deepEqual(parts.map((part) => part.textContent ?? part), ["Below ", "line k", ", of the ", "loss"]);
  assert.deepEqual(parts.map((part) => part.tagName), [undefined, "BUTTON", undefined, "BUTTON"]);
  assert.equal(parts[1].getAttribute("aria-description"), "what k is");
  assert.deepEqual(terms.written("no term", () => ""), ["no term"]);
});

for (const [name, show, hide] of [["pointed at", "onpointerenter", "onpointerleave"], ["reached by keyboard", "onfocus", "onblur"]]) {
  test(`${name}, it tells what it is, and no longer after that`, () => {
    const terms = new Terms(openPage());
    let isOpen = false;
    terms.box.showPopover = () => { isOpen = true; };
    terms.box.hidePopover = () => { isOpen = false; };
    const [button] = terms.written("[k](k)", () => "so many symbols");
    button[show]();
    assert.ok(isOpen);
    assert.equal(terms.box.textContent, "so many symbols");
    button[hide]();
    assert.ok(!isOpen);
    button.onclick();
    assert.ok(isOpen, "a tap");
    button.onkeydown({ key: "Escape" });
    assert.ok(!isOpen);
  });
}

test("no panel shows the marks of a term, and every term has a meaning", () => {
  const opened = new Opened(written("lstm.bin"));
  for (const panel of opened.layout.panels) {
    const { hint } = panel;
    assert.doesNotMatch(hint.textContent, /[[\]]/);
    for (const button of hint.all(".term")) assert.ok(button.getAttribute("aria-description").length > 20);
  }
  const used = Object.values(WORDS).flatMap((text) => [...text.matchAll(/\]\((\w+)\)/g)].map((match) => match[1]));
  assert.ok(used.length > 8);
  for (const term of used) assert.ok(WORDS[`term_${term}`], term);
});
