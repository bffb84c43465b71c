"""Computations in pieces against the same ones at once, on a clock that moves only by what the pieces take."""

import itertools
import threading
import weakref
from collections.abc import Sequence

import pytest
import torch

from playground.pieces import InPieces, Pieces, all_of, share


class Clock:
    """Processor time that passes only where a piece says so, in seconds."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def counting(self, seconds: Sequence[float]) -> Pieces[list[int]]:
        """Pieces that take so long each, and number themselves."""
        done: list[int] = []
        for number, took in enumerate(seconds):
            self.now += took
            done.append(number)
            yield (number + 1) / len(seconds)
        return done


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr("playground.pieces.time.thread_time", made)
    return made


def turns(clock: Clock, job: InPieces, budget: float) -> list[float]:
    """How long each turn lasts until all is done."""
    lasted, done = [], False
    while not done:
        began = clock.now
        done = job.advance(budget)
        lasted.append(clock.now - began)
    return lasted


def test_a_turn_ends_before_a_piece_that_would_not_fit(clock: Clock) -> None:
    job = InPieces(clock.counting([0.03] * 10))
    lasted = turns(clock, job, 0.08)
    assert max(lasted) <= 0.08 and len(lasted) == 6, "two pieces a turn, and the end"
    assert job.result == list(range(10))


def test_pieces_of_different_length_stay_within_the_turn(clock: Clock) -> None:
    lengths = [0.001 * (1 + number % 40) for number in range(400)]
    lasted = turns(clock, InPieces(clock.counting(lengths)), 0.08)
    longest_seen = lasted[0]
    assert longest_seen <= 0.08 and max(lasted) <= 0.08
    assert sum(lasted) == pytest.approx(sum(lengths))


def test_one_long_piece_does_not_make_all_later_turns_short(clock: Clock) -> None:
    lasted = turns(clock, InPieces(clock.counting([0.5] + [0.001] * 400)), 0.08)
    assert lasted[0] == pytest.approx(0.5)
    assert len(lasted) < 15, "half of each turn is used at least"


def test_without_time_it_still_gets_on_by_one_piece_and_without_limit_to_the_end(clock: Clock) -> None:
    job = InPieces(clock.counting([1.0] * 5))
    assert turns(clock, job, 0.0) == [1.0] * 5 + [0.0]
    whole = InPieces(clock.counting([1.0] * 5))
    assert whole.advance() and whole.result == job.result


def test_progress_ascends_and_is_1_only_at_the_end() -> None:
    job, seen = InPieces(iter_to(4)), [0.0]
    assert job.progress == 0
    while not job.advance(0.0):
        seen.append(job.progress)
        with pytest.raises(RuntimeError, match="call advance until it is done"):
            _ = job.result
    assert all(a < b for a, b in itertools.pairwise(seen)) and 1 > seen[-1] > 0.99
    assert job.progress == 1 and job.result == 4
    assert job.advance(0.0) and job.result == 4, "once more changes nothing"


def iter_to(count: int) -> Pieces[int]:
    for number in range(count):
        yield (number + 1) / count
    return count


def test_a_part_of_something_longer_takes_its_share_of_it() -> None:
    def both() -> Pieces[tuple[int, int]]:
        first = yield from share(0.0, 0.5, iter_to(2))
        second = yield from share(0.5, 1.0, InPieces(iter_to(4)).pieces())
        return first, second

    assert list(both()) == pytest.approx([0.25, 0.5, 0.625, 0.75, 0.875, 1.0])
    assert all_of(both()) == (2, 4)


def test_what_was_needed_on_the_way_goes_when_all_is_done() -> None:
    held: list[weakref.ref[torch.Tensor]] = []

    def holding() -> Pieces[int]:
        tensor = torch.zeros(3)
        held.append(weakref.ref(tensor))
        yield 0.5
        return int(tensor.sum())

    job = InPieces(holding())
    job.advance(0.0)
    assert held[0]() is not None
    job.advance(0.0)
    assert held[0]() is None and job.result == 0


def test_each_piece_is_in_inference_mode_and_nobody_else_is() -> None:
    seen = []

    def looking() -> Pieces[None]:
        for number in range(2):
            seen.append(torch.is_inference_mode_enabled())
            yield number / 2

    job = InPieces(looking())
    while not job.advance(0.0):
        assert not torch.is_inference_mode_enabled()
    assert seen == [True, True]


def test_several_threads_do_every_piece_once() -> None:
    done: list[int] = []

    def pieces() -> Pieces[int]:
        for number in range(400):
            done.append(number)
            yield number / 400
        return len(done)

    job = InPieces(pieces())

    def help_out() -> None:
        while not job.advance(0.0):
            pass

    threads = [threading.Thread(target=help_out) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == list(range(400)) and job.result == 400


def test_a_mistake_is_heard_of() -> None:
    def wrong() -> Pieces[None]:
        yield 0.5
        raise ValueError("no such thing")

    with pytest.raises(ValueError, match="no such thing"):
        all_of(wrong())


def test_after_a_mistake_nothing_is_left_to_compute_and_nothing_counts_as_done() -> None:
    def wrong() -> Pieces[None]:
        yield 0.5
        raise ValueError("no such thing")

    job = InPieces(wrong())
    job.advance(0.0)
    with pytest.raises(ValueError, match="no such thing"):
        job.advance(0.0)
    assert job.advance(0.0) and job.progress == 0.5
    with pytest.raises(RuntimeError, match="50% of this is computed"):
        _ = job.result


def test_what_is_closed_lets_go_of_what_it_needed_and_stays_as_it_is() -> None:
    held: list[weakref.ref[torch.Tensor]] = []

    def holding() -> Pieces[int]:
        tensor = torch.zeros(3)
        held.append(weakref.ref(tensor))
        yield 0.25
        return len(tensor)

    job = InPieces(holding())
    job.advance(0.0)
    job.close()
    assert held[0]() is None and job.advance(0.0) and job.progress == 0.25
    job.close()
