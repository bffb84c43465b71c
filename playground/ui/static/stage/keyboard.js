/** The keys: those of the stage, and a few that hold on the whole page. None sends a message, except space and P. */

/**
 * @typedef {import("../shared/gestures.js").PointerMoves & KeyMoves} Moves
 * @typedef {object} KeyMoves
 * @property {(by: number) => void} moveTime
 * @property {(frames: number) => void} moveStep
 * @property {(step: number) => void} scrub
 * @property {() => void} comparePair  the next two that read the same and must answer differently
 * @property {() => void} lightLoss  of the time cursor; puts it out where it is lit
 * @property {() => void} moveState  takes the state of the time cursor, or puts there what was taken
 * @property {() => boolean} letGo  of a state that was taken; whether there was one
 * @property {() => void} toggle
 * @property {() => void} follow
 */
/**
 * @typedef {object} PageMoves  what keys do wherever one is on the page
 * @property {() => void} toggle  plays or pauses
 * @property {() => void} present
 * @property {() => boolean} leave  whether there was anything to leave
 * @property {() => void} showKeys
 */

const FIELDS = ["INPUT", "TEXTAREA", "SELECT"];
const PRESSED = ["BUTTON", "A", "SUMMARY", "LABEL"]; // by space
const PRESSED_ROLES = ["button", "radio", "checkbox", "switch", "option", "tab", "slider", "menuitem", "combobox", "link"];

/** Every key with what it does, as the list of keys tells it: [keys, word, whether only a server can answer]. */
export const KEYS = [
  [["Space"], "key_play"],
  [["←", "→"], "key_time"],
  [["↑", "↓"], "key_step"],
  [["Home", "End"], "key_ends"],
  [["M"], "key_pair"],
  [["B"], "key_loss", true],
  [["S"], "key_state", true],
  [["P", "Esc"], "key_present"],
  [["?"], "key_keys"],
];

/**
 * @param {HTMLElement} root
 * @param {Moves} moves
 */
export function listenToKeys(root, moves) {
  root.onkeydown = (event) => {
    const inside = /** @type {HTMLElement} */ (event.composedPath()[0]);
    if (isForOthers(event) || isField(inside)) return;
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
      s: () => moves.moveState(),
    };
    if (event.key === "Escape" && moves.letGo()) event.preventDefault();
    act(event, actions[nameOf(event)]);
  };
}

/**
 * @param {PageMoves} moves
 * @returns {() => void} stops listening
 */
export function listenToPageKeys(moves) {
  /** @param {KeyboardEvent} event */
  const heard = (event) => {
    const inside = /** @type {HTMLElement} */ (event.composedPath()[0]);
    if (isForOthers(event) || event.defaultPrevented || event.repeat || isField(inside)) return;
    /** @type {Record<string, () => void>} */
    const actions = { p: moves.present, "?": moves.showKeys };
    if (!isPressedBySpace(inside)) actions[" "] = moves.toggle;
    if (event.key === "Escape") {
      if (moves.leave()) event.preventDefault();
    } else {
      act(event, actions[nameOf(event)]);
    }
  };
  document.addEventListener("keydown", heard);
  return () => document.removeEventListener("keydown", heard);
}

/**
 * @param {KeyboardEvent} event
 * @param {(() => void)|undefined} action
 */
function act(event, action) {
  if (!action) return;
  event.preventDefault();
  event.stopPropagation();
  action();
}

/**
 * Whether a key is the browser's, or part of a character that is still being put together.
 * @param {KeyboardEvent} event
 */
function isForOthers(event) {
  return event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.keyCode === 229;
}

/**
 * What is on a key: a letter also where the keyboard writes Hangul with it.
 * @param {KeyboardEvent} event
 */
function nameOf({ key, code }) {
  if (key.length === 1 && key > "\u007f" && code?.startsWith("Key")) return code.slice(3).toLowerCase();
  return key.length === 1 ? key.toLowerCase() : key;
}

/** @param {HTMLElement} element */
function isField(element) {
  return FIELDS.includes(element.tagName) || element.isContentEditable;
}

/** @param {HTMLElement} element */
function isPressedBySpace(element) {
  return PRESSED.includes(element.tagName) || PRESSED_ROLES.includes(element.getAttribute?.("role") ?? "");
}
