/** The player of one update, on messages that Python wrote: what is lit when, and that it rests where one goes. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import main from "../../../../playground/ui/static/motion/main.js";
import { Player } from "../../../../playground/ui/static/motion/player.js";
import { Script } from "../../../../playground/ui/static/motion/script.js";
import { advance, openPage, plainText } from "../page.js";

const FOLDER = process.env.PLAYGROUND_MESSAGES;
const read = (name) => JSON.parse(readFileSync(join(FOLDER, `${name}.json`), "utf-8"));
const NAMES = ["one", "several", "short"];

function open(name = "one", reader = {}) {
  const player = new Player(openPage(reader));
  player.receive(read(name));
  return player;
}

/** Texts of a row's cells, "" for what is still to come. */
const cells = (player, name) => player.picture.rows.find(({ row }) => row.name === name).cells.map((cell) => cell.textContent);
const dim = (player) => player.picture.rows.filter(({ line }) => line.dataset.lit === "false").map(({ row }) => row.name);
const press = (player, key, target = { tagName: "DIV" }) => {
  let isUsed = false;
  player.root.onkeydown({ key, target, preventDefault: () => { isUsed = true; }, stopPropagation() {} });
  return isUsed;
};

test("it opens at the first timestep: that is read, all else is still to come", () => {
  const player = open();
  const { rows, beats } = player.script.message;
  assert.equal(player.said.textContent, beats[0].text);
  assert.deepEqual(cells(player, "read"), rows[0].texts.map((text, t) => (t === 0 ? text : "")));
  assert.ok(cells(player, "loss").every((text) => text === ""));
  assert.deepEqual(dim(player).sort(), rows.map(({ name }) => name).filter((name) => !["read", "state"].includes(name)).sort());
});

for (const name of NAMES) {
  test(`${name}: next goes through every beat, shows all of it and never plays; at the end everything is there`, () => {
    const player = open(name);
    const { beats, rows } = player.script.message;
    beats.forEach((beat, number) => {
      assert.equal(player.script.at, number);
      assert.equal(player.said.textContent, beat.text);
      assert.equal(player.isPlaying, false);
      for (const light of beat.lights) {
        for (const t of beat.at) assert.equal(player.picture.rows.find(({ row }) => row.name === light).cells[t].dataset.lit, "true");
      }
      advance(10000);
      assert.equal(player.script.at, number, "nothing goes on by itself");
      player.buttons.forward.onclick();
    });
    for (const row of rows) if (row.texts) assert.deepEqual(cells(player, row.name), row.texts);
    assert.equal(player.buttons.forward.getAttribute("aria-disabled"), "true");
  });

  test(`${name}: back undoes what next did`, () => {
    const player = open(name);
    const seen = () => JSON.stringify(player.picture.rows.map(({ row }) => cells(player, row.name)));
    const before = [];
    for (let k = 0; k < player.script.message.beats.length - 1; k += 1) {
      before.push(seen());
      player.buttons.forward.onclick();
    }
    while (before.length) {
      player.buttons.back.onclick();
      assert.equal(seen(), before.pop());
    }
    assert.equal(player.buttons.back.getAttribute("aria-disabled"), "true");
  });
}

test("a stage is jumped to, and what comes before it is there", () => {
  const player = open("several");
  const { stages, rows } = player.script.message;
  stages.forEach(({ first }, number) => {
    player.stages.children[number].children[0].onclick();
    assert.equal(player.script.at, first);
    assert.equal(player.stages.children[number].children[0].getAttribute("aria-current"), "step");
  });
  assert.deepEqual(cells(player, "share"), rows.find(({ name }) => name === "share").texts);
  player.buttons.stage_back.onclick();
  assert.equal(player.script.beat.stage, stages.length - 2);
  player.buttons.forward.onclick();
  player.buttons.stage_back.onclick();
  assert.equal(player.script.at, stages[stages.length - 2].first, "first to the beginning of the stage");
});

test("the gradient goes back one timestep at a time while it is played", () => {
  const player = open("one", { calm: false });
  const { stages, beats } = player.script.message;
  const sweep = beats.findIndex((beat) => beat.lights.includes("later") && beat.lights.includes("share"));
  assert.equal(beats[sweep].stage, 3);
  const { at } = beats[sweep];
  assert.deepEqual(at, [...at].sort((a, b) => b - a));
  player.move((script) => script.goTo(sweep - 1));
  player.buttons.play.onclick();
  const counts = [];
  for (let k = 0; k < 2000 && player.script.at === sweep; k += 1) {
    const lit = cells(player, "gates").filter((text) => text !== "").length - 1; // the last was there before
    if (counts.at(-1) !== lit) counts.push(lit);
    advance(16);
  }
  assert.deepEqual(counts, at.map((_, k) => k + 1));
  assert.ok(stages.length > player.script.beat.stage);
});

test("playing ends at the end, begins anew from there, and a step pauses it", () => {
  const player = open();
  const all = player.script.message.beats.reduce((sum, { seconds }) => sum + seconds, 0);
  player.buttons.play.onclick();
  assert.equal(player.buttons.play.textContent, "Pause");
  advance(1000 * all + 2000);
  assert.equal(player.isPlaying, false);
  assert.equal(player.script.isAtEnd, true);
  player.buttons.play.onclick();
  assert.equal(player.script.at, 0);
  player.buttons.forward.onclick();
  assert.equal(player.isPlaying, false);
  assert.equal(player.script.share, 1);
});

test("whoever wants less motion sees every beat at once", () => {
  const player = open("one", { calm: true });
  const sweep = player.script.message.beats.findIndex((beat) => beat.lights.includes("later") && beat.lights.includes("share"));
  player.move((script) => script.goTo(sweep - 1));
  player.buttons.play.onclick();
  assert.ok(cells(player, "gates").every((text) => text !== ""));
});

test("keys go where the buttons go; the rest is the page's", () => {
  const player = open();
  assert.ok(press(player, "ArrowRight"));
  assert.equal(player.script.at, 1);
  assert.ok(press(player, "ArrowLeft"));
  assert.equal(player.script.at, 0);
  assert.ok(press(player, "4"));
  assert.equal(player.script.beat.stage, 3);
  assert.ok(press(player, "PageDown"));
  assert.equal(player.script.beat.stage, 4);
  assert.ok(press(player, "End"));
  assert.equal(player.script.isAtEnd, true);
  assert.ok(press(player, " "));
  assert.equal(player.isPlaying, true);
  assert.ok(!press(player, " ", { tagName: "BUTTON" }), "a button is pressed by it");
  assert.ok(press(player, "Home"));
  assert.equal(player.isPlaying, false);
  assert.ok(!press(player, "x"));
  assert.ok(press(player, "9"), "there is no ninth stage: nothing moves");
  assert.equal(player.script.at, 0);
});

test("another weight is shown where one is; the same message once more changes nothing", () => {
  const player = open("one");
  player.move((script) => script.goToStage(5));
  player.receive(read("one"));
  assert.equal(player.script.beat.stage, 5);
  player.receive(read("short"));
  assert.equal(player.script.beat.stage, 5);
  assert.equal(player.said.textContent, player.script.beat.text);
});

test("the lines of a stage stand until the next one, the present ones lit", () => {
  const player = open();
  player.move((script) => script.goToStage(6));
  const rule = [...player.lines.children].map(plainText);
  assert.ok(rule.some((line) => line.startsWith("m ← 0.9 m + 0.1 g")));
  player.buttons.forward.onclick();
  const lines = [...player.lines.children];
  assert.deepEqual(lines.slice(0, rule.length).map(plainText), rule);
  assert.deepEqual(lines.map((line) => line.dataset.lit), [...rule.map(() => "false"), "true"]);
});

test("what a text has for a symbol is shown as it is", () => {
  const player = open("several");
  assert.ok(cells(player, "read")[0].includes("<b>"));
});

test("the component takes itself down", () => {
  const parent = openPage();
  const leave = main({ data: read("one"), parentElement: parent });
  assert.equal(parent.all(".motion").length, 1);
  main({ data: read("one"), parentElement: parent });
  assert.equal(parent.all(".motion").length, 1);
  leave();
  assert.equal(parent.all(".motion").length, 0);
});

test("a script never leaves its beats", () => {
  const script = new Script(read("one"));
  script.step(-5);
  assert.equal(script.at, 0);
  script.stepStage(-1);
  assert.equal(script.at, 0);
  script.goToStage(99);
  assert.equal(script.at, 0);
  script.goTo(Infinity);
  script.stepStage(1);
  assert.equal(script.at, script.message.beats.length - 1);
});
