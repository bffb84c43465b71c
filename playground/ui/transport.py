"""Play, step, reset, dice, speed and stop: the buttons above the stage, and the status beside them."""

import streamlit as st

from playground.runs.viewer import SPEEDS
from playground.ui import actions, explosion, state
from playground.ui.fields import option_label, sentence
from playground.ui.words import _

PLAY_WIDTH = 116  # pixels, for both words in both languages: the row must not break anew at each click


def buttons() -> None:
    """Draw the transport row."""
    playing = state.viewer().playing
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="transport"):
        st.button(
            _("Pause") if playing else _("Play"),
            key="play",
            icon=":material/pause:" if playing else ":material/play_arrow:",
            type="primary",
            width=PLAY_WIDTH,
            on_click=actions.ask,
            args=(actions.play_or_pause(playing=playing),),
            disabled=state.viewer().explosion is not None,
        )
        st.button(
            _("Step"),
            key="step",
            icon=":material/skip_next:",
            on_click=actions.ask,
            args=(actions.step_once,),
            help=_("One update"),
        )
        st.button(
            _("Reset"),
            key="reset",
            icon=":material/replay:",
            on_click=actions.ask,
            args=(actions.reset,),
            help=_("Step 0, same seed"),
        )
        st.button(
            _("Dice"),
            key="dice",
            icon=":material/casino:",
            on_click=actions.ask,
            args=(actions.dice,),
            help=_("A new seed"),
        )
        st.segmented_control(
            _("Speed"),
            list(SPEEDS),
            key="speed",
            persist_state="session",
            format_func=option_label,
            required=True,
            label_visibility="collapsed",
        )
        with st.popover(_("Stop at"), icon=":material/flag:"):
            st.number_input(
                _("Stop at perplexity"),
                min_value=1.0,
                value=None,
                key="stop_perplexity",
                persist_state="session",
            )
            st.number_input(
                _("Stop at step"),
                min_value=1,
                value=None,
                step=1,
                key="stop_step",
                persist_state="session",
            )


def status() -> None:
    """Where the playhead rests, and where it will. What changes while playing stands on the stage."""
    viewer = state.viewer()
    parts = [_("training") if viewer.playing else _("trained to step {step:,}").format(step=viewer.playhead)]
    if viewer.stop_step is not None:
        parts.append(_("stops at step {step:,}").format(step=viewer.stop_step))
    if viewer.stop_perplexity is not None:
        parts.append(_("stops at perplexity {perplexity:g}").format(perplexity=viewer.stop_perplexity))
    if viewer.shows_finished:
        parts.append(_("a finished run: press play to watch it from the start"))
    st.caption(" · ".join(parts))
    if viewer.explosion is not None:
        st.error(explosion.sentence(viewer.explosion, viewer.config), icon=":material/local_fire_department:")
    if viewer.refused is not None:
        st.warning(sentence(viewer.refused), icon=":material/memory:")


def restoring() -> None:
    """In the place of the status: the weights of the playhead's step are not there, but will be."""
    st.caption(
        _("Training again up to step {step:,} to get its weights back …").format(step=state.viewer().playhead)
    )
