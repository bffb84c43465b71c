"""Every address that a reader may try is a page: / and /train are the same one."""

import re

import pytest
from playwright.sync_api import Page, expect


@pytest.mark.parametrize("address", ["/", "/train"])
def test_the_first_page_has_two_addresses(page: Page, address: str) -> None:
    page.goto(f"{address}?text=abcabd&lang=en")
    page.get_by_test_id("stage").wait_for()
    expect(page.get_by_role("textbox", name="Text", exact=True)).to_have_value("abcabd")
    expect(page.get_by_text("Page not found")).to_have_count(0)
    links = page.get_by_test_id("stTopNavLink")
    assert [link.inner_text().split()[-1] for link in links.all()] == [
        "Train",
        "Gradients",
        "Cell",
        "Shapes",
        "RNNs",
    ], "one entry in the menu"


def test_from_the_other_address_one_gets_on_and_back(page: Page) -> None:
    page.goto("/train?text=abcabd&lang=en")
    page.get_by_test_id("stage").wait_for()
    page.get_by_test_id("stTopNavLink").filter(has_text="Gradients").click()
    expect(page).to_have_url(re.compile(r"/gradients\?.*text=abcabd"))
    page.get_by_test_id("stTopNavLink").filter(has_text="Train").click()
    page.get_by_test_id("stage").wait_for()
    expect(page.get_by_role("textbox", name="Text", exact=True)).to_have_value("abcabd")
