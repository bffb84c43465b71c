"""Figures of the bag, hidden states and tags: the numbers of their tables, text that stays text, both themes."""

# plotly ships no types that say what an indexed object is.
# pyright: reportAttributeAccessIssue=false, reportArgumentType=false

import json
from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from playground.figures.grid import WRITTEN, Grid, grid
from playground.figures.learning import Level, learning_curve
from playground.figures.look import Look
from playground.figures.odds import LISTED, odds_by_order
from playground.figures.states import perplexity_by_states, states_over_text
from playground.figures.tags import tag_chances

HOSTILE = "<img src=x onerror=alert(1)>"


def curve() -> pd.DataFrame:
    return pd.DataFrame({"step": [0, 1, 10], "perplexity": [8.0, 4.0, np.nan]})


def odds(tokens: int = 3) -> pd.DataFrame:
    rows = list(product(("bag", "recurrent"), ("typed", "shuffled"), (HOSTILE, *map(str, range(tokens - 1)))))
    p = np.random.default_rng(1).dirichlet(np.ones(tokens), 4).ravel()
    return pd.DataFrame(rows, columns=["model", "order", "token"]).assign(probability=p)


def states(times: int = 4, count: int = 7) -> pd.DataFrame:
    p = np.random.default_rng(2).dirichlet(np.ones(count), times)
    rows = [
        (t + 1, HOSTILE if t == 1 else "a", state + 1, p[t, state], state == p[t].argmax())
        for t, state in product(range(times), range(count))
    ]
    return pd.DataFrame(rows, columns=["t", "token", "state", "probability", "on_path"])


def sizes() -> pd.DataFrame:
    return pd.DataFrame(
        {"states": [1, 2, 4], "bits": [0.0, 1, 2], "numbers": [5, 12, 32], "perplexity": [7.0, 3, np.inf]}
    )


def pairs() -> pd.DataFrame:
    return pd.DataFrame(
        [("begin", HOSTILE, 1.0), ("begin", "b", -2.0), (HOSTILE, "b", 0.5)],
        columns=["before", "after", "weight"],
    )


def tags() -> tuple[pd.DataFrame, pd.DataFrame]:
    rows = list(product(("crf", "forward", "both"), ((1, "a"), (2, HOSTILE)), ("x", HOSTILE, "z")))
    p = np.random.default_rng(3).dirichlet(np.ones(3), 6).ravel()
    chances = pd.DataFrame([(model, *word, tag) for model, word, tag in rows])
    chances.columns = pd.Index(["model", "t", "token", "tag"])
    return chances.assign(probability=p), pd.DataFrame({"t": [1, 2], "tag": ["z", HOSTILE]})


def figures(look: Look) -> list[go.Figure]:
    levels = [Level("a level", 2.0, "floor")]
    return [
        learning_curve(curve(), look, colour="z", levels=levels),
        odds_by_order(odds(), look),
        states_over_text(states(), look),
        perplexity_by_states(sizes(), look, levels),
        grid(pairs(), look, Grid("before", "after", "weight")),
        tag_chances(*tags(), look),
    ]


@pytest.mark.parametrize("dark", [False, True])
def test_text_stays_text_in_both_themes(look: Look, dark: bool) -> None:
    for figure in figures(replace(look, dark=dark)):
        drawn = json.dumps(figure.to_plotly_json(), default=str)
        assert HOSTILE not in drawn


def test_without_numbers_a_figure_says_so(look: Look) -> None:
    nothing = [
        learning_curve(curve()[:0], look, colour="z", levels=[]),
        odds_by_order(odds()[:0], look),
        states_over_text(states()[:0], look),
        perplexity_by_states(sizes()[:0], look, []),
        grid(pairs()[:0], look, Grid("before", "after", "weight")),
        tag_chances(tags()[0][:0], tags()[1], look),
    ]
    for figure in nothing:
        assert [note.text for note in figure.layout.annotations] == [look.words["empty"]]


def test_bars_are_the_odds_and_of_many_symbols_the_likeliest(look: Look) -> None:
    table = odds(30)
    figure = odds_by_order(table, look)
    bars = list(figure.select_traces({"type": "bar"}))
    assert len(bars) == 4 and [bar.showlegend for bar in bars] == [True, True, False, False]
    largest = table.groupby("token")["probability"].max().sort_values(ascending=False)
    tokens = list(largest.index[:LISTED])
    for bar, (model, order) in zip(bars, product(("bag", "recurrent"), ("typed", "shuffled")), strict=True):
        rows = table[(table["model"] == model) & (table["order"] == order)].set_index("token")["probability"]
        found = {tokens[int(place)]: p for place, p in zip(bar.x, bar.y, strict=True)}
        assert found == {token: rows[token] for token in tokens}


def test_states_over_a_text_are_the_table(look: Look) -> None:
    table = states()
    strip, below = states_over_text(table, look).select_traces({"type": "heatmap"})
    np.testing.assert_array_equal(np.array(below.z), table["probability"].to_numpy().reshape(4, 7).T)
    path = table[table["on_path"]]["state"].to_list()
    assert list(strip.text[0]) == list(map(str, path))
    assert list(strip.z[0]) == [(state - 1) % 5 for state in path], "a colour comes again after the fifth"
    assert (below.zmin, below.zmax) == (0, 1)


def test_a_perplexity_that_is_no_number_is_marked_and_not_on_the_curve(look: Look) -> None:
    for figure, x in (
        (perplexity_by_states(sizes(), look, []), 2),
        (learning_curve(curve(), look, colour="z", levels=[]), 10),
    ):
        line, *marks = figure.select_traces({"type": "scatter"})
        assert list(line.x)[-1] == x and not np.isfinite(np.array(line.y, dtype=float)[-1])
        assert any(x in list(mark.x) for mark in marks)


def test_a_grid_is_its_table_and_blank_where_there_is_no_pair(look: Look) -> None:
    (drawn,) = grid(pairs(), look, Grid("before", "after", "weight")).data
    np.testing.assert_array_equal(np.array(drawn.z), [[1.0, -2.0], [np.nan, 0.5]])
    assert (drawn.zmin, drawn.zmax) == (-2, 2) and drawn.texttemplate
    many = pd.DataFrame(
        [(f"{a}", b, 0.1) for a, b in product(range(2), ["BOS", *"abcdefghijkl"])],
        columns=["state", "token", "probability"],
    )
    figure = grid(many, look, Grid("state", "token", "probability"))
    (drawn,) = figure.data
    assert drawn.texttemplate is None and WRITTEN < 13 and (drawn.zmin, drawn.zmax) == (0, 1)
    assert figure.layout.xaxis.tickangle == 0 and figure.layout.xaxis.ticktext[:2] == ("B<br>O<br>S", "a")


def test_chances_of_tags_are_the_table_and_the_right_ones_are_ringed(look: Look) -> None:
    table, asked = tags()
    figure = tag_chances(table, asked, look)
    maps, rings = (list(figure.select_traces({"type": kind})) for kind in ("heatmap", "scatter"))
    for drawn, model in zip(maps, ("crf", "forward", "both"), strict=True):
        rows = table[table["model"] == model]["probability"].to_numpy()
        np.testing.assert_array_equal(np.array(drawn.z), rows.reshape(2, 3).T)
    assert [list(ring.y) for ring in rings] == [[2, 1]] * 3
