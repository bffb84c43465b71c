"""What the playground takes for the time on a machine of another speed, and that nobody else does."""

import time
from types import FunctionType

import pytest

from tests import clocks
from tests.clocks import PROCESSOR_CLOCKS, STALL_SECONDS, WALL_CLOCKS, Clocks


class Machine:
    """Clocks and sleep of this machine, as the test wants them."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        self.slept: list[float] = []
        for name in (*WALL_CLOCKS, *PROCESSOR_CLOCKS):
            patch.setattr(time, name, lambda: self.now)
        patch.setattr(time, "sleep", self.slept.append)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch)


def of_the_playground(code: str):
    """What a module of the playground gets for an expression, each time it is asked."""
    compiled = compile(f"lambda: {code}", "<test>", "eval")
    asked = eval(compiled, {"__name__": "playground.runs.somewhere", "time": time})
    assert isinstance(asked, FunctionType)
    return asked


@pytest.mark.parametrize("clock", [*WALL_CLOCKS, *PROCESSOR_CLOCKS])
@pytest.mark.parametrize("slower", [20.0, 0.05])
def test_only_the_playground_is_told_another_time(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, clock: str, slower: float
) -> None:
    Clocks(slower, None).put_in(monkeypatch)
    here, there = getattr(time, clock), of_the_playground(f"time.{clock}()")
    began, began_there = here(), there()
    machine.now += 3.0
    assert here() - began == 3.0 and there() - began_there == pytest.approx(3.0 * slower)


def test_a_sleep_is_as_long_as_its_clock_says(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    Clocks(20.0, None).put_in(monkeypatch)
    time.sleep(1.0)
    of_the_playground("time.sleep(1.0)")()
    assert machine.slept == [1.0, 0.05]


def test_clocks_jump_now_and_then_and_go_back_never(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    Clocks(1.0, 3).put_in(monkeypatch)
    both = of_the_playground("(time.monotonic(), time.thread_time())")
    seen = [both() for _ in range(1000)]
    walls, works = (
        [round((told - 100.0) / STALL_SECONDS, 9) for told in clock] for clock in zip(*seen, strict=True)
    )
    for jumps in (walls, works):
        assert jumps == sorted(jumps) and {each % 1 for each in jumps} == {0.0}
    expected = 2 * len(seen) / clocks.READINGS_PER_STALL
    assert expected / 2 < walls[-1] < 2 * expected, "each reading may be one at which it jumps"
    assert 0 < works[-1] < walls[-1], "a thread that waits does not work"
    assert time.monotonic() == machine.now == 100.0
