"""A visit in a real browser, and waiting for what a test wants to see of it, however busy the machine is."""

import time
from collections.abc import Callable

from playwright.sync_api import Locator, Page, Request, WebSocket, expect
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

PATIENCE = 60  # seconds until what has not come yet is taken not to come at all
LOOK = 50  # milliseconds between two looks

# Collected in the page itself, because the console is silent about some violations.
WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));
"""
# Timers of a test and of the page fire in turn: what the page still wanted to send in this time, it has sent.
A_WHILE = """async () => {
  for (let turn = 0; turn < 10; turn++) {
    await new Promise((done) => setTimeout(done, 50));
    await new Promise((done) => requestIdleCallback(done, { timeout: 1000 }));
  }
}"""
# Reads a number of the stage's root, which stands in a shadow tree, and compares it.
COMPARE = """([name, test]) => {
  const find = (root) => {
    for (const element of root.querySelectorAll("*")) {
      if (element.dataset?.testid === "stage") return element;
      const inside = element.shadowRoot && find(element.shadowRoot);
      if (inside) return inside;
    }
    return null;
  };
  const stage = find(document);
  if (!stage) return false;
  const [sign, limit] = test.split(" ");
  const value = Number(stage.dataset[name]);
  return sign === ">" ? value > limit : sign === "<" ? value < limit : value === Number(limit);
}"""


def until(page: Page, seen: Callable[[], object]) -> None:
    """Return as soon as `seen()` is true, while the page goes on; fail when it never is."""
    end = time.monotonic() + PATIENCE
    while not seen():
        assert time.monotonic() < end, "what was waited for did not come"
        page.wait_for_timeout(LOOK)


class Visit:
    """A tab on the Train page, what it complained about, and what it sent.

    Attributes:
        complaints: errors of its scripts, of its console, and dialogs that opened.
        sent: messages to the server so far.
        is_answered: whether the page has been run since it last asked for that.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.sent = 0
        self.is_answered = True
        self._is_begun = False
        self._asked_for_part = False
        self._parts: set[str] = set()
        self._parts_of_run: set[str] = set()
        page.add_init_script(WATCH)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda m: self.complaints.append(m.text) if m.type == "error" else None)
        page.on(
            "dialog", lambda dialog: (self.complaints.append(f"dialog {dialog.message}"), dialog.dismiss())
        )
        page.on("websocket", self._listen)
        page.on("request", self._ask)

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framesent", self._send)
        socket.on("framereceived", self._receive)

    def _ask(self, request: Request) -> None:
        self.sent += request.method == "POST"

    def _send(self, message: str | bytes) -> None:
        self.sent += 1
        said = BackMsg.FromString(message) if isinstance(message, bytes) else None
        if said is None or said.WhichOneof("type") != "rerun_script":
            return
        part = said.rerun_script.fragment_id
        if part and self._parts and part not in self._parts:
            return  # The last run of the whole page has not made this part again: the server drops such a question.
        self.is_answered = self._is_begun = False
        self._asked_for_part = bool(part)

    def _receive(self, message: str | bytes) -> None:
        heard = ForwardMsg.FromString(message) if isinstance(message, bytes) else None
        kind = heard.WhichOneof("type") if heard else None
        if heard and kind == "new_session":
            self._is_begun, self.is_answered = True, False
            self._parts_of_run = set()
        elif heard and kind == "delta" and heard.delta.fragment_id:
            self._parts_of_run.add(heard.delta.fragment_id)
        elif heard and kind == "script_finished":
            # A run of the whole page makes its parts anew, so who asked for an old one meanwhile gets no other answer.
            is_whole = heard.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY
            self.is_answered |= self._is_begun or (is_whole and self._asked_for_part)
            self._parts = self._parts_of_run if is_whole else self._parts | self._parts_of_run

    def open(self, address: str = "/") -> "Visit":
        self.page.goto(address)
        self.page.locator('[data-testid=stage]:not([data-frames="0"])').wait_for()
        self.play.wait_for()
        return self

    @property
    def stage(self) -> Locator:
        return self.page.get_by_test_id("stage")

    @property
    def play(self) -> Locator:
        return self.page.locator(".st-key-play button")

    def number(self, name: str) -> int:
        return int(self.stage.get_attribute(f"data-{name}") or -1)

    def until(self, name: str, test: str) -> int:
        """Wait until a number of the stage's root passes a test such as "> 3"."""
        self.page.wait_for_function(COMPARE, arg=[name, test])
        return self.number(name)

    def press_play(self, playing: bool) -> None:
        self.play.click()
        expect(self.stage).to_have_attribute("data-playing", str(playing).lower())

    def press(self, key: str) -> None:
        """Click a button; one with a help text stands twice in the page, for two widths."""
        self.page.locator(f".st-key-{key} button:visible").first.click()

    def type_text(self, text: str) -> None:
        area = self.page.locator(".st-key-text textarea")
        area.fill(text)
        area.press("Control+Enter")

    def quiet(self) -> None:
        """Wait until the server has answered what was sent, and the page has sent nothing more while it could."""
        before = -1
        while before != self.sent:
            before = self.sent
            until(self.page, lambda: self.is_answered)
            self.page.evaluate(A_WHILE)

    def check(self) -> None:
        assert self.complaints == []
        assert self.page.evaluate("window.violations") == []
