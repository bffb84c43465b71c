/** Builds the stage's elements once; what they say and show comes later. */

import { element } from "./dom.js";
import { Panel } from "./panel.js";

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

/** The numbers of the watched sequence, large. */
function buildReadout() {
  const names = ["step", "perplexity", "loss"];
  /** @type {Record<string, {name: HTMLElement, value: HTMLElement}>} */
  const entries = {};
  const list = element("dl", { class: "readout" });
  for (const key of names) {
    entries[key] = { name: element("dt"), value: element("dd") };
    list.append(element("div", { class: key }, [entries[key].name, entries[key].value]));
  }
  return { element: list, ...entries };
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
