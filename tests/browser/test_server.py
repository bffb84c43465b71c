"""The server as a browser meets it: headers, files, and a page that breaks none of its own rules."""

import urllib.request
from email.message import Message

import pytest
from playwright.sync_api import Browser, Page, expect

from playground.ui.assets import PATH, WEB
from tests.browser.visit import PATIENCE, WATCH, Visit, until
from tests.serving import Server, free_port, serve

# Notes the lowest training step that a stage shows from now on, and whatever it says below its bar; gives the step of
# now.
WATCH_STEPS = """(stage) => {
  const notice = stage.querySelector(".notice");
  window.lowest = Number(stage.dataset.step);
  window.said = [];
  new MutationObserver(() => {
    window.lowest = Math.min(window.lowest, Number(stage.dataset.step));
    if (notice.textContent) window.said.push(notice.textContent);
  }).observe(stage, { subtree: true, childList: true, attributes: true, characterData: true });
  return window.lowest;
}"""


def headers(url: str) -> Message:
    with urllib.request.urlopen(url, timeout=PATIENCE) as response:
        return response.headers


@pytest.mark.parametrize("path", ["/", "/train?text=hello", "/_stcore/health"])
def test_every_answer_carries_the_security_headers(server: Server, path: str) -> None:
    answer = headers(server.url + path)
    assert "frame-ancestors 'self' https://*.streamlit.app" in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["X-Frame-Options"] is None


def test_stage_files_are_javascript_and_never_of_an_old_version(server: Server) -> None:
    for file in WEB.rglob("*.js"):
        answer = headers(f"{server.url}{PATH}/{file.relative_to(WEB).as_posix()}")
        assert answer.get_content_type() in {"text/javascript", "application/javascript"}
        assert answer["Cache-Control"] == "no-cache"


def test_log_is_free_of_complaints(server: Server, page: Page) -> None:
    page.goto("/")
    page.get_by_test_id("stAppViewContainer").wait_for()
    log = server.log().lower()
    assert "warning" not in log and "not a valid config option" not in log and "traceback" not in log, log


@pytest.mark.parametrize("locale", ["en-US", "ko-KR"])
def test_page_obeys_its_own_policy_and_asks_no_other_host(server: Server, browser, locale: str) -> None:
    context = browser.new_context(base_url=server.url, locale=locale)
    page: Page = context.new_page()
    page.add_init_script(WATCH)
    errors: list[str] = []
    foreign: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on(
        "request", lambda request: foreign.append(request.url) if is_foreign(request.url, server) else None
    )
    page.goto("/")
    page.get_by_test_id("stage").wait_for()
    page.wait_for_load_state("networkidle")  # charts below the stage draw themselves after it
    assert page.evaluate("window.violations") == []
    assert errors == []
    assert foreign == []
    context.close()


def is_foreign(url: str, server: Server) -> bool:
    return not url.startswith((server.url, server.url.replace("http", "ws", 1), "data:", "blob:"))


def test_a_server_that_starts_again_finds_its_learners_where_they_were(browser: Browser) -> None:
    """One who plays and one who has paused: their pictures stay, it is said why, and both can go on."""
    port = free_port()
    context = browser.new_context(base_url=f"http://127.0.0.1:{port}", locale="en-US")
    with serve(port=port):
        player, reader = (
            Visit(context.new_page()).open(f"/?text=hello&seed={seed}&train.stop=never") for seed in (71, 72)
        )
        for visit in (player, reader):
            visit.press_play(True)
            visit.until("step", "> 20")
        reader.press_play(False)
        expect(reader.page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
        runs = [visit.stage.get_attribute("data-run") for visit in (player, reader)]
    steps = [visit.stage.evaluate(WATCH_STEPS) for visit in (player, reader)]
    with serve(port=port):
        for visit, run, step in zip((player, reader), runs, steps, strict=True):
            until(visit.page, lambda visit=visit, run=run: visit.stage.get_attribute("data-run") != run)
            assert visit.page.evaluate("window.lowest") >= step
            assert any("trained again" in said for said in visit.page.evaluate("window.said"))
            assert not [told for told in visit.complaints if "when disconnected" in told]
        assert reader.number("step") == steps[1]
        expect(reader.stage).to_have_attribute("data-playing", "false")
        player.until("step", f"> {steps[0]}")
        reader.press_play(True)
        reader.until("step", f"> {steps[1]}")
    context.close()
