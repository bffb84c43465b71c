"""Work that takes longer than one turn: a part of it each time the page runs, and a bar that says how far it is."""

from typing import Protocol

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from playground.ui import state

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


def go_on(job: Job, text: str) -> bool:
    """Let a job go on for a turn. While it is not done, show a bar with `text`; the caller then calls `come_back`."""
    with state.viewer().turn() as budget:
        done = job.advance(max(budget, TURN))
    if not done:
        st.progress(min(job.progress, 1.0), text)
    return done


def come_back() -> None:
    """Run this part of the page again, or the whole page if that is what runs now."""
    context = get_script_run_ctx()
    st.rerun(scope="fragment" if context and context.fragment_ids_this_run else "app")
