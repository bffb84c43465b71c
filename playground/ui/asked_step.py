"""The training step that a page looks at closely, its choice `at`: one of the run's, or one yet to be trained."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import streamlit as st

from playground.runs.run import Run
from playground.ui import actions, explosion, state, studied, widgets
from playground.ui.progress import go
from playground.ui.words import _


@dataclass(frozen=True, slots=True)
class _Training:
    """A run on its way to a step."""

    run: Run
    asked: int

    @property
    def progress(self) -> float:
        return self.run.step / self.asked

    def advance(self, budget: float) -> bool:
        self.run.advance(self.asked - self.run.step, budget=budget)
        return self.run.step == self.asked or self.run.explosion is not None


def choose() -> int:
    """Draw the choice of a training step, with a button for more of them; 0 is the untrained network.

    Where more training is asked for, the page comes back until it is done.
    """
    with row() as step:
        return step


@contextmanager
def row() -> Iterator[int]:
    """The same in a row, for other choices beside it; which network is shown is said below when it is left."""
    _train_up_to_it()
    with widgets.row():
        yield _choose()
    studied.say_which()


def _train_up_to_it() -> None:
    """Where a link or the button asks for a step beyond the playhead, bring it there, and show how far training is."""
    viewer = state.viewer()
    run, asked = viewer.run, state.whole(state.key("at"))
    is_beyond = asked is not None and viewer.own_playhead < asked
    if asked is not None and run.step < asked and is_beyond and run.explosion is None:
        text = _("Training up to step {step:,}; now at {now:,}").format(step=asked, now=run.step)
        go(_Training(run, asked), text, key="stop_training", **state.keyed(at=run.step))
    else:
        st.empty()  # where the bar stands otherwise: what follows keeps its place, and the focus of the keyboard
    if asked is not None and is_beyond and viewer.explosion is None:
        viewer.go_to(asked)


def _choose() -> int:
    viewer = state.viewer()
    last = viewer.own_playhead
    step = state.fitted("at", 0, last, default=studied.step())
    studied.choose(step)
    state.shown().followed["at"] = step  # what is moved from here on is chosen anew
    with st.container(width=340):
        if last:
            state.mount(state.key("at"), last)
            st.slider(
                widgets.label("at"),
                0,
                last,
                key=state.key("at"),
                persist_state="session",
                help=_("Every step of the run is kept; its weights are trained again, bit for bit."),
            )
        else:
            st.markdown(_("**Untrained network** (step 0)"))
        widgets.complaint("at")
    if viewer.explosion is None:
        st.button(
            _("Train {count} steps more").format(count=actions.MORE_STEPS),
            key="train_more",
            icon=":material/fast_forward:",
            on_click=actions.ask,
            args=(actions.train_more,),
        )
    return step


def warn_of_explosion(step: int, then: str | None = None) -> bool:
    """Say so where the numbers of this step's network are no longer finite, or its updates were not; whether they are.

    then: what that means for what is shown; None where figures go on to show it.
    """
    viewer = state.viewer()
    exploded = viewer.run.explosion
    if exploded is None or step < exploded.step:
        return False
    if then is None:
        then = _(
            "These are the last weights; where their gradients are not numbers either, the figures say so."
        )
    st.warning(
        f"{explosion.sentence(exploded, viewer.config)} {then}", icon=":material/local_fire_department:"
    )
    return True
