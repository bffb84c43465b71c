"""While a page comes, what stands there stays where it is: the stage comes into room that was kept for it."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.visit import until

pytestmark = pytest.mark.slow

# At every frame: how high the stage is once it is shown, and how high the room for it before.
WATCH = """
window.heights = { stage: [], room: [] };
const find = (root, name) => {
  for (const element of root.querySelectorAll("*")) {
    if (element.classList.contains(name)) return element;
    const inside = element.shadowRoot && find(element.shadowRoot, name);
    if (inside) return inside;
  }
  return null;
};
const look = () => {
  for (const name of ["stage", "room"]) {
    const height = find(document, name)?.getBoundingClientRect().height;
    if (height && height !== window.heights[name].at(-1)) window.heights[name].push(height);
  }
  requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
def test_the_stage_comes_as_high_as_it_stays_and_as_the_room_that_was_kept(
    page: Page, width: int, height: int
) -> None:
    page.set_viewport_size({"width": width, "height": height})
    page.add_init_script(WATCH)
    page.goto("/?text=hello&lang=en")
    page.locator('[data-testid=stage]:not([data-frames="0"])').wait_for()
    until(page, lambda: page.evaluate("document.fonts.status") == "loaded")
    stage, room = page.evaluate("window.heights").values()
    expect(page.locator(".room")).to_be_hidden()
    assert max(stage) - min(stage) < 60, f"once shown, it is {stage} high"
    assert all(abs(kept - stage[-1]) < 0.05 * stage[-1] for kept in room), f"{room} kept for {stage}"
