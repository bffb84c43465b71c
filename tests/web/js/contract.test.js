/** What a panel is: one object in one list is all that the stage needs of it. */

import assert from "node:assert/strict";
import test from "node:test";
import { COLUMNS, PANELS } from "../../../playground/ui/static/stage/panels.js";
import { makeMessage, makeScene } from "./messages.js";
import { Opened } from "./open.js";

test("every panel has a name and a place of its own, a height, and words", () => {
  const scene = makeScene({ states: ["h", "c"] });
  for (const key of ["name", "order"]) assert.equal(new Set(PANELS.map((kind) => kind[key])).size, PANELS.length, key);
  for (const kind of PANELS) {
    const title = kind.title?.(scene) ?? kind.name;
    for (const word of [title, kind.hint?.(scene) ?? `${title}_hint`]) assert.ok(scene.words[word], word);
    assert.ok(kind.height(scene) > 0, kind.name);
    if (!kind.plots(scene).length) continue;
    for (const part of ["sees", "draw", "describe"]) assert.equal(typeof kind[part], "function", `${part} of ${kind.name}`);
  }
});

test("panels are read in ascending order, in the list as in the column of every track", () => {
  const ascends = (kinds) => kinds.every(({ order }, k) => k === 0 || kinds[k - 1].order < order);
  assert.ok(ascends(PANELS), PANELS.map(({ name }) => name).join());
  const frames = [{ step: 0 }];
  const opened = new Opened(makeMessage({ tracks: [{ frames }, { frames }] }));
  for (const column of opened.layout.inner.all(".track")) {
    const placed = column.all(".panel").map((element) => opened.layout.panels.find((panel) => panel.element === element));
    assert.equal(placed.length, PANELS.filter(({ isAcross }) => !isAcross).length);
    assert.ok(ascends(placed.map(({ kind }) => kind)), placed.map(({ name }) => name).join());
  }
});

test("a panel that is put into the list is drawn, described, pointed at, and told what has changed", () => {
  const drawn = [];
  const extra = {
    name: "extra", order: 9, height: () => 1, plots: () => ["left", "right"], label: (plot) => `label of ${plot}`,
    sees: ({ frame }) => [frame],
    draw: (surface, view, plot) => {
      surface.prepare("", () => {});
      surface.stamp();
      drawn.push([plot, view.step]);
    },
    timeAt: (_, view, x) => (x > 300 ? 2 : 0),
    tip: (_, view, x, y, plot) => [`${plot} at ${x}`],
    describe: ({ step }, plot) => `${plot} of step ${step}`,
    tell: ({ aside }, { step }) => { aside.textContent = `told of ${step}`; },
  };
  COLUMNS[2].push(extra);
  const opened = new Opened(makeMessage({ frames: [{ step: 0 }, { step: 1 }] }));
  COLUMNS[2].pop();
  assert.deepEqual(drawn, [["left", 1], ["right", 1]]);
  opened.pin(1);
  assert.equal(drawn.length, 2, "it does not depend on the time cursor");
  opened.scrub(0);
  assert.deepEqual(drawn.slice(2), [["left", 0], ["right", 0]]);
  assert.equal(opened.said("extra", 1), "right of step 0");
  assert.deepEqual(opened.tip("extra", 100, 5), ["left at 100"]);
  assert.equal(opened.panel("extra").aside.textContent, "told of 0");
  assert.deepEqual(opened.panel("extra").body.children.map((box) => box.firstElementChild.textContent), ["label of left", "label of right"]);
  const { plot } = opened.surface("extra");
  plot.onpointerdown({ button: 0, clientX: 400, clientY: 1 });
  opened.wait();
  assert.equal(opened.view.t, 2);
});
