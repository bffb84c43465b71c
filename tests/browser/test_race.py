"""The cliff and the race in a real browser: two that part, side by side, on a wide screen and on a phone."""

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from playground.config import ExperimentConfig, to_query
from playground.presets import PRESETS
from tests.browser.visit import Visit


@pytest.fixture
def visit(page: Page) -> Iterator[Visit]:
    made = Visit(page)
    yield made
    made.check()


def test_from_the_cliff_two_go_on_and_one_explodes_again(visit: Visit) -> None:
    query = to_query(ExperimentConfig.from_values(PRESETS["cliff"].values()))
    visit.open("/?" + urlencode(query | {"speed": "max", "train.stop": "never"}))
    visit.play.click()  # it may have exploded before anybody sees it play
    visit.page.get_by_role("button", name="Go on from there").click()
    names = visit.stage.locator(".track-name")
    expect(names).to_have_count(2)
    end = visit.number("step")
    visit.press_play(True)
    visit.until("step", f"> {end + 20}")
    visit.press_play(False)
    expect(visit.stage.get_by_test_id("standings")).to_contain_text("Exploded: no clipping at step")
    expect(visit.stage.locator("section.clipping canvas")).to_be_visible()
    visit.page.set_viewport_size({"width": 390, "height": 844})
    expect(names.nth(1)).to_be_hidden()
    visit.stage.locator(".chooser button").nth(1).click()
    expect(names.nth(0)).to_be_hidden()
    expect(names.nth(1)).to_be_visible()
    visit.page.get_by_role("button", name="One again").click()
    expect(visit.stage.locator(".track")).to_have_count(0)
