"""Two replicas behind the proxy, as `deploy/haproxy.cfg` has it: who goes where, and what a dead replica costs.

All learners come from one address, as a class does. `make deploy-check` runs this with more of them.
"""

import asyncio
import os
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Coroutine, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urlencode

import pytest

from benchmarks.session import Session
from tests.serving import ROOT, Server, free_port, serve

LEARNERS = int(os.environ.get("LEARNERS", "8"))
COOKIE = "playground-replica"
STEPS = 20  # trained before the replica dies
PATIENCE = 5.0  # seconds within which a learner goes on elsewhere
OPENING_AT_ONCE = 4
PROXY = shutil.which("haproxy", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(PROXY is None, reason="no HAProxy: on Debian and Ubuntu, apt-get install haproxy"),
]


@dataclass(frozen=True, slots=True)
class School:
    """A proxy's address and the replicas behind it."""

    url: str
    replicas: tuple[Server, Server]


@contextmanager
def proxy(replicas: tuple[Server, Server]) -> Iterator[str]:
    """The proxy before two replicas, until the block ends; gives its address."""
    first, second = (replica.url.removeprefix("http://") for replica in replicas)
    listen = f"127.0.0.1:{free_port()}"
    process = subprocess.Popen(
        [PROXY, "-db", "-f", ROOT / "deploy" / "haproxy.cfg"],
        env={"LISTEN": listen, "REPLICA_1": first, "REPLICA_2": second},
    )
    try:
        answers_soon(f"http://{listen}/_stcore/health")
        yield f"http://{listen}"
    finally:
        process.kill()
        process.wait()


def answers_soon(url: str) -> None:
    """Wait until somebody answers at an address."""
    for _ in range(100):
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"nobody answers at {url}")


@pytest.fixture(scope="module")
def school() -> Iterator[School]:
    with ExitStack() as stack, ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: stack.enter_context(serve()), range(2))
        yield School(stack.enter_context(proxy((first, second))), (first, second))


def answer(url: str, *, method: str = "GET", cookie: str = "") -> tuple[int, str]:
    """Status of an answer, and the cookie that it brings, as a browser keeps it: name=value."""
    request = urllib.request.Request(url, method=method, headers={"Cookie": cookie} if cookie else {})
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, kept_cookie(response.headers)
    except urllib.error.HTTPError as error:
        return error.code, kept_cookie(error.headers)


def kept_cookie(headers) -> str:
    """The proxy's cookie among an answer's headers, or nothing."""
    ours = [each for each in headers.get_all("Set-Cookie", ()) if each.startswith(COOKIE)]
    assert all("HttpOnly" in each and "SameSite=Lax" in each for each in ours)
    return ours[0].partition(";")[0] if ours else ""


@pytest.mark.parametrize("settings", [{}, {"REPLICAS_AT": "replica:8501", "LISTEN": ":80"}])
def test_settings_are_understood(settings: dict[str, str]) -> None:
    check = [PROXY, "-c", "-f", ROOT / "deploy" / "haproxy.cfg"]
    checked = subprocess.run(check, env=settings, capture_output=True, text=True)
    assert checked.returncode == 0 and "[WARNING]" not in checked.stderr, checked.stderr


@pytest.mark.parametrize(
    "path",
    [
        "/_stcore/metrics",
        "/_stcore/metrics/",
        "/_stcore/%6detrics",
        "/%5Fstcore%2Fmetrics?families=x",
        "/_stcore/agent/openapi.json",
    ],
)
def test_what_is_for_those_who_look_after_the_server_is_not_there(school: School, path: str) -> None:
    assert answer(school.url + path)[0] == 404


def test_cookie_comes_with_the_first_answer_and_only_then(school: School) -> None:
    status, cookie = answer(school.url)
    assert status == 200 and cookie
    assert answer(school.url, cookie=cookie) == (200, "")


@dataclass(slots=True)
class Learner:
    """Somebody with a browser: an address bar, a cookie, an open page."""

    query: str
    cookie: str
    session: Session

    @staticmethod
    async def arrive(url: str, query: str) -> "Learner":
        """Open an address for the first time: the page brings the cookie, and its websocket carries it."""
        _, cookie = await asyncio.to_thread(answer, f"{url}/?{query}")
        return Learner(query, cookie, await Session.open(url, query, cookie=cookie))

    async def train(self) -> dict[int, bytes]:
        """Play for some steps and pause; gives all frames by their steps."""
        await self.session.click("play")
        await self.session.until(lambda: self.session.stage.playhead >= STEPS, 60)
        await self.session.click("play")
        await self.session.until(lambda: not self.session.stage.playing, 60)
        return dict(zip(self.session.stage.steps, self.session.stage.frames, strict=True))

    async def is_cut_off(self) -> "Learner":
        """Wait until the server has hung up."""
        with suppress(ConnectionError):
            await self.session.until(lambda: False, 60)
        return self

    async def come_back(self, url: str) -> float:
        """What a page does that was cut off: ask until somebody is there, then open the websocket again.

        Returns:
            Seconds until the page is there again.
        """
        began = time.perf_counter()
        async with asyncio.timeout(PATIENCE):
            status, cookie = 0, ""
            while status != 200:
                status, cookie = await asyncio.to_thread(answer, f"{url}/_stcore/health", cookie=self.cookie)
            self.cookie = cookie or self.cookie
            self.session = await Session.open(url, self.query, cookie=self.cookie)
        return time.perf_counter() - began


def test_a_class_spreads_and_goes_on_when_a_replica_dies(school: School) -> None:
    asyncio.run(_lesson(school))


async def _lesson(school: School) -> None:
    learners = await _enter(school.url)
    groups = Counter(learner.cookie for learner in learners)
    print(f"\n{LEARNERS} learners from one address, by replica: {sorted(groups.values())}")
    assert len(groups) == 2
    assert max(groups.values()) - min(groups.values()) <= OPENING_AT_ONCE

    trained = [next(each for each in learners if each.cookie == cookie) for cookie in groups]
    recorded = {learner.cookie: await learner.train() for learner in trained}
    os.killpg(school.replicas[0].process.pid, signal.SIGKILL)
    learner = await _first(each.is_cut_off() for each in trained)
    dead = learner.cookie
    lost = [each for each in learners if each.cookie == dead]
    await asyncio.gather(*(each.is_cut_off() for each in lost))

    # A frame that is asked for now finds nobody who knows of it; the stage then turns to its page.
    feed = f"{school.url}/frames/{learner.session.stage.header['feed']}"
    assert (await asyncio.to_thread(answer, feed, method="POST", cookie=dead))[0] == 410

    seconds = await asyncio.gather(*(each.come_back(school.url) for each in lost))
    print(f"{len(lost)} of them were cut off and back after {min(seconds):.1f} to {max(seconds):.1f} s")
    assert {each.cookie for each in learners} == set(groups) - {dead}
    again = await learner.train()
    common = set(again) & set(recorded[dead])
    assert len(common) > STEPS
    assert [step for step in sorted(common) if again[step] != recorded[dead][step]] == []

    await asyncio.gather(*(each.session.click("step") for each in learners))  # nobody else noticed anything
    await asyncio.gather(*(each.session.close() for each in learners))


async def _enter(url: str) -> list[Learner]:
    """A class comes in, each with an experiment of his own."""
    door = asyncio.Semaphore(OPENING_AT_ONCE)

    async def enter(number: int) -> Learner:
        async with door:
            return await Learner.arrive(
                url, urlencode({"text": "hello", "cell": "gru", "seed": 1000 + number})
            )

    return await asyncio.gather(*(enter(number) for number in range(LEARNERS)))


async def _first(waiting: Iterable[Coroutine[None, None, Learner]]) -> Learner:
    """The learner to whom something happens first."""
    done, others = await asyncio.wait(
        [asyncio.create_task(each) for each in waiting], return_when=asyncio.FIRST_COMPLETED
    )
    for each in others:
        each.cancel()
    return done.pop().result()
