"""Figures of what a lesson came to: the numbers of their tables, every word from the look, text that stays text."""

# plotly ships no types that say what an indexed object is.
# pyright: reportAttributeAccessIssue=false

import math

import numpy as np
import pandas as pd
import pytest

from playground.figures.look import Look
from playground.figures.results import MOST_CLASSES, confusion, drawn_classes, gradient_over_time, progress

HOSTILE = "<img src=x onerror=alert(1)>"


def pairs() -> pd.DataFrame:
    rows = [("a", "a", 3), ("a", HOSTILE, 1), (HOSTILE, HOSTILE, 2), ("b", "a", 5)]
    return pd.DataFrame(rows, columns=["asked", "answered", "count"])


def test_a_row_is_what_was_asked_and_a_column_what_was_answered(look: Look) -> None:
    figure = confusion(pairs(), look)
    (drawn,) = figure.data
    counts = [["3", "", "1"], ["5", "", ""], ["", "", "2"]]  # a, b and the hostile one
    assert drawn_classes(pairs()) == ["a", HOSTILE, "b"]
    order = [0, 2, 1]
    assert np.array(drawn.text)[np.ix_(order, order)].tolist() == counts
    shares = np.array(drawn.z, dtype=float)[np.ix_(order, order)]
    np.testing.assert_array_equal(shares, [[0.75, np.nan, 0.25], [1, np.nan, np.nan], [np.nan, np.nan, 1]])
    assert "<img" not in figure.to_json().replace("\\u003c", "<")
    assert figure.layout.yaxis.title.text == look.words["axis_asked"]
    assert figure.layout.xaxis.title.text == look.words["axis_answered"]


def test_of_many_classes_the_most_frequent_are_drawn(look: Look) -> None:
    rows = [(f"c{n}", f"c{n}", n + 1) for n in range(40)]
    frame = pd.DataFrame(rows, columns=["asked", "answered", "count"])
    names = drawn_classes(frame)
    assert names == [f"c{n}" for n in range(40 - MOST_CLASSES, 40)]
    assert len(confusion(frame, look).data[0].x) == MOST_CLASSES


def test_a_class_that_is_not_drawn_counts_in_the_share_of_its_row(look: Look) -> None:
    rows = [(f"c{n}", f"c{n}", 9) for n in range(MOST_CLASSES)] + [("c0", "rare", 1)]
    frame = pd.DataFrame(rows, columns=["asked", "answered", "count"])
    assert "rare" not in drawn_classes(frame)
    assert confusion(frame, look).data[0].z[0][0] == 0.9


@pytest.mark.parametrize("error", [False, True])
def test_every_variant_has_a_line_and_chance_one_across(look: Look, error: bool) -> None:
    frame = pd.DataFrame(
        {
            "variant": ["each"] * 3 + ["mean"] * 2,
            "step": [0, 5, 9, 0, 9],
            "success": [0.1, math.nan, 1, 0.2, 0.4],
        }
    )
    figure = progress(frame, look, chance=0.25, error=error)
    first, second = figure.data[:2]
    assert list(first.y) == [0.1, None, 1] and list(second.y) == [0.2, 0.4]
    assert [first.name, second.name] == [look.words["variant_each"], look.words["variant_mean"]]
    assert first.line.color != second.line.color and first.line.dash != second.line.dash
    assert figure.layout.shapes[0].y0 == 0.25
    title = look.words["axis_held_out_error" if error else "axis_held_out"]
    assert figure.layout.yaxis.title.text == title
    all_of_it = progress(frame, look, chance=0.25, error=error, is_held_out=False)
    assert all_of_it.layout.yaxis.title.text == look.words["axis_all_error" if error else "axis_all"]


def test_gradients_stand_at_their_own_height_on_a_logarithmic_axis(look: Look) -> None:
    frame = pd.DataFrame(
        {
            "variant": ["each", "each", "mean", "mean"],
            "t": [1, 2, 1, 2],
            "token": ["a", HOSTILE] * 2,
            "gradient": [1e-9, 2.0, 0.0, 0.5],
        }
    )
    figure = gradient_over_time(frame, look)
    assert figure.layout.yaxis.type == "log"
    lines = [drawn for drawn in figure.data if drawn.mode == "lines+markers"]
    assert [list(line.y) for line in lines] == [[1e-9, 2.0], [None, 0.5]]
    assert "<img" not in figure.to_json().replace("\\u003c", "<")


@pytest.mark.parametrize("draw", [confusion, gradient_over_time])
def test_without_rows_it_says_so(look: Look, draw) -> None:
    columns = ["asked", "answered", "count", "variant", "t", "token", "gradient"]
    figure = draw(pd.DataFrame(columns=columns), look)
    assert figure.layout.annotations[0].text == look.words["empty"]
