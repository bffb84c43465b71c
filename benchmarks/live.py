"""What one visitor sees: a real server and a headless Chromium that draws in software.

    python -m benchmarks.live [--repetitions 5] [--seconds 4] [--engine both] [--json]

Times are taken inside the page, on its own clock. A frame counts as drawn when the training step that the
stage shows differs from the one in the animation frame before.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from urllib.parse import urlencode

from playwright.sync_api import Browser, Locator, Page, Request, WebSocket, sync_playwright
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from benchmarks.engines import add_option, by_engines
from benchmarks.server import running_server, use_two_cores
from benchmarks.session import StageMessage, stage_message
from benchmarks.table import Table, Target, show
from tests.ensure_browser import FLAGS, find_browser

WINDOW = {"width": 1440, "height": 1000}
WARMING = 2.0  # seconds of training before the clock starts
WAIT = 30_000  # ms
POINTER_EVERY = 0.008  # seconds between two movements of the mouse: 125 a second

# In every page before its own scripts: notes when stage and play button can first be used.
WATCH_FOR_USABLE = """
(() => {
  const find = (root, selector) => {
    const found = root.querySelector(selector);
    if (found) return found;
    for (const { shadowRoot } of root.querySelectorAll("*")) {
      const inside = shadowRoot && find(shadowRoot, selector);
      if (inside) return inside;
    }
    return null;
  };
  const timer = setInterval(() => {
    const play = document.querySelector(".st-key-play button");
    const stage = play && find(document, "[data-testid=stage]");
    if (stage && Number(stage.dataset.frames) > 0 && play.offsetHeight > 0 && !play.disabled) {
      window.usableAt = performance.now();
      clearInterval(timer);
    }
  }, 10);
})();
"""

# Counts, over some milliseconds, the frames that the stage draws.
COUNT_FRAMES = """
async (stage, milliseconds) => {
  const counted = Number(stage.dataset.frames);
  const began = performance.now();
  const changes = [];
  let step = stage.dataset.step;
  await new Promise((done) => {
    const look = () => {
      const now = performance.now();
      if (stage.dataset.step !== step) { step = stage.dataset.step; changes.push(now); }
      if (now - began < milliseconds) requestAnimationFrame(look); else done();
    };
    requestAnimationFrame(look);
  });
  const seconds = (performance.now() - began) / 1000;
  return { seconds, drawn: changes.length, counted: Number(stage.dataset.frames) - counted, changes };
}
"""

# Times from the next click anywhere until the picture stands still, and until the server has said that it does.
TIMES_TO_PAUSE = """
(stage) => new Promise((done) => {
  let clicked = 0;
  let stands = 0;
  document.addEventListener("click", () => { clicked = performance.now(); }, { capture: true, once: true });
  const watch = new MutationObserver(() => {
    if (!clicked) return;
    const isSaid = stage.dataset.playing === "false";
    if (!stands && (isSaid || "held" in stage.dataset)) stands = performance.now() - clicked;
    if (!isSaid) return;
    watch.disconnect();
    done({ stands, said: performance.now() - clicked });
  });
  watch.observe(stage, { attributes: true });
})
"""


@dataclass
class Wire:
    """What passes between a page and the server for its stage, counted from the last `reset`.

    Attributes:
        sent: messages over the websocket. received_bytes: over the websocket, and answers with frames beside it.
    """

    sent: int = 0
    received_bytes: int = 0
    stage: list[StageMessage] = field(default_factory=list)
    _answers: list[Request] = field(default_factory=list)

    def follow(self, page: Page) -> None:
        """Begin to count what passes for a page."""
        page.on("websocket", self.listen)
        page.on(
            "requestfinished",
            lambda request: self._answers.append(request) if "/frames/" in request.url else None,
        )

    def collect(self) -> None:
        """Read the answers that have come beside the websocket; not from within an event."""
        answers, self._answers = self._answers, []
        for request in answers:
            response = request.response()
            if response is not None and response.status == 200:
                sizes = request.sizes()
                self.received_bytes += sizes["responseBodySize"] + sizes["responseHeadersSize"]
                self.stage.append(StageMessage(response.body()))

    def listen(self, socket: WebSocket) -> None:
        """Begin to count a socket's frames."""
        socket.on("framesent", self._count_sent)
        socket.on("framereceived", self._count_received)

    def reset(self) -> None:
        """Count from zero."""
        self.sent, self.received_bytes, self.stage, self._answers = 0, 0, [], []

    def _count_sent(self, _: bytes | str) -> None:
        self.sent += 1

    def _count_received(self, data: bytes | str) -> None:
        if isinstance(data, bytes):
            self.received_bytes += len(data)
            message = stage_message(ForwardMsg.FromString(data))
            if message is not None:
                self.stage.append(message)


@dataclass(frozen=True, slots=True)
class Visit:
    """An open page: its stage, and its websocket's traffic."""

    page: Page
    stage: Locator
    wire: Wire

    def press_play(self, playing: bool) -> None:
        """Click play or pause and wait until the stage follows."""
        self.page.locator(".st-key-play button").click()
        self.page.locator(f"[data-testid=stage][data-playing={str(playing).lower()}]").wait_for(timeout=WAIT)

    def wait(self, seconds: float) -> None:
        """Let the page go on."""
        self.page.wait_for_timeout(1000 * seconds)


@dataclass(frozen=True, slots=True)
class Pace:
    """Frames drawn over some seconds: seen from outside, as the stage counts them; p95 of stills in ms."""

    per_second: float
    counted_per_second: float
    still_p95: float


@contextmanager
def visit(browser: Browser, url: str, query: str = "") -> Iterator[Visit]:
    """Open the playground as somebody who has never been there, and wait until it can be used."""
    context = browser.new_context(viewport={"width": WINDOW["width"], "height": WINDOW["height"]})
    try:
        context.add_init_script(WATCH_FOR_USABLE)
        page = context.new_page()
        wire = Wire()
        wire.follow(page)
        page.goto(f"{url}/?{query}&train.stop=never" if query else f"{url}/")
        page.locator(".st-key-play button").wait_for(timeout=WAIT)
        page.locator('[data-testid=stage]:not([data-frames="0"])').wait_for(timeout=WAIT)
        while not page.evaluate("window.usableAt > 0"):
            page.wait_for_timeout(10)
        yield Visit(page, page.locator("[data-testid=stage]"), wire)
    finally:
        context.close()


def first_visits(browser: Browser, url: str, repetitions: int) -> list[float]:
    """Seconds from navigation until the stage has drawn and play can be pressed, each with an empty cache."""
    times = []
    for _ in range(repetitions):
        with visit(browser, url) as opened:
            times.append(opened.page.evaluate("window.usableAt") / 1000)
    return times


def training_pace(browser: Browser, url: str, speed: str, seconds: float) -> Pace:
    """Frames drawn while "hello" trains from its first step."""
    query = urlencode({"text": "hello", "cell": "lstm", "seed": 11, "speed": speed})
    with visit(browser, url, query) as opened:
        opened.press_play(True)
        opened.wait(WARMING)
        return _pace(opened.stage.evaluate(COUNT_FRAMES, 1000 * seconds))


@dataclass(frozen=True, slots=True)
class Scrubbing:
    """Paces while paused, by dragging on the curve and by holding a key; messages sent meanwhile."""

    dragging: Pace
    keys: Pace
    messages: int


def scrubbing(browser: Browser, url: str, seconds: float) -> Scrubbing:
    """Scrub through a finished run."""
    query = urlencode({"text": "hello", "cell": "lstm", "seed": 12, "speed": "fast"})
    with visit(browser, url, query) as opened:
        opened.press_play(True)
        opened.wait(WARMING)
        opened.press_play(False)
        opened.wait(1.0)
        opened.wire.reset()
        dragging = _while(opened, seconds, lambda deadline: _drag(opened, deadline))
        keys = _while(opened, seconds, lambda deadline: _press_brackets(opened, deadline))
        opened.wait(0.5)
        return Scrubbing(dragging, keys, opened.wire.sent)


def _while(opened: Visit, seconds: float, act: Callable[[float], None]) -> Pace:
    """The pace while `act` goes on until the moment it is given."""
    opened.stage.evaluate(
        f"(stage, time) => {{ window.counting = ({COUNT_FRAMES})(stage, time); }}", 1000 * seconds
    )
    act(time.monotonic() + seconds)
    return _pace(opened.page.evaluate("window.counting"))


def _drag(opened: Visit, deadline: float) -> None:
    """Drag over the learning curve, back and forth, a sweep a second each way."""
    box = opened.page.locator("[data-testid=stage] section.curve .plot").first.bounding_box()
    if box is None:
        raise RuntimeError("the stage has no learning curve")
    mouse = opened.page.mouse
    left, width = box["x"] + 0.15 * box["width"], 0.5 * box["width"]
    y = box["y"] + box["height"] / 2
    mouse.move(left, y)
    mouse.down()
    began = time.monotonic()
    while (now := time.monotonic()) < deadline:
        phase = (now - began) % 2.0
        mouse.move(left + width * min(phase, 2.0 - phase), y)
        opened.wait(max(0.0, POINTER_EVERY - (time.monotonic() - now)))
    mouse.up()


def _press_brackets(opened: Visit, deadline: float) -> None:
    """Hold [ and then ] in turn, as a keyboard repeats them."""
    opened.stage.focus()
    presses = 0
    while time.monotonic() < deadline:
        opened.page.keyboard.press("[" if presses // 60 % 2 == 0 else "]")
        presses += 1


def _pace(result: dict) -> Pace:
    changes = result["changes"]
    gaps = sorted(later - earlier for earlier, later in pairwise(changes))
    return Pace(
        per_second=result["drawn"] / result["seconds"],
        counted_per_second=result["counted"] / result["seconds"],
        still_p95=gaps[int(0.95 * len(gaps))] if gaps else 1000 * result["seconds"],
    )


@dataclass(frozen=True, slots=True)
class Weight:
    """Bytes over the wire while an LSTM with 32 units trains on 25 timesteps.

    Attributes:
        frame: of one frame alone. in_message: stage payload per frame in it. distinct: everything that the
            server sent, per distinct frame. paused: of the message with the whole tape, and its frames.
    """

    frame: int
    in_message: float
    distinct: float
    per_second: float
    paused: tuple[int, int]


def weight(browser: Browser, url: str, seconds: float) -> Weight:
    """Weigh what arrives while "normal" training is watched."""
    query = urlencode({"text": "abcdefghijklmnopqrstuvwxyz", "cell": "lstm", "hidden_size": 32, "seed": 13})
    with visit(browser, url, query) as opened:
        opened.press_play(True)
        opened.wait(WARMING)
        opened.wire.reset()
        opened.wait(seconds)
        opened.wire.collect()
        messages = [message for message in opened.wire.stage if message.playing and message.frames]
        received = opened.wire.received_bytes
        opened.wire.reset()
        opened.press_play(False)
        opened.wait(0.5)
        whole = opened.wire.stage[-1]
    length = len(whole.header["scene"]["inputs"])
    if length != 25:
        raise RuntimeError(f"the text was to have 25 timesteps; it has {length}")
    steps = {step for message in messages for step in message.steps}
    return Weight(
        frame=messages[0].header["frames"]["size"],
        in_message=sum(len(message.payload) for message in messages) / sum(len(m.frames) for m in messages),
        distinct=received / len(steps),
        per_second=received / seconds,
        paused=(len(whole.payload), len(whole.frames)),
    )


@dataclass(frozen=True, slots=True)
class Pause:
    """Milliseconds from a click on pause until the picture stands still, and until the server has said so."""

    stands: float
    said: float


def clicks(browser: Browser, url: str, repetitions: int) -> list[Pause]:
    """Clicks on pause while training at full speed."""
    query = urlencode({"text": "hello", "cell": "lstm", "seed": 14, "speed": "max"})
    times = []
    with visit(browser, url, query) as opened:
        for number in range(repetitions):
            opened.press_play(True)
            opened.wait(1.0 + 0.037 * number)  # another moment of the beat each time
            opened.stage.evaluate(f"(stage) => {{ window.pausing = ({TIMES_TO_PAUSE})(stage); }}")
            opened.press_play(False)
            times.append(Pause(**opened.page.evaluate("window.pausing")))
    return times


def measure(repetitions: int, seconds: float) -> Table:
    """All of it, on a fresh server."""
    program = find_browser()
    if program is None:
        raise SystemExit("No browser: python -m tests.ensure_browser installs one.")
    table = Table("One visitor, Chromium without a graphics card")
    with running_server() as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        visits = first_visits(browser, server.url, repetitions)
        note = f"first of all {visits[0]:.2f}, slowest {max(visits):.2f}"
        table.add("first visit usable after", median(visits), "s", Target("≤", 4), note)
        for speed in ("normal", "fast", "max"):
            pace = training_pace(browser, server.url, speed, seconds)
            _add_pace(
                table, f'frames/s, "hello" trains at speed {speed}', pace, 25 if speed == "normal" else 55
            )
        scrubbed = scrubbing(browser, server.url, seconds)
        _add_pace(table, "frames/s, dragging on the curve", scrubbed.dragging)
        _add_pace(table, "frames/s, holding [ and ]", scrubbed.keys)
        table.add("messages sent by scrubbing", scrubbed.messages, "", Target("≤", 0))
        weighed = weight(browser, server.url, seconds)
        table.add("bytes of one frame, LSTM, H = 32, T = 25", weighed.frame, "B")
        table.add("bytes of a message / frames in it", weighed.in_message, "B", Target("≤", 8000))
        table.add("all bytes received / distinct frames", weighed.distinct, "B", Target("≤", 6500))
        table.add("received while training", weighed.per_second / 1000, "kB/s")
        size, count = weighed.paused
        table.add("message with the whole tape", size / 1000, "kB", note=f"{count} frames, when paused")
        answered = clicks(browser, server.url, repetitions)
        for name, taken in (
            ("picture stands after a click on pause", [each.stands for each in answered]),
            ("click on pause answered by the server after", [each.said for each in answered]),
        ):
            note = f"at speed max; slowest {max(taken):.0f}"
            table.add(name, median(taken), "ms", Target("≤", 150), note)
        browser.close()
        errors = server.errors()
        table.add("errors in the log", len(errors), "", Target("≤", 0), "; ".join(sorted(set(errors))[:3]))
    return table


def _add_pace(table: Table, name: str, pace: Pace, least: float = 25) -> None:
    note = f"the stage counts {pace.counted_per_second:.1f}; 95 % of stills under {pace.still_p95:.0f} ms"
    table.add(name, pace.per_second, "/s", Target("≥", least), note)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What one visitor sees.")
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0, help="length of each measurement of frames")
    add_option(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    use_two_cores()
    tables = by_engines(options.engine, lambda: [measure(options.repetitions, options.seconds)], {})
    show(tables, as_json=options.json)


if __name__ == "__main__":
    main()
