"""The Cell page: how long it takes from a number that is typed to the changed sheet, for one reader and for a class.

    python -m benchmarks.cell_page [--sessions 100] [--seconds 30] [--browser] [--json]

Server and visitors share two cores. A visitor is a websocket session (`benchmarks.session`): one half types numbers
into the worked example of an LSTM with four units, the other moves through the timesteps of its own run, and each does
something new a few seconds after the answer. Server time is the processor time of its process. With --browser a real
one types as well, and looks for the changed number.
"""

import argparse
import asyncio
import itertools
import random
import time
from statistics import median
from urllib.parse import urlencode

import numpy as np

from benchmarks.lesson import OPENING_AT_ONCE
from benchmarks.server import MeasuredServer, running_server, use_two_cores
from benchmarks.session import Session
from benchmarks.table import Table, Target, show

SERVER_TIME, BROWSER_TIME = 150.0, 300.0  # milliseconds from a keystroke, at most
TYPED = 40  # numbers in a row, of one reader
THINKING = (3.0, 9.0)  # seconds between an answer and what is done next
EXAMPLE = {"cell.example": "keeps", "cell.size": 4, "cell.reads": 4}
PHRASE = "hello world"
_SERIALS = itertools.count(1)  # of what sheets are asked for
# Counts from the key press itself, in the page, to the frame after the one in which the result has another text.
WATCH = """(field) => {
  const root = field.getRootNode();
  const shown = () => root.querySelector(".result b").textContent;
  const before = shown();
  window.watched = new Promise((done) => field.addEventListener("keydown", () => {
    const began = performance.now();
    const look = () => requestAnimationFrame(shown() === before ? look : () => done(performance.now() - began));
    look();
  }, { once: true, capture: true }));
}"""


def query(number: int) -> str:
    """What the page of a visitor is asked for: every other one shows its own run."""
    run: dict[str, object] = {"cell.source": "run", "text": PHRASE, "cell": "lstm", "seed": 1000 + number}
    return urlencode(EXAMPLE if number % 2 == 0 else run)


async def act(session: Session, number: int, draw: random.Random) -> float:
    """Do one thing; milliseconds until it is answered."""
    if number % 2 == 0:
        name = f"w.{draw.choice('ifgo')}.{draw.randint(1, 4)}.{draw.randint(1, 8)}"
        wish = {"name": name, "text": f"{draw.uniform(-1, 1):.2f}", "serial": next(_SERIALS)}
        answer = await session.trigger("sheet", "ask", [wish])
    else:
        t = draw.randint(1, len(PHRASE) - 1)
        answer = await session.choose("cell.t", f"{t}: {PHRASE[t - 1]}")
    return 1e3 * (answer.finished - answer.asked)


async def one_reader(server: MeasuredServer) -> Table:
    """Numbers that are typed one after the other, on a server with nothing else to do."""
    session = await Session.open(server.url, query(0), path="cell")
    draw = random.Random(1)
    await act(session, 0, draw)
    before, took = server.cpu_seconds, []
    for _ in range(TYPED):
        took.append(await act(session, 0, draw))
    spent = 1e3 * (server.cpu_seconds - before) / TYPED
    await session.close()
    table = Table(f"{TYPED} numbers typed into an LSTM of four units, one after the other")
    table.add("server's processor time, mean", spent, "ms", Target("≤", SERVER_TIME))
    table.add("until the answer is there, median", median(took), "ms")
    table.add("the longest", max(took), "ms")
    return table


async def class_of(server: MeasuredServer, sessions: int, seconds: float) -> Table:
    """Many at once, each at its own pace."""
    gate = asyncio.Semaphore(OPENING_AT_ONCE)

    async def opened(number: int) -> Session:
        async with gate:
            return await Session.open(server.url, query(number), path="cell", timeout=120)

    pages = await asyncio.gather(*(opened(number) for number in range(sessions)))
    took: dict[int, list[float]] = {0: [], 1: []}
    end = time.perf_counter() + seconds

    async def read(number: int) -> None:
        draw = random.Random(number)
        await asyncio.sleep(draw.uniform(0, min(THINKING[1], seconds / 2)))
        while time.perf_counter() < end:
            took[number % 2].append(await act(pages[number], number, draw))
            await asyncio.sleep(draw.uniform(*THINKING))

    before, began = server.cpu_seconds, time.perf_counter()
    await asyncio.gather(*(read(number) for number in range(sessions)))
    cores = (server.cpu_seconds - before) / (time.perf_counter() - began)
    table = Table(
        f"{sessions} on the Cell page, each doing something every {THINKING[0]:g} to {THINKING[1]:g} s"
    )
    for half, name in enumerate(("a number typed", "another timestep")):
        table.add(f"{name}: until the answer, median", median(took[half]), "ms", note=f"of {len(took[half])}")
        table.add("  95 % within", float(np.quantile(took[half], 0.95)), "ms")
        table.add("  the longest", max(took[half]), "ms")
    table.add("cores that the server used", cores, "")
    table.add("memory of the server", server.resident_bytes / 1e6, "MB")
    errors = [error for page in pages for error in page.exceptions] + server.errors()
    table.add("errors", float(len(errors)), "", Target("≤", 0), note="; ".join(errors[:1]))
    await asyncio.gather(*(page.close() for page in pages))
    return table


def in_a_browser(server: MeasuredServer) -> Table:
    """From the key that ends a number to the changed result on screen."""
    from playwright.sync_api import sync_playwright

    from tests.ensure_browser import FLAGS, find_browser

    took, spent = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=list(FLAGS))
        page = browser.new_page(locale="en-US")
        inspector = page.context.new_cdp_session(page)
        inspector.send("Performance.enable", {"timeDomain": "threadTicks"})

        def busy() -> float:
            """Processor time of the page's main thread so far, in milliseconds."""
            found = inspector.send("Performance.getMetrics")["metrics"]
            return 1e3 * next(each["value"] for each in found if each["name"] == "TaskDuration")

        page.goto(f"{server.url}/cell?{query(0)}")
        name = '.sheet [data-name="w.i.1.1"]'
        page.locator(name).wait_for()
        for number in range(TYPED // 2):
            field = page.locator(name)
            field.fill(f"{0.3 + number / 100:.2f}")
            page.evaluate(WATCH, field.element_handle())
            before = busy()
            field.press("Enter")
            took.append(float(page.evaluate("window.watched")))
            spent.append(busy() - before)
        browser.close()
    table = Table("The same in a browser, from the Enter key to the changed number")
    table.add("median", median(took), "ms", Target("≤", BROWSER_TIME))
    table.add("the longest", max(took), "ms")
    table.add("processor time of its main thread, median", median(spent), "ms")
    return table


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--browser", action="store_true")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    use_two_cores()
    with running_server() as server:
        tables = [asyncio.run(one_reader(server))]
        if asked.browser:
            tables.append(in_a_browser(server))
        if asked.sessions:
            tables.append(asyncio.run(class_of(server, asked.sessions, asked.seconds)))
    show(tables, as_json=asked.json)


if __name__ == "__main__":
    main()
