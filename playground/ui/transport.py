"""Play, step, reset, dice, speed and stop: the buttons above the stage, and the status beside them."""

import streamlit as st

from playground.runs.playhead import SPEEDS
from playground.ui import actions, cliff, race, state, stops
from playground.ui.complaints import complain
from playground.ui.fields import option_label, sentence
from playground.ui.tour.scenes import NUMBER as TOUR
from playground.ui.words import _

PLAY_WIDTH = 116  # pixels, for both words in both languages: the row must not break anew at each click


def buttons() -> None:
    """Draw the transport row."""
    playing = state.session().drawn_playing = state.viewer().playing
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="transport"):
        st.button(
            _("Pause") if playing else _("Play"),
            key="play",
            icon=":material/pause:" if playing else ":material/play_arrow:",
            type="primary",
            width=PLAY_WIDTH,
            on_click=actions.ask,
            args=(actions.play_or_pause(playing=playing),),
            disabled=state.viewer().has_ended,
        )
        st.button(
            _("One update"),
            key="step",
            icon=":material/skip_next:",
            on_click=actions.ask,
            args=(actions.step_once,),
            help=_("Reads one batch and changes all weights once."),
        )
        st.button(
            _("Reset"),
            key="reset",
            icon=":material/replay:",
            on_click=actions.ask,
            args=(actions.reset,),
            help=_("Back to step 0 with the same weights to begin with."),
        )
        st.button(
            _("New weights"),
            key="dice",
            icon=":material/casino:",
            on_click=actions.ask,
            args=(actions.dice,),
            help=_(
                "Throws the dice for another seed: other weights to begin with, from step 0. What was trained stays as "
                "a dashed curve."
            ),
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
            stops.show()
        race.control()
    complain(race.refused())


def status() -> None:
    """Where the playhead rests, and where it will. What changes while playing stands on the stage."""
    viewer = state.viewer()
    if viewer.shows_finished:
        parts = [_("A recording of a network learning, from step 0. Press Play to train it yourself.")]
    else:
        parts = [
            _("training") if viewer.playing else _("trained to step {step:,}").format(step=viewer.playhead)
        ]
    says_itself = viewer.playing or viewer.shows_finished or state.value(TOUR) is not None
    if not says_itself and (reached := stops.reached(viewer)):
        st.caption(
            f":green[:material/flag:] **{reached}**"
        )  # in place of the rest: the picture below must not jump
    else:
        st.caption(" · ".join([*parts, *stops.told(viewer)]))
    cliff.show(viewer)
    if viewer.refused is not None:
        st.warning(sentence(viewer.refused), icon=":material/memory:")


def restoring() -> None:
    """In the place of the status: the weights of the playhead's step are not there, but will be."""
    st.caption(
        _("Training again up to step {step:,} to get its weights back …").format(step=state.viewer().playhead)
    )
