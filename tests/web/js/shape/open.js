/** The picture of a shape on a page without a browser, on messages that Python wrote. */

import { readFileSync } from "node:fs";
import { join } from "node:path";

import { layoutOf } from "../../../../playground/ui/static/shape/layout.js";
import { scalesOf } from "../../../../playground/ui/static/shape/message.js";
import { Picture } from "../../../../playground/ui/static/shape/picture.js";
import { sceneOf } from "../../../../playground/ui/static/shape/scene.js";
import { advance, openPage } from "../page.js";

const FOLDER = process.env.PLAYGROUND_MESSAGES;
export const NAMES = ["one", "name", "sentiment", "mean", "back", "delayed", "tags", "leak", "numbers", "exploded"];
export const read = (name) => JSON.parse(readFileSync(join(FOLDER, `${name}.json`), "utf-8"));

/** The scene of a frame, the last one if not said. */
export function sceneIn(message, frame = message.frames.at(-1), width = 1200) {
  return sceneOf(message, frame, layoutOf(message, width, 1, 40), scalesOf(message));
}

let places = 0; // of pictures that have nothing to do with one another

/** A picture that has drawn a message, or several one after the other, at a place of its own if none is said. */
export function opened(names, reader = {}, place = `place ${(places += 1)}`) {
  const parent = openPage(reader);
  const picture = new Picture(parent);
  for (const name of [names].flat()) {
    picture.receive({ ...(typeof name === "string" ? read(name) : name), place });
    advance(50);
  }
  return picture;
}

/** A key is pressed; whether it was made use of. */
export function press(picture, key, target = { tagName: "DIV" }) {
  let isUsed = false;
  picture.root.onkeydown({ key, target, preventDefault: () => { isUsed = true; }, stopPropagation() {} });
  advance(20);
  return isUsed;
}

export const plain = (text) => text.replace(/[\u2066-\u2069]/g, "");
