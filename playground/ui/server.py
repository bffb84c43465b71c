"""What all sessions of this server share: runs, jobs, long texts, and the run whose recording a first visit sees."""

from functools import cache

from playground.config import ExperimentConfig
from playground.jobs.registry import Jobs
from playground.limits import limits
from playground.runs.registry import Registry
from playground.runs.viewer import Viewer
from playground.ui import failure
from playground.ui.long_texts import LONG_TEXTS as LONG_TEXTS

JOBS = Jobs(limits(), free=lambda: REGISTRY.make_free(), report=failure.of_a_job)
REGISTRY = Registry(limits(), beside=JOBS)
FINISHED_STEPS = 120  # of the recording: the text is learned by then, and little changes any more


@cache
def finish_first_run() -> None:
    """Train the run whose recording a first visit sees, once, and keep it."""
    config = ExperimentConfig()
    identifier = REGISTRY.open("first visit", config, always=True)
    run = REGISTRY.get("first visit", identifier)
    assert run is not None
    while run.step < FINISHED_STEPS:  # in small parts, so that samples of text are drawn on the way
        run.advance(min(5, FINISHED_STEPS - run.step))
    REGISTRY.pin(identifier)
    REGISTRY.release("first visit", identifier)


def open_viewer(config: ExperimentConfig) -> Viewer:
    """A viewer of an experiment: of the recording if it is the first visit's, else of a run waiting at step 0."""
    finish_first_run()
    is_first = config == ExperimentConfig()
    return Viewer(REGISTRY, config, finished_at=FINISHED_STEPS if is_first else 0)
