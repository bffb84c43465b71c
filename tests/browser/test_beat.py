"""The stage's questions and the runs of the whole page, seen from the wire between them."""

import re

import pytest
from playwright.sync_api import Page, Route, WebSocketRoute, expect
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from playground.ui.stage.feed import PATH
from tests.browser.visit import until


class Wire:
    """Between a tab and the server: counts the stage's questions, and can hold back how a run of the page ends."""

    def __init__(self, page: Page, *, feed_works: bool) -> None:
        self.questions = 0
        self.holds = False
        self._held: list[str | bytes] = []
        self._feed_works = feed_works
        page.route_web_socket("**/_stcore/stream", self._connect)
        page.route(re.compile(rf"{PATH}(/|$)"), self._ask)

    def release(self) -> None:
        self.holds = False
        for message in self._held:
            self._page.send(message)
        self._held.clear()

    def _ask(self, route: Route) -> None:
        """The way beside the page: one look whether it is there, then one question after the other."""
        if not self._feed_works:
            route.fulfill(status=404)
            return
        self.questions += route.request.method == "POST"
        route.continue_()

    def _connect(self, page: WebSocketRoute) -> None:
        self._page, self._server = page, page.connect_to_server()
        page.on_message(self._up)
        self._server.on_message(self._down)

    def _up(self, message: str | bytes) -> None:
        assert isinstance(message, bytes)
        self.questions += bool(BackMsg.FromString(message).rerun_script.fragment_id)
        self._server.send(message)

    def _down(self, message: str | bytes) -> None:
        assert isinstance(message, bytes)
        is_end = ForwardMsg.FromString(message).WhichOneof("type") == "script_finished"
        if self._held or (self.holds and is_end):
            self._held.append(message)
        else:
            self._page.send(message)


def pass_time(page: Page) -> None:
    """Let the page's own clock, which stands still, run on a little."""
    page.clock.run_for(50)
    page.wait_for_timeout(20)  # for what has been sent meanwhile to arrive


@pytest.mark.parametrize("feed_works", [True, False], ids=["beside the page", "by the page"])
def test_the_stage_asks_for_more_only_when_the_page_has_come_to_its_end(page: Page, feed_works: bool) -> None:
    wire = Wire(page, feed_works=feed_works)
    page.clock.install()
    page.goto("/?seed=201")
    page.locator('[data-testid=stage]:not([data-frames="0"])').wait_for()
    app, stage = page.get_by_test_id("stApp"), page.get_by_test_id("stage")
    expect(app).to_have_attribute("data-test-script-state", "notRunning")
    wire.holds = True
    page.clock.pause_at(page.evaluate("Date.now() + 100"))
    page.locator(".st-key-play button").click()

    def plays() -> bool:
        pass_time(page)
        return stage.get_attribute("data-playing") == "true"

    until(page, plays)
    expect(app).to_have_attribute("data-test-script-state", "running")
    for _ in range(20):
        pass_time(page)
    assert wire.questions == 0
    wire.release()
    page.clock.resume()
    expect(app).to_have_attribute("data-test-script-state", "notRunning")
    frames = int(stage.get_attribute("data-frames") or 0)
    until(page, lambda: wire.questions > 1 and int(stage.get_attribute("data-frames") or 0) > frames)
