/** Puts titles, advice and legends on the panels: what changes with the scene, the theme or the layer. */

import { element, setAttribute, setText } from "../shared/dom.js";
import { colourLegend, lineLegend } from "../shared/panel.js";
import { gatePalette, isSlope } from "./gates.js";
import { GHOST_DASHES } from "./curve.js";
import { lossLimit } from "./tiles.js";
import { FAINT, KINDS } from "./gradients.js";
import { say, short } from "../shared/words.js";
import { stateLimit } from "./states.js";
import { css } from "../shared/theme.js";

/** @typedef {import("./layout.js").Layout} Layout */
/** @typedef {import("./view.js").View} View */
/**
 * @typedef {object} Actions
 * @property {(layer: number) => void} showLayer
 * @property {(id: string) => void} removeGhost
 */

const MOVES = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };
const OF_ONE_LAYER = new Set(["state", "cell_state", "gates", "gradients", "trajectory"]);

/**
 * @param {Layout} layout
 * @param {View} view
 * @param {Actions} actions
 */
export function dress(layout, view, actions) {
  const { panels, root } = layout;
  const { scene, words } = view;
  for (const [name, panel] of Object.entries(panels)) {
    const key = name === "gates" && scene.gates.some(isSlope) ? "slopes" : name;
    const layer = scene.layers > 1 && OF_ONE_LAYER.has(name) ? ` · ${say(words, "layer", { n: view.layer + 1 })}` : "";
    panel.setNames(say(words, key) + layer, say(words, hintKey(key, scene)));
  }
  setAttribute(root, "aria-description", say(words, "aria_keys"));
  panels.cell_state.element.hidden = !scene.states.includes("c");
  dressTabs(layout, view, actions);
  dressGates(layout, view);
  dressLegends(layout, view);
  dressCurveLegend(layout, view, actions);
  const { readout, footer } = layout;
  setText(layout.gatesAxis, say(words, "axis_timestep"));
  setText(readout.step.name, say(words, "axis_step"));
  setText(readout.perplexity.name, say(words, "perplexity"));
  setText(readout.loss.name, say(words, "loss"));
  setText(readout.watched.name, say(words, "watched_perplexity"));
  readout.watched.box.hidden = scene.windows === 1;
  setAttribute(footer.range, "aria-label", say(words, "scrub"));
  setText(footer.newest, say(words, "newest"));
}

/**
 * The sentence under a title: the one that is true for this run.
 * @param {string} panel
 * @param {import("./wire.js").Scene} scene
 */
function hintKey(panel, { whole_batch, reduction }) {
  if (panel === "gradients") return `gradients_hint_${reduction}`;
  if (panel === "curve" && !whole_batch) return "curve_hint_batch";
  return `${panel}_hint`;
}

/**
 * @param {Layout} layout
 * @param {View} view
 * @param {Actions} actions
 */
function dressTabs({ tabs }, { scene, words, layer }, actions) {
  tabs.hidden = scene.layers < 2;
  if (tabs.hidden) return;
  setAttribute(tabs, "aria-label", say(words, "layers"));
  const had = tabs.contains(/** @type {ShadowRoot|Document} */ (tabs.getRootNode()).activeElement);
  tabs.replaceChildren(...Array.from({ length: scene.layers }, (_, k) => {
    const checked = k === layer;
    const tab = element("button", {
      type: "button", role: "radio", "aria-checked": String(checked), tabindex: checked ? "0" : "-1",
    }, [say(words, "layer", { n: k + 1 })]);
    tab.onclick = () => actions.showLayer(k);
    tab.onkeydown = (event) => {
      const move = /** @type {Record<string, number>} */ (MOVES)[event.key];
      if (!move) return;
      event.preventDefault();
      event.stopPropagation();
      actions.showLayer((k + move + scene.layers) % scene.layers);
    };
    return tab;
  }));
  if (had) /** @type {HTMLElement} */ (tabs.children[layer]).focus();
}

/**
 * One box a gate, each under a label that says what its ends mean.
 * @param {Layout} layout
 * @param {View} view
 */
function dressGates({ panels }, { scene, words }) {
  const { body, surfaces } = panels.gates;
  const names = scene.gates.map((gate) => gate.name).join();
  if (body.dataset.gates !== names) {
    body.dataset.gates = names;
    body.className = `body gates-${scene.gates.length}`;
    surfaces.length = 0;
    body.replaceChildren(...scene.gates.map((gate) => {
      const box = element("div", { class: "gate" }, [element("p", { class: "gate-name" })]);
      box.dataset.gate = gate.name;
      panels.gates.addSurface(box);
      return box;
    }));
  }
  scene.gates.forEach((gate, k) => {
    setText(/** @type {HTMLElement} */ (body.children[k].firstElementChild), say(words, `gate_${gate.name}`));
  });
}

/**
 * @param {Layout} layout
 * @param {View} view
 */
function dressLegends({ panels }, view) {
  const { scene, words, theme } = view;
  const tiles = panels.tiles.aside;
  tiles.querySelector(".legend")?.remove();
  const limit = `≥ ${short(lossLimit(view))}`;
  tiles.prepend(colourLegend(theme.loss, "0", limit, `${say(words, "loss")} (${say(words, "nats")})`));
  for (const [name, state] of [["state", "h"], ["cell_state", "c"]]) {
    const high = stateLimit(view, state);
    const legend = colourLegend(theme.signed, short(-high), short(high));
    panels[name].aside.replaceChildren(legend, ...brokenLegend(view));
  }
  if (scene.units < scene.hidden_size) {
    const text = say(words, "remaining", { shown: scene.units, all: scene.hidden_size });
    panels.state.aside.prepend(element("span", { class: "note" }, [text]));
  }
  const kinds = [...new Set(scene.gates.map((gate) => gate.low < 0))].sort();
  panels.gates.aside.replaceChildren(...kinds.map((signed) => {
    const gate = /** @type {import("./wire.js").Gate} */ (scene.gates.find((one) => one.low < 0 === signed));
    const title = kinds.length > 1 ? scene.gates.filter((one) => one.low < 0 === signed).map((one) => one.name) : [];
    return colourLegend(gatePalette(view, gate), short(gate.low), short(gate.high), title.join(" "));
  }), ...brokenLegend(view));
  panels.gradients.aside.replaceChildren(...KINDS.map((kind) => element("span", { class: "legend" }, [
    element("span", {}, [say(words, kind === "last" ? "loss_last" : `loss_${scene.reduction}`)]),
    ...scene.states.map((state) => lineLegend(
      theme.colour[state], state, state === "c" ? "dashed" : "solid", kind === "last" ? 1 : FAINT,
    )),
  ])));
}

/**
 * What the colour of no number means, where a run has exploded.
 * @param {View} view
 */
function brokenLegend({ explosion, theme, words }) {
  return explosion ? [lineLegend(css(theme.broken), say(words, "broken"), "block")] : [];
}

/**
 * This run, clipped steps, and the ghosts with a button each to remove them.
 * @param {Layout} layout
 * @param {View} view
 * @param {Actions} actions
 */
function dressCurveLegend({ legend }, { scene, words, theme }, actions) {
  const kinds = /** @type {const} */ (["dashed", "dashed", "dotted"]);
  const ghosts = scene.ghosts.map((ghost, k) => {
    const entry = lineLegend(theme.ghosts[k % theme.ghosts.length], ghost.label, kinds[k % GHOST_DASHES.length]);
    const label = say(words, "ghost_remove", { label: ghost.label });
    const remove = element("button", { type: "button", class: "remove", "aria-label": label, title: label }, ["×"]);
    remove.onclick = () => actions.removeGhost(ghost.id);
    entry.append(remove);
    return entry;
  });
  legend.replaceChildren(
    lineLegend(theme.colour.perplexity, say(words, "this_run")),
    lineLegend(theme.colour.clipped, say(words, "clipped"), "tick"),
    ...ghosts,
  );
}
