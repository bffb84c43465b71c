"""The stage's questions and the runs of the whole page, seen from the wire between them."""

from playwright.sync_api import Page, WebSocketRoute, expect
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg


class Wire:
    """Between a tab and the server: counts the stage's questions, and can hold back how a run of the page ends."""

    def __init__(self, page: Page) -> None:
        self.questions = 0
        self.holds = False
        self._held: list[str | bytes] = []
        page.route_web_socket("**/_stcore/stream", self._connect)

    def release(self) -> None:
        self.holds = False
        for message in self._held:
            self._page.send(message)
        self._held.clear()

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


def test_the_stage_asks_for_more_only_when_the_page_has_come_to_its_end(page: Page) -> None:
    wire = Wire(page)
    page.goto("/?seed=201")
    page.locator('[data-testid=stage]:not([data-frames="0"])').wait_for()
    page.wait_for_timeout(500)
    wire.holds = True
    page.locator(".st-key-play button").click()
    stage = page.get_by_test_id("stage")
    expect(stage).to_have_attribute("data-playing", "true")
    page.wait_for_timeout(500)
    assert wire.questions == 0
    wire.release()
    frames = int(stage.get_attribute("data-frames") or 0)
    page.wait_for_timeout(1000)
    assert wire.questions > 1
    assert int(stage.get_attribute("data-frames") or 0) > frames
