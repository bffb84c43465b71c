/** A recording as a page of its own: the stage, what it shows from beginning to end, and a button that plays it. */

import { element, setText } from "../shared/dom.js";
import { buildRadios, dressRadios } from "../shared/radios.js";
import { counted, say } from "../shared/words.js";
import { Memory } from "../stage/memory.js";
import { Stage } from "../stage/stage.js";
import { Playback, PACES } from "./playback.js";

/** Nobody answers there, and nobody is asked: a recording's message names no feed. */
const NOWHERE = new URL("about:blank");

/** Shows the recording that the document holds. */
export default function recording() {
  const parts = /** @type {Record<"message"|"main"|"playback"|"kept", HTMLElement>} */ (Object.fromEntries(
    Object.entries({ message: "#message", main: "main", playback: ".playback", kept: ".kept" })
      .map(([name, selector]) => [name, document.querySelector(selector)]),
  ));
  const stage = new Stage(parts.main, NOWHERE, new Memory(null));
  const playback = playbackOf(stage);
  stage.layout.root.dataset.recording = "";
  stage.receive(bytesOf(parts.message.textContent ?? ""), (name) => { if (name === "toggle") playback.toggle(); });
  stage.player.scrub(0);
  const { message, moments } = stage.store;
  const words = message?.tracks[0].scene.words ?? {};
  parts.playback.append(...controls(playback, words));
  playback.changed();
  setText(parts.kept, say(words, "recording_kept", {
    kept: counted(moments.length), steps: counted((message?.playhead ?? 0) + 1),
  }));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => stage.restyle());
}

/** @param {Stage} stage */
function playbackOf({ player, store }) {
  return new Playback({
    isAtEnd: () => player.index >= store.visible - 1,
    move: (pictures) => player.move(pictures),
    rewind: () => player.scrub(0),
  });
}

/**
 * The button that plays, and the paces.
 * @param {Playback} playback
 * @param {Record<string, string>} words
 */
function controls(playback, words) {
  const play = element("button", { type: "button", class: "play" });
  play.onclick = () => playback.toggle();
  playback.changed = () => setText(play, say(words, playback.isPlaying ? "recording_pause" : "recording_play"));
  const paces = buildRadios();
  const names = /** @type {import("./playback.js").Pace[]} */ (Object.keys(PACES));
  const dress = () => dressRadios(
    paces, say(words, "recording_pace"), names.map((name) => say(words, `recording_${name}`)), names.indexOf(playback.pace),
    (k) => {
      playback.pace = names[k];
      dress();
    },
  );
  dress();
  return [play, paces];
}

/** @param {string} base64 */
function bytesOf(base64) {
  return Uint8Array.from(atob(base64.trim()), (character) => character.charCodeAt(0));
}
