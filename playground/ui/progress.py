"""Work that takes longer than one turn: a part of it each time the page runs, and a bar that says how far it is.

Nothing that is drawn here leaves the browser while it is wanted: a button that is taken out and put back, be it at once
and at the same place, forgets that it is being pressed. So a bar and its buttons stand in a container, which Streamlit
keeps node by node from run to run, never in `st.empty`, which it fills anew each time; no button gives way to another,
but one that has nothing to do is disabled; and what is no longer wanted is left out by another run, not taken away.

Most of it is a job (`playground/jobs/`), which the server keeps for all who ask for the same; some is a run on its way
to a step.
"""

import time
from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import streamlit as st

from playground.figures.axes import percent
from playground.jobs.job import Work
from playground.jobs.registry import Watch
from playground.models.network import Network
from playground.pieces import SMALL_BYTES, InPieces, Pieces
from playground.refusal import Refusal
from playground.runs.run import Run
from playground.training import Snapshot
from playground.ui import address, state
from playground.ui.fields import sentence
from playground.ui.private_streamlit import is_fragment_run
from playground.ui.server import JOBS
from playground.ui.words import _

Result = TypeVar("Result")
TURN = 0.25  # seconds of work before the page is drawn again


# Jobs


def job(
    kind: str,
    description: Hashable,
    make: Callable[[], Work],
    text: str,
    *,
    live: Callable[[Work], None] | None = None,
) -> Watch[Work] | None:
    """Hold a job and show it: a bar with `text` while it is computed, and what to do about it.

    Returns only when it does not go on for this reader: done, paused, stopped or failed, which is said, with what can
    be done. What it has found so far is in `work`. None if there is no job, which is said as well.

    live: draws what there is so far below the bar, each time a turn begins; whoever gives it draws the same in the same
    place when this returns.

    kind: names what is computed, on all pages alike, and its buttons: no other computation may have the same
    (`tests/jobs/test_kinds.py`), or it would be given this one's result. description, make: see `Jobs.open`.
    """
    watch = _held(kind, description, make)
    if watch is None:
        return None
    has_bar = watch.state == "paused" or (watch.goes_on and watch.progress > 0)
    with _place(is_filled=has_bar or watch.state in ("stopped", "failed")):
        if has_bar:
            _bar(watch, kind, text)
        elif watch.state == "stopped":
            st.caption(
                _("Stopped after {share} %; this is how far it came.").format(share=percent(watch.progress))
            )
            _again(watch, kind)
        elif watch.state == "failed":
            _say_failure(watch, kind)
    if watch.goes_on:
        if not is_fragment_run():
            address.write_ahead()
        if live is not None and has_bar:
            live(watch.work)
        _go_on_with(watch, has_bar=has_bar)
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
    has_bar = watch.goes_on and watch.progress > 0
    with _place(is_filled=has_bar or watch.state == "failed"):
        if has_bar:
            st.progress(watch.progress, text)
        elif watch.state == "failed":
            _say_failure(watch, kind)
    if watch.goes_on:
        _go_on_with(watch, has_bar=has_bar)
    if watch.state == "failed":
        st.stop()
    return watch.work.result


def _held(kind: str, description: Hashable, make: Callable[[], Work]) -> Watch[Work] | None:
    """This session's hold on a job; None, and the reason is said, where it cannot be."""
    try:
        return JOBS.open(state.viewer().id, kind, description, make)
    except Refusal as refusal:
        st.error(sentence(refusal), icon=":material/error:")
        return None


def _go_on_with(watch: Watch[Work], *, has_bar: bool) -> None:
    """Do a turn of a job, and run this part of the page again unless it is done and no bar is to be left out."""
    _in_turns(watch.advance)
    if has_bar or watch.state != "done":
        come_back()


def _bar(watch: Watch[Work], kind: str, text: str) -> None:
    """How far a job is, and what can be done about it."""
    is_paused = watch.state == "paused"
    if is_paused:
        text = _("Paused at {share} %").format(share=percent(watch.progress))
    # On one line, so that what stands below moves little when the bar comes and goes.
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.progress(watch.progress, text)
        _press("pause", kind, watch, _("Pause"), ":material/pause:", enabled=not is_paused)
        _press("go_on", kind, watch, _("Go on"), ":material/play_arrow:", enabled=is_paused)
        _press("stop", kind, watch, _("Stop here"), ":material/stop:")


def _say_failure(watch: Watch[Work], kind: str) -> None:
    assert watch.failure is not None
    st.error(sentence(watch.failure), icon=":material/healing:")
    _again(watch, kind)


def _again(watch: Watch[Work], kind: str) -> None:
    _press("again", kind, watch, _("Start again"), ":material/replay:")


def _press(what: str, kind: str, watch: Watch[Work], text: str, icon: str, *, enabled: bool = True) -> None:
    st.button(
        text, key=f"{what}_{kind}", icon=icon, on_click=pressed, args=(what, watch), disabled=not enabled
    )


def pressed(what: str, watch: Watch[Work]) -> None:
    """Do what a button says, if it can still be meant: what it was pressed on may have become something else meanwhile.

    Of presses that come together, Streamlit does not tell which was the last. It makes no difference: what is stopped
    is neither paused nor gone on with, and only Start again, which nobody sees before, begins anew.
    """
    match what, watch.state:
        case "pause", "waiting" | "running":
            watch.pause()
        case "go_on", "paused":
            watch.go_on()
        case "stop", _:
            watch.stop()
        case "again", "stopped" | "failed":
            watch.go_on()
        case _:
            pass


def _place(*, is_filled: bool) -> AbstractContextManager[object]:
    """One place on the page, whatever stands in it; what is filled again keeps the nodes it has in the browser."""
    return st.container() if is_filled else st.empty()


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
    has_bar = 0 < way.progress < 1
    with _place(is_filled=has_bar):
        if has_bar:
            st.progress(way.progress, text)
            st.button(_("Stop here"), key=key, icon=":material/stop:", on_click=state.set_values, kwargs=stop)
    if way.progress < 1 and (not _in_turns(way.advance) or has_bar):
        come_back()


@dataclass(slots=True)
class _TrainedAgain(Generic[Result]):
    """Something of a training step, once that has been trained again."""

    get: Callable[[float], Result | None]  # within so many seconds, or not yet
    found: Result | None = None

    def advance(self, budget: float) -> bool:
        if self.found is None:
            self.found = self.get(budget)
        return self.found is not None


def network_at(step: int) -> Network:
    """The network of a training step of this run; while it is trained again, a note, and the page comes back."""
    return _trained_again("weights", step, lambda run, budget: run.network_at(step, budget=budget))


def snapshot_at(step: int) -> Snapshot:
    """The same of all that its trainer stands on there."""
    return _trained_again("snapshot", step, lambda run, budget: run.snapshot_at(step, budget=budget))


def _trained_again(name: str, step: int, get: Callable[[Run, float], Result | None]) -> Result:
    viewer = state.viewer()
    wanted = state.remembered(
        name, (viewer.config, step), lambda: _TrainedAgain(lambda budget: get(viewer.run, budget))
    )
    if (viewer.is_settled or viewer.settle(budget=TURN)) and wanted.found is None:
        _in_turns(wanted.advance)
    if wanted.found is None:
        st.info(_("Training again up to step {step:,} to get its weights back …").format(step=step))
        come_back()
    assert wanted.found is not None  # come_back does not return
    return wanted.found


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
