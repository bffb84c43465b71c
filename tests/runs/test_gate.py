"""The gate: one at a time, in order of arrival, also after an error."""

import threading
from collections import deque

import pytest

from playground.runs import gate as gate_module
from playground.runs.gate import FairGate


class Arrivals(deque[threading.Event]):
    """A queue that tells how many have come; so a test need not sleep."""

    def __init__(self) -> None:
        super().__init__()
        self.came = threading.Semaphore(0)

    def append(self, ticket: threading.Event) -> None:
        super().append(ticket)
        self.came.release()


class Line:
    """Threads that wait at a gate, one behind the other, and write down who is let in."""

    def __init__(self, gate: FairGate) -> None:
        self.order: list[int] = []
        self.inside: set[int] = set()
        self.crowded = False
        self._gate, self._threads = gate, []
        self._queue = gate._queue = Arrivals()

    def join_in(self, count: int) -> None:
        for number in range(count):
            self._threads.append(threading.Thread(target=self._take, args=(number,)))
            self._threads[-1].start()
            assert self._queue.came.acquire(timeout=30), "nobody waits"

    def _take(self, number: int) -> None:
        with self._gate.turn():
            self.inside.add(number)
            self.crowded = self.crowded or len(self.inside) > 1
            self.order.append(number)
            self.inside.discard(number)

    def end(self) -> None:
        for thread in self._threads:
            thread.join(30)
            assert not thread.is_alive()


def test_turns_are_given_in_order_of_arrival_and_one_at_a_time() -> None:
    gate = FairGate()
    line = Line(gate)
    with gate.turn():
        line.join_in(12)
        assert line.order == []
    line.end()
    assert line.order == list(range(12)) and not line.crowded


def test_who_comes_while_others_wait_stands_behind_them() -> None:
    """Also somebody who has just had a turn, and comes back before the next has begun."""
    gate = FairGate()
    line = Line(gate)
    with gate.turn():
        line.join_in(3)
    with gate.turn():
        after = list(line.order)
    line.end()
    assert after == [0, 1, 2]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, GeneratorExit])
def test_an_error_inside_gives_the_turn_on(error: type[BaseException]) -> None:
    gate = FairGate()
    line = Line(gate)
    with pytest.raises(error), gate.turn():
        line.join_in(1)
        raise error
    line.end()
    assert line.order == [0]
    with gate.turn():
        assert gate._busy
    assert not gate._busy and not gate._queue


def test_a_gate_that_is_free_lets_in_without_a_ticket(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred turns in a row of a single visitor make no event and no queue."""

    class NoEvents:
        Lock = threading.Lock

    monkeypatch.setattr(gate_module, "threading", NoEvents)
    gate = FairGate()
    for _ in range(100):
        with gate.turn():
            pass
    assert not gate._queue
