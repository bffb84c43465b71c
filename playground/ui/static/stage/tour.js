/** What a scene of the tour is about stays bright; everything else is dimmed until somebody points at it. */

import { setAttribute } from "../shared/dom.js";

/**
 * @param {import("./placed.js").Placed[]} panels
 * @param {string[]} lit  names of those that stay bright; none: all of them
 */
export function dim(panels, lit) {
  for (const { kind, element } of panels) {
    const isLit = lit.includes(kind.name);
    setAttribute(element, "data-tour", lit.length === 0 ? "" : isLit ? "lit" : "dimmed");
  }
}
