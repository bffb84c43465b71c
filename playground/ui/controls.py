"""The sidebar: every choice that defines an experiment, each with its complaint beside it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import streamlit as st

from playground.cells import CELLS, CellSpec
from playground.config import FIELDS, Choice, Range, TrainingConfig
from playground.models.initialization import SETS_BIASES, memory_gates
from playground.presets import PRESETS
from playground.refusal import Refusal
from playground.ui import address, state
from playground.ui.fields import FIELD_LABELS, HELP, exact_number, option_label, preset_label, sentence
from playground.ui.words import _

CHANGES_SHOWN = 3  # of the learning rate; the first and the last ones
LEARNING_RATES = (*(float(f"{digit}e{power}") for power in range(-5, 1) for digit in (1, 2, 5)), 10.0)

LINK_ONLY = ("bidirectional", "dropout")  # fields without a control
MORE = (
    "layers",
    "embedding",
    "initialization",
    "spectral_radius",
    "longest_memory",
    "forget_bias",
    "clip_from",
    "reduction",
    "sequence_length",
    *LINK_ONLY,
)


def experiment() -> None:
    """Draw the sidebar: what defines the experiment."""
    with st.sidebar:
        _segments("cell")
        st.selectbox(
            _("Examples"),
            list(PRESETS),
            index=None,
            key="preset",
            format_func=preset_label,
            placeholder=_("choose a ready-made text"),
            on_change=state.use_preset,
        )
        _text()
        _segments("tokens")
        left, right = st.columns(2)
        with left:
            _toggle("bos")
        with right:
            _toggle("eos")
        _slider("hidden_size")
        if CELLS[state.value("cell")].has_nonlinearity:
            _select("nonlinearity")
        left, right = st.columns(2)
        with left:
            _select("optimizer")
        with right:
            _learning_rate()
        _changes()
        left, right = st.columns(2)
        with left:
            _select("clip")
        with right:
            _number("clip_threshold", disabled=state.value("clip") == "off", complains=False)
        complaint("clip_threshold")  # in the width of both
        _number("seed", step=1)
        with st.expander(_("More settings"), expanded=any(state.notice(field) for field in MORE)):
            _more()


def _more() -> None:
    left, right = st.columns(2)
    with left:
        _number("layers", step=1)
        for name in LINK_ONLY:
            complaint(name)
        _number("sequence_length", step=1)
    with right:
        _number("embedding", step=1)
        _number("batch_size", step=1)
    _number("clip_from", step=1, disabled=state.value("clip") == "off")
    _segments("reduction")
    _initialization(CELLS[state.value("cell")])
    if "forget_bias" in CELLS[state.value("cell")].biases:
        _forget_bias()


def _initialization(cell: CellSpec) -> None:
    """How the weights start, with what belongs to the choice, and a word where it does nothing or lacks its partner."""
    _select("initialization")
    match state.value("initialization"):
        case "spectral":
            _number("spectral_radius")
        case "chrono" if memory_gates(cell):
            _number("longest_memory", step=1)
        case "chrono":
            st.caption(
                _("This cell has no gates, so chrono changes nothing: it starts with PyTorch's weights.")
            )
        case "identity" if cell.has_nonlinearity and state.value("nonlinearity") != "relu":
            st.caption(_("The identity is meant with ReLU: then a state is handed on as it is."))


def _forget_bias() -> None:
    """The bias of the forget gate, or, where the start sets the biases itself, that the one in a link does nothing."""
    if state.value("initialization") not in SETS_BIASES:
        _number("forget_bias")
    elif state.value("forget_bias"):
        st.caption(
            _("This start sets the biases itself: the forget-gate bias of {value} does nothing.").format(
                value=exact_number(state.value("forget_bias"))
            )
        )


@contextmanager
def _field(name: str, *, complains: bool = True) -> Iterator[dict[str, Any]]:
    """What every widget of a field has in common; below the widget stands what is wrong with its value."""
    # Without persistence a widget that leaves the page for a while comes back with the first value it was ever given.
    yield {"label": _(FIELD_LABELS[name]), "key": name, "help": _(HELP[name]), "persist_state": "session"}
    if complains:
        complaint(name)


def complaint(name: str) -> None:
    """Below a field's widget: what is wrong with its value, if anything."""
    complain(state.notice(name))


def complain(refusal: Refusal | None, page: str | None = None) -> None:
    """Say what is wrong with what a widget says, if anything; page: whose choice it is, if it is a page's."""
    if refusal is not None:
        st.error(sentence(refusal, page), icon=":material/error:")


def _options(name: str) -> list[str]:
    kind = FIELDS[name]
    assert isinstance(kind, Choice)
    return list(kind.options)


def _segments(name: str) -> None:
    with _field(name) as common:
        st.segmented_control(
            options=_options(name), format_func=option_label, required=True, width="stretch", **common
        )


def _select(name: str) -> None:
    with _field(name) as common:
        st.selectbox(options=_options(name), format_func=option_label, **common)


def _toggle(name: str) -> None:
    with _field(name) as common:
        st.toggle(**common)


def _slider(name: str) -> None:
    kind = FIELDS[name]
    assert isinstance(kind, Range)
    with _field(name) as common:
        st.slider(min_value=int(kind.low), max_value=int(kind.high), **common)


def _number(name: str, *, step: int | None = None, disabled: bool = False, complains: bool = True) -> None:
    """A number field without limits of its own: a value out of range gets a sentence instead of being swallowed."""
    with _field(name, complains=complains) as common:
        if step is None:
            st.number_input(step=0.1, format="%g", disabled=disabled, **common)
        else:
            st.number_input(step=step, disabled=disabled, **common)


def _learning_rate() -> None:
    with _field("learning_rate") as common:
        rates = sorted({*LEARNING_RATES, state.value("learning_rate")})
        st.select_slider(options=rates, format_func=exact_number, **common)


def _changes() -> None:
    """Below the learning rate: when it was changed while training, and what is wrong with the changes of a link."""
    complaint("rates")
    if changes := _told(state.viewer().config.training):
        st.caption(changes)


def _told(training: TrainingConfig) -> str:
    """Which learning rate held when, if it has been changed while training."""
    if not training.rates:
        return ""
    before = (training.learning_rate, *(change.learning_rate for change in training.rates))
    parts = [
        _("{rate} until step {step:,}").format(rate=exact_number(rate), step=change.step)
        for rate, change in zip(before, training.rates, strict=False)
    ]
    if len(parts) > CHANGES_SHOWN:
        parts[1 : 1 - CHANGES_SHOWN] = ["…"]
    return ", ".join([*parts, _("then {rate}").format(rate=exact_number(training.last_rate))])


def _text() -> None:
    with _field("text") as common:
        st.text_area(height=84, **common)
    if not address.has_text():
        st.caption(
            _(
                "This text is too long for the address bar. A copied link finds it as long as this server remembers "
                "it; later, the link still has the settings."
            )
        )
