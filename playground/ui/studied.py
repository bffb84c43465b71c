"""The training step that the study and the Gradients page show: the playhead's, until the reader asks for another."""

import streamlit as st

from playground.ui import left_out, state
from playground.ui.words import _


def step() -> int:
    """The training step to show."""
    viewer = state.viewer()
    recording, chosen = state.session().studied or ("", 0)
    last = viewer.own_playhead
    return chosen if recording == viewer.recording and chosen <= last else last


def choose(step: int) -> None:
    """Stay at a training step; whoever asks for the playhead's goes on following it."""
    viewer = state.viewer()
    state.session().studied = None if step >= viewer.own_playhead else (viewer.recording, step)


def let_go() -> None:
    """Follow the playhead again."""
    state.session().studied = None


def say_which() -> None:
    """Say what is shown and why; a chosen step can be let go."""
    _say_step()
    left_out.say_what_is_read()


def _say_step() -> None:
    viewer, shown = state.viewer(), step()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if viewer.shows_finished and shown == viewer.own_playhead:
            st.caption(
                _("The network at the end of the recording, after {step:,} updates.").format(step=shown)
            )
            return
        if shown == viewer.own_playhead:
            follows = _("The network after {step:,} updates; follows the playhead.")
            st.caption(
                _("The network after one update; follows the playhead.")
                if shown == 1
                else follows.format(step=shown)
            )
            return
        chosen = _("The network after {step:,} updates, the step you chose.")
        st.caption(
            _("The network after one update, the step you chose.")
            if shown == 1
            else chosen.format(step=shown),
            width="content",
        )
        st.button(
            _("Back to the playhead, step {step:,}").format(step=viewer.own_playhead),
            key="follow_playhead",
            type="tertiary",
            icon=":material/keyboard_double_arrow_right:",
            on_click=let_go,
        )
