"""Words can be read where they really stand: each against the colours behind it (WCAG 2.2, 4.5 : 1)."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.visit import Visit, until
from tests.serving import Server

# The colour of a text and of what lies behind it, transparencies and opacities included, for each that is too faint.
TOO_FAINT = """
() => {
  const numbers = (colour) => {
    const [r, g, b, a = 1] = colour.match(/[\\d.]+/g).map(Number);
    return colour.startsWith("color(") ? [255 * r, 255 * g, 255 * b, a] : [r, g, b, a];
  };
  const over = ([r, g, b, a], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a), 1];
  const luminance = (colour) => [0.2126, 0.7152, 0.0722].reduce((sum, weight, k) => {
    const value = colour[k] / 255;
    return sum + weight * (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
  }, 0);
  const above = (element) => element.parentElement ?? element.getRootNode().host ?? null;
  const found = [];
  const look = (root) => {
    for (const element of root.querySelectorAll("*")) {
      if (element.shadowRoot) look(element.shadowRoot);
      const words = [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data.trim());
      const text = words.join("");
      const style = getComputedStyle(element);
      if (!text || !element.getClientRects().length || style.visibility !== "visible") continue;
      if (element.closest(":disabled, [aria-disabled=true], [data-testid=stIconMaterial], style, script")) continue;
      const grounds = [];
      let opacity = 1;
      // the number above a slider's knob is a part of the knob, but does not stand on it
      const isKnob = element.closest("[data-testid=stSliderThumbValue]");
      const first = isKnob ? element.closest("[data-testid=stSlider]") : element;
      for (let one = element; one; one = above(one)) opacity *= Number(getComputedStyle(one).opacity);
      for (let one = first; one; one = above(one)) grounds.unshift(numbers(getComputedStyle(one).backgroundColor));
      const ground = grounds.reduce((below, colour) => over(colour, below), [255, 255, 255, 1]);
      const [r, g, b, a] = numbers(style.color);
      if (a * opacity < 0.05) continue;
      const [low, high] = [luminance(over([r, g, b, a * opacity], ground)), luminance(ground)].sort((x, y) => x - y);
      const contrast = (high + 0.05) / (low + 0.05);
      if (contrast < 4.5) found.push(`${text.slice(0, 40)}: ${contrast.toFixed(2)}`);
    }
  };
  look(document);
  return found;
}
"""

# What can be pressed with less than 24 pixels between its edges (WCAG 2.2, 2.5.8). Streamlit's own sliders and switches
# hide a small field under a large label.
TOO_SMALL = """
() => {
  const found = [];
  const look = (root) => {
    for (const element of root.querySelectorAll("*")) {
      if (element.shadowRoot) look(element.shadowRoot);
      if (!element.matches("a[href], button, select, summary, textarea, [role=radio], [role=button]")) continue;
      if (element.closest(":disabled, .stSidebar[aria-expanded=false], .js-plotly-plot")) continue;
      if (!element.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
      const { width, height } = element.getBoundingClientRect();
      if (width <= 1 || height <= 1) continue; // for those who listen, until it has the keyboard
      const around = getComputedStyle(element, "::after");
      const [top, left] = around.content === "none" || around.position !== "absolute" ? [0, 0]
        : [parseFloat(around.top) || 0, parseFloat(around.left) || 0];
      const name = (element.getAttribute("aria-label") ?? element.textContent).trim().slice(0, 40);
      if (Math.min(width - 2 * left, height - 2 * top) < 23.5) found.push(`${name}: ${width} x ${height}`);
    }
  };
  look(document);
  return found;
}
"""
# How large the axes are drawn: the type sizes, in pixels, that the stage's canvases have been told.
TYPE = """
const sizes = window.typeSizes = new Set();
const { fillText } = CanvasRenderingContext2D.prototype;
CanvasRenderingContext2D.prototype.fillText = function (...told) {
  sizes.add(parseFloat(this.font.match(/([\\d.]+)px/)[1]));
  return fillText.apply(this, told);
};
"""


@pytest.fixture(params=["light", "dark"])
def themed(request: pytest.FixtureRequest, browser: Browser, server: Server):
    """A tab of somebody whose system has a light or a dark theme."""
    context = browser.new_context(
        base_url=server.url,
        locale="en-US",
        color_scheme=request.param,
        viewport={"width": 1440, "height": 900},
    )
    yield context.new_page()
    context.close()


def test_every_word_can_be_read_and_every_button_hit(themed: Page) -> None:
    visit = Visit(themed).open("/?text=hello world&settings=full&layers=2&cell=gru")
    visit.press("dice")  # earlier runs have colours of their own
    visit.until("step", "= 0")
    visit.quiet()
    visit.press("step")
    visit.until("step", "= 1")
    visit.press("dice")
    visit.quiet()
    assert themed.evaluate(TOO_FAINT) == []
    assert themed.evaluate(TOO_SMALL) == []
    themed.keyboard.press("?")
    themed.locator("dialog.keys[open]").wait_for()
    assert themed.evaluate(TOO_FAINT) == [] and themed.evaluate(TOO_SMALL) == []


def test_what_is_presented_can_be_read_from_the_last_row(browser: Browser, server: Server) -> None:
    context = browser.new_context(
        base_url=server.url, locale="ko-KR", viewport={"width": 1920, "height": 1080}
    )
    page = context.new_page()
    page.add_init_script(TYPE)
    page.goto("/?text=hello&train.present=tiles,state,gates")
    page.locator("[data-testid=stage][data-presenting]").wait_for()
    until(page, lambda: page.evaluate("document.fonts.status") == "loaded")
    page.evaluate("window.typeSizes.clear()")
    page.keyboard.press("ArrowRight")
    page.locator(".presenter .choices button").nth(1).click()
    until(page, lambda: page.evaluate("window.typeSizes.size") > 2)
    assert min(page.evaluate("[...window.typeSizes]")) >= 22
    for part in (".st-key-play button", "footer input"):
        box = page.locator(part).first.bounding_box()
        assert box and box["y"] >= 0 and box["y"] + box["height"] <= 1080, part
    page.mouse.move(700, 500)
    ring = page.locator(".ring").bounding_box()
    assert (
        ring
        and abs(ring["x"] + ring["width"] / 2 - 700) < 2
        and abs(ring["y"] + ring["height"] / 2 - 500) < 2
    )
    assert page.evaluate(TOO_FAINT) == []
    page.keyboard.press("Escape")
    expect(page.locator(".stSidebar")).to_be_visible()
    expect(page).not_to_have_url(re.compile("present"))
    context.close()
