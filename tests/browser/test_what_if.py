"""A state is moved by hand and by keys, in a browser: answered by the feed, or by the page where there is none."""

import re

import pytest
from playwright.sync_api import Page, expect

LABELS = 60  # pixels beside the tiles, about


@pytest.mark.parametrize("by", ["the feed", "the page"])
def test_the_state_of_one_l_makes_the_network_answer_at_the_other(page: Page, by: str) -> None:
    if by == "the page":
        page.route(re.compile(r"/frames(/|$)"), lambda route: route.fulfill(status=404))
    page.goto("/?train.at=200")
    stage, outcome = page.get_by_test_id("stage"), page.locator(".what-if .outcome")
    expect(stage).to_have_attribute("data-step", "200")
    expect(stage).to_have_attribute("data-t", "3")  # the later of the two l
    tiles = page.locator(".tiles .plot").bounding_box()
    assert tiles is not None
    slot, y = (tiles["width"] - LABELS) / 4, tiles["y"] + tiles["height"] * 0.35
    first, second = (tiles["x"] + LABELS + (t + 0.5) * slot for t in (2, 3))

    page.mouse.move(first, y)
    page.mouse.down()
    page.mouse.move(second, y)
    page.mouse.up()
    expect(outcome).to_have_text(
        re.compile(r"With the state of .l₃.* answers .l. at .l₄. too, no longer .o.: the state is the memory")
    )
    expect(page).to_have_url(re.compile(r"train\.edits=h%402%3E3"))
    page.locator(".what-if .chip").click()
    expect(page.locator(".what-if .chip")).to_have_count(0)
    expect(page).not_to_have_url(re.compile("edits"))

    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    stage.focus()
    page.keyboard.press("s")
    expect(outcome).to_be_visible()  # it says what is carried
    page.keyboard.press("ArrowLeft")
    expect(stage).to_have_attribute("data-t", "2")
    page.keyboard.press("s")
    expect(outcome).to_have_text(re.compile(r"answers .o. at .l₃. too, no longer .l."))
    expect(page).to_have_url(re.compile(r"train\.edits=h%403%3E2"))
