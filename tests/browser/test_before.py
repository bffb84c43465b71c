"""The Before page in a real browser: all models from a link, a context asked live, and the table on a phone."""

import re

from playwright.sync_api import Browser, Page, expect

from tests.browser.test_gradients import figure
from tests.browser.visit import Visit
from tests.serving import Server


def test_all_models_then_a_context_and_on_a_phone_a_card_each(
    page: Page, browser: Browser, server: Server
) -> None:
    visit = Visit(page)
    visit.open("/?text=hello world&seed=411")
    page.get_by_role("link", name="Before RNNs").click()
    figure(page, "models")
    rows = page.locator(".before-models tbody tr")
    expect(rows).to_have_count(9)
    expect(rows.nth(2).locator(".number").nth(1)).to_have_text("1.597")  # floor of k = 1
    heading = page.locator(".before-models thead")
    assert heading.bounding_box()["height"] > 10  # type: ignore[index]

    page.locator(".st-key-before-panel button", has_text="n-grams").click()
    figure(page, "counts")
    page.get_by_role("button", name="A context that was never seen").click()
    expect(page.get_by_text("was never seen with anything after it: it backs off")).to_be_visible()
    expect(page).to_have_url(re.compile(r"before\.panel=ngram&before\.asked="))
    asked = page.locator(".st-key-before-asked input")
    asked.fill("zz")
    asked.press("Enter")
    expect(page.locator("[data-testid=stAlert]")).to_contain_text("must use symbols of the training text")
    asked.fill("wo")
    asked.press("Enter")
    expect(page.get_by_text("was seen once")).to_be_visible()
    expect(page.locator("[data-testid=stAlert]")).to_have_count(0)
    visit.check()

    phone = browser.new_context(base_url=server.url, viewport={"width": 390, "height": 844}).new_page()
    phone.goto("/before?lang=en&text=hello world&seed=411&before.updates=60")
    figure(phone, "models")
    first = phone.locator(".before-models tbody tr").first
    expect(first).to_be_visible()
    assert first.bounding_box()["width"] <= 390  # type: ignore[index]
    assert phone.evaluate("document.documentElement.scrollWidth") == 390
    phone.set_viewport_size({"width": 320, "height": 844})
    phone.reload()
    here = phone.locator(".st-key-pages [aria-current=page]")
    expect(here).to_contain_text("Before RNNs")
    box, row = here.bounding_box(), phone.locator(".st-key-pages").bounding_box()
    assert box and row and row["x"] <= box["x"] and box["x"] + box["width"] <= row["x"] + row["width"] + 1
    phone.context.close()
