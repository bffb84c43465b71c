"""Work that takes longer than one turn: a part of it each time the page runs, and a bar that says how far it is."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

import streamlit as st

from playground.models.network import Network
from playground.pieces import InPieces, Pieces
from playground.runs.viewer import Viewer
from playground.ui import state
from playground.ui.private_streamlit import is_fragment_run
from playground.ui.words import _

Result = TypeVar("Result")
TURN = 0.25  # seconds of work before the page is drawn again


class Job(Protocol):
    """Work in parts."""

    @property
    def progress(self) -> float:
        """Share that is done, 0 … 1."""
        ...

    def advance(self, budget: float) -> bool:
        """Go on for about `budget` seconds; whether all is done."""
        ...


def work(job: Job, text: str, *, key: str = "", **stop: object) -> None:
    """Do a turn of a job, and run this part of the page again until all is done: only then does this return.

    From the second turn on there is a bar with `text` and, if a `key` is given, a button that sets the session's
    values `stop`. They are drawn before the turn, because what is drawn just before coming back may get lost.
    """
    place = st.empty()
    if job.progress == 1:
        return
    if job.progress > 0:
        with place.container():
            st.progress(min(job.progress, 1.0), text)
            if key:
                st.button(
                    _("Stop here"), key=key, icon=":material/stop:", on_click=state.set_values, kwargs=stop
                )
    if not _in_turns(job.advance):
        come_back()
    place.empty()


def computed(name: str, key: object, pieces: Callable[[], Pieces[Result]], text: str) -> Result:
    """What a computation in pieces gives for `key`: done in turns, once, and remembered under `name`.

    See `state.remembered` and `work`.
    """
    job = state.remembered(name, key, lambda: InPieces(pieces()))
    work(job, text)
    return job.result


def _in_turns(work: Callable[[float], Result]) -> Result:
    """What `work` gives once that is true, or after all turns for which there is time, one at least.

    Others have their turns in between. work: called with the seconds that its turn may last.
    """
    deadline = time.thread_time() + TURN
    while True:
        with state.viewer().turn() as budget:
            result = work(budget)
        if result or time.thread_time() >= deadline:
            return result


@dataclass(slots=True)
class _Weights:
    """The network of a training step, once it has been trained again."""

    viewer: Viewer
    step: int
    network: Network | None = None

    def advance(self, budget: float) -> bool:
        if self.network is None:
            self.network = self.viewer.run.network_at(self.step, budget=budget)
        return self.network is not None


def network_at(step: int) -> Network:
    """The network of a training step of this run; while it is trained again, a note, and the page comes back."""
    viewer = state.viewer()
    weights = state.remembered("weights", (viewer.config, step), lambda: _Weights(viewer, step))
    if (viewer.is_settled or viewer.settle(budget=TURN)) and weights.network is None:
        _in_turns(weights.advance)
    if weights.network is None:
        st.info(_("Training again up to step {step:,} to get its weights back …").format(step=step))
        come_back()
    assert weights.network is not None  # come_back does not return
    return weights.network


def come_back() -> None:
    """Run this part of the page again, or the whole page if that is what runs now."""
    st.rerun(scope="fragment" if is_fragment_run() else "app")
