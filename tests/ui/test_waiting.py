"""The line of questions: the same share of time for each, and half of it at most for those who take long."""

import asyncio
import itertools
from collections import Counter
from collections.abc import Callable

import pytest

from playground.ui.stage import waiting
from playground.ui.stage.waiting import FairLock, WaitingLine


class Asker:
    """Somebody whose every question costs the same."""

    def __init__(self, name: str, cost: float) -> None:
        self.name, self.cost = name, cost


async def keep_asking(lock: FairLock, asker: Asker, served: list[str], until: Callable[[], bool]) -> None:
    """Ask again as soon as there is an answer."""
    while not until():
        async with lock.held(asker):
            served.append(asker.name)
            lock.charge(asker, asker.cost)
            await asyncio.sleep(0)  # so that others come meanwhile


def served_until(askers: list[Asker], seconds: float) -> Counter[str]:
    """How long each was served, while all of them never stopped asking, until so many seconds were spent."""
    served, cost = list[str](), {asker.name: asker.cost for asker in askers}

    def is_over() -> bool:
        return sum(cost[name] for name in served) >= seconds

    async def all_ask() -> None:
        lock = FairLock()
        await asyncio.gather(*(keep_asking(lock, asker, served, is_over) for asker in askers))

    asyncio.run(all_ask())
    return Counter({name: count * cost[name] for name, count in Counter(served).items()})


def test_who_asks_for_much_gets_no_more_time_than_the_others() -> None:
    small = [Asker(f"small {number}", 1.0) for number in range(9)]
    large = [Asker(f"large {number}", 20.0) for number in range(3)]
    had = served_until(small + large, 2400.0)
    assert max(had.values()) - min(had.values()) <= 2 * 20.0, "each has had about 200 seconds"


def test_equal_ones_are_served_in_order_of_arrival() -> None:
    askers = [Asker(f"{number}", 1.0) for number in range(5)]
    served = list[str]()

    async def all_ask() -> None:
        lock = FairLock()
        await asyncio.gather(*(keep_asking(lock, each, served, lambda: len(served) > 20) for each in askers))

    asyncio.run(all_ask())
    assert served[:20] == [asker.name for asker in askers] * 4


def test_who_was_away_has_not_saved_up_anything() -> None:
    """A thousand seconds go to one who was alone; then all three have the same."""
    lock, old, new = FairLock(), Asker("old", 1.0), [Asker(f"new {number}", 1.0) for number in range(2)]
    served = list[str]()

    async def in_turn() -> None:
        await keep_asking(lock, old, served, lambda: len(served) >= 1000)
        served.clear()
        await asyncio.gather(
            *(keep_asking(lock, each, served, lambda: len(served) >= 60) for each in (*new, old))
        )

    asyncio.run(in_turn())
    assert abs(served[:60].count("old") - 20) <= 2


@pytest.mark.parametrize("leaves", [0, 1, 2])
def test_who_leaves_the_line_lets_the_others_through(leaves: int) -> None:
    """Also the one whose time has just come."""

    async def one_leaves() -> list[int]:
        lock, through = FairLock(), list[int]()

        async def ask(number: int) -> None:
            async with lock.held(Asker("", 0.0)):
                through.append(number)

        async with lock.held(Asker("first", 0.0)):
            asked = [asyncio.create_task(ask(number)) for number in range(3)]
            await asyncio.sleep(0)
            if leaves:
                asked[leaves].cancel()
        if leaves == 0:
            asked[0].cancel()  # its ticket has been given out
        async with asyncio.timeout(20):
            await asyncio.gather(*asked, return_exceptions=True)
            async with lock.held(Asker("last", 0.0)):
                return through

    assert asyncio.run(one_leaves()) == [number for number in range(3) if number != leaves]


class Hours:
    """Stands in for the module `time`, and for sleep: nothing moves but by work and rest."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.worked = self.rested = 0.0
        monkeypatch.setattr(waiting, "time", self)
        monkeypatch.setattr(waiting.asyncio, "sleep", self._sleep)

    def monotonic(self) -> float:
        return self.worked + self.rested

    def thread_time(self) -> float:
        return self.worked

    async def _sleep(self, seconds: float) -> None:
        self.rested += max(0.0, seconds)

    def work(self, seconds: float) -> Callable[[], None]:
        def work() -> None:
            self.worked += seconds

        return work


async def is_wanted() -> bool:
    return False


@pytest.mark.parametrize("is_busy", [True, False])
def test_the_line_of_the_large_works_half_of_the_time_while_others_are_there(
    is_busy: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    hours = Hours(monkeypatch)
    quick = WaitingLine("quick")
    slow = WaitingLine("slow", beside=quick)
    askers = [Asker(f"large {number}", 0.2) for number in range(3)]

    async def all_ask() -> None:
        for asker in itertools.islice(itertools.cycle(askers), 30):
            if is_busy:
                await quick.answer(askers[0], hours.work(0.0), unless=is_wanted)
            await slow.answer(asker, hours.work(0.2), unless=is_wanted)

    asyncio.run(all_ask())
    assert hours.rested == pytest.approx(29 * 0.2 if is_busy else 0.0)
