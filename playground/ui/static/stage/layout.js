/** Builds the stage's elements once; what they say and show comes later. */

import { element } from "../shared/dom.js";
import { Panel } from "../shared/panel.js";

/** @typedef {ReturnType<typeof buildLayout>} Layout */

const COLUMNS = [
  ["curve", "trajectory"],
  ["state", "cell_state", "gradients"],
  ["gates", "odds", "samples"],
];

export function buildLayout() {
  /** @type {Record<string, Panel>} */
  const panels = { tiles: new Panel("tiles") };
  const columns = COLUMNS.map((names) => {
    for (const name of names) panels[name] = new Panel(name);
    return element("div", { class: "column" }, names.map((name) => panels[name].element));
  });
  for (const name of ["tiles", "curve", "state", "cell_state", "gradients", "trajectory", "odds"]) {
    panels[name].addSurface();
  }
  const tabs = element("div", { class: "tabs", role: "radiogroup" });
  panels.tiles.aside.append(tabs);
  const readout = buildReadout();
  panels.tiles.body.append(readout.element);
  const gatesAxis = element("p", { class: "axis" });
  panels.gates.element.append(gatesAxis);
  const legend = element("div", { class: "legends" });
  panels.curve.hint.after(legend);
  const samples = element("ol", { class: "samples-list" });
  panels.samples.body.append(samples);
  const footer = buildFooter();
  const live = element("div", { class: "spoken", "aria-live": "polite" });
  const tip = element("div", { class: "tip", "aria-hidden": "true" });
  const root = element("div", { class: "stage", "data-testid": "stage", tabindex: "0", role: "group" }, [
    element("div", { class: "inner" }, [
      panels.tiles.element, element("div", { class: "columns" }, columns), footer.element,
    ]),
    live, tip,
  ]);
  return { root, panels, tabs, readout, legend, gatesAxis, samples, footer, live, tip };
}

/** The numbers of the training cursor, large: of its batch, and of the sequence shown when that is only a part of it. */
function buildReadout() {
  const list = element("dl", { class: "readout" });
  /** @param {string} key */
  const entry = (key) => {
    const name = element("dt");
    const value = element("dd");
    const box = element("div", { class: key }, [name, value]);
    list.append(box);
    return { box, name, value };
  };
  return {
    element: list, step: entry("step"), perplexity: entry("perplexity"), loss: entry("loss"), watched: entry("watched"),
  };
}

/** The scrub bar over training and its buttons. */
function buildFooter() {
  const range = element("input", { type: "range", min: "0", max: "0", step: "1", value: "0" });
  const status = element("span", { class: "status" });
  const newest = element("button", { type: "button", class: "newest-button" });
  const study = element("button", { type: "button", class: "study-button" });
  const notice = element("p", { class: "notice", role: "status" });
  const bar = element("div", { class: "bar" }, [range, status, newest, study]);
  return { element: element("footer", {}, [bar, notice]), range, status, newest, study, notice };
}
