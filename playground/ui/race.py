"""A race: experiments beside that of the page, side by side under one playhead, each different in one thing.

Which ones is a choice of the Train page, `train.race`. `Session.beside` is what the viewer does watch; the choice is
made equal to it whenever the page runs.
"""

import streamlit as st

from playground.cells import CELLS
from playground.config import ExperimentConfig
from playground.refusal import Refusal
from playground.ui import actions, choices, state
from playground.ui.fields import option_label, value_label
from playground.ui.words import _
from playground.variations import MOST, Clipped, OtherCell, OtherSeed, Variation, beside

USUAL = ("rnn", "gru", "lstm")  # who races at one click
CHOICE = choices.key("train", "race")
WIDGET = "race_beside"

# Any others of the page's experiment, in a widget's words.
OFFERED: dict[str, Variation] = {
    str(each): each for each in (*map(OtherCell, CELLS), *(OtherSeed(ahead) for ahead in range(1, MOST + 1)))
}


def take_over() -> None:
    """Have the viewer watch what the choice says, or say why not and have the choice say what is watched.

    Call it before the page draws anything.
    """
    session, viewer = state.session(), state.viewer()
    wanted = beside(viewer.config, state.shown().chosen["race"])
    if wanted != session.beside:
        try:
            _watch(wanted)
        except Refusal as refusal:
            state.shown().wrong["race"] = refusal
    _say()


def change(config: ExperimentConfig) -> None:
    """Go over to what the sidebar says, on all tracks.

    A cell that stood beside already changes places with the one before.

    Raises:
        Refusal: if that cannot be trained; then nothing has changed.
    """
    session, viewer = state.session(), state.viewer()
    own, before = OtherCell(config.network.cell), OtherCell(viewer.config.network.cell)
    wanted = beside(config, (before if each == own else each for each in session.beside))
    others = [each.of(config) for each in wanted]
    if len(wanted) == len(session.beside):
        viewer.change(config, beside=others)
    else:
        viewer.race([config, *others])
    session.beside = wanted
    _say()


def leave() -> None:
    """Watch the page's experiment alone, for a link that says more of it."""
    if state.session().beside:
        _watch(())


def go_on_clipped(step: int, threshold: float) -> None:
    """Action: go on from a step twice, as it was, which is without clipping, and with gradients clipped by norm."""
    session, viewer = state.session(), state.viewer()
    if viewer.explosion is None or viewer.config.training.clip != "off":
        return  # it has become another since
    other = Clipped(threshold, step)
    try:
        viewer.part(other.of(viewer.config), step)
    except Refusal as refusal:
        session.choices["train"].wrong["race"] = refusal
        return
    session.beside = (other,)
    _say()


def is_parted() -> bool:
    """Whether the page's experiment goes on with clipping beside without."""
    return any(isinstance(each, Clipped) for each in state.session().beside)


def control() -> None:
    """Draw, among the buttons above the stage, who races; alone, one button that begins."""
    session = state.session()
    if not session.beside:
        st.button(
            _("Race"),
            key="race",
            icon=":material/sports_score:",
            on_click=actions.ask,
            args=(_begin,),
            help=_("RNN, GRU and LSTM side by side: one text, one seed, one playhead, one curve."),
        )
        return
    if not is_parted():
        _others()
    st.button(
        _("One again"),
        key="alone",
        icon=":material/close:",
        on_click=actions.ask,
        args=(_choose, ()),
        help=_("Goes on with the first alone, from where it is."),
    )


def refused() -> Refusal | None:
    """What cannot race, to be said below the buttons."""
    return state.shown().wrong.get("race")


def _others() -> None:
    """Draw what else may stand beside the page's experiment."""
    config, watched = state.viewer().config, state.session().beside
    labels = {
        text: _label(each, config) for text, each in OFFERED.items() if beside(config, (each,)) == (each,)
    }
    said = [text for text in labels if OFFERED[text] in watched]
    if state.value(WIDGET) != said:
        state.set_values(**{WIDGET: said})
    state.mount(WIDGET, tuple(labels.items()))
    st.segmented_control(
        _("Beside {name}").format(name=option_label(config.network.cell)),
        list(labels),
        selection_mode="multi",
        key=WIDGET,
        format_func=labels.__getitem__,
        on_change=actions.ask,
        args=(_picked,),
        label_visibility="collapsed",
    )


def _label(variation: Variation, config: ExperimentConfig) -> str:
    """What an option says."""
    if isinstance(variation, OtherCell):
        return option_label(variation.cell)
    return value_label("seed", variation.of(config).seed)


def _picked() -> None:
    """Action: race against what the widget says."""
    said = state.value(WIDGET)
    _choose(tuple(OFFERED[text] for text in said if text in OFFERED) if isinstance(said, list) else ())


def _begin() -> None:
    """Action: race against the usual ones."""
    own = state.viewer().config.network.cell
    _choose(tuple(OtherCell(cell) for cell in USUAL if cell != own))


def _choose(wanted: tuple[Variation, ...]) -> None:
    """Action: make a choice, for the page to take over."""
    state.set_values(**{CHOICE: wanted})


def _watch(wanted: tuple[Variation, ...]) -> None:
    """Have the viewer watch these beside the page's experiment. Raises `Refusal` if it cannot; then it is as before."""
    session, viewer = state.session(), state.viewer()
    if wanted:
        viewer.race([viewer.config, *(each.of(viewer.config) for each in wanted)], arrives=session.arrives)
    else:
        viewer.alone()
    session.beside = wanted


def _say() -> None:
    """Have the choice of the Train page say what is watched."""
    session = state.session()
    if "train" in session.choices:
        session.choices["train"].chosen["race"] = session.beside
        state.set_values(**{CHOICE: session.beside})
