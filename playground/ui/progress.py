"""Work that takes longer than one turn: a part of it each time the page runs, and a bar that says how far it is.

Most of it is a job (`playground/jobs/`), which the server keeps for all who ask for the same; some is a run on its way
to a step.
"""

import time
from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, TypeVar

import streamlit as st

from playground.figures.axes import percent
from playground.jobs.job import Work
from playground.jobs.registry import Watch
from playground.models.network import Network
from playground.pieces import SMALL_BYTES, InPieces, Pieces
from playground.refusal import Refusal
from playground.runs.viewer import Viewer
from playground.ui import address, state
from playground.ui.fields import sentence
from playground.ui.private_streamlit import is_fragment_run
from playground.ui.server import JOBS
from playground.ui.words import _

Result = TypeVar("Result")
TURN = 0.25  # seconds of work before the page is drawn again


# Jobs


def job(kind: str, description: Hashable, make: Callable[[], Work], text: str) -> Watch[Work] | None:
    """Hold a job and show it: a bar with `text` while it is computed, and what to do about it.

    Returns only when it does not go on for this reader: done, paused, stopped or failed, which is said, with what can
    be done. What it has found so far is in `work`. None if there is no job, which is said as well.

    kind: names the job on its page, its buttons too. description, make: see `Jobs.open`.
    """
    watch = _held(kind, description, make)
    if watch is None:
        return None
    place = st.empty()
    if watch.goes_on:
        if watch.progress > 0:
            with place.container():
                st.progress(watch.progress, text)
                with _row():
                    _press("pause", kind, _("Pause"), ":material/pause:", watch.pause)
                    _press("stop", kind, _("Stop here"), ":material/stop:", watch.stop)
        if not is_fragment_run():
            address.write_ahead()
        _go_on_with(watch)
    share = percent(watch.progress)
    match watch.state:
        case "paused":
            with place.container():
                st.progress(watch.progress, _("Paused at {share} %").format(share=share))
                with _row():
                    _press("go_on", kind, _("Go on"), ":material/play_arrow:", watch.go_on)
                    _press("stop", kind, _("Stop here"), ":material/stop:", watch.stop)
        case "stopped":
            with place.container():
                st.caption(_("Stopped after {share} %; this is how far it came.").format(share=share))
                _press("go_on", kind, _("Start again"), ":material/replay:", watch.go_on)
        case "failed":
            with place.container():
                _say_failure(watch, kind)
        case _:
            place.empty()
    return watch


def computed(
    kind: str,
    description: Hashable,
    pieces: Callable[[], Pieces[Result]],
    text: str,
    *,
    needs: int = SMALL_BYTES,
) -> Result:
    """What a computation without which the page cannot go on gives: a job with a bar, and nothing to choose.

    kind, description: see `job`. needs: see `InPieces`.
    """
    watch = _held(kind, description, lambda: InPieces(pieces(), needs=needs))
    if watch is None:
        st.stop()
    place = st.empty()
    if watch.goes_on:
        if watch.progress > 0:
            place.progress(watch.progress, text)
        _go_on_with(watch)
    if watch.state == "failed":
        with place.container():
            _say_failure(watch, kind)
        st.stop()
    place.empty()
    return watch.work.result


def _held(kind: str, description: Hashable, make: Callable[[], Work]) -> Watch[Work] | None:
    """This session's hold on a job; None, and the reason is said, where it cannot be."""
    try:
        return JOBS.open(state.viewer().id, kind, description, make)
    except Refusal as refusal:
        st.error(sentence(refusal), icon=":material/error:")
        return None


def _go_on_with(watch: Watch[Work]) -> None:
    """Do a turn of a job, and run this part of the page again unless it is over."""
    if not _in_turns(watch.advance):
        come_back()


def _say_failure(watch: Watch[Work], kind: str) -> None:
    assert watch.failure is not None
    st.error(sentence(watch.failure), icon=":material/healing:")
    _press("go_on", kind, _("Start again"), ":material/replay:", watch.go_on)


def _row() -> AbstractContextManager[object]:
    return st.container(horizontal=True, gap="small")


def _press(what: str, kind: str, text: str, icon: str, then: Callable[[], None]) -> None:
    st.button(text, key=f"{what}_{kind}", icon=icon, on_click=then)


# Runs on their way to a step


class Way(Protocol):
    """Work on a run, in parts."""

    @property
    def progress(self) -> float:
        """Share that is done, 0 … 1."""
        ...

    def advance(self, budget: float) -> bool:
        """Go on for about `budget` seconds; whether all is done."""
        ...


def go(way: Way, text: str, *, key: str, **stop: object) -> None:
    """Go a part of a way, and run this part of the page again until all of it is gone: only then does this return.

    From the second turn on there is a bar with `text` and a button that sets the session's values `stop`. They are
    drawn before the turn, because what is drawn just before coming back may get lost.
    """
    place = st.empty()
    if way.progress == 1:
        return
    if way.progress > 0:
        with place.container():
            st.progress(min(way.progress, 1.0), text)
            st.button(_("Stop here"), key=key, icon=":material/stop:", on_click=state.set_values, kwargs=stop)
    if not _in_turns(way.advance):
        come_back()
    place.empty()


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


# Turns


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


def come_back() -> None:
    """Run this part of the page again, or the whole page if that is what runs now."""
    st.rerun(scope="fragment" if is_fragment_run() else "app")
