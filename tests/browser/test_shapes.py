"""A lesson of the Shapes page in a browser: learned, scrubbed, turned into another shape, and fed one's own lines."""

import re

from playwright.sync_api import Page, expect


def test_a_lesson_is_learned_scrubbed_and_given_ones_own_lines(page: Page) -> None:
    page.goto("/shapes?shapes.shape=many-to-one&shapes.updates=40&shapes.seed=3")
    picture = page.get_by_test_id("shape")
    where, example = picture.locator(".where"), picture.locator(".example")
    expect(where).to_have_text("Step 40 of 40")
    expect(page.get_by_text("of 72 held-out answers are right")).to_be_visible()
    expect(page.locator(".st-key-figure_confusion .heatmaplayer image")).to_have_count(1)
    expect(page.locator(".st-key-experiment")).to_be_hidden()
    drawn = picture.locator("canvas, svg").first.bounding_box()
    assert drawn is not None and drawn["y"] + drawn["height"] < 900, "the picture is in the first screen"

    picture.locator(".scrub").fill("0")
    expect(where).to_have_text("Step 0 of 40")
    expect(example).to_contain_text("food was not good but service was not bad")
    picture.press("End")
    expect(where).to_have_text("Step 40 of 40")

    page.get_by_role("radio", name="each step", exact=True).click()
    expect(example).to_contain_text("the light is very bad")
    expect(page).to_have_url(re.compile(r"shapes\.shape=each\+step"))
    page.get_by_role("radio", name="my own lines").click()
    lines = page.locator(".st-key-shapes-tags textarea")
    expect(lines).to_have_value(re.compile("^the/D old/A man/N walks/V"))
    lines.fill("the/d cat\nthe/d")
    lines.press("Control+Enter")
    expect(page.get_by_text("must have a tag after every word")).to_contain_text("line 1 has 'cat'")
    expect(picture).to_have_count(0)
    lines.fill("the/d cat/n\nthe/d")
    lines.press("Control+Enter")
    expect(page.get_by_text("nothing is held out of so few")).to_be_visible()
    expect(example).to_contain_text("the cat")

    page.get_by_role("radio", name="2 Where the gradient starts").click()
    expect(picture.filter(has_text="∂L/∂h")).to_be_visible()
    page.reload()
    expect(lines).to_have_value("the/d cat/n\nthe/d")
    expect(page.locator(".st-key-figure_gradient_over_time .scatterlayer .trace")).to_have_count(1)
