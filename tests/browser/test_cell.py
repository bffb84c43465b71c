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

    second = page.locator(".sheet .result").nth(1)
    second.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("The cell as a picture, unit 2")).to_be_visible()
    expect(second).to_be_focused()  # though the sheet was built anew
    way = page.locator(".sheet [role=radio]")
    way.first.focus()
    page.keyboard.press("ArrowRight")
    expect(way.nth(1)).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(way.first).to_be_focused()

    first = page.locator('.sheet [data-name="x.1"]')
    first.fill("2")
    first.press("Enter")
    expect(results).to_have_text(["−0.05", "0.88"])  # tanh(−0.05), tanh(1.375)
    expect(page).to_have_url(re.compile(r"cell\.numbers=x\.1%3A2\.0"))
    first.fill("1e308")
    first.press("Enter")
    expect(page.locator(".sheet .complaint")).to_contain_text("must be a number from -1000 to 1000")
    expect(results).to_have_text(["−0.05", "0.88"])


def test_an_edit_is_read_on_from_and_an_update_is_stepped_through(page: Page) -> None:
    page.goto("/cell?cell.panel=whatif&text=abcabd&hidden_size=3&seed=51&at=0")
    timestep = page.locator(".st-key-cell-t input")
    expect(timestep).to_have_attribute("aria-valuetext", "2: b")
    expect(page.get_by_text("h stays as it is, to the last digit.")).to_be_visible()
    cells = page.locator(".st-key-figure_whatif_values .xy .nsewdrag")
    cells.scroll_into_view_if_needed()
    box = cells.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 0.85 * box["height"])
    page.mouse.down()
    page.mouse.up()
    expect(timestep).to_have_attribute("aria-valuetext", "4: a")
    expect(page.locator(".st-key-edit_unit input")).to_have_value("3")
    page.locator(".st-key-edit_value input").fill("0.5")
    page.get_by_role("button", name="Edit at t = 4").click()
    expect(page.get_by_role("button", name="h = 0.5 · unit 3 · t = 4 ×")).to_be_visible()
    expect(
        page.get_by_text(re.compile(r"^h changes most at t = 4, unit 3: from −?0\.\d+ to 0\.5\."))
    ).to_be_visible()
    expect(page).to_have_url(re.compile(r"cell\.edits=l0\.h\.2%403%3D0\.5"))

    page.get_by_role("radio", name="One update").click()
    player = page.locator(".motion")
    said, lines = player.locator(".said"), player.locator(".lines")
    expect(said).to_contain_text("At t = 1 the network reads")
    player.get_by_role("button", name="7 Optimise").click()
    expect(lines.locator("math").first).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(said).to_contain_text("So w goes from")
    expect(player.get_by_role("button", name="Play")).to_be_visible()  # it does not go on by itself
