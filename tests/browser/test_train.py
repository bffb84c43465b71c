"""The train page in a real browser: what is drawn, what moves, what is sent, and what is not."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.browser.visit import Visit, until
from tests.serving import Server


@pytest.fixture
def visit(page: Page) -> Iterator[Visit]:
    made = Visit(page)
    yield made
    made.check()


def canvases_are_drawn(stage: Locator) -> dict[str, bool]:
    """For every panel with a picture, whether its canvas has more than one colour."""
    return stage.evaluate(
        """(stage) => Object.fromEntries([...stage.querySelectorAll("section.panel")].filter(
          (panel) => panel.querySelector("canvas") && panel.offsetHeight > 0).map((panel) => {
          const canvas = panel.querySelector("canvas");
          const pixels = new Uint32Array(
            canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.buffer);
          return [panel.className, new Set(pixels).size > 1];
        }))"""
    )


def test_first_visit_draws_all_panels_and_can_be_read_aloud(visit: Visit) -> None:
    visit.open()
    visit.until("step", "> 8")  # a recording plays, from step 0
    expect(visit.stage).to_have_attribute("data-playing", "false")
    until(visit.page, lambda: all(canvases_are_drawn(visit.stage).values()))
    assert len(canvases_are_drawn(visit.stage)) >= 7
    assert (visit.stage.get_attribute("aria-label") or "").strip()
    unnamed = visit.stage.locator("[role=img]").evaluate_all(
        "plots => plots.filter((p) => p.offsetHeight > 0 && !p.getAttribute('aria-label')).length"
    )
    assert unnamed == 0
    assert visit.stage.locator(".samples-list li").count() >= 1
    visit.page.locator(".st-key-view button").first.click()  # a first visit loads no figures unasked
    expect(visit.page.get_by_test_id("stPlotlyChart")).to_be_visible()


def test_play_pause_and_scrubbing_without_the_server(visit: Visit) -> None:
    visit.open("/?seed=101&train.stop=never")
    assert visit.number("step") == 0 and visit.number("playhead") in (0, -1)
    visit.press_play(True)
    step = visit.until("step", "> 3")
    frames = visit.until("frames", "> 5")
    assert visit.until("step", f"> {step}") > step and visit.until("frames", f"> {frames}") > frames
    visit.until("step", "> 30")
    visit.press_play(False)
    visit.quiet()
    newest, sent = visit.number("step"), visit.sent

    # Keyboard: training with brackets, time with arrows.
    visit.stage.focus()
    for _ in range(3):
        visit.page.keyboard.press("[")
    visit.until("step", f"= {newest - 3}")
    visit.page.keyboard.press("]")
    visit.until("step", f"= {newest - 2}")
    assert visit.number("t") == 3, "the later of the two l"
    for _ in range(9):
        visit.page.keyboard.press("ArrowLeft")
    visit.until("t", "= 0")
    visit.page.keyboard.press("ArrowRight")
    visit.page.keyboard.press("ArrowRight")
    visit.until("t", "= 2")
    visit.page.keyboard.press("ArrowLeft")
    visit.until("t", "= 1")
    for _ in range(9):
        visit.page.keyboard.press("ArrowRight")
    visit.until("t", "= 3")

    # Mouse: dragging on the curve.
    box = visit.stage.locator("section.curve .plot").bounding_box()
    assert box
    y = box["y"] + box["height"] / 2
    visit.page.mouse.move(box["x"] + 0.8 * box["width"], y)
    visit.page.mouse.down()
    visit.page.mouse.move(box["x"] + 0.3 * box["width"], y, steps=8)
    visit.page.mouse.up()
    assert visit.until("step", f"< {newest - 5}") >= 0
    visit.page.keyboard.press("Home")
    visit.until("step", "= 0")
    visit.page.keyboard.press("End")
    visit.until("step", f"= {newest}")
    assert visit.sent == sent, "scrubbing is the browser's own business"

    # Space plays and pauses.
    visit.stage.focus()
    visit.page.keyboard.press(" ")
    expect(visit.stage).to_have_attribute("data-playing", "true")
    visit.until("step", f"> {newest + 15}")  # more than the first tick
    expect(visit.play).to_contain_text("Pause")
    visit.stage.focus()
    visit.page.keyboard.press(" ")
    expect(visit.stage).to_have_attribute("data-playing", "false")
    expect(visit.play).to_contain_text("Play")


def test_the_study_button_brings_the_step_below(visit: Visit) -> None:
    visit.open("/?seed=102")
    for step in range(1, 5):
        visit.press("step")
        visit.until("step", f"= {step}")
    expect(visit.page.get_by_text("The network after 4 updates; follows the playhead.")).to_be_visible()
    visit.stage.focus()
    visit.page.keyboard.press("[")
    visit.page.keyboard.press("[")
    visit.until("step", "= 2")
    visit.stage.locator(".study-button").click()
    expect(visit.page.get_by_text("The network after 2 updates, the step you chose.")).to_be_visible()
    expect(visit.stage).to_have_attribute("data-playing", "false")
    visit.quiet()
    assert visit.number("step") == 2, "the stage stays where the reader is"


def test_dice_leaves_a_ghost_and_its_cross_removes_it(visit: Visit) -> None:
    visit.open("/?seed=103")
    for step in (1, 2, 3):
        visit.press("step")
        visit.until("step", f"= {step}")
    visit.press("dice")
    visit.until("step", "= 0")
    expect(visit.page).not_to_have_url(re.compile("seed=103"))
    remove = visit.stage.get_by_role("button", name=re.compile("Remove"))
    expect(remove).to_have_count(1)
    remove.click()
    expect(remove).to_have_count(0)


EVIL = "<img src=x onerror=window.hacked=1><script>window.hacked=2</script>"


def test_markup_trains_as_text_and_runs_no_script(visit: Visit) -> None:
    visit.open("/?seed=104&train.stop=never")
    images = visit.page.locator("img").count()
    visit.type_text(EVIL)
    expect(visit.page).to_have_url(re.compile("text=%3Cimg"))
    visit.press_play(True)
    visit.until("step", "> 5")
    visit.press_play(False)
    visit.page.locator(".st-key-probe input").fill("<img src=x onerror=window.hacked=3>!")
    visit.page.locator(".st-key-probe input").press("Enter")
    expect(visit.page.get_by_test_id("stAlert")).to_have_count(1)
    visit.press("dice")
    visit.until("step", "= 0")
    visit.quiet()
    assert visit.page.evaluate("typeof window.hacked") == "undefined"
    assert visit.page.locator("img").count() == images
    assert visit.stage.locator("img, script").count() == 0
    assert visit.page.locator("script", has_text="hacked").count() == 0


def test_korean_text_in_korean(server: Server, browser: Browser) -> None:
    context = browser.new_context(
        base_url=server.url, locale="ko-KR", viewport={"width": 1280, "height": 900}
    )
    visit = Visit(context.new_page()).open("/?text=안녕하세요&train.stop=never")
    expect(visit.play).to_contain_text("재생")
    expect(visit.stage.locator("section.odds")).to_contain_text("안")
    label = visit.stage.locator("section.tiles [role=img]").get_attribute("aria-label") or ""
    assert "안" in label and "녕" in label
    visit.press_play(True)
    visit.until("step", "> 5")
    visit.press_play(False)
    visit.page.locator(".st-key-lang button", has_text="English").click()
    expect(visit.play).to_contain_text("Play")
    expect(visit.page).to_have_url(re.compile("lang=en"))
    assert visit.number("step") > 5, "the run goes on in the other language"
    visit.check()
    context.close()


def test_a_phone_has_nothing_to_scroll_sideways(server: Server, browser: Browser) -> None:
    context: BrowserContext = browser.new_context(
        base_url=server.url,
        locale="en-US",
        viewport={"width": 390, "height": 844},
        has_touch=True,
        is_mobile=True,
    )
    visit = Visit(context.new_page()).open("/?text=the quick brown fox jumps over the lazy dog&cell=lstm")
    visit.quiet()
    width, wide = visit.page.evaluate(
        """() => {
          const main = document.querySelector("[data-testid=stMain]");
          const all = [document.documentElement, document.body, main, ...document.querySelectorAll(
            "[data-testid=stMainBlockContainer], [data-testid=stMainBlockContainer] *")];
          const limit = document.documentElement.clientWidth;
          const hidden = (e) => { for (let p = e; p; p = p.parentElement)
            if (["hidden", "auto", "scroll", "clip"].includes(getComputedStyle(p).overflowX) && p !== main
                && p !== document.body && p !== document.documentElement) return true; return false; };
          const wide = all.filter((e) => (e.getBoundingClientRect().right > limit + 1 && !hidden(e)));
          return [Math.max(document.documentElement.scrollWidth, main.scrollWidth),
                  wide.map((e) => `${e.tagName}.${e.className}`).slice(0, 5)];
        }"""
    )
    assert width <= 390 and wide == []
    visit.play.tap()
    visit.until("step", "> 3")
    visit.check()
    context.close()


def test_a_bad_link_says_what_is_wrong(visit: Visit) -> None:
    visit.open("/?hidden_size=999&learning_rate=nan&text=he%ED%A0%80l%00lo&layers=abc&speed=warp")
    alerts = visit.page.get_by_test_id("stAlert")
    expect(alerts).to_have_count(4)
    expect(
        alerts.filter(has_text="Hidden size must be a whole number from 1 to 128; got 999.")
    ).to_be_visible()
    expect(alerts.filter(has_text="must not contain control characters")).to_be_visible()
    expect(alerts.filter(has_text="Layers must be a whole number from 1 to 3; got 'abc'.")).to_be_visible()
    expect(visit.page).not_to_have_url(re.compile("999|warp|abc"))
    expect(visit.stage).to_have_attribute("data-playing", "false")
    assert "Traceback" not in visit.page.inner_text("body")
