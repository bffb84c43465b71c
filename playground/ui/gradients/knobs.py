"""Knobs before training: what initial weights alone do to a gradient, over 300 random networks at once."""

from functools import lru_cache

import pandas as pd
import streamlit as st

from playground.analysis import knobs as untrained
from playground.analysis.knobs import KNOBS, Knobs
from playground.config import Choice, Range
from playground.figures.axes import number
from playground.figures.decay import knob_band, radius_sweep
from playground.ui import lesson, picture, state
from playground.ui.controls import complaint
from playground.ui.fields import label, option_label
from playground.ui.figure_words import labels
from playground.ui.picture import is_dark
from playground.ui.words import _

DRAWS = 300
KEPT = 64  # settings whose numbers the server keeps for the next reader

_draw = lru_cache(KEPT)(lambda knobs: untrained.draw(knobs, compare=("linear",), draws=DRAWS))
_sweep = lru_cache(KEPT)(lambda knobs: untrained.sweep(knobs, draws=DRAWS))


def show() -> None:
    """Draw the knobs, the gradient against distance, and the gradient against the spectral radius."""
    lesson.heading("gradients", "knobs")
    lesson.text("gradients", "knobs")
    knobs = _knobs()
    with st.spinner(_("Drawing 300 networks …")), state.viewer().turn():
        drawn, swept = _draw(knobs), _sweep(knobs)
    left, right = st.columns(2, gap="large")
    with left:
        _in_numbers(drawn)
        figure = knob_band(drawn, labels=labels(), dark=is_dark())
        picture.show(
            (figure, drawn), name="draws", title=_("What is left of the gradient at a distance"), file="draws"
        )
    with right:
        lesson.text("gradients", "radius")
        figure = radius_sweep(swept, labels=labels(), dark=is_dark())
        picture.show(
            (figure, swept), name="radii", title=_("The gradient against the spectral radius"), file="radii"
        )


def _knobs() -> Knobs:
    """The widgets of what matters for the chosen cell."""
    chosen: dict[str, object] = {}
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        cell = chosen["cell"] = _segments("cell")
        if cell == "rnn":
            chosen["nonlinearity"] = _select("nonlinearity")
        initialization = chosen["initialization"] = _select("initialization")
        if initialization == "spectral":
            chosen["radius"] = _slider("radius", 0.05)
        if cell == "lstm":
            chosen["forget_bias"] = _slider("forget_bias", 0.25)
        if cell == "gru":
            chosen["update_bias"] = _slider("update_bias", 0.25)
        chosen["length"] = _slider("length", 1)
    return Knobs(**chosen)  # pyright: ignore[reportArgumentType]  (Knobs checks them)


def _in_numbers(drawn: pd.DataFrame) -> None:
    """What is left at the first timestep, of h."""
    first = drawn[drawn["quantity"].eq("h") & drawn["distance"].eq(drawn["distance"].max())]
    for variant, low, median, high in first[["variant", "low", "median", "high"]].itertuples(index=False):
        st.markdown(
            _(
                "**{variant}**: at the first timestep {median} is left (median; 10–90 %: {low} to {high})"
            ).format(variant=option_label(variant), median=number(median), low=number(low), high=number(high))
        )


def _segments(name: str) -> str:
    key, kind = f"knob_{name}", KNOBS[f"knob_{name}"]
    assert isinstance(kind, Choice)
    with st.container(width="content"):
        chosen = st.segmented_control(
            label(key), list(kind.options), format_func=option_label, key=key, required=True
        )
        complaint(key)
    return chosen


def _select(name: str) -> str:
    key, kind = f"knob_{name}", KNOBS[f"knob_{name}"]
    assert isinstance(kind, Choice)
    with st.container(width=150):
        chosen = st.selectbox(label(key), list(kind.options), format_func=option_label, key=key)
        complaint(key)
    return chosen


def _slider(name: str, step: float) -> float:
    key, kind = f"knob_{name}", KNOBS[f"knob_{name}"]
    assert isinstance(kind, Range)
    with st.container(width=190):
        chosen = st.slider(label(key), kind.kind(kind.low), kind.kind(kind.high), step=step, key=key)
        complaint(key)
    return chosen
