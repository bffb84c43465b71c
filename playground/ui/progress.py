"""Work that takes longer than one turn: a part of it each time the page runs, and a bar that says how far it is."""

import time
from typing import Protocol

import streamlit as st

from playground.network import Network
from playground.ui import state
from playground.ui.private_streamlit import is_fragment_run
from playground.ui.words import _

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
    deadline, done = time.thread_time() + TURN, False
    while not done and time.thread_time() < deadline:
        with state.viewer().turn() as budget:  # others have theirs in between
            done = job.advance(budget)
    if not done:
        come_back()
    place.empty()


def network_at(step: int) -> Network:
    """The network of a training step of this run; while it is trained again, a note, and the page comes back."""
    viewer = state.viewer()
    network = None
    if viewer.is_settled or viewer.settle(budget=TURN):
        deadline = time.thread_time() + TURN
        while network is None and time.thread_time() < deadline:
            with viewer.turn() as budget:
                network = viewer.run.network_at(step, budget=budget)
    if network is None:
        st.info(_("Training again up to step {step:,} to get its weights back …").format(step=step))
        come_back()
    assert network is not None  # come_back does not return
    return network


def come_back() -> None:
    """Run this part of the page again, or the whole page if that is what runs now."""
    st.rerun(scope="fragment" if is_fragment_run() else "app")
