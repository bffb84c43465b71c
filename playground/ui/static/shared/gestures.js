/** Mouse, touch and keyboard on the stage. None of it sends a message, except space. */

/** @typedef {import("./surface.js").Surface} Surface */
/**
 * @typedef {object} Target  a surface that reacts
 * @property {Surface} surface
 * @property {(x: number, y: number) => number} time  timestep under the pointer, −1 for none
 * @property {((x: number) => number)|null} step  training step under the pointer, where dragging scrubs
 * @property {(x: number, y: number) => string[]|null} tip
 */
/**
 * @typedef {object} Moves
 * @property {(t: number, from: Surface) => void} pin
 * @property {(t: number, from: Surface) => void} hover  −1 when the pointer leaves
 * @property {(by: number) => void} moveTime
 * @property {(frames: number) => void} moveStep
 * @property {(step: number) => void} scrub
 * @property {() => void} toggle
 * @property {() => void} follow
 * @property {(target: Target|null, x: number, y: number) => void} point  where the tooltip belongs
 */

/**
 * @param {Target} target
 * @param {Moves} moves
 */
export function listen(target, moves) {
  const { plot } = target.surface;
  /** @param {PointerEvent} event @returns {[number, number]} */
  const at = (event) => {
    const box = plot.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  plot.onpointerdown = (event) => {
    if (event.button !== 0) return;
    const [x, y] = at(event);
    if (target.step) {
      plot.setPointerCapture(event.pointerId);
      moves.scrub(target.step(x));
    } else {
      const t = target.time(x, y);
      if (t >= 0) moves.pin(t, target.surface);
    }
  };
  plot.onpointermove = (event) => {
    const [x, y] = at(event);
    const pressed = (event.buttons & 1) === 1;
    if (target.step) {
      if (pressed) moves.scrub(target.step(x));
    } else if (event.pointerType === "mouse" && !pressed) {
      moves.hover(target.time(x, y), target.surface);
    } else {
      const t = target.time(x, y);
      if (t >= 0) moves.pin(t, target.surface);
    }
    moves.point(target, x, y);
  };
  plot.onpointerleave = () => {
    moves.hover(-1, target.surface);
    moves.point(null, 0, 0);
  };
  plot.onpointercancel = plot.onpointerleave;
}

/**
 * @param {HTMLElement} root
 * @param {Moves} moves
 */
export function listenToKeys(root, moves) {
  root.onkeydown = (event) => {
    const inside = /** @type {HTMLElement} */ (event.composedPath()[0]);
    if (event.ctrlKey || event.metaKey || event.altKey || inside.tagName === "INPUT") return;
    if (inside.tagName === "BUTTON" && (event.key === " " || event.key === "Enter")) return;
    const by = event.shiftKey ? 10 : 1;
    /** @type {Record<string, () => void>} */
    const actions = {
      ArrowLeft: () => moves.moveTime(-by),
      ArrowRight: () => moves.moveTime(by),
      ArrowUp: () => moves.moveStep(by),
      ArrowDown: () => moves.moveStep(-by),
      "]": () => moves.moveStep(by),
      "[": () => moves.moveStep(-by),
      "}": () => moves.moveStep(10),
      "{": () => moves.moveStep(-10),
      Home: () => moves.scrub(0),
      End: () => moves.follow(),
      " ": () => { if (!event.repeat) moves.toggle(); },
    };
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    event.stopPropagation();
    action();
  };
}
