"""Work that takes longer than one turn: a part of it each time the page runs, and a bar that says how far it is."""

import time
from collections.abc import Callable
from typing import Protocol, TypeVar

import streamlit as st

from playground.network import Network
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
    if 0 < job.progress < 1:
        with place.container():
            st.progress(min(job.progress, 1.0), text)
            if key:
                st.button(
                    _("Stop here"), key=key, icon=":material/stop:", on_click=state.set_values, kwargs=stop
                )
    if not _in_turns(job.advance):
        come_back()
    place.empty()


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


def network_at(step: int) -> Network:
    """The network of a training step of this run; while it is trained again, a note, and the page comes back."""
    viewer = state.viewer()
    network = None
    if viewer.is_settled or viewer.settle(budget=TURN):
        network = _in_turns(lambda budget: viewer.run.network_at(step, budget=budget))
    if network is None:
        st.info(_("Training again up to step {step:,} to get its weights back …").format(step=step))
        come_back()
    assert network is not None  # come_back does not return
    return network


def come_back() -> None:
    """Run this part of the page again, or the whole page if that is what runs now."""
    st.rerun(scope="fragment" if is_fragment_run() else "app")
