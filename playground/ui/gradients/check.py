"""One weight's gradient found three ways: by hand, by autograd, and by nudging the weight."""

from functools import partial

import streamlit as st

from playground.analysis.differences import weight_check_in_pieces
from playground.figures.axes import number
from playground.figures.differences import error_over_epsilon
from playground.figures.text import superscript
from playground.ui import chosen_weight, lesson, picture, state, widgets
from playground.ui.figure_words import look
from playground.ui.gradients import headline, subject, titles
from playground.ui.progress import computed
from playground.ui.words import _

DIGITS = 10  # of a gradient: where three ways to the same number part


def show() -> None:
    """Draw the choice of a weight and what the three ways give."""
    lesson.heading("gradients", "check")
    lesson.text("gradients", "check")
    looked_at = subject.choose(precision=False)
    check = computed(
        "weight check",
        looked_at.key,
        partial(weight_check_in_pieces, looked_at.network, looked_at.batch),
        _("Computing …"),
        needs=6 * looked_at.pass_bytes,
    )
    with widgets.row():
        parameter, index = chosen_weight.choose({name: each.shape for name, each in check.by_hand.items()})
        power = widgets.pick(
            "epsilon", range(1, 13), width=200, drawn=lambda power: f"10{superscript(-power)}"
        )
    table = computed(
        "step sizes",
        (looked_at.key, parameter, index),
        lambda: check.step_sizes_in_pieces(parameter, index),
        _("Computing …"),
    )
    with state.viewer().turn():
        found = check.at(parameter, index, epsilon=10.0**-power)
    one, two, three, four = st.columns(4)
    one.metric(_("the weight w"), _precise(found.weight))
    two.metric(_("∂L/∂w by hand"), _precise(found.by_hand))
    three.metric(_("∂L/∂w by autograd"), _precise(found.autograd))
    four.metric(_("(L(w+ε) − L(w−ε)) / 2ε"), _precise(found.difference))
    st.markdown(
        _("Relative error against autograd: by hand **{by_hand}**, by nudging **{nudging}**.").format(
            by_hand=number(found.error_by_hand), nudging=number(found.error_difference)
        )
    )
    headline.say(titles.differences(table))
    figure = error_over_epsilon(table, look(), chosen=10.0**-power)
    title = _("Error of the central difference against the step size")
    picture.show((figure, table), name="differences", title=title, file=f"differences-step-{looked_at.step}")


def _precise(value: float) -> str:
    return number(value, DIGITS)
