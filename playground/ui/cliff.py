"""At the cliff: what exploded, and two ways from the last healthy step: stand there again, or go on twice from it."""

import streamlit as st

from playground.analysis.health import Health, last_healthy
from playground.runs.viewer import Viewer
from playground.ui import actions, race, state
from playground.ui.explosion import sentence
from playground.ui.fields import exact_number
from playground.ui.words import _


def show(viewer: Viewer) -> None:
    """Draw what happened to the page's experiment, if it has exploded, and the ways back."""
    explosion = viewer.explosion
    if explosion is None:
        return
    st.error(sentence(explosion, viewer.config), icon=":material/local_fire_department:")
    health = last_healthy(viewer.curve_points())
    if health is not None:
        _ways_back(health, may_part=viewer.config.training.clip == "off" and not race.is_parted())


def _ways_back(health: Health, *, may_part: bool) -> None:
    """Buttons from the cliff to the last healthy step, why it is that one, and how clipping would be."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="cliff"):
        st.button(
            _back(health),
            key="healthy",
            icon=":material/undo:",
            on_click=actions.for_the_whole_page,
            args=(_go_back, health.step),
            help=_(
                "A few steps before the end, and the gradient is no longer than twice the median of all gradients."
            )
            if health.is_healthy
            else None,
        )
        if may_part:
            st.button(
                _("Go on from there with clipping beside without"),
                key="part",
                icon=":material/call_split:",
                on_click=actions.for_the_whole_page,
                args=(race.go_on_clipped, health.step, health.norm),
            )
            st.caption(_threshold(health))


def _back(health: Health) -> str:
    """What the way back leads to."""
    if health.is_healthy:
        return _("Back to step {step:,}, the last healthy one").format(step=health.step)
    return _("Back to step {step:,}, before any update").format(step=health.step)


def _threshold(health: Health) -> str:
    """How gradients would be clipped, and why so."""
    if health.is_median:
        said = _("By norm at {norm}, about the median gradient up to that step.")
    else:
        said = _("By norm at {norm}: as near to the median gradient up to that step as a threshold may be.")
    return said.format(norm=exact_number(health.norm))


def _go_back(step: int) -> None:
    """Action: stand on a step of before."""
    state.viewer().resume(step, playing=False)
