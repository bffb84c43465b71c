"""The Gradients page in a real browser: what comes along from Train, what the address and history say, a phone."""

import re
from urllib.parse import urlencode

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect

from playground.figures.theme import COLOURS
from playground.ui.address import URL_SETTLES
from tests.browser.test_server import is_foreign
from tests.browser.visit import Visit, until
from tests.serving import Server

TEXT = "the quick brown fox jumps over the lazy dog\nhello"

# Whether the comparison can be paused again: the first answer to Go on is there.
PAUSES = "() => document.querySelector('.st-key-pause_comparison button:enabled') !== null"


def figure(page: Page, name: str) -> Locator:
    """A figure that plotly has drawn."""
    drawn = page.locator(f".st-key-figure_{name} .js-plotly-plot")
    expect(drawn.locator("svg.main-svg").first).to_be_visible()
    return drawn


def says(page: Page, text: str) -> None:
    """Wait until the matrix of influence has this text; while a run replaces it, there may be two for a moment."""
    drawn = page.locator(".st-key-figure_influence .js-plotly-plot")
    expect(drawn.filter(has_text=text)).to_have_count(1)
    expect(drawn).to_have_count(1)


def choose(page: Page, panel: str, title: str) -> None:
    page.locator(".st-key-gradients-panel button", has_text=title).click()
    expect(page).to_have_url(re.compile(rf"gradients\.panel={panel}"))


def test_the_step_comes_along_and_the_address_follows(page: Page, server: Server) -> None:
    visit, foreign = Visit(page), []
    page.on("request", lambda sent: foreign.append(sent.url) if is_foreign(sent.url, server) else None)
    visit.open("/?text=abcabd&seed=401")
    visit.press_play(True)
    visit.until("step", "> 8")
    visit.press_play(False)
    visit.quiet()
    step = visit.number("step")

    page.get_by_role("link", name="Gradients").click()
    influence = figure(page, "influence")
    assert influence.locator(".heatmaplayer image").count() == 1
    expect(page).to_have_url(re.compile(rf"/gradients\?.*seed=401&gradients\.at={step}$"))
    says(page, "t = 5")
    expect(page.locator(".st-key-gradients-at")).to_contain_text(str(step))

    page.locator(".st-key-gradients-loss_at input").focus()
    page.keyboard.press("ArrowLeft")
    expect(page).to_have_url(re.compile(r"loss_at=4$"))
    says(page, "t = 4")
    choose(page, "knobs", "4 Start")
    figure(page, "draws")
    choose(page, "check", "5 Check")
    figure(page, "differences")

    page.wait_for_timeout(1000 * URL_SETTLES + 100)  # until then an address may be that of a moment ago
    page.go_back()
    figure(page, "draws")
    expect(page).to_have_url(re.compile("panel=knobs"))
    page.go_back()
    says(page, "t = 4")
    page.go_back()
    says(page, "t = 5")
    expect(page).to_have_url(re.compile(rf"at={step}$"))
    visit.quiet()  # Streamlit itself writes an address where one page's run overtakes another's
    page.go_back()  # the page was entered once, not by its bare address first
    visit.until("step", f"= {step}")
    expect(page).to_have_url(re.compile(r"/\?cell=lstm&text=abcabd&seed=401$"))
    page.go_forward()
    says(page, "t = 5")
    expect(page.locator(".st-key-gradients-at")).to_contain_text(str(step))
    page.get_by_role("link", name="Train").click()
    visit.until("step", f"= {step}")
    assert foreign == []
    visit.check()


def test_the_sidebar_says_the_same_on_every_page_and_in_every_language(page: Page, server: Server) -> None:
    """Nobody has touched a widget yet: what they say then has come from us, page by page."""

    def sidebar() -> tuple[str, ...]:
        names = ("hidden_size", "clip_threshold", "seed")
        fields = [page.locator(f".st-key-{name} input").first.input_value() for name in names]
        return page.locator(".st-key-text textarea").input_value(), *fields

    visit = Visit(page)
    visit.open("/?cell=gru&text=abcabd&hidden_size=24&clip_threshold=2.5&seed=402")
    expected = ("abcabd", "24", "2.5", "402")
    assert sidebar() == expected
    page.get_by_role("link", name="Gradients").click()
    figure(page, "influence")
    visit.quiet()
    assert sidebar() == expected
    page.get_by_role("link", name="Train").click()
    visit.quiet()
    assert sidebar() == expected
    page.get_by_role("link", name="Gradients").click()
    figure(page, "influence")
    page.locator(".st-key-lang button", has_text="한국어").click()
    expect(page.get_by_role("link", name="그래디언트")).to_be_visible()
    page.locator(".st-key-cell button", has_text="RNN").click()
    expect(page).to_have_url(re.compile("lang=ko"))
    expect(page).not_to_have_url(re.compile("cell=gru"))
    visit.quiet()
    assert page.locator("[data-testid=stAlert]").all_inner_texts() == []
    assert sidebar() == expected
    visit.check()


def test_what_is_set_on_a_page_is_there_when_one_comes_back(page: Page) -> None:
    visit = Visit(page)
    visit.open("/?text=abcabd&seed=404")
    page.get_by_role("button", name="Stop at").click()
    stop = page.locator(".st-key-train-stop_step input")
    stop.fill("9")
    stop.press("Enter")
    expect(page.get_by_text("stops at step 9")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Gradients").click()
    figure(page, "influence")
    page.get_by_role("link", name="Train").click()
    expect(page.get_by_text("stops at step 9")).to_be_visible()
    page.get_by_role("button", name="Stop at").click()
    expect(stop).to_have_value("9")
    visit.check()


def test_no_key_press_is_lost_while_the_page_is_busy(page: Page) -> None:
    visit = Visit(page)
    page.goto("/gradients?" + urlencode({"text": "abcdefghij" * 4, "seed": 405, "at": 3}))
    figure(page, "jacobians")
    visit.quiet()
    slider = page.locator(".st-key-gradients-loss_at input")
    slider.focus()
    for _ in range(9):
        page.keyboard.press("ArrowLeft")
        page.wait_for_timeout(60)
    visit.quiet()
    expect(page).to_have_url(re.compile("loss_at=30$"))
    expect(slider).to_have_attribute("aria-valuetext", re.compile("^30: "))


def test_a_press_beside_long_work_counts_however_soon_it_comes(page: Page) -> None:
    """Go on and Stop here, pressed where both stood: at once, and as soon as the first press is answered."""
    names = ("pause", "go_on", "stop", "again")
    pause, go_on, stop, again = (page.locator(f".st-key-{name}_comparison button") for name in names)
    visit = Visit(page)
    long = {"text": "the quick brown fox jumps over the lazy dog " * 4, "hidden_size": 128, "layers": 3}
    page.goto("/gradients?" + urlencode({**long, "panel": "clipping", "case": "experiment", "seed": 406}))
    for is_answered in (False, True):
        pause.click()
        expect(go_on).to_be_enabled()
        visit.quiet()
        stop.scroll_into_view_if_needed()
        places = [box for button in (go_on, stop) if (box := button.bounding_box())]
        for place in places:
            page.mouse.click(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
            if is_answered and place is places[0]:
                page.wait_for_function(PAUSES)
        expect(page.get_by_text("Stopped after")).to_be_visible()
        expect(stop).to_have_count(0)
        if not is_answered:
            again.click()
    again.click()
    stop.evaluate("button => window.pressed = button")
    share = progress(page)
    until(page, lambda: progress(page) != share)
    assert stop.evaluate("button => button === window.pressed"), "no turn takes a button from under a finger"
    stop.click()
    expect(again).to_be_enabled()


def progress(page: Page) -> str | None:
    """How far the bar of a job is."""
    return page.get_by_role("progressbar").first.get_attribute("aria-valuenow")


def test_figures_follow_the_theme(page: Page) -> None:
    page.emulate_media(color_scheme="light")
    page.goto("/gradients?text=abcabd&seed=403&at=3")
    label = figure(page, "influence").locator(".xtick text").first
    expect(label).to_have_css("fill", css(COLOURS["light"]["muted"]))
    page.emulate_media(color_scheme="dark")
    expect(label).to_have_css("fill", css(COLOURS["dark"]["muted"]))


def test_korean_and_dark_on_a_phone(server: Server, browser: Browser) -> None:
    context = browser.new_context(
        base_url=server.url,
        locale="ko-KR",
        color_scheme="dark",
        viewport={"width": 390, "height": 844},
        has_touch=True,
        is_mobile=True,
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if is_complaint(message) else None)
    page.goto(
        "/gradients?" + urlencode({"text": TEXT, "layers": 2, "at": 5, "loss_at": 40, "case_clip": "value"})
    )
    for last, title in (
        ("carry", "4 초기화"),
        ("radii", "5 검산"),
        ("differences", "6 클리핑"),
        ("losses", ""),
    ):
        figure(page, last)
        until(page, lambda: too_wide(page) == [])  # figures take the width of the window after they are drawn
        if title:
            page.locator(".st-key-gradients-panel button", has_text=title).click()
    background = page.locator(".stApp").evaluate("app => getComputedStyle(app).backgroundColor")
    assert sum(map(int, re.findall(r"\d+", background)[:3])) < 150
    assert complaints == []
    context.close()


def css(colour: str) -> str:
    """A colour as a browser gives it."""
    return f"rgb({', '.join(str(part) for part in bytes.fromhex(colour[1:]))})"


def is_complaint(message: ConsoleMessage) -> bool:
    """An error, but for Streamlit's own question whether it is served below the page's address."""
    return message.type == "error" and "/gradients/_stcore/" not in message.location["url"]


def too_wide(page: Page) -> list[str]:
    """What sticks out of the window on the right, unless it scrolls by itself; and the page, if it scrolls sideways."""
    return page.evaluate(
        """() => {
          const main = document.querySelector("[data-testid=stMain]"), limit = document.documentElement.clientWidth;
          const scrolls = (e) => e !== main && getComputedStyle(e).overflowX !== "visible";
          const hidden = (e) => e !== main && (scrolls(e) || hidden(e.parentElement));
          const wide = [...main.querySelectorAll("*")].filter(
            (e) => e.getBoundingClientRect().right > limit + 1 && !hidden(e));
          if (Math.max(document.documentElement.scrollWidth, main.scrollWidth) > limit) wide.push(main);
          return wide.map((e) => `${e.tagName}.${e.className}`).slice(0, 5);
        }"""
    )
