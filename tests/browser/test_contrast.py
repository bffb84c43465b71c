"""Words can be read where they really stand: each against the colours behind it (WCAG 2.2, 4.5 : 1)."""

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.visit import PATIENCE
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


@pytest.fixture(params=["light", "dark"])
def themed(request: pytest.FixtureRequest, browser: Browser, server: Server):
    """A tab of somebody whose system has a light or a dark theme."""
    context = browser.new_context(
        base_url=server.url,
        locale="en-US",
        color_scheme=request.param,
        viewport={"width": 1280, "height": 900},
    )
    context.set_default_timeout(1000 * PATIENCE)
    yield context.new_page()
    context.close()


def test_every_word_of_the_train_page_can_be_read(themed: Page) -> None:
    themed.goto("/?text=hello world")
    themed.locator('[data-testid=stage]:not([data-frames="0"])').wait_for()
    assert themed.evaluate(TOO_FAINT) == []
