"""The worked example of the Cell page, read number by number and changed in a browser."""

import re

from playwright.sync_api import Page, expect

from playground.cells.examples import EXAMPLES

PRODUCTS = ["0.5", "−0.5", "−0.5", "0.05", "−0.2", "1", "0", "0.125", "−0.15", "−0.4"]


def test_every_number_of_the_example_is_on_the_page_and_follows_what_is_typed(page: Page) -> None:
    page.goto("/cell")
    results = page.locator(".sheet .result b")
    expect(results).to_have_text(["−0.501", "0.358"])  # tanh(−0.55), tanh(0.375)
    fields = page.locator(".sheet input").evaluate_all(
        "all => all.map(field => [field.dataset.name, field.value])"
    )
    forward = {
        name: value
        for name, value in EXAMPLES["entries"].given().numbers.items()
        if not name.startswith(("above", "later"))
    }
    assert {name: float(text.replace("−", "-")) for name, text in fields} == forward
    products = page.locator(".sheet .product").all_inner_texts()
    assert [text.split("= ")[1] for text in products] == PRODUCTS
    expect(page.locator(".sheet .pre")).to_have_text(["−0.55", "0.375"])

    results.first.hover()
    lit = page.locator(".sheet [data-lit] input, .sheet input[data-lit]")
    expect(lit).to_have_count(5 + 5 + 2)  # a row of W, what it meets, its biases

    first = page.locator('.sheet [data-name="x.1"]')
    first.fill("2")
    first.press("Enter")
    expect(results).to_have_text(["−0.05", "0.88"])  # tanh(−0.05), tanh(1.375)
    expect(page).to_have_url(re.compile(r"cell\.numbers=x\.1%3A2\.0"))
    first.fill("1e308")
    first.press("Enter")
    expect(page.locator(".sheet .complaint")).to_contain_text("must be a number from -1000 to 1000")
    expect(results).to_have_text(["−0.05", "0.88"])
