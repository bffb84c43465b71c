/** The sheet of one step, on messages that Python wrote: its numbers, what is lit together, what it sends. */

import assert from "node:assert/strict";
import test from "node:test";
import main from "../../../../playground/ui/static/cell/main.js";
import { written } from "../messages.js";
import { openPage, plainText } from "../page.js";

const NAMES = written("cells.json");

class Opened {
  constructor(message) {
    this.sent = [];
    this.root = openPage();
    this.show(message);
  }

  show(data) {
    const setTriggerValue = (name, value) => this.sent.push([name, value]);
    this.leave = main({ data, parentElement: this.root, setTriggerValue });
  }

  all(name) { return this.root.all(`.${name}`); }
  texts(name) { return this.all(name).map(plainText); }
  elements(node = this.root) { return [node, ...node.children.flatMap((child) => this.elements(child))]; }
  tagged(tag) { return this.elements().filter((each) => each.tagName === tag.toUpperCase()); }
  field(name) { return this.tagged("input").find((input) => input.dataset.name === name); }
  type(name, text) {
    const field = this.field(name);
    field.onfocus({});
    field.value = text;
    field.onblur({});
  }
  lit() { return this.elements().filter((each) => each.attributes.has("data-lit")); }
}

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const exponent = (text) => Number(text.replace("⁻", "-").replace(/[⁰-⁹¹²³]/g, (digit) => SUPERSCRIPTS.indexOf(digit)));
/** The numbers of a text, as the sheet writes them: −0.5, 3.2·10⁻⁵. */
const numbers = (text) => [...text.matchAll(/(−?\d+(?:\.\d+)?)(?:·10(⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]+))?/g)].map(
  ([, mantissa, power]) => Number(mantissa.replace("−", "-")) * 10 ** (power ? exponent(power) : 0),
);
const near = (found, expected) => assert.ok(Math.abs(found - expected) <= 0.0051 * Math.max(Math.abs(expected), 1e-3), `${found} is not ${expected}`);

test("every number of the example of three entries and two units is there", () => {
  const message = written("entries.json");
  const opened = new Opened(message);
  const shown = (name) => Number(opened.field(name).value.replace("−", "-"));
  message.weight[0].forEach((row, unit) => row.forEach((weight, k) => assert.equal(shown(`w.h.${unit + 1}.${k + 1}`), weight)));
  assert.deepEqual([1, 2, 3].map((k) => shown(`x.${k}`)), message.met[0].slice(0, 3));
  assert.deepEqual([1, 2].map((k) => shown(`h.${k}`)), message.before.h);
  const products = opened.texts("product").map((text) => numbers(text).at(-1));
  assert.deepEqual(products, message.products[0].flat());
  assert.deepEqual(opened.texts("pre").map((text) => numbers(text)[0]), [-0.55, 0.375]);
  assert.deepEqual(opened.texts("result"), ["h₁ = tanh(a) = −0.501", "h₂ = tanh(a) = 0.358"]);
});

for (const name of NAMES) {
  test(`${name}: every state's equation has the numbers of the step`, () => {
    const message = written(`${name}.json`);
    const opened = new Opened(message);
    for (const { state, terms } of message.wires.filter(({ terms: some }) => some.length)) {
      message.units.forEach((_, place) => {
        const line = opened.all("equation").find((each) => each.dataset.state === `${state}.${place + 1}`);
        near(numbers(plainText(line).replaceAll("(−", "−")).at(-1), message.values[state][place]);
        assert.equal(line.all(".term").length, 2 * (1 + terms.flat().length));
      });
    }
    for (const picture of opened.tagged("svg")) assert.ok(picture.getAttribute("aria-label").includes(`unit ${message.units[0] + 1}`));
  });

  test(`${name}: the way back shows each share with its sum`, () => {
    const message = { ...written(`${name}.json`), way: "back" };
    const opened = new Opened(message);
    for (const state of message.states) {
      message.units.forEach((_, place) => {
        const leaves = opened.all("equation").find((each) => each.dataset.leaves === `${state}.${place + 1}`);
        near(numbers(plainText(leaves.children.at(-1)))[0], message.before_gradient[state][place]);
      });
    }
    const shares = opened.texts("share").map((text) => numbers(text).at(-1));
    const expected = message.weight_share.flat(2).filter((share) => share !== null);
    assert.equal(shares.length, expected.length);
    shares.forEach((share, k) => near(share, expected[k]));
  });

  test(`${name}: what is shown split and joined is the same`, () => {
    const message = written(`${name}.json`);
    const [joined, split] = [true, false].map((is) => new Opened({ ...message, joined: is }));
    assert.deepEqual(joined.texts("product"), split.texts("product"));
    assert.equal(joined.all("part").length, 0);
    const parts = split.texts("part").map((text) => numbers(text)[0]);
    const first = message.columns.filter(({ part }) => part === "x").length;
    const sum = (values) => values.reduce((all, value) => all + value, 0);
    const expected = message.products.flat().flatMap((row) => [sum(row.slice(0, first)), sum(row.slice(first))]);
    parts.forEach((part, k) => assert.ok(Math.abs(part - expected[k]) < 0.006));
  });
}

test("an entry of h lights its row and all that it meets, a weight the row's result and what it meets", () => {
  const opened = new Opened(written("entries.json"));
  const [first, second] = opened.all("result");
  first.onpointerenter();
  const named = () => opened.lit().map((each) => each.dataset.name).filter(Boolean);
  for (const name of ["x.1", "x.2", "x.3", "h.1", "h.2", ...[1, 2, 3, 4, 5].map((k) => `w.h.1.${k}`)]) assert.ok(named().includes(name), name);
  assert.ok(!named().some((name) => name.startsWith("w.h.2")));
  first.onpointerleave();
  assert.deepEqual(opened.lit(), []);
  opened.field("w.h.2.4").onfocus({});
  assert.deepEqual(named().sort(), ["h.1", "w.h.2.4"]);
  assert.ok(opened.lit().includes(second));
  opened.field("w.h.2.4").onblur({});
  opened.field("x.2").onfocus({});
  assert.deepEqual(named().filter((name) => name.startsWith("w")).sort(), ["w.h.1.2", "w.h.2.2"]);
});

test("a tap on a result writes its row out and stays lit", () => {
  const opened = new Opened(written("entries.json"));
  opened.all("result")[1].onclick({});
  assert.match(plainText(opened.all("full")[0]), /h₂.*= tanh\(0\.375\) = 0\.358/);
  assert.ok(opened.lit().length > 5);
});

test("a number that was typed is sent once, one that was not changed never", () => {
  const opened = new Opened(written("entries.json"));
  opened.type("x.1", "0.25");
  opened.type("w.h.1.1", opened.field("w.h.1.1").value);
  opened.type("b.h.1.1", "abc");
  const first = { name: "x.1", text: "0.25", serial: 1 };
  assert.deepEqual(opened.sent, [["ask", [first]], ["ask", [first, { name: "b.h.1.1", text: "abc", serial: 2 }]]]);
});

test("what was not answered yet goes along with what is asked next, and the picture keeps its way until then", () => {
  const message = written("keeps.json");
  const opened = new Opened(message);
  opened.type("x.1", "0.25");
  opened.all("tabs")[0].children[1].onclick({});
  assert.deepEqual(opened.sent.at(-1)[1].map(({ serial }) => serial), [1, 2]);
  opened.show({ ...message, heard: 1 }); // the answer to the first: it does not know of the second
  assert.equal(opened.texts("arrives").length, 6);
  opened.type("x.2", "3");
  assert.deepEqual(opened.sent.at(-1)[1].map(({ serial }) => serial), [2, 3]);
  opened.show({ ...message, heard: 3 });
  assert.equal(opened.texts("arrives").length, 0);
  opened.leave();
  const anew = new Opened({ ...message, heard: 3 });
  anew.type("x.1", "0.25");
  assert.deepEqual(anew.sent[0][1], [{ name: "x.1", text: "0.25", serial: 4 }]);
});

test("what is wrong stands beside its field, as text, and the old value stays", () => {
  const sentence = "<b>The number</b> must be a number";
  const opened = new Opened({ ...written("entries.json"), complaint: { name: "x.2", sentence } });
  assert.deepEqual(opened.texts("complaint"), [sentence]);
  assert.equal(opened.field("x.2").value, "0.5");
  assert.equal(opened.field("x.2").getAttribute("aria-invalid"), "true");
});

test("of a one-hot input all columns but one are dimmed, and it is said that it looks up a column", () => {
  const opened = new Opened(written("run.json"));
  const { columns, units, blocks, lit } = written("run.json");
  const read = columns.filter(({ part, entry }) => part === "x" && entry !== null).length;
  assert.ok(lit !== null);
  assert.equal(opened.all("dim").length, (read - 1) * (1 + units.length * blocks.length));
  assert.ok(opened.texts("note").some((text) => text.includes("looking up a column")));
  assert.equal(opened.tagged("input").length, 0);
});

for (const [name, gate, sums, carried] of [["blends", "r", 3, "· r₁"], ["one_gate", "f", 2, "f · h′"]]) {
  test(`${name}: a gate that stands at another block's weights has a wire to its sum, and no wire is drawn over a text`, () => {
    const [picture] = new Opened(written(`${name}.json`)).tagged("svg");
    const tags = picture.children.map(({ tagName }) => tagName.toLowerCase());
    assert.ok(tags.lastIndexOf("path") < tags.indexOf("text"));
    assert.ok(picture.all(".carried").map(plainText).includes(carried));
    const gates = picture.children.filter((each) => plainText(each).startsWith(`${gate}₁`));
    assert.equal(gates.length, 1);
    const wires = picture.children.filter((each) => (each.getAttribute("d") ?? "").includes(" Q"));
    assert.equal(wires.length, 1);
    const ends = picture.children.filter((each) => plainText(each) === "Σ").map(({ children }) => children[0]);
    assert.equal(ends.length, sums);
    const last = ends.at(-1); // of the candidate, which is the last block
    assert.ok(wires[0].getAttribute("d").endsWith(`${last.getAttribute("cx")} ${last.getAttribute("cy") - 22} V${last.getAttribute("cy") - 13}`));
  });
}

test("what is looked up is the sum of all products with what is read", () => {
  const message = written("run.json");
  const note = new Opened(message).texts("note").find((text) => text.includes("looking up a column"));
  const [products, column] = note.slice(note.lastIndexOf(": ") + 2, -1).split(" = ");
  assert.equal(products.split(" + ").length, message.columns.filter(({ part }) => part === "x").length);
  assert.equal(products.split(" + ").filter((text) => text !== "0").join(), column.startsWith("−") ? `(${column})` : column);
});

test("the other convention turns a gate round and changes no state", () => {
  for (const name of NAMES) {
    const message = written(`${name}.json`);
    const opened = new Opened(message);
    for (const button of opened.all("convention")) {
      const before = opened.all("equation").map((each) => numbers(plainText(each)).at(-1));
      button.onclick();
      assert.ok(opened.texts("equation").some((text) => text.includes("*")));
      assert.deepEqual(opened.all("equation").map((each) => numbers(plainText(each)).at(-1)), before);
    }
  }
});
