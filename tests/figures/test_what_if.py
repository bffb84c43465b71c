"""Figures of a reading with edits: the numbers of their tables, every word from the look, text that stays text."""

# plotly ships no types that say what an indexed object is.
# pyright: reportAttributeAccessIssue=false

import json

import numpy as np
import pandas as pd
import pytest

from playground.figures.axes import number
from playground.figures.look import Look
from playground.figures.what_if import LISTED, MOST_HANDLES, compared_losses, compared_odds, compared_values

HOSTILE = "<img src=x onerror=alert(1)>"


def _listed(array: np.ndarray) -> list[object]:
    return array.tolist()


def values(quantity: str, times: int = 4, units: int = 3) -> pd.DataFrame:
    generator = np.random.default_rng(3)
    original, changed = generator.uniform(0, 1, (2, times * units))
    return pd.DataFrame(
        {
            "step": 0,
            "t": np.repeat(np.arange(1, times + 1), units),
            "token": np.repeat(["a", "b", HOSTILE, "d"][:times], units),
            "layer": 1,
            "quantity": quantity,
            "unit": np.tile(np.arange(1, units + 1), times),
            "original": original,
            "changed": changed,
            "difference": changed - original,
        }
    )


def losses() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "t": [1, 2, 4],
            "token": ["a", HOSTILE, "c"],
            "target": ["b", "c", HOSTILE],
            "loss_original": [1.0, 2.0, np.inf],
            "loss_changed": [1.5, np.nan, 0.0],
            "probability_original": np.exp([-1.0, -2.0, -np.inf]),
            "probability_changed": [np.exp(-1.5), np.nan, 1.0],
        }
    )


def odds(count: int) -> pd.DataFrame:
    original = np.full(count, 1 / count)
    return pd.DataFrame(
        {
            "symbol": [HOSTILE, *(f"s{n}" for n in range(count - 1))],
            "is_target": [n == count - 1 for n in range(count)],
            "original": original,
            "changed": original[::-1],
        }
    )


@pytest.mark.parametrize("quantity", ["h", "c", "f"])
def test_heat_maps_are_the_tables_and_two_of_them_share_a_scale(look: Look, quantity: str) -> None:
    table = values(quantity)
    if quantity == "c":
        table["changed"] *= 3
    figure = compared_values(table, look)
    maps = list(figure.select_traces({"type": "heatmap"}))
    for drawn, name in zip(maps, ("original", "changed", "difference"), strict=True):
        np.testing.assert_array_equal(np.array(drawn.z), table[name].to_numpy().reshape(4, 3).T)
    assert [drawn.coloraxis for drawn in maps] == ["coloraxis", "coloraxis", "coloraxis2"]
    largest = float(table[["original", "changed"]].abs().to_numpy().max())
    assert figure.layout.coloraxis.cmax == -figure.layout.coloraxis.cmin == max(1.0, largest)
    assert figure.layout.coloraxis2.cmax == float(table["difference"].abs().max())


def test_every_cell_can_be_chosen_and_says_its_number_unless_there_are_too_many(look: Look) -> None:
    table = values("h")
    points = list(compared_values(table, look).select_traces({"type": "scatter"}))
    for drawn, name in zip(points, ("original", "changed", "difference"), strict=True):
        cells = zip(drawn.x, drawn.y, drawn.customdata, drawn.hovertext, strict=True)
        for (x, y, chosen, text), row in zip(cells, table.to_dict("records"), strict=True):
            assert [int(x), y] == list(chosen) == [row["t"], row["unit"]]
            assert number(row[name]) in text
    many = compared_values(values("h", times=4, units=MOST_HANDLES // 4 + 1), look)
    assert [drawn.type for drawn in many.data] == ["heatmap"] * 3


@pytest.mark.parametrize("units", [3, MOST_HANDLES])
def test_what_is_not_finite_is_a_gap_that_says_so(look: Look, units: int) -> None:
    table = values("h", units=units)
    table.loc[0, ["changed", "difference"]] = np.inf
    figure = compared_values(table, look)
    drawn = list(figure.select_traces({"type": "heatmap"}))[1]
    points = list(figure.select_traces({"type": "scatter"}))
    assert np.isnan(drawn.z[0][0]) and "∞" in (points[1].hovertext[0] if points else drawn.text[0][0])
    drawn = compared_losses(losses(), look, chosen=2)
    assert [list(line.y) for line in drawn.data] == [[1.0, 2.0, None], [1.5, None, 0.0]]
    assert "NaN" in drawn.data[1].hovertext[1]


def test_the_chosen_timestep_is_marked_in_every_heat_map(look: Look) -> None:
    shapes = compared_values(values("h"), look, chosen=3).layout.shapes
    assert [(shape.x0, shape.xref) for shape in shapes] == [(2, "x"), (2, "x2"), (2, "x3")]


def test_the_chosen_timestep_is_marked_where_something_is_predicted(look: Look) -> None:
    marks = [compared_losses(losses(), look, chosen=t).layout.shapes for t in (4, 3)]
    assert [[shape.x0 for shape in shapes] for shapes in marks] == [[2], []]


@pytest.mark.parametrize("count", [3, LISTED + 4])
def test_the_likeliest_are_drawn_and_always_the_target(look: Look, count: int) -> None:
    table = odds(count)
    figure = compared_odds(table, look)
    places = min(count, LISTED + 1)
    assert [len(bars.y) for bars in figure.data] == [places, places]
    labels = list(figure.layout.xaxis.labelalias.values())
    assert labels[-1] == f"<b>s{count - 2}</b>" and sum("<b>" in label for label in labels) == 1


def test_every_word_is_of_the_look_and_hostile_symbols_stay_text(look: Look) -> None:
    for figure in (
        compared_values(values("f"), look),
        compared_losses(losses(), look),
        compared_odds(odds(4), look),
    ):
        written = json.dumps(figure.to_plotly_json(), ensure_ascii=False, default=_listed)
        assert "<img" not in written and "«whatif_original»" in written and "«axis_" in written


def test_nothing_is_said_to_be_nothing(look: Look) -> None:
    for draw, table in (
        (compared_values, values("h")),
        (compared_losses, losses()),
        (compared_odds, odds(3)),
    ):
        assert draw(table.iloc[:0], look).layout.annotations[0].text == "«empty»"
