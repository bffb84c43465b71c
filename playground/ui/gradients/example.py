"""The reader's experiment, where a panel does not use it, and where an example has taken its place."""

import streamlit as st

from playground.config import ExperimentConfig
from playground.refusal import Refusal
from playground.ui import actions, experiment, race, state
from playground.ui.words import _

# Whoever turns to its widgets all the same sees them as ever.
_FAINT = """
<style>
:is([data-testid="stSidebarUserContent"], .st-key-experiment):not(:hover, :focus-within) { opacity: 0.5; }
</style>
"""


def is_not_used() -> None:
    """Say that the panel has networks of its own, and make the experiment's widgets faint."""
    st.html(_FAINT)
    st.caption(
        _("This view has networks of its own: cell, text and settings of your experiment do not matter here.")
    )


def offer(example: ExperimentConfig) -> None:
    """The button that makes an example the experiment of all pages."""
    st.button(
        _("Make this example my experiment, without clipping"),
        key="take_case",
        icon=":material/input:",
        on_click=actions.ask,
        args=(_take, example),
    )


def way_back() -> None:
    """While an example is the experiment, the button that brings the reader's own back."""
    session = state.session()
    if session.set_aside == session.viewer.config:
        session.set_aside = None
    if session.set_aside is not None:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption(_("An example has taken the place of your experiment."), width="content")
            st.button(
                _("Back to my experiment"),
                key="give_back",
                type="tertiary",
                icon=":material/undo:",
                on_click=actions.ask,
                args=(_give_back,),
            )


def _take(example: ExperimentConfig) -> None:
    session = state.session()
    mine = session.set_aside or session.viewer.config  # of two examples taken, neither is the reader's own
    if _go_over_to(example):
        session.set_aside = mine


def _give_back() -> None:
    session = state.session()
    if session.set_aside is not None and _go_over_to(session.set_aside):
        session.set_aside = None


def _go_over_to(config: ExperimentConfig) -> bool:
    """Make it the experiment, alone, with all changes of its learning rate; False where there is no memory for it."""
    session = state.session()
    try:
        race.leave()
        session.viewer.open(config)
    except Refusal as refusal:
        session.notices[refusal.field] = refusal
        return False
    state.set_values(**experiment.widget_values())
    return True
