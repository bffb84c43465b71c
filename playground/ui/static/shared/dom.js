/** Small helpers for building elements, and for what the page around them is doing. Text always goes in as text. */

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string>} [attributes]
 * @param {(Node|string)[]} [children]
 * @returns {HTMLElementTagNameMap[K]}
 */
export function element(tag, attributes = {}, children = []) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/**
 * Sets an element's text, touching the page only when it differs.
 * @param {HTMLElement} target
 * @param {string} text
 */
export function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

/**
 * Sets an attribute, touching the page only when it differs.
 * @param {HTMLElement} target
 * @param {string} name
 * @param {string} value
 */
export function setAttribute(target, name, value) {
  if (target.getAttribute(name) !== value) target.setAttribute(name, value);
}

/** Whether the server is still sending a page, or a part of one: Streamlit writes it on the page's root. */
export function isPageRunning() {
  return document.querySelector("[data-test-script-state]")?.getAttribute("data-test-script-state") === "running";
}

/** Whether the server is there to be asked: Streamlit writes that beside it. */
export function isConnected() {
  const state = document.querySelector("[data-test-connection-state]")?.getAttribute("data-test-connection-state");
  return state === undefined || state === "CONNECTED";
}

/** What the browser keeps for this tab, over reloads; null where it may not. */
export function tabStorage() {
  try {
    return window.sessionStorage;
  } catch {
    return null;
  }
}

/**
 * Brings a part of the page into view, if it is there.
 * @param {string} selector
 * @param {boolean} isCalm  whether less motion is wanted
 */
export function scrollTo(selector, isCalm) {
  document.querySelector(selector)?.scrollIntoView({ behavior: isCalm ? "auto" : "smooth", block: "start" });
}
