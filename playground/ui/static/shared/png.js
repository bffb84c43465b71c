/**
 * Paints elements of the page onto a canvas as they stand there: boxes, texts, and what canvases show. No more than what
 * panels consist of: no generated content, no fields, and only what holds nothing else is turned. Elements with
 * `data-unpainted` are left out.
 */

/** @typedef {{top: number, left: number, width: number, height: number}} Rect */
/** @typedef {{text: string, rect: Rect}} Line */
/**
 * @typedef {object} Page  what the picture lies on
 * @property {string} background
 * @property {string} text  its colour
 * @property {string} font  family
 */

export const SHARPNESS = 2; // pixels of the picture to one of the page
const MARGIN = 14; // px of the page
const CAPTION = 12; // px
const LEADING = 1.4;
const LONGEST = 8000; // pixels: of a side, that every browser can draw

/**
 * A picture of an element, with lines below it.
 * @param {HTMLElement} element
 * @param {Page} page
 * @param {string[]} captions
 * @returns {HTMLCanvasElement}
 */
export function picture(element, page, captions) {
  const box = boxOf(element);
  const canvas = document.createElement("canvas");
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const font = `${CAPTION}px ${page.font}`;
  context.font = font;
  const lines = captions.flatMap((caption) => wrapped(context, caption, box.width));
  const width = box.width + 2 * MARGIN;
  const height = box.height + 2 * MARGIN + (lines.length ? MARGIN / 2 + lines.length * CAPTION * LEADING : 0);
  const scale = Math.min(SHARPNESS, LONGEST / Math.max(width, height));
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  context.scale(scale, scale);
  context.fillStyle = page.background;
  context.fillRect(0, 0, width, height);
  context.translate(MARGIN, MARGIN);
  context.save();
  context.translate(-box.left, -box.top);
  paint(context, element);
  context.restore();
  Object.assign(context, { font, fillStyle: page.text, textBaseline: "top", textAlign: "left", globalAlpha: 0.8 });
  lines.forEach((text, k) => context.fillText(text, 0, box.height + MARGIN / 2 + k * CAPTION * LEADING));
  return canvas;
}

/**
 * What an element takes up without what is left out at its end.
 * @param {HTMLElement} element
 * @returns {Rect}
 */
function boxOf(element) {
  const { top, left, width, height } = element.getBoundingClientRect();
  const parts = /** @type {HTMLElement[]} */ ([...element.children]);
  if (!parts.some((part) => "unpainted" in part.dataset)) return { top, left, width, height };
  const painted = parts.filter((part) => !("unpainted" in part.dataset));
  return { top, left, width, height: Math.max(...painted.map((part) => part.getBoundingClientRect().bottom)) - top };
}

/**
 * Gives a picture to the reader as a file.
 * @param {HTMLCanvasElement} canvas
 * @param {string} name  without its ending
 */
export function save(canvas, name) {
  canvas.toBlob((blob) => {
    if (!blob) return;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = `${name}.png`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // some browsers read it late
  }, "image/png");
}

/**
 * Breaks a text between words, so that each line fits.
 * @param {Pick<CanvasRenderingContext2D, "measureText">} context  its font is set
 * @param {string} text
 * @param {number} width
 * @returns {string[]}
 */
export function wrapped(context, text, width) {
  const lines = [""];
  for (const { segment } of new Intl.Segmenter(undefined, { granularity: "word" }).segment(text)) {
    const longer = lines[lines.length - 1] + segment;
    if (context.measureText(longer.trim()).width <= width || !lines[lines.length - 1]) lines[lines.length - 1] = longer;
    else lines.push(segment);
  }
  return lines.map((line) => line.trim()).filter((line) => line);
}

/**
 * @param {CanvasRenderingContext2D} context  whose coordinates are those of the window
 * @param {HTMLElement} element
 */
function paint(context, element) {
  const style = getComputedStyle(element);
  if (style.display === "none" || style.visibility === "hidden" || "unpainted" in element.dataset) return;
  const rect = element.getBoundingClientRect();
  if (!rect.width && !rect.height && style.display !== "contents") return;
  context.save();
  context.globalAlpha *= Number(style.opacity);
  paintBox(context, style, turned(context, style, element, rect));
  if (style.overflowX !== "visible" && style.display !== "contents") clip(context, rect);
  if (element instanceof HTMLCanvasElement) {
    if (element.width && element.height) context.drawImage(element, rect.left, rect.top, rect.width, rect.height);
  } else {
    for (const node of element.childNodes) {
      if (node instanceof Text) paintText(context, style, node);
      else if (node instanceof HTMLElement) paint(context, node);
    }
  }
  context.restore();
}

/**
 * Turns what is painted next as an element is turned about its middle.
 * @param {CanvasRenderingContext2D} context
 * @param {CSSStyleDeclaration} style
 * @param {HTMLElement} element
 * @param {Rect} rect  around what is turned
 * @returns {Rect} where to paint it
 */
function turned(context, style, element, rect) {
  if (style.transform === "none" || !style.transform) return rect;
  const [x, y] = [rect.left + rect.width / 2, rect.top + rect.height / 2];
  const { a, b, c, d } = new DOMMatrix(style.transform);
  context.translate(x, y);
  context.transform(a, b, c, d, 0, 0);
  context.translate(-x, -y);
  const { offsetWidth: width, offsetHeight: height } = element;
  return { left: x - width / 2, top: y - height / 2, width, height };
}

/** @param {CanvasRenderingContext2D} context @param {Rect} rect */
function clip(context, { left, top, width, height }) {
  context.beginPath();
  context.rect(left, top, width, height);
  context.clip();
}

const SIDES = /** @type {const} */ (["Top", "Right", "Bottom", "Left"]);

/**
 * Background and borders.
 * @param {CanvasRenderingContext2D} context
 * @param {CSSStyleDeclaration} style
 * @param {Rect} rect
 */
function paintBox(context, style, { left, top, width, height }) {
  const radius = Math.min(parseFloat(style.borderTopLeftRadius) || 0, width / 2, height / 2);
  const fill = gradientOf(context, style.backgroundImage, left, width) ?? style.backgroundColor;
  context.beginPath();
  context.roundRect(left, top, width, height, radius);
  context.fillStyle = fill;
  context.fill();
  const borders = SIDES.map((side) => ({
    side, width: parseFloat(style[`border${side}Width`]) || 0, colour: style[`border${side}Color`], kind: style[`border${side}Style`],
  })).filter((border) => border.width && border.kind !== "none");
  if (borders.length === 4) {
    const [{ width: thick, colour }] = borders;
    context.beginPath();
    context.roundRect(left + thick / 2, top + thick / 2, width - thick, height - thick, Math.max(0, radius - thick / 2));
    context.lineWidth = thick;
    context.strokeStyle = colour;
    context.stroke();
    return;
  }
  for (const { side, width: thick, colour, kind } of borders) {
    const isFlat = side === "Top" || side === "Bottom";
    const across = side === "Bottom" ? top + height - thick / 2 : side === "Right" ? left + width - thick / 2
      : side === "Top" ? top + thick / 2 : left + thick / 2;
    context.setLineDash(kind === "dashed" ? [3 * thick, 2 * thick] : []);
    context.lineWidth = thick;
    context.strokeStyle = colour;
    context.beginPath();
    context.moveTo(isFlat ? left : across, isFlat ? across : top);
    context.lineTo(isFlat ? left + width : across, isFlat ? across : top + height);
    context.stroke();
    context.setLineDash([]);
  }
}

/**
 * A gradient from left to right, as legends have it; null where there is none.
 * @param {Pick<CanvasRenderingContext2D, "createLinearGradient">} context
 * @param {string} css
 * @param {number} left
 * @param {number} width
 */
export function gradientOf(context, css, left, width) {
  const found = /^(repeating-)?linear-gradient\(to right, (.*)\)$/.exec(css);
  if (!found || !width) return null;
  const stops = found[2].match(/rgba?\([^)]*\)(?: [\d.]+px)*/g) ?? [];
  const placed = stops.flatMap((stop) => {
    const [colour, ...places] = stop.split(/ (?=[\d.]+px)/);
    return places.length ? places.map((place) => ({ colour, at: parseFloat(place) / width })) : [{ colour, at: NaN }];
  });
  const gradient = context.createLinearGradient(left, 0, left + width, 0);
  const period = found[1] ? placed[placed.length - 1]?.at ?? 1 : Infinity;
  for (let turn = 0; turn === 0 || turn * period < 1; turn += 1) {
    placed.forEach(({ colour, at }, k) => {
      const place = Number.isNaN(at) ? k / (placed.length - 1) : at + (turn ? turn * period : 0);
      if (place >= 0 && place <= 1) gradient.addColorStop(place, colour);
    });
  }
  return gradient;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {CSSStyleDeclaration} style  of its element
 * @param {Text} node
 */
function paintText(context, style, node) {
  if (!node.data.trim()) return;
  context.font = `${style.fontStyle} ${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
  context.fillStyle = style.color;
  context.strokeStyle = style.color;
  context.direction = /** @type {CanvasDirection} */ (style.direction);
  context.textAlign = "left";
  context.textBaseline = "alphabetic";
  for (const { text, rect } of linesOf(node)) {
    const { fontBoundingBoxAscent: up, fontBoundingBoxDescent: down } = context.measureText(text);
    const baseline = rect.top + (rect.height + up - down) / 2;
    context.fillText(text, rect.left, baseline);
    if (!style.textDecorationLine.includes("underline")) continue;
    context.lineWidth = 1;
    context.setLineDash(style.textDecorationStyle === "dotted" ? [1, 2] : []);
    context.beginPath();
    context.moveTo(rect.left, baseline + 3);
    context.lineTo(rect.left + rect.width, baseline + 3);
    context.stroke();
    context.setLineDash([]);
  }
}

/**
 * A text as the page has broken it into lines.
 * @param {Text} node
 * @returns {Line[]}
 */
function linesOf(node) {
  const range = document.createRange();
  /** @type {Line[]} */
  const lines = [];
  for (const { segment, index } of new Intl.Segmenter().segment(node.data)) {
    range.setStart(node, index);
    range.setEnd(node, index + segment.length);
    const rect = range.getBoundingClientRect();
    if (!rect.width && !rect.height) continue; // white space that the page has left out
    const line = lines[lines.length - 1];
    if (!line || rect.top > line.rect.top + line.rect.height / 2) {
      const { top, left, width, height } = rect;
      lines.push({ text: segment, rect: { top, left, width, height } });
    } else {
      const right = Math.max(line.rect.left + line.rect.width, rect.right);
      line.text += segment;
      line.rect.left = Math.min(line.rect.left, rect.left);
      line.rect.width = right - line.rect.left;
    }
  }
  return lines.map(({ text, rect }) => ({ text: text.replace(/[\n\t]/g, " "), rect }));
}
