"""Figures of all models, of n-grams and of windows: the numbers of their tables, text that stays text, both themes."""

# plotly ships no types that say what an indexed object is.
# pyright: reportAttributeAccessIssue=false, reportArgumentType=false

import json
import re
from collections.abc import Callable
from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from playground.figures.before import floor_name, models_and_floors, storage
from playground.figures.look import Look
from playground.figures.ngrams import WRITTEN, answer, count_map, sparsity
from playground.figures.windows import position_weights, window_sizes
from playground.ui.figure_words import LABELS

HOSTILE = "<img src=x onerror=alert(1)>"
NAN = float("nan")


@pytest.fixture
def look() -> Look:
    """Every word, as its key and its placeholders."""
    return Look({name: f"«{name}» {' '.join(re.findall(r'{[^}]*}', text))}" for name, text in LABELS.items()})


def models() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "name": ["2-gram", HOSTILE, "HMM", "exploded"],
            "memory": [1, 2, NAN, NAN],
            "perplexity": [1.5, 1.2, 3.0, NAN],
            "held_out": [np.inf, 40_000.0, 7.0, NAN],
            "floor": [1.5, 1.1, NAN, NAN],
        }
    )


def floors() -> pd.DataFrame:
    return pd.DataFrame(
        {"first": [0, 1, 2, 5], "last": [0, 1, 4, NAN], "perplexity": [6.0, 1.5, 1.1, 1.1001]}
    )


def counts(contexts: int = 2, symbols: int = 3) -> pd.DataFrame:
    rows = list(product(range(1, contexts + 1), range(symbols)))
    return pd.DataFrame(
        {
            "rank": [rank for rank, _ in rows],
            "context": [HOSTILE if rank == 1 else "" for rank, _ in rows],
            "seen": [rank * 3 for rank, _ in rows],
            "symbol": [HOSTILE if symbol == 0 else f"s{symbol}" for _, symbol in rows],
            "count": [rank * symbol for rank, symbol in rows],
            "probability": [symbol / 10 for _, symbol in rows],
        }
    )


def sparse() -> pd.DataFrame:
    return pd.DataFrame({"n": [1, 2], "once": [0, 0.25], "never": [0, 0.5], "unseen": [NAN, NAN]})


def stored() -> pd.DataFrame:
    rows = [(model, k, 10 ** (k + 1)) for model in ("counts", "table", "window", "recurrent") for k in (0, 1)]
    return pd.DataFrame(rows, columns=["model", "memory", "numbers"])


def sizes() -> pd.DataFrame:
    return pd.DataFrame(
        {"memory": [1, 2], "numbers": [5, 9], "perplexity": [2.0, np.inf], "floor": [1.9, 1.0]}
    )


def weights(positions: int = 2) -> pd.DataFrame:
    rows = list(product(reversed(range(positions)), (HOSTILE, "b"), (1, 2, 3)))
    frame = pd.DataFrame(rows, columns=["back", "symbol", "unit"])
    return frame.assign(value=np.arange(len(frame)) - 4.0)


DRAWN: dict[str, Callable[[Look], go.Figure]] = {
    "models": lambda look: models_and_floors(models(), floors(), look, uniform=8.0),
    "counts": lambda look: count_map(counts(), look),
    "chances": lambda look: count_map(counts(), look, quantity="probability"),
    "sparsity": lambda look: sparsity(sparse(), look),
    "storage": lambda look: storage(stored(), look),
    "answer": lambda look: answer(counts(1), look),
    "sizes": lambda look: window_sizes(sizes(), look),
    "weights": lambda look: position_weights(weights(), look),
}
EMPTY: dict[str, Callable[[Look], go.Figure]] = {
    "models": lambda look: models_and_floors(models()[:0], floors(), look, uniform=8.0),
    "counts": lambda look: count_map(counts()[:0], look),
    "sparsity": lambda look: sparsity(sparse()[:0], look),
    "storage": lambda look: storage(stored()[:0], look),
    "answer": lambda look: answer(counts()[:0], look),
    "sizes": lambda look: window_sizes(sizes()[:0], look),
    "weights": lambda look: position_weights(weights()[:0], look),
}


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("name", DRAWN)
def test_each_is_drawn_in_both_themes_and_hostile_text_stays_text(name: str, dark: bool, look: Look) -> None:
    figure = DRAWN[name](replace(look, dark=dark))
    spec = json.dumps(json.loads(figure.to_json()), ensure_ascii=False)
    assert "<img" not in spec and figure.layout.height > 0
    titles = [axis.title.text for axis in (*figure.select_xaxes(), *figure.select_yaxes())]
    assert all(title is None or title.startswith("«axis_") for title in titles) and any(titles)


@pytest.mark.parametrize("name", EMPTY)
def test_without_rows_a_figure_says_so(name: str, look: Look) -> None:
    assert [note.text.strip() for note in EMPTY[name](look).layout.annotations] == ["«empty»"]


def trace(figure: go.Figure, name: str):
    return next(each for each in figure.data if each.name.strip() == f"«{name}»")


def test_models_stand_at_their_perplexities_and_what_is_worse_than_all_in_a_row_of_its_own(
    look: Look,
) -> None:
    figure = DRAWN["models"](look)
    on_text = trace(figure, "on_perplexity")
    assert list(on_text.y) == [1.5, 1.2, 3.0, None]
    held_out = trace(figure, "on_held_out")
    assert dict(zip(held_out.x, held_out.y, strict=True)) == {"0": None, "1": None, "2": 7.0}
    assert list(trace(figure, "own_floor").y) == [1.5, 1.1]
    rows = [each for each in figure.data if each.marker.symbol == "x"]
    assert sorted(place for each in rows for place in each.x) == ["0", "1", "3"]
    assert any("40,000" in text for each in rows for text in each.hovertext)
    low, high = figure.layout.yaxis.range
    assert low < 0 and 8 < 10**high < 100, (
        "what is thousands of times worse does not press the floors together"
    )


def test_floors_are_lines_and_close_ones_share_a_name(look: Look) -> None:
    figure = DRAWN["models"](look)
    lines = [shape.y0 for shape in figure.layout.shapes]
    assert {6.0, 1.5, 1.1, 1.1001, 8.0} <= set(lines)
    names = [note.text for note in figure.layout.annotations if note.text.startswith("k ")]
    assert names == ["k = 0", "k = 1", "k = 2–4"]
    assert [floor_name(5, NAN), floor_name(3, 3)] == ["k ≥ 5", "k = 3"]


def test_what_was_never_counted_is_blank(look: Look) -> None:
    drawn = count_map(counts(), look).data[0]
    assert np.isnan(np.asarray(drawn.z)[:, 0]).all()
    assert np.asarray(drawn.z)[:, 1:].tolist() == [[1, 2], [2, 4]]
    assert drawn.texttemplate is not None and not drawn.showscale
    drawn = count_map(counts(WRITTEN // 9, 10), look).data[0]
    assert drawn.texttemplate is None and drawn.showscale, "numbers or a scale say what colours mean"


def test_shares_are_in_per_cent_and_without_held_out_lines_there_is_no_line_for_them(look: Look) -> None:
    figure = sparsity(sparse(), look)
    assert [list(each.y) for each in figure.data] == [[0, 25], [0, 50]]


def test_only_the_models_that_are_asked_for_are_stored(look: Look) -> None:
    figure = storage(stored(), look, models=("window",))
    assert [each.name.strip() for each in figure.data] == ["«stored_window»"]
    assert list(figure.data[0].y) == [10, 100]


def test_the_likeliest_symbols_come_first_with_their_counts(look: Look) -> None:
    bars = answer(counts(1), look).data[0]
    assert list(bars.y) == [0.2, 0.1, 0.0] and list(bars.text) == ["2×", "1×", ""]


def test_sizes_beside_their_floors(look: Look) -> None:
    figure = window_sizes(sizes(), look)
    assert list(trace(figure, "own_floor").y) == [1.9, 1.0]
    assert list(trace(figure, "on_perplexity").y) == [2.0, None]


@pytest.mark.parametrize("positions", [1, 2, 8])
def test_every_position_has_its_heat_map_in_one_scale(positions: int, look: Look) -> None:
    figure = position_weights(weights(positions), look)
    assert len(figure.data) == positions
    assert {each.coloraxis for each in figure.data} == {"coloraxis"}
    frame = weights(positions)
    newest = frame.loc[frame["back"] == 0, "value"].to_numpy().reshape(2, 3)
    np.testing.assert_array_equal(figure.data[-1].z, newest.T)
    assert figure.layout.coloraxis.cmax == frame["value"].abs().max() == -figure.layout.coloraxis.cmin
