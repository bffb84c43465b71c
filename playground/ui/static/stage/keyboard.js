/** The keys of the stage. None sends a message, except space. */

/**
 * @typedef {import("../shared/gestures.js").PointerMoves & KeyMoves} Moves
 * @typedef {object} KeyMoves
 * @property {(by: number) => void} moveTime
 * @property {(frames: number) => void} moveStep
 * @property {(step: number) => void} scrub
 * @property {() => void} comparePair  the next two that read the same and must answer differently
 * @property {() => void} lightLoss  of the time cursor; puts it out where it is lit
 * @property {() => void} toggle
 * @property {() => void} follow
 */

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
      m: () => moves.comparePair(),
      b: () => moves.lightLoss(),
      " ": () => { if (!event.repeat) moves.toggle(); },
    };
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    event.stopPropagation();
    action();
  };
}
