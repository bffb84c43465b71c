"""Jobs and runs share one memory: what either takes is not there for the other, and idle jobs go first."""

import pytest

from playground.jobs import registry as jobs_module
from playground.jobs.registry import Jobs
from playground.limits import Limits
from playground.refusal import Refusal
from playground.runs import registry as runs_module
from playground.runs.registry import AT_WORK_SECONDS, Registry
from playground.runs.room import SPARE_SHARE
from tests.jobs.work import MEGABYTE, Counting
from tests.runs.server import LARGE, Weightless, needed
from tests.runs.straight import Clock

LIMIT, OTHERS = 300 * MEGABYTE, 188 * MEGABYTE  # of the process, and what it takes besides runs and jobs
USABLE = round((1 - SPARE_SHARE) * LIMIT)


class Both:
    """Runs and jobs of one process that is measured as the operating system would: with what has begun."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.clock = Clock().replace_in(patch.setattr, runs_module, jobs_module)
        limits = Limits(memory_mb=LIMIT // MEGABYTE)
        self.jobs = Jobs(
            limits, free=lambda: self.runs.make_free(), report=lambda _: Refusal("job", "It broke.")
        )
        self.runs = Registry(limits, measured=self._measured, beside=self.jobs, darkrooms=Weightless())

    def _measured(self) -> int:
        return OTHERS + self.runs.nbytes + self.jobs.held


@pytest.fixture
def both(monkeypatch: pytest.MonkeyPatch) -> Both:
    return Both(monkeypatch)


def test_jobs_are_refused_beside_the_runs_that_are_used(both: Both) -> None:
    both.runs.open("ann", LARGE)
    room = USABLE - OTHERS - needed(LARGE)
    with pytest.raises(Refusal, match=r"^This needs \d+ MB of memory, and this server has \d+ left") as info:
        both.jobs.open("ann", "count", 1, lambda: Counting(needs=room + MEGABYTE))
    assert info.value.values["free"] == room // MEGABYTE and len(both.jobs) == 0 == both.jobs.nbytes
    both.jobs.open("ann", "count", 1, lambda: Counting(needs=room - MEGABYTE))
    both.jobs.open("bob", "count", 2, lambda: Counting(needs=MEGABYTE))  # what is small is not measured


@pytest.mark.parametrize("has_begun", [False, True])
def test_runs_are_refused_beside_the_jobs_that_are_looked_at(both: Both, has_begun: bool) -> None:
    watch = both.jobs.open(
        "ann", "count", 1, lambda: Counting(needs=USABLE - OTHERS - needed(LARGE) + MEGABYTE)
    )
    if has_begun:
        watch.advance(0.0)
    with pytest.raises(Refusal, match=r"^These settings together need"):
        both.runs.open("bob", LARGE)
    assert len(both.jobs) == 1
    both.clock.now += AT_WORK_SECONDS + 1
    both.runs.open("bob", LARGE)
    assert len(both.jobs) == 0, "nobody looks at it, and what it has computed can be computed again"


def test_a_job_that_is_over_makes_room(both: Both) -> None:
    watch = both.jobs.open("ann", "count", 1, lambda: Counting(needs=90 * MEGABYTE))
    with pytest.raises(Refusal):
        both.jobs.open("bob", "count", 2, lambda: Counting(needs=90 * MEGABYTE))
    watch.advance(60.0)
    both.jobs.open("bob", "count", 2, lambda: Counting(needs=90 * MEGABYTE))
    assert watch.work.result == "counted to 4"


def test_idle_jobs_go_before_anything_of_a_run(both: Both) -> None:
    run = both.runs.get("ann", both.runs.open("ann", LARGE))
    assert run is not None
    run.advance(5)
    frames = len(run.frames(0, 5))
    both.jobs.open("bob", "count", 1, lambda: Counting(needs=20 * MEGABYTE)).advance(0.0)
    both.clock.now += AT_WORK_SECONDS + 1
    both.jobs.open("cat", "count", 2, lambda: Counting(needs=USABLE - OTHERS - needed(LARGE) - 10 * MEGABYTE))
    assert len(both.jobs) == 1 and len(run.frames(0, 5)) == frames and not run.is_parked
