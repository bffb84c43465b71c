/** Mouse and touch on surfaces. */

/** @typedef {import("./surface.js").Surface} Surface */
/** @typedef {{what: string, which: number}} Pick  something by its number */
/**
 * @typedef {object} Target  a surface that reacts
 * @property {Surface} surface
 * @property {(x: number, y: number) => number} time  timestep under the pointer, −1 for none
 * @property {(x: number, y: number) => number} unit  row under the pointer, −1 for none
 * @property {((x: number) => number)|null} step  training step under the pointer, where dragging scrubs
 * @property {(x: number, y: number) => Pick|null} pick  what else a click there chooses
 * @property {(x: number, y: number) => number} [grab]  timestep of what a drag there takes along, −1 for nothing
 * @property {(x: number, y: number) => string[]|null} tip
 * @property {boolean} scrolls  whether what it shows moves along with the time cursor
 */
/**
 * @typedef {object} PointerMoves
 * @property {(t: number) => void} pin
 * @property {(unit: number) => void} pickUnit
 * @property {(picked: Pick) => void} pick
 * @property {(t: number, from: Target) => void} hover  −1 when the pointer leaves
 * @property {(from: number, over: number) => void} carry  what was taken at a timestep is over another, −1 for none
 * @property {(from: number, onto: number) => void} drop  and is let go there
 * @property {(step: number) => void} scrub
 * @property {(target: Target|null, x: number, y: number) => void} point  where the tooltip belongs
 */

/**
 * @param {Target} target
 * @param {PointerMoves} moves
 */
export function listen(target, moves) {
  const { plot } = target.surface;
  /** @param {PointerEvent} event @returns {[number, number]} */
  const at = (event) => {
    const box = plot.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  let taken = -1; // timestep of what the pointer takes along
  let isCarried = false; // whether it has left that timestep
  /** @type {Pick|null} what is chosen if the pointer is let go where it was pressed: a finger that scrolls is not */
  let picked = null;
  plot.onpointerdown = (event) => {
    if (event.button !== 0) return;
    const [x, y] = at(event);
    taken = target.grab?.(x, y) ?? -1;
    isCarried = false;
    picked = target.pick(x, y);
    if (taken >= 0) plot.setPointerCapture(event.pointerId);
    if (target.step) {
      plot.setPointerCapture(event.pointerId);
      moves.scrub(target.step(x));
    } else {
      const t = target.time(x, y);
      if (t >= 0) moves.pin(t);
      const unit = target.unit(x, y);
      if (unit >= 0) moves.pickUnit(unit);
    }
    moves.point(target, x, y);
  };
  plot.onpointermove = (event) => {
    const [x, y] = at(event);
    const pressed = (event.buttons & 1) === 1;
    if (target.step) {
      if (pressed) moves.scrub(target.step(x));
    } else if (taken >= 0 && pressed) {
      const over = target.time(x, y);
      isCarried ||= over !== taken;
      if (isCarried) {
        moves.carry(taken, over);
        moves.point(null, 0, 0);
        return;
      }
    } else if (event.pointerType === "mouse" && !pressed) {
      moves.hover(target.time(x, y), target);
    } else {
      const t = target.time(x, y);
      if (t >= 0) moves.pin(t);
    }
    moves.point(target, x, y);
  };
  plot.onpointerup = (event) => {
    const here = target.pick(...at(event));
    if (isCarried) moves.drop(taken, target.time(...at(event)));
    else if (picked && here?.what === picked.what && here.which === picked.which) moves.pick(here);
    taken = -1;
    isCarried = false;
    picked = null;
  };
  plot.onpointerleave = () => {
    if (isCarried) return;
    moves.hover(-1, target);
    moves.point(null, 0, 0);
  };
  plot.onpointercancel = (event) => {
    if (isCarried) moves.drop(taken, -1);
    taken = -1;
    isCarried = false;
    picked = null;
    plot.onpointerleave?.(event);
  };
}
