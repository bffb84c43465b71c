/**
 * A page without a browser: just enough of the DOM for the stage, with canvases that remember what is drawn on them.
 * Boxes are as large as `sizeOf` says; time stands still until `advance` is called.
 */

/** What a canvas was told, in order: [name of the call, its arguments, the styles that were set]. */
class Context {
  constructor(canvas) {
    this.canvas = canvas;
    this.calls = [];
    this.path = [];
    Object.assign(this, {
      fillStyle: "#000000", strokeStyle: "#000000", lineWidth: 1, globalAlpha: 1, font: "10px sans-serif", dash: [],
    });
  }

  #log(name, values, more = {}) {
    const { fillStyle, strokeStyle, lineWidth, globalAlpha, dash, font } = this;
    this.calls.push({ name, values, fillStyle, strokeStyle, lineWidth, globalAlpha, dash, font, ...more });
  }

  setTransform() {}
  save() {}
  restore() {}
  clip() {}
  translate() {}
  rotate() {}
  closePath() {}
  rect() {}
  setLineDash(dash) { this.dash = dash; }
  clearRect(...values) { this.#log("clearRect", values); }
  fillRect(...values) { this.#log("fillRect", values); }
  strokeRect(...values) { this.#log("strokeRect", values); }
  beginPath() { this.path = []; }
  moveTo(x, y) { this.path.push(["move", x, y]); }
  lineTo(x, y) { this.path.push(["line", x, y]); }
  arc(x, y, radius) { this.path.push(["arc", x, y, radius]); }
  fill() { this.#log("fill", [], { path: this.path }); }
  stroke() { this.#log("stroke", [], { path: this.path }); }
  fillText(text, x, y) { this.#log("fillText", [x, y], { text }); }
  strokeText() {}
  measureText(text) { return { width: 6 * [...text.replace(/[\u2068\u2069]/g, "")].length }; }
  createImageData(width, height) { return { data: new Uint8ClampedArray(4 * width * height), width, height }; }
  putImageData(image) { this.canvas.image = new Uint32Array(image.data.buffer.slice(0)); }
  drawImage(source, ...values) { this.#log("drawImage", values, { source, image: source.image }); }
  getImageData() {
    const channels = [1, 3, 5].map((k) => parseInt(this.fillStyle.slice(k, k + 2), 16));
    return { data: Uint8ClampedArray.from([...channels, 255]) };
  }
}

const escapes = (text) => text.replace(/-(\w)/g, (_, letter) => letter.toUpperCase());

class Style {
  setProperty(name, value) { this[name] = value; }
  getPropertyValue(name) { return this[name] ?? ""; }
}

class Node {
  constructor(tag) {
    Object.assign(this, { tagName: tag.toUpperCase(), style: new Style(), dataset: {}, parent: null, nodes: [], width: 0 });
    this.attributes = new Map();
    this.context = null;
    this.value = "0";
    this.isConnected = true;
    this.hidden = false;
    this.scrollLeft = 0;
  }

  setAttribute(name, value) {
    this.attributes.set(name, value);
    if (name.startsWith("data-")) this.dataset[escapes(name.slice(5))] = value;
  }

  getAttribute(name) { return this.attributes.get(name) ?? null; }
  get className() { return this.attributes.get("class") ?? ""; }
  set className(value) { this.attributes.set("class", value); }
  get children() { return this.nodes.filter((node) => typeof node !== "string"); }
  get firstElementChild() { return this.children[0] ?? null; }
  append(...nodes) { for (const node of nodes) this.#insert(this.nodes.length, node); }
  prepend(...nodes) { nodes.forEach((node, k) => this.#insert(k, node)); }
  replaceChildren(...nodes) { this.nodes = []; this.append(...nodes); }
  after(node) { this.parent.#insert(this.parent.nodes.indexOf(this) + 1, node); }
  remove() { if (this.parent) this.parent.nodes = this.parent.nodes.filter((node) => node !== this); }
  #insert(place, node) {
    if (typeof node !== "string") node.parent = this;
    this.nodes.splice(place, 0, node);
  }

  get textContent() { return this.nodes.map((node) => (typeof node === "string" ? node : node.textContent)).join(""); }
  set textContent(text) { this.nodes = text ? [text] : []; }
  contains(node) { return node === this || this.children.some((child) => child.contains(node)); }
  getRootNode() { return this.parent ? this.parent.getRootNode() : this; }
  querySelector(selector) { return this.all(selector)[0] ?? null; }
  /** Every element below with a class (".name"). */
  all(selector) {
    const name = selector.slice(1);
    const found = this.children.flatMap((child) => child.all(selector));
    return this.className.split(" ").includes(name) ? [this, ...found] : found;
  }

  getContext() { return (this.context ??= new Context(this)); }
  getBoundingClientRect() { return { left: 0, top: 0, width: 600, height: 300 }; }
  addEventListener() {}
  removeEventListener() {}
  setPointerCapture() {}
  toggleAttribute(name, on) { if (on) this.setAttribute(name, ""); else this.attributes.delete(name); }
  showModal() { this.open = true; }
  close() { this.open = false; }
  focus() {}
}

/** What a node says, as Python wrote it: formulas by the plain text that they were made of. */
export function plainText(node) {
  if (typeof node === "string") return node;
  return node.getAttribute("alttext") ?? node.nodes.map(plainText).join("");
}

/** The observers and timers of the page, to be fired by `advance`. */
const pending = { boxes: [], frames: [], timers: new Map(), now: 0, timer: 0, media: [], root: null, events: [], signs: new Map() };

export const SIZE = { width: 600, height: 240 };

/**
 * @param {{calm?: boolean, search?: string}} [reader]  whether less motion is wanted: then everything is drawn where it
 *   belongs; and what the address says behind its question mark
 */
export function openPage({ calm = true, search = "" } = {}) {
  Object.assign(pending, { boxes: [], frames: [], timers: new Map(), now: 0, media: [], root: null, events: [], signs: new Map() });
  globalThis.document = {
    createElement: (tag) => new Node(tag), createElementNS: (_, tag) => new Node(tag), querySelector: findRoot, dispatchEvent: (event) => pending.events.push(event.type),
    addEventListener: (name, listener) => pending.signs.set(name, [...(pending.signs.get(name) ?? []), listener]),
    removeEventListener: (name, listener) => pending.signs.set(name, (pending.signs.get(name) ?? []).filter((one) => one !== listener)),
    body: new Node("body"),
    fonts: { addEventListener() {}, removeEventListener() {} },
  };
  globalThis.window = globalThis;
  globalThis.addEventListener = () => {};
  globalThis.removeEventListener = () => {};
  globalThis.location = { search, href: `http://localhost/${search}` };
  globalThis.devicePixelRatio = 1;
  Object.assign(globalThis, { innerWidth: 1280, innerHeight: 800 });
  globalThis.getComputedStyle = () => Object.assign(new Style(), { fontSize: "12px", fontFamily: "sans-serif" });
  globalThis.matchMedia = (query) => {
    const media = { query, matches: calm && query.includes("reduced-motion"), listeners: [] };
    media.addEventListener = (_, listener) => media.listeners.push(listener);
    media.removeEventListener = (_, listener) => { media.listeners = media.listeners.filter((one) => one !== listener); };
    pending.media.push(media);
    return media;
  };
  globalThis.ResizeObserver = class {
    constructor(callback) { this.callback = callback; }
    observe(target) { pending.boxes.push([this.callback, target]); }
    unobserve() {}
    disconnect() {}
  };
  globalThis.IntersectionObserver = class { observe() {} unobserve() {} disconnect() {} };
  globalThis.requestAnimationFrame = (callback) => pending.frames.push(callback);
  globalThis.cancelAnimationFrame = () => { pending.frames = []; };
  globalThis.setTimeout = (callback, wait) => {
    pending.timer += 1;
    pending.timers.set(pending.timer, { callback, due: pending.now + wait });
    return pending.timer;
  };
  globalThis.clearTimeout = (timer) => pending.timers.delete(timer);
  globalThis.fetch = () => Promise.reject(new TypeError("no network"));
  globalThis.performance = { now: () => pending.now };
  return new Node("div");
}

/** Lets time pass in turns of 16 ms: boxes get their sizes, timers run, and frames are drawn. */
export function advance(milliseconds) {
  for (const end = pending.now + milliseconds; pending.now < end;) {
    pending.now += 16;
    for (const [callback, target] of pending.boxes.splice(0)) callback([{ target, contentRect: SIZE }]);
    for (const [timer, { callback, due }] of [...pending.timers]) {
      if (due <= pending.now) {
        pending.timers.delete(timer);
        callback();
      }
    }
    for (const callback of pending.frames.splice(0)) callback(pending.now);
  }
}

/** What Streamlit writes on the page's root: "running" or "notRunning", "CONNECTED" or something else. */
export function writeOnRoot(script, connection) {
  pending.root = { "data-test-script-state": script, "data-test-connection-state": connection };
}

/** The root, if it has what the selector names in brackets. */
function findRoot(selector) {
  const { root } = pending;
  return root && selector.slice(1, -1) in root ? { getAttribute: (name) => root[name] } : null;
}

/** The events that have been sent to the document since this was asked last. */
export const eventsSent = () => pending.events.splice(0);

/** Somebody does something on the page: "keydown", "pointerdown". */
export function signOn(name, event = {}) {
  for (const listener of pending.signs.get(name) ?? []) listener({ key: "", composedPath: () => [document.body], ...event });
}

/** A key is pressed on an element of the page; whether somebody has made use of it. */
export function pressKey(key, on = document.body, more = {}) {
  let isUsed = false;
  signOn("keydown", {
    key, composedPath: () => [on], preventDefault: () => { isUsed = true; }, stopPropagation() {}, ...more,
  });
  return isUsed;
}

/** The page moves to a screen of another sharpness. */
export function changeRatio(ratio) {
  globalThis.devicePixelRatio = ratio;
  const listeners = pending.media.filter(({ query }) => query.includes("resolution")).flatMap((media) => media.listeners);
  for (const listen of listeners) listen();
}
