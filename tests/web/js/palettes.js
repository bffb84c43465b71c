/** Prints the stage's colours as JSON: `node palettes.js '{"light": {"background": …, "text": …}, "dark": …}'`. */

import { BROKEN, css, DARK, GATE, GHOSTS, inkOn, LIGHT, LOSS, makeTheme, SIGNED } from "../../../playground/ui/static/shared/theme.js";
import { openPage } from "./page.js";

openPage();
const hex = (rgb) => `#${rgb.match(/\d+/g).map((channel) => Number(channel).toString(16).padStart(2, "0")).join("")}`;
const made = Object.entries(JSON.parse(process.argv[2])).map(([mode, variables]) => {
  const theme = makeTheme({ accent: "", font: "", mono: "", ...variables });
  const { dark, background, text, muted, faint, surface } = theme;
  const tiles = Array.from(theme.loss, (colour) => [hex(css(colour)), inkOn(colour)]);
  return [mode, {
    dark, background, text, muted, faint, surface, tiles, colours: { light: LIGHT, dark: DARK }[mode],
    ghosts: GHOSTS[mode], signed: SIGNED[mode], gate: GATE[mode], loss: LOSS[mode], broken: BROKEN[mode],
  }];
});
console.log(JSON.stringify(Object.fromEntries(made)));
