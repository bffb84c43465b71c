"""Knobs before training: what initial weights alone do to a gradient, over 300 random networks at once."""

import pandas as pd
import streamlit as st

from playground.cells import CELLS
from playground.figures.axes import QUANTILE_DIGITS, number
from playground.figures.decay import knob_band, radius_sweep
from playground.pieces import Pieces, share
from playground.studies import knobs as untrained
from playground.studies.knobs import DRAWS, Knobs
from playground.ui import lesson, picture, widgets
from playground.ui.fields import option_label
from playground.ui.figure_words import look
from playground.ui.gradients import example, headline, study_titles
from playground.ui.progress import computed
from playground.ui.words import _

Tables = tuple[pd.DataFrame, pd.DataFrame]  # the draws, and the sweep over radii


def show() -> None:
    """Draw the knobs, the gradient against distance, and the gradient against the spectral radius."""
    lesson.heading("gradients", "knobs")
    lesson.text("gradients", "knobs")
    example.is_not_used()
    knobs = _knobs()
    drawn, swept = computed(
        "knobs",
        (knobs, DRAWS),
        lambda: _measure(knobs),
        _("Drawing 300 networks …"),
        needs=untrained.needed_bytes(knobs),
    )
    left, right = st.columns(2, gap="large")
    with left:
        headline.say(study_titles.draws(drawn))
        figure = knob_band(drawn, look())
        picture.show(
            (figure, drawn), name="draws", title=_("What is left of the gradient at a distance"), file="draws"
        )
        _in_numbers(drawn)
    with right:
        headline.say(study_titles.radii(swept))
        figure = radius_sweep(swept, look())
        picture.show(
            (figure, swept), name="radii", title=_("The gradient against the spectral radius"), file="radii"
        )
        lesson.note("gradients", "radius" if CELLS[knobs.cell].has_nonlinearity else "radius-gated")


def _measure(knobs: Knobs) -> Pieces[Tables]:
    """Both tables; the sweep has ten networks for each one of the other."""
    drawn = yield from share(0.0, 0.1, untrained.draw_in_pieces(knobs, compare=("linear",)))
    swept = yield from share(0.1, 1.0, untrained.sweep_in_pieces(knobs))
    return drawn, swept


def _knobs() -> Knobs:
    """The widgets of what matters for the chosen cell."""
    with widgets.row():
        chosen = {"cell": widgets.segments("knob_cell")}
        cell = CELLS[chosen["cell"]]
        if cell.has_nonlinearity:
            chosen["nonlinearity"] = widgets.select("knob_nonlinearity", width=150)
        chosen["initialization"] = widgets.select("knob_initialization", width=150)
        if chosen["initialization"] == "spectral":
            chosen["radius"] = widgets.slider("knob_radius", 0.05, width=190)
        for bias in cell.biases:
            chosen[bias] = widgets.slider(f"knob_{bias}", 0.25, width=190)
        chosen["length"] = widgets.slider("knob_length", 1, width=190)
    return Knobs(**chosen)


def _in_numbers(drawn: pd.DataFrame) -> None:
    """What is left at the first timestep, of h."""
    first = drawn.query("quantity == 'h' and distance == distance.max()")
    for variant, low, median, high in zip(
        first["variant"], first["low"], first["median"], first["high"], strict=True
    ):
        st.markdown(
            _(
                "**{variant}**: at the first timestep the gradient is {median} times as large as at the last "
                "(median; 10–90 %: {low} to {high})"
            ).format(
                variant=option_label(variant),
                median=number(median, QUANTILE_DIGITS),
                low=number(low, QUANTILE_DIGITS),
                high=number(high, QUANTILE_DIGITS),
            )
        )
