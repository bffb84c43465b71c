"""Every choice that defines an experiment, each with its complaint beside it.

What a newcomer needs, cell, text and examples, stands above the picture; the rest in the sidebar.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Literal

import streamlit as st

from playground.cells import CELLS, CellSpec
from playground.config import FIELDS, Choice, Range, TrainingConfig
from playground.models.initialization import SETS_BIASES, memory_gates
from playground.presets import PRESETS
from playground.ui import address, experiment, keep, room, stage, state
from playground.ui.complaints import complain, complaint, in_full_width
from playground.ui.fields import FIELD_LABELS, HELP, exact_number, option_label, preset_label, sentence
from playground.ui.private_streamlit import is_fragment_run
from playground.ui.words import _

CHANGES_SHOWN = 3  # of the learning rate; the first and the last ones
LEARNING_RATES = (*(float(f"{digit}e{power}") for power in range(-5, 1) for digit in (1, 2, 5)), 10.0)
WIDTHS: dict[str, int | Literal["content", "stretch"]] = {"cell": "content", "text": "stretch", "preset": 250}

# Fields that are drawn with another one, or have no control at all; a complaint opens what it is in.
WITH: dict[str, tuple[str, ...]] = {
    "learning_rate": ("rates",),
    "clip": ("clip_threshold", "clip_from"),
    "layers": ("bidirectional", "dropout"),
    "initialization": ("spectral_radius", "longest_memory"),
}

PAIRS = (("bos", "eos"), ("layers", "sequence_length"), ("embedding", "batch_size"))


def show() -> None:
    """Draw what defines the experiment, as far as learners may change it; what is wrong with the rest is said too."""
    with st.container(horizontal=True, key="experiment"):
        for name in _offered(room.ABOVE):
            with st.container(width=WIDTHS[name]):
                _DRAW[name]()
                complaint(name)
    if "text" in _offered(room.ABOVE) and not address.has_text():
        st.caption(
            _(
                "This text is too long for the address bar. A copied link finds it as long as this server remembers "
                "it; later, the link still has the settings."
            )
        )
    with st.sidebar:
        if _offered((*room.TRAINING, *room.MORE)):
            _simple_or_full()
        _expander(_("Training"), room.TRAINING, ":material/tune:")
        _expander(_("More settings"), room.MORE, ":material/more_horiz:")
    _complaints_elsewhere()


def offers(name: str) -> bool:
    """Whether learners may change a field here."""
    controls = state.session().controls
    return controls is None or name in controls


def name_of(name: str) -> str:
    """What a field that learners may change is called."""
    return _("Examples") if name == "preset" else _(FIELD_LABELS[name])


def _offered(names: tuple[str, ...]) -> list[str]:
    """Those of some fields that learners may change, and that the present cell has."""
    cell = CELLS[state.value("cell")]
    missing = {
        name
        for name, has_it in (
            ("nonlinearity", cell.has_nonlinearity),
            ("forget_bias", "forget_bias" in cell.biases),
        )
        if not has_it
    }
    return [name for name in names if offers(name) and name not in missing]


def _expander(title: str, names: tuple[str, ...], icon: str) -> None:
    """Some fields under one title: open in the full view, and where something is wrong with one of them."""
    offered = _offered(names)
    if offered:
        complains = any(state.notice(each) for name in offered for each in (name, *WITH.get(name, ())))
        is_full = state.value("settings") == "full"
        with st.expander(title, icon=icon, expanded=is_full or complains):
            for row in _rows(offered):
                _row(row)


def _row(names: list[str]) -> None:
    """Draw fields side by side; one that is alone needs no columns, each of which costs what a widget costs."""
    if len(names) == 1:
        _DRAW[names[0]]()
        return
    with in_full_width():
        for place, name in zip(st.columns(len(names)), names, strict=True):
            with place:
                _DRAW[name]()


def _rows(names: list[str]) -> Iterator[list[str]]:
    """Fields one below the other, but for those that stand side by side."""
    beside = {right: left for left, right in PAIRS if left in names and right in names}
    pairs = {left: right for right, left in beside.items()}
    for name in names:
        if name not in beside:
            yield [name, *([pairs[name]] if name in pairs else [])]


def _simple_or_full() -> None:
    if state.value("settings") not in room.SETTINGS:
        state.set_values(settings=room.SETTINGS[0])
    st.segmented_control(
        _("Settings"),
        list(room.SETTINGS),
        format_func=option_label,
        key="settings",
        persist_state="session",
        required=True,
        width="stretch",
        label_visibility="collapsed",
    )


def _complaints_elsewhere() -> None:
    """Above the picture: what is wrong with fields that are not on the page, and, on a phone, in the sidebar."""
    beside = [
        each
        for name in _offered((*room.TRAINING, *room.MORE))
        for each in (name, *WITH.get(name, ()))
        if state.notice(each)
    ]
    said = {*beside, *_offered(room.ABOVE)}
    for name, refusal in state.session().notices.items():
        if name not in said:
            complain(refusal)
    if beside:
        with st.container(key="complaints"):
            for name in beside:
                st.markdown(f":material/error: {sentence(state.session().notices[name])}")


def _examples() -> None:
    state.name_preset()
    st.selectbox(
        name_of("preset"),
        list(PRESETS),
        index=None,
        key="preset",
        format_func=preset_label,
        placeholder=_("choose a ready-made text"),
        on_change=state.use_preset,
    )


def _clipping() -> None:
    left, right = st.columns((8, 5))  # names beside a number
    with left:
        _select("clip")
    with right:
        _number("clip_threshold", disabled=state.value("clip") == "off", complains=False)
    for name in WITH["clip"]:
        complaint(name)  # in the width of both


def _layers() -> None:
    _number("layers", step=1)
    for name in WITH["layers"]:
        complaint(name)


def _initialization() -> None:
    """How the weights start, with what belongs to the choice, and a word where it does nothing or lacks its partner."""
    cell: CellSpec = CELLS[state.value("cell")]
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
    with _field("text", complains=False) as common:
        st.text_area(height="content", **common)


def _cell() -> None:
    with _field("cell", complains=False) as common:
        st.segmented_control(options=_options("cell"), format_func=option_label, required=True, **common)


@st.fragment
def _rate() -> None:
    """The learning rate. While training it is changed often, and by many: then this part of the page runs alone."""
    if is_fragment_run():
        _follow_rate()
    _learning_rate()
    _changes()


def _follow_rate() -> None:
    """Make what the rest of the page says of the learning rate follow; where more has to change, the page runs."""
    if not experiment.take_over_rate():
        st.rerun()
    stage.tell(state.viewer())
    keep.tell(state.viewer())
    address.write_ahead()


_DRAW: dict[str, Callable[[], None]] = {
    "cell": _cell,
    "text": _text,
    "preset": _examples,
    "tokens": partial(_segments, "tokens"),
    "bos": partial(_toggle, "bos"),
    "eos": partial(_toggle, "eos"),
    "hidden_size": partial(_slider, "hidden_size"),
    "nonlinearity": partial(_select, "nonlinearity"),
    "optimizer": partial(_select, "optimizer"),
    "learning_rate": _rate,
    "clip": _clipping,
    "seed": partial(_number, "seed", step=1),
    "layers": _layers,
    "sequence_length": partial(_number, "sequence_length", step=1),
    "embedding": partial(_number, "embedding", step=1),
    "batch_size": partial(_number, "batch_size", step=1),
    "reduction": partial(_segments, "reduction"),
    "initialization": _initialization,
    "forget_bias": _forget_bias,
}
