/** The picture on its page: what it says, how one moves through a recording, and what goes from shape to shape. */

import assert from "node:assert/strict";
import { test } from "node:test";

import main from "../../../../playground/ui/static/shape/main.js";
import { scalesOf } from "../../../../playground/ui/static/shape/message.js";
import { css, makeTheme } from "../../../../playground/ui/static/shared/theme.js";
import { short } from "../../../../playground/ui/static/shared/words.js";
import { advance, openPage } from "../page.js";
import { NAMES, opened, plain, press, read } from "./open.js";

const at = (picture) => Number(picture.root.dataset.step);
const drawn = (picture, name) => picture.surface.context.calls.filter((call) => call.name === name);

for (const name of NAMES) {
  test(`${name}: every recorded step is drawn and said`, () => {
    const picture = opened(name);
    const message = read(name);
    picture.slider.value = "0";
    picture.slider.oninput();
    advance(20);
    for (const frame of message.frames) {
      assert.equal(at(picture), frame.step);
      assert.equal(picture.where.textContent, `Step ${frame.step} of ${message.frames.at(-1).step}`);
      assert.ok(picture.verdict.textContent.length > 5);
      const label = picture.plot.getAttribute("aria-label");
      for (const part of [message.title, picture.where.textContent, picture.example.textContent]) assert.ok(label.includes(part));
      assert.ok(!/undefined|NaN|\{|\}/.test(label + picture.verdict.textContent), label + picture.verdict.textContent);
      message.reads.forEach((_, t) => {
        press(picture, "ArrowRight");
        assert.equal(picture.t, t);
        const detail = picture.detail.textContent;
        assert.ok(detail.startsWith(`t = ${t + 1} · `) && !/undefined|NaN|\{|\}/.test(detail), detail);
        assert.equal(detail.includes("nothing is asked"), !message.asks[t]);
      });
      picture.point(-1);
      picture.buttons.forward.onclick();
      advance(20);
    }
    assert.equal(picture.buttons.forward.getAttribute("aria-disabled"), "true");
  });
}

test("what is said of a step: loss, success beside a constant answer, the example", () => {
  const picture = opened("sentiment");
  const { frames, asked, measure } = read("sentiment");
  const last = frames.at(-1);
  const read_ = last.read.join(" ").trim();
  const [answer, right] = [last.answered.at(-1), last.answered.at(-1) === asked.at(-1) ? "Right." : "Wrong."];
  assert.equal(plain(picture.example.textContent), `Read: ${read_}. Answered: ${answer}. Asked: ${asked.at(-1)}. ${right}`);
  const share = Math.round(100 * last.success);
  assert.equal(picture.verdict.textContent, `loss ${last.loss.toPrecision(3)} nats · held-out answers right: ${share} % of ${measure.n}; always the same answer: 50 %`);
});

test("letters are said as a word, and what is written is not said to be read", () => {
  assert.ok(plain(opened("leak").example.textContent).startsWith("Read: hell. "));
  const { reading, frames } = read("delayed");
  assert.equal(reading, 3);
  const said = plain(opened("delayed").example.textContent);
  assert.ok(said.startsWith(`Read: ${frames.at(-1).read.slice(0, 3).join(" ")}. `), said);
});

test("cells are painted in the colours of signed numbers", () => {
  const picture = opened("sentiment");
  const theme = makeTheme({ background: "", text: "", accent: "", font: "", mono: "" });
  const painted = new Set(drawn(picture, "fillRect").map(({ fillStyle }) => fillStyle));
  for (const value of read("sentiment").frames.at(-1).states[0][0].at(-1)) assert.ok(painted.has(css(theme.signed[Math.round(511 * ((value + 1) / 2))])));
  assert.ok(painted.has(theme.colour.probability));
});

test("backwards, boxes are painted in light, and what is no number in the colour of that", () => {
  const theme = makeTheme({ background: "", text: "", accent: "", font: "", mono: "" });
  const fills = (name) => new Set(drawn(opened(name), "fill").map(({ fillStyle }) => fillStyle));
  assert.ok([...theme.beam].some((colour) => fills("back").has(css(colour))));
  assert.ok(fills("exploded").has(css(theme.broken)));
  assert.ok(opened("exploded").verdict.textContent.includes("not a number"));
});

test("keys: timesteps, recorded steps, ends, playing; those of buttons and fields are theirs", () => {
  const picture = opened("tags");
  const steps = read("tags").frames.map(({ step }) => step);
  assert.ok(press(picture, "Home") && at(picture) === steps[0]);
  assert.ok(press(picture, "ArrowUp") && at(picture) === steps[1]);
  assert.ok(press(picture, "[") && at(picture) === steps[0]);
  assert.ok(press(picture, "ArrowDown") && at(picture) === steps[0]);
  assert.ok(press(picture, "End") && at(picture) === steps.at(-1));
  assert.ok(press(picture, "ArrowLeft") && picture.t === read("tags").reads.length - 1);
  assert.ok(press(picture, "ArrowLeft") && picture.t === read("tags").reads.length - 2);
  assert.ok(!press(picture, "ArrowLeft", { tagName: "INPUT" }) && !press(picture, " ", { tagName: "BUTTON" }) && !press(picture, "q"));
  assert.ok(press(picture, " ") && picture.tape.isPlaying);
});

test("played, it goes from the first step to the last, and rests there", () => {
  const picture = opened("tags");
  const steps = read("tags").frames.map(({ step }) => step);
  assert.equal(at(picture), steps.at(-1));
  picture.buttons.play.onclick();
  assert.equal(picture.tape.at, 0);
  advance(40);
  assert.equal(picture.buttons.play.textContent, "Pause");
  assert.equal(picture.detail.getAttribute("aria-live"), "off");
  advance(6000);
  assert.equal(at(picture), steps.at(-1));
  assert.equal(picture.root.dataset.playing, "false");
  assert.equal(picture.buttons.play.textContent, "Play");
});

test("while it is learned the newest step is shown; who looks at an earlier one stays there", () => {
  const whole = read("tags");
  const until = (count) => ({ ...whole, frames: whole.frames.slice(0, count) });
  const picture = opened([until(1), until(3)]);
  assert.equal(at(picture), whole.frames[2].step);
  press(picture, "[");
  picture.receive(until(4));
  advance(20);
  assert.equal(at(picture), whole.frames[1].step);
  press(picture, "End");
  picture.receive(whole);
  advance(20);
  assert.equal(at(picture), whole.frames.at(-1).step);
});

test("another shape takes a while to come, another step none; where less motion is wanted, neither", () => {
  for (const calm of [false, true]) {
    const picture = opened(["sentiment"], { calm });
    const before = picture.drawn.get("h.0.0.2").at[0];
    picture.receive({ ...read("tags"), place: picture.message.place });
    advance(40);
    const during = picture.drawn.get("h.0.0.2").at[0];
    assert.equal(picture.drawn.has("loss.8"), !calm);
    advance(1500);
    const after = picture.drawn.get("h.0.0.2").at[0];
    assert.ok(!picture.drawn.has("loss.8") && picture.drawn.get("loss.1").alpha === 1);
    assert.notEqual(before, after);
    assert.equal(during === after, calm);
    picture.buttons.back.onclick();
    advance(20);
    assert.equal(picture.from, null);
  }
});

test("another element at the same place goes on where the one before has been", () => {
  const first = opened(["sentiment"], { calm: false }, "here");
  press(first, "Home");
  press(first, "ArrowRight");
  first.dispose();
  const again = opened(["sentiment"], { calm: false }, "here");
  assert.deepEqual([at(again), again.t, again.from], [0, 0, null]);
  again.dispose();
  const other = opened(["tags"], { calm: false }, "here");
  assert.ok(other.drawn.has("loss.8") && at(other) > 0 && other.t === -1, "it comes from the shape before");
  advance(1500);
  assert.ok(!other.drawn.has("loss.8"));
  assert.equal(opened(["tags"], { calm: false }).from, null);
});

test("of a sequence that is longer than the picture is wide, the first answer that is asked for is in view", () => {
  for (const name of ["sentiment", "numbers"]) {
    const picture = opened(name);
    const x = picture.layout.x(read(name).asks.indexOf(true)) - picture.scroller.scrollLeft;
    assert.ok(parseFloat(picture.track.style.width) > 600, name);
    assert.ok(x > picture.layout.gutter && x < 600, name);
  }
});

test("a long sequence is scrolled to what is pointed at by keys, and pointers know where it stands", () => {
  const picture = opened("numbers");
  assert.ok(parseFloat(picture.track.style.width) > 600);
  press(picture, "ArrowLeft");
  const { scrollLeft } = picture.scroller;
  const x = picture.layout.x(picture.t) - scrollLeft;
  assert.ok(scrollLeft > 0 && x > picture.layout.gutter && x < 600);
  picture.plot.onpointermove({ clientX: x - picture.layout.column });
  assert.equal(picture.t, read("numbers").reads.length - 2);
  picture.plot.onpointermove({ clientX: 3 });
  assert.equal(picture.t, read("numbers").reads.length - 2, "the names of the rows are no timestep");
});

test("the legend says how many units and outputs are drawn, between which sizes gradients shine", () => {
  const of = (name) => opened(name).legends.textContent;
  assert.ok(of("name").includes("entries of h, 8 of 20") && of("name").includes("16 of 18 outputs"));
  assert.ok(of("sentiment").includes("entries of h−1+1"));
  const { low, high } = scalesOf(read("back"));
  assert.equal(of("back"), `‖∂L/∂h‖, logarithmic${short(10 ** low)}${short(10 ** high)}`);
  assert.ok(of("delayed").includes("the bridge") && of("leak").includes("the path"));
});

test("nonsense moves nothing out of its range, hostile symbols stay text, and it can be taken down", () => {
  const message = read("sentiment");
  for (const frame of message.frames) frame.read[0] = "<img src=x onerror=alert(1)>";
  const parent = openPage();
  const leave = main({ data: message, parentElement: parent });
  advance(50);
  const [slider] = parent.all(".scrub");
  for (const value of ["abc", "-7", "1e9", ""]) {
    slider.value = value;
    slider.oninput();
    advance(20);
    assert.ok(Number(slider.value) >= 0 && Number(slider.value) < message.frames.length);
  }
  assert.ok(plain(parent.all(".example")[0].textContent).includes("<img src=x onerror=alert(1)>"));
  assert.equal(parent.all(".example")[0].children.length, 0);
  main({ data: null, parentElement: parent });
  main({ data: { ...message, frames: [] }, parentElement: parent });
  advance(50);
  assert.equal(parent.all(".shape").length, 1);
  leave();
  assert.equal(parent.all(".shape").length, 0);
});
