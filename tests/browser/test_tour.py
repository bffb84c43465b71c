"""A first visit: a recording plays by itself and costs the server nothing; the tour waits for the learner."""

from playwright.sync_api import Page, expect

from tests.browser.visit import Visit


def test_a_first_visit_and_the_first_scene(page: Page) -> None:
    visit = Visit(page).open("/")
    visit.until("step", "> 1")
    before = visit.sent
    seen = visit.number("step")
    visit.until("step", f"> {seen + 5}")
    assert visit.sent == before, "the browser plays what is there"
    expect(visit.stage).to_have_attribute("data-playing", "false")

    visit.press("tour_begin")
    visit.until("step", "= 0")
    expect(visit.stage.locator("[data-tour=lit]")).to_have_count(1)
    visit.press("tour_guess_3")
    expect(visit.stage).to_have_attribute("data-playing", "false")
    visit.press_play(True)
    expect(visit.stage).to_have_attribute("data-playing", "false")  # it stops by itself
    expect(visit.play).to_contain_text("Play")
    expect(page.locator(".st-key-tour")).to_contain_text("Right!")
    expect(page.locator(".st-key-tour")).to_contain_text("hidden state")

    visit.press("tour_next")
    visit.until("step", "= 0")
    visit.quiet()
    expect(visit.stage).to_have_attribute("data-playing", "false")
    visit.check()
