"""Figures of layers, directions, a leak and a map: the numbers of their tables, every word from the look."""

# plotly ships no types that say what an indexed object is.
# pyright: reportAttributeAccessIssue=false

import json

import numpy as np
import pandas as pd
import pytest

from playground.figures.depth import rows_of_layers
from playground.figures.directions import MOST_WORDS, by_word, success_beside
from playground.figures.embedding import DRAWN, Maps, embedding_map, thinned
from playground.figures.look import Look
from playground.figures.peeking import chances, perplexities

HOSTILE = "<img src=x onerror=alert(1)>"


def states(layers: int) -> pd.DataFrame:
    generator = np.random.default_rng(4)
    t, units, times = np.repeat([1, 2, 3], 4), np.tile([1, 2, 3, 4], 3), 12 * layers
    evaluated, trained = generator.uniform(-1, 1, (2, times))
    return pd.DataFrame(
        {
            "t": np.tile(t, layers),
            "token": np.tile(np.array(["a", HOSTILE, "c"], dtype=object)[t - 1], layers),
            "layer": np.repeat(np.arange(1, layers + 1), 12),
            "unit": np.tile(units, layers),
            "evaluated": evaluated,
            "trained": trained * 2,
            "difference": trained * 2 - evaluated,
            "left_out": (np.arange(times) % 5 == 0) & (np.arange(times) < 12 * (layers - 1)),
        }
    )


@pytest.mark.parametrize("column", ["evaluated", "trained", "difference"])
def test_rows_of_layers_are_the_table_the_highest_on_top(look: Look, column: str) -> None:
    table = states(3)
    figure = rows_of_layers(table, column, look)
    maps = [trace for trace in figure.data if trace.type == "heatmap"]
    for drawn, layer in zip(maps, (3, 2, 1), strict=True):
        values = table.loc[table["layer"] == layer, column].to_numpy().reshape(3, 4).T
        np.testing.assert_array_equal(np.array(drawn.z), values)
    limit = max(1.0, float(table[["evaluated", "trained"]].abs().to_numpy().max()))
    largest = float(table["difference"].abs().max())
    assert figure.layout.coloraxis.cmax == (largest if column == "difference" else limit)


def test_a_cross_stands_on_what_is_left_out_and_only_where_it_is_trained(look: Look) -> None:
    table = states(2)
    crosses = [trace for trace in rows_of_layers(table, "trained", look).data if trace.type == "scatter"]
    (drawn,) = crosses
    expected = table.loc[table["left_out"]]
    assert list(drawn.x) == [str(t) for t in expected["t"]] and list(drawn.y) == expected["unit"].to_list()
    assert all(trace.type == "heatmap" for trace in rows_of_layers(table, "evaluated", look).data)


def test_one_direction_beside_two(look: Look) -> None:
    table = pd.DataFrame(
        {
            "variant": ["forward", "forward", "both", "both"],
            "step": [0, 5, 0, 5],
            "success": [0.2, 0.9, np.nan, 1.0],
        }
    )
    figure = success_beside(table, look, ceiling=0.9)
    forward, both = figure.data
    assert list(forward.y) == [0.2, 0.9] and list(both.y) == [None, 1.0], "what is no number is a gap"
    (line,) = figure.layout.shapes
    assert line.y0 == line.y1 == 0.9 and line.name == "«forward_ceiling» 90"


def test_words_are_bars_with_what_can_be_reached(look: Look) -> None:
    count = MOST_WORDS + 3
    table = pd.DataFrame(
        {
            "word": [HOSTILE, *(f"w{n}" for n in range(count - 1))],
            "n": 4,
            "past": [2, *[4] * (count - 1)],
            "forward": [1, *[4] * (count - 1)],
            "both": 4,
        }
    )
    forward, both, past = by_word(table, look).data
    assert len(forward.x) == MOST_WORDS
    assert (forward.y[0], both.y[0], past.y[0]) == (0.25, 1.0, 0.5)
    assert "1 4" in forward.hovertext[0] and "2 4" in past.hovertext[0]


def test_perplexities_have_a_line_a_variant_and_a_floor_where_there_is_one(look: Look) -> None:
    table = pd.DataFrame(
        {
            "variant": ["forward", "both", "so_far"] * 2,
            "step": [0, 0, 0, 9, 9, 9],
            "perplexity": [5.0, 5.0, 5.0, 1.4, 1.0, np.inf],
        }
    )
    figure = perplexities(table, look, floor=1.39)
    lines = {trace.name: trace for trace in figure.data if trace.name and trace.showlegend}
    assert list(lines["«variant_both»"].y) == [5.0, 1.0]
    assert list(lines["«variant_so_far»"].y) == [5.0, None], "beyond the axis it has a mark of its own"
    assert [shape.name for shape in figure.layout.shapes if shape.showlegend] == ["«lowest_forward» 1.39"]
    assert not [shape for shape in perplexities(table, look).layout.shapes if shape.showlegend]


def test_chances_are_bars_at_every_timestep(look: Look) -> None:
    table = pd.DataFrame(
        {
            "t": [1, 2],
            "token": ["h", HOSTILE],
            "target": [HOSTILE, "l"],
            "forward": [0.9, 0.5],
            "both": [1.0, 1.0],
            "so_far": [0.1, np.nan],
        }
    )
    drawn = chances(table, look).data
    assert [list(bars.y) for bars in drawn] == [[0.9, 0.5], [1.0, 1.0], [0.1, None]]


def maps(count: int = 6, steps: int = 3, typed: bool = True) -> Maps:
    points = np.random.default_rng(5).normal(size=(steps, count, 2))
    return Maps(
        [step * 10 for step in range(steps)],
        points,
        np.full((steps, 2), 0.4),
        [HOSTILE, *(f"line {n}" for n in range(count - 1))],
        [("a", "b", HOSTILE)[n % 3] for n in range(count)],
        np.arange(count) % 2 == 0,
        (HOSTILE, np.ones((steps, 2))) if typed else None,
    )


def test_the_map_shows_the_last_step_and_plays_them_all(look: Look) -> None:
    shown = maps()
    figure = embedding_map(shown, look)
    assert [frame.name for frame in figure.frames] == ["0", "10", "20"]
    for place, traces in enumerate((figure.frames[0].data, figure.frames[1].data, figure.data)):
        *points, star = traces
        drawn = np.concatenate([np.column_stack([trace.x, trace.y]) for trace in points])
        expected = shown.points[place].astype(np.float32)
        order = [
            n for name in range(3) for side in (1, 0) for n in range(6) if (n % 3, n % 2) == (name, side)
        ]
        np.testing.assert_array_equal(drawn, expected[order])
        assert (star.x[0], star.y[0]) == (1, 1)
    low, high = figure.layout.xaxis.range
    assert low < shown.points[..., 0].min() and high > shown.points[..., 0].max(), "of all steps"
    assert figure.layout.annotations[0].text == "«step» 20"
    assert figure.frames[0].layout.annotations[0].text == "«step» 0"
    assert figure.layout.updatemenus[0].buttons[0].label == "«play_map»"


def test_an_earlier_map_is_played_up_to_it_on_the_same_axes(look: Look) -> None:
    shown = maps()
    figure = embedding_map(shown, look, at=1)
    assert [frame.name for frame in figure.frames] == ["0", "10"]
    assert figure.layout.annotations[0].text == "«step» 10"
    assert figure.layout.xaxis.range == embedding_map(shown, look).layout.xaxis.range
    assert embedding_map(shown, look, at=0).frames == ()


def test_a_single_map_does_not_play_and_what_is_not_finite_says_so(look: Look) -> None:
    one = embedding_map(maps(steps=1, typed=False), look)
    assert one.frames == () and len(one.layout.updatemenus) == 0
    broken = maps()
    broken.points[-1, 0] = np.nan
    assert embedding_map(broken, look).layout.annotations[0].text == "«not_finite»"
    half = maps()
    half.points[1, 0] = np.nan
    assert [frame.name for frame in embedding_map(half, look).frames] == ["0", "20"]


def test_many_points_are_thinned_evenly(look: Look) -> None:
    assert thinned(5).tolist() == [0, 1, 2, 3, 4]
    which = thinned(10 * DRAWN)
    assert len(which) == DRAWN and which[0] == 0 and which[-1] == 10 * DRAWN - 1
    figure = embedding_map(maps(count=2 * DRAWN, typed=False), look)
    assert sum(len(trace.x) for trace in figure.data) == DRAWN


def test_text_of_a_person_stays_text(look: Look) -> None:
    words = pd.DataFrame({"word": [HOSTILE], "n": 1, "past": 1, "forward": 1, "both": 1})
    figures = [rows_of_layers(states(2), "trained", look), by_word(words, look), embedding_map(maps(), look)]
    for figure in figures:
        said = json.dumps(figure.to_dict(), default=lambda array: array.tolist())
        assert "<img" not in said and "&lt;img" in said


def test_without_a_table_the_figure_says_so(look: Look) -> None:
    empty = [
        rows_of_layers(states(1).iloc[:0], "evaluated", look),
        success_beside(pd.DataFrame(columns=["variant", "step", "success"]), look, ceiling=1),
        by_word(pd.DataFrame(columns=["word", "n", "past", "forward", "both"]), look),
        perplexities(pd.DataFrame(columns=["variant", "step", "perplexity"]), look),
        chances(pd.DataFrame(columns=["t", "token", "target", "forward", "both", "so_far"]), look),
        embedding_map(maps(steps=0), look),
    ]
    assert [figure.layout.annotations[0].text for figure in empty] == ["«empty»"] * 6
