/** Colours and fonts of the stage. One quantity has one colour, here and in the charts below the stage. */

/**
 * @typedef {object} Theme
 * @property {boolean} dark
 * @property {string} background
 * @property {string} text
 * @property {string} muted  axis labels
 * @property {string} faint  grid lines
 * @property {string} surface  empty cells
 * @property {string} accent
 * @property {Record<string, string>} colour  by quantity
 * @property {string[]} ghosts
 * @property {string[]} tracks  of runs side by side
 * @property {Uint32Array} signed  512 colours from −limit to +limit
 * @property {Uint32Array} gate  256 colours, low to high
 * @property {number} broken  colour of a cell that is not a finite number, as the palettes have it
 * @property {Uint32Array} loss  256 colours, 0 to high
 * @property {Uint32Array} beam  256 colours, from an empty cell to one in full light
 * @property {string} light  what marks where it comes from
 * @property {string} key  changes when anything above does
 */

/** Dark enough on white, light enough on black, and apart from each other for colour-blind eyes. */
export const LIGHT = {
  h: "#0072B2", c: "#C44E00", perplexity: "#0072B2", probability: "#00855F", clipped: "#C44E00",
  uniform: "#6B6B76", floor: "#B0559A", exploded: "#B3261E",
  rnn: "#13408F", lstm: "#009580", gru: "#BE4FD6", mgu: "#A38A00",
};
export const DARK = {
  h: "#5AB0EE", c: "#F2762E", perplexity: "#5AB0EE", probability: "#1FC493", clipped: "#F2762E",
  uniform: "#9AA0AC", floor: "#E08FC0", exploded: "#FF8A80",
  rnn: "#9CC4FF", lstm: "#28D6A0", gru: "#BF5BCB", mgu: "#FFD23F",
};
export const GHOSTS = { light: ["#8A6D3B", "#527369", "#7A6A94"], dark: ["#C9AC78", "#93BDB3", "#B7A6D6"] };
/** Whose colours runs side by side have that nothing else tells apart. */
const TRACKS = ["perplexity", "c", "probability", "floor"];
export const SIGNED = {
  light: ["#08417E", "#2878B8", "#8DBFE0", "#F5F5F2", "#F3BC88", "#D4711F", "#8A3A05"],
  dark: ["#9AD2FF", "#3D93D8", "#1F4C75", "#20242C", "#70401A", "#DE7B2C", "#FFC98F"],
};
export const GATE = {
  light: ["#F3F5F0", "#C5E3D3", "#79C0A2", "#2F9273", "#085A47"],
  dark: ["#1E2429", "#1D4A41", "#1F7D67", "#3DB893", "#B4F2D6"],
};
export const LOSS = {
  light: ["#F4F3F5", "#E9D3E3", "#D79CC4", "#B0559A", "#6E1F5F"],
  dark: ["#22222A", "#4A2B44", "#85467A", "#C873B0", "#F5C3E4"],
};
/** Light on what is empty: as warm as no other colour of a value. */
export const BEAM = { light: ["#FFE7A3", "#FFC02E"], dark: ["#6E5410", "#FFC83D"] };
const LIGHT_SOURCE = { light: "#B36B00", dark: "#FFC83D" };
/** What is not a finite number: unlike every colour of a value, for colour-blind eyes too. */
export const BROKEN = { light: "#9333FF", dark: "#9333FF" };

const VARIABLES = {
  background: "--st-background-color", text: "--st-text-color", accent: "--st-primary-color", font: "--st-font",
  mono: "--st-code-font",
};

/** Of a reader who has chosen the colours of all pages: what is drawn stands on theirs. */
const FORCED = { background: "Canvas", text: "CanvasText", accent: "Highlight" };

/**
 * Streamlit's theme as it stands.
 * @param {HTMLElement} host  an element that inherits the --st-* variables
 * @returns {Record<keyof typeof VARIABLES, string>} empty where a variable is not set
 */
export function themeVariables(host) {
  const forced = matchMedia("(forced-colors: active)").matches ? FORCED : {};
  const style = getComputedStyle(host);
  const read = Object.entries(VARIABLES).map(([name, variable]) => {
    const value = style.getPropertyValue(variable).trim();
    return [name, value === "unset" ? "" : value];
  });
  return { ...Object.fromEntries(read), ...forced };
}

/**
 * @param {ReturnType<typeof themeVariables>} variables
 * @returns {Theme}
 */
export function makeTheme(variables) {
  const background = hex(variables.background || "#ffffff");
  const isDark = luminance(background) < 0.3;
  const text = hex(variables.text || (isDark ? "#fafafa" : "#31333f"));
  const name = isDark ? "dark" : "light";
  const surface = mix(background, text, isDark ? 0.08 : 0.045);
  return {
    dark: isDark,
    background,
    text,
    muted: mix(background, text, isDark ? 0.68 : 0.7),
    faint: mix(background, text, isDark ? 0.15 : 0.11),
    surface,
    accent: hex(variables.accent || (isDark ? "#5AB0EE" : "#0072B2")),
    colour: isDark ? DARK : LIGHT,
    ghosts: GHOSTS[name],
    tracks: TRACKS.map((quantity) => (isDark ? DARK : LIGHT)[/** @type {keyof typeof LIGHT} */ (quantity)]),
    signed: ramp(SIGNED[name], 512),
    gate: ramp(GATE[name], 256),
    broken: packed(BROKEN[name]),
    loss: ramp(LOSS[name], 256),
    beam: ramp([surface, ...BEAM[name]], 256),
    light: LIGHT_SOURCE[name],
    key: Object.values(variables).join("|") + isDark,
  };
}

/**
 * A CSS gradient of a palette, for a legend.
 * @param {Uint32Array} palette
 */
export function gradient(palette) {
  const stops = Array.from({ length: 9 }, (_, k) => css(palette[Math.round((k / 8) * (palette.length - 1))]));
  return `linear-gradient(to right, ${stops.join(", ")})`;
}

/**
 * The CSS form of a palette entry.
 * @param {number} abgr
 */
export function css(abgr) {
  return `rgb(${abgr & 255}, ${(abgr >> 8) & 255}, ${(abgr >> 16) & 255})`;
}

/** The lightness on which black and white have the same contrast (WCAG 2.1), 4.58 : 1. */
const EVEN = Math.sqrt(1.05 * 0.05) - 0.05;

/**
 * Black or white, whichever reads better on a palette entry.
 * @param {number} abgr
 */
export function inkOn(abgr) {
  return lightness(abgr & 255, (abgr >> 8) & 255, (abgr >> 16) & 255) > EVEN ? "#000000" : "#ffffff";
}

/**
 * @param {string} from  #rrggbb
 * @param {string} to
 * @param {number} share  of `to`
 */
export function mix(from, to, share) {
  const a = channels(from);
  const b = channels(to);
  return `#${a.map((x, k) => Math.round(x + (b[k] - x) * share).toString(16).padStart(2, "0")).join("")}`;
}

/** @param {string} colour #rrggbb */
function channels(colour) {
  return [1, 3, 5].map((k) => parseInt(colour.slice(k, k + 2), 16));
}

/** @param {string} colour */
function luminance(colour) {
  const [r, g, b] = channels(colour);
  return lightness(r, g, b);
}

/** @param {number} r @param {number} g @param {number} b */
function lightness(r, g, b) {
  const [x, y, z] = [r, g, b].map((value) => (value <= 10 ? value / 3294.6 : ((value / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * x + 0.7152 * y + 0.0722 * z;
}

/**
 * Any CSS colour as #rrggbb.
 * @param {string} colour
 */
function hex(colour) {
  const context = /** @type {CanvasRenderingContext2D} */ (
    document.createElement("canvas").getContext("2d", { willReadFrequently: true })
  );
  context.fillStyle = "#808080";
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  const [r, g, b] = context.getImageData(0, 0, 1, 1).data;
  return `#${[r, g, b].map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}

/**
 * Evenly spaced colours between anchors.
 * @param {string[]} anchors
 * @param {number} count
 */
function ramp(anchors, count) {
  const palette = new Uint32Array(count);
  for (let k = 0; k < count; k += 1) {
    const place = (k / (count - 1)) * (anchors.length - 1);
    const left = Math.min(Math.floor(place), anchors.length - 2);
    palette[k] = packed(mix(anchors[left], anchors[left + 1], place - left));
  }
  return palette;
}

/**
 * A colour as ImageData wants it (ABGR).
 * @param {string} colour  #rrggbb
 */
function packed(colour) {
  const [r, g, b] = channels(colour);
  return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
}
