"""Which lesson is looked at: its shape and task, its network, and how it is trained; all of it in the address.

What a picture is about stands in a row above it; network and training are folded, so that the picture is near.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import streamlit as st

from playground.cells import CELLS
from playground.config import NetworkConfig
from playground.refusal import Refusal
from playground.studies.lessons import OWN, OWN_LINES, Lesson, Ready, lesson_of, offered
from playground.tasks.fields import LANGUAGES
from playground.tasks.packing import COLUMNS
from playground.tasks.task import Shape
from playground.ui import fields, state, widgets
from playground.ui.complaints import complain
from playground.ui.shapes import glyphs
from playground.ui.shapes.kinds import MAX_CHARACTERS, fits_address
from playground.ui.shapes.samples import sample
from playground.ui.words import N_, _, language

RATES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1)
LARGEST = 64  # hidden units
FORMS = {
    "classes": N_("A text and its label in every line, with → or a tab between them."),
    "tags": N_("A tag after every word, as in light/noun; the words apart by spaces."),
    "pairs": N_("An input and its output in every line, with → or a tab between them."),
}


# Which choices are folded, unless something is wrong with one of them.
FOLDED = ("cell", "hidden_size", "layers", "directions", "dropout", "seed", "learning_rate", "updates")
Folded = AbstractContextManager[object]


def plain_network(ready: Ready, folded: Folded) -> NetworkConfig:
    """Draw what every network is asked for: its cell and how many hidden units; one layer that reads forwards."""
    with folded:
        return _plain_network(ready)


def _plain_network(ready: Ready) -> NetworkConfig:
    usual = ready.network
    cell = state.one_of("cell", tuple(CELLS), default=usual.cell)
    cell = widgets.select("cell", tuple(CELLS), width=150)
    state.fitted("hidden_size", 1, LARGEST, default=usual.hidden_size)
    with st.container(width=150):
        hidden_size = widgets.number("hidden_size") or usual.hidden_size
    return NetworkConfig(cell, hidden_size)


def _any_network(ready: Ready, folded: Folded) -> NetworkConfig:
    """The same, with layers, directions and dropout."""
    with folded:
        network = _plain_network(ready)
        layers = widgets.select("layers", [1, 2, 3], width=110)
        both = ready.shape in BOTH_WAYS and widgets.segments("directions") == "both"
        dropout = widgets.slider("dropout", 0.1, width=150) if layers > 1 else 0.0
    return replace(network, layers=layers, bidirectional=both, dropout=dropout)


def choose(
    shape: Shape | None = None,
    network: Callable[[Ready, Folded], NetworkConfig] = _any_network,
    *,
    begins_with: Shape = "one-to-one",
    has_readout: bool = True,
    has_example: bool = True,
    has_variants: bool = False,
) -> tuple[Lesson, int] | None:
    """Draw the widgets; None, and one sentence says why, where the lines cannot be learned.

    Returns the lesson, and which of the held-out examples is watched, from 0.

    shape: of the lessons that are offered; None lets it be chosen. begins_with: the one that is shown until then.
    network: draws what the network is asked for, in the row or folded. has_readout: whether it may be chosen; else the
    last state is read out. has_example: the same of what is watched; else it is the first. has_variants: whether the
    lesson is learned side by side with its variants.
    """
    glyphs.dress()
    row = st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="lesson_choices")
    with row:
        of_shape = _shape(begins_with) if shape is None else shape
        lessons = offered(of_shape)
        name = _one_of("task", tuple(lessons))
        ready = lessons[name]
        choices = _of_task(ready)
    if name == OWN:
        choices |= _lines(ready)
    below = st.container()
    with row:
        if has_readout and ready.allows("readout"):
            choices["readout"] = widgets.segments("readout")
        choices |= _written(ready)
        folded = widgets.folded(_("Network and training"), FOLDED)
        made = network(ready, folded)
        with folded:
            choices |= _training(ready, has_variants=has_variants)
    with below:
        lesson = _made(ready, made, choices)
    if lesson is None:
        return None
    with row:
        return lesson, _example(lesson) if has_example else 0


def _shape(usual: Shape) -> Shape:
    state.following("shape", usual)
    return widgets.segments("shape")


def _example(lesson: Lesson) -> int:
    """Which of the held-out examples is watched, from 0."""
    count = lesson.task.held_out().mask.shape[COLUMNS]
    state.fitted("example", 1, count, default=1)
    with st.container(width=150):
        shown = widgets.number("example", help=_("1 to {count}").format(count=count))
    return min(shown or 1, count) - 1


def _one_of(name: str, options: tuple[str, ...], default: str | None = None) -> str:
    """A choice among those that this lesson has; with one option there is nothing to choose."""
    chosen = state.one_of(name, options, default=default or options[0])
    return widgets.segments(name, options) if len(options) > 1 else chosen


def _of_task(ready: Ready) -> dict[str, Any]:
    """Choices of the task itself."""
    chosen: dict[str, Any] = {}
    if ready.allows("language"):
        chosen["language"] = _one_of("language", LANGUAGES, language())
    if ready.allows("formats"):
        chosen["formats"] = widgets.select("formats", [1, 2, 3], width=120)
    return chosen


def _lines(ready: Ready) -> dict[str, Any]:
    """The visitor's own lines and what counts as a symbol of them."""
    name, chosen = OWN_LINES[ready.shape], {}
    state.following(name, sample(ready.shape, language()))
    state.mount(state.key(name), ())
    chosen["lines"] = st.text_area(
        widgets.label(name),
        key=state.key(name),
        persist_state="session",
        height=180,
        max_chars=MAX_CHARACTERS,
        help=_(FORMS[name]),
    )
    widgets.complaint(name)
    if not fits_address(chosen["lines"]):
        st.caption(
            _(
                "These lines are too long for the address bar. A copied link finds them as long as this server "
                "remembers them."
            )
        )
    if name != "tags":  # which stand after words
        chosen["tokens"] = _one_of(
            "tokens", ("character", "jamo", "word"), "word" if name == "classes" else "character"
        )
    return chosen


# A decoder would read what it should write, had it both directions. Where zeros are read while something is written,
# who reads them backwards would know how much is still to come. A sequence of one timestep has no directions.
BOTH_WAYS = frozenset(("many-to-one", "each step"))


def _written(ready: Ready) -> dict[str, Any]:
    """Where something is read first and written then: by how many networks, and what is read while writing."""
    if ready.shape != "delayed":
        return {"has_decoder": False, "feed": "target"}
    networks = _one_of(
        "networks", ("one_network", "two_networks"), "two_networks" if ready.has_decoder else None
    )
    return {"has_decoder": networks == "two_networks", "feed": widgets.segments("feed")}


def _training(ready: Ready, *, has_variants: bool) -> dict[str, Any]:
    """How it is trained; beside its variants it may be for fewer updates."""
    usual_updates = (ready.beside if has_variants else None) or ready.updates
    with st.container(width=150):
        seed = widgets.number("seed")
    usual = state.following("learning_rate", ready.learning_rate)
    rate = widgets.pick("learning_rate", sorted({*RATES, usual}), width=220, drawn=fields.exact_number)
    state.following("updates", usual_updates)
    with st.container(width=150):
        updates = widgets.number("updates")
    return {"seed": seed or 0, "learning_rate": rate, "updates": updates or usual_updates}


def _made(ready: Ready, network: NetworkConfig, choices: dict[str, Any]) -> Lesson | None:
    """The lesson; a refusal is said."""
    try:
        return state.remembered(
            "lesson",
            (ready, network, tuple(choices.items())),
            lambda: lesson_of(ready, network, **choices),
        )
    except Refusal as refusal:
        complain(refusal, state.session().page)
        return None
