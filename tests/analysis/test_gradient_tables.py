"""Tables of back-propagation against numbers put in by hand: each in its own cell, nothing lost, nothing scaled."""

import math
import warnings
from typing import Any

import pandas as pd
import pytest
import torch

from playground.analysis.backpropagation import Backpropagation
from playground.analysis.gradient_tables import Reading
from playground.analysis.jacobians import CarryShares, JacobianSizes, carry_shares, jacobian_sizes
from playground.batch import Batch, Signature
from playground.config import NetworkConfig
from playground.models.network import Network
from playground.passes.replica import copy_of
from playground.passes.unroll import unroll

LABELS = ("<script>alert(1)</script>", "한", "␣", '"\\n,')  # hostile, Hangul, drawn space, quotes
LANGUAGE = Signature.language(len(LABELS))
A, HAN, SPACE, QUOTED = LABELS
BATCH = Batch(  # reads 한 ␣ <script>, predicts ␣ and <script>
    torch.tensor([1, 2, 0]).view(-1, 1, 1),
    torch.tensor([2, 0, 0]).view(-1, 1, 1),
    torch.tensor([True, True, False]).view(-1, 1, 1),
)
READING = Reading(BATCH, LABELS, step=7)
INTEGERS = {"layer", "t", "k", "i", "distance"}
NAN = math.nan


def sent_back(cell: str = "rnn", layers: int = 2) -> Backpropagation:
    network = Network(NetworkConfig(cell, 3, layers), LANGUAGE, seeds=[0], dtype=torch.float64)
    done = Backpropagation(unroll(copy_of(network), BATCH))
    done.advance()
    return done


@pytest.fixture
def made() -> Backpropagation:
    """Two layers of a vanilla RNN; the numbers of the second are a hundred times those of the first."""
    done = sent_back()
    for shares, unit in zip(done.layers, (1.0, 100.0), strict=True):
        matrix = torch.tensor([[11.0, NAN, NAN], [21.0, 22.0, NAN], [NAN, NAN, NAN]]).double() * unit
        shares.influence["h"].copy_(matrix)
        shares.cells.copy_(matrix + 0.5 * unit)
        shares.rows.copy_(torch.tensor([1.0, 2.0, NAN]) * unit)
        shares.columns.copy_(torch.tensor([4.0, 5.0, 6.0]) * unit)
        shares.gathered.copy_(torch.tensor([9.0, 8.0, 7.0]) * unit)
        shares.lengths.copy_(torch.tensor([3.0, 5.0, NAN]) * unit)
    return done


def table(columns: str, *rows: tuple[Any, ...]) -> pd.DataFrame:
    """The expected table: columns after `step`, with the dtypes that all tables share."""
    names = columns.split()
    frame = pd.DataFrame(
        {name: pd.Series([row[n] for row in rows], dtype=object) for n, name in enumerate(names)}
    )
    kinds = {name: "Int64" for name in names if name in INTEGERS} | {"value": "float64"}
    frame = frame.astype(kinds)
    frame.insert(0, "step", 7)
    return frame


def assert_equal(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(found, expected, check_exact=True)
    assert list(found.dtypes) == list(expected.dtypes)
    for name in {"target", "token"} & set(found.columns):
        assert all(each is None or type(each) is str for each in found[name])  # None, neither NaN nor "None"


def test_influence(made: Backpropagation) -> None:
    expected = table(
        "layer quantity t target k token value",
        (1, "h", 1, SPACE, 1, HAN, 11),
        (1, "h", 2, A, 1, HAN, 21),
        (1, "h", 2, A, 2, SPACE, 22),
        (2, "h", 1, SPACE, 1, HAN, 1100),
        (2, "h", 2, A, 1, HAN, 2100),
        (2, "h", 2, A, 2, SPACE, 2200),
    )
    assert_equal(READING.influence(made), expected)


def test_contributions(made: Backpropagation) -> None:
    def of(layer: int, unit: float) -> list[tuple[Any, ...]]:
        return [
            (layer, "cell", 1, SPACE, 1, HAN, 11.5 * unit),
            (layer, "cell", 2, A, 1, HAN, 21.5 * unit),
            (layer, "cell", 2, A, 2, SPACE, 22.5 * unit),
            (layer, "row", 1, SPACE, None, None, 1 * unit),
            (layer, "row", 2, A, None, None, 2 * unit),
            (layer, "column", None, None, 1, HAN, 4 * unit),
            (layer, "column", None, None, 2, SPACE, 5 * unit),
            (layer, "column", None, None, 3, A, 6 * unit),
            (layer, "total", None, None, None, None, 9 * unit),
        ]

    columns = "layer part t target i token value"
    assert_equal(READING.contributions(made, scale=1), table(columns, *of(1, 1), *of(2, 100)))
    assert_equal(READING.contributions(made, scale=0.5), table(columns, *of(1, 0.5), *of(2, 50)))


def test_buildup(made: Backpropagation) -> None:
    def of(layer: int, unit: float) -> list[tuple[Any, ...]]:
        return [
            (layer, "single", 2, 1, HAN, 21.5 * unit),
            (layer, "single", 2, 2, SPACE, 22.5 * unit),
            (layer, "accumulated", None, 1, HAN, 9 * unit),
            (layer, "accumulated", None, 2, SPACE, 8 * unit),
            (layer, "accumulated", None, 3, A, 7 * unit),
        ]

    expected = table("layer quantity t i token value", *of(1, 0.5), *of(2, 50))
    assert_equal(READING.buildup(made, t=2, scale=0.5), expected)


def test_lengths(made: Backpropagation) -> None:
    expected = table(
        "layer quantity t token value",
        (1, "sum", 1, HAN, 3),
        (1, "sum", 2, SPACE, 5),
        (1, "mean", 1, HAN, 3),
        (1, "mean", 2, SPACE, 2.5),
        (2, "sum", 1, HAN, 300),
        (2, "sum", 2, SPACE, 500),
        (2, "mean", 1, HAN, 300),
        (2, "mean", 2, SPACE, 250),
    )
    assert_equal(READING.lengths(made), expected)


def sizes_of(radius: float, *, weight: float = 2.0) -> JacobianSizes:
    numbers = torch.arange(10, dtype=torch.float64).view(5, 2)
    return JacobianSizes(*numbers, weight=weight, radius=radius)


def test_decay(made: Backpropagation) -> None:
    columns = "layer quantity t k token distance value"
    measured = [(2, "h", 2, 2, SPACE, 0, 2200), (2, "h", 2, 1, HAN, 1, 2100)]
    predicted = [
        (2, "radius", 2, 2, SPACE, 0, 2200),
        (2, "radius", 2, 1, HAN, 1, 1100),
        (2, "singular", 2, 2, SPACE, 0, 2200),
        (2, "singular", 2, 1, HAN, 1, 4400),
    ]
    found = READING.decay(made, [sizes_of(9), sizes_of(0.5)], layer=2, t=2)
    assert_equal(found, table(columns, *measured, *predicted))
    found = READING.decay(made, [sizes_of(9), sizes_of(NAN)], layer=2, t=2)
    assert_equal(found, table(columns, *measured))


def test_decay_predicts_beyond_the_largest_number_without_a_warning(made: Backpropagation) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        READING.decay(made, [sizes_of(1e200)] * 2, layer=1, t=3)
        made.layers[0].influence["h"][1, 1] = 1e300
        found = READING.decay(made, [sizes_of(1e10, weight=1e20)] * 2, layer=1, t=2)
        assert list(found["value"]) == [1e300, 21, 1e300, math.inf, 1e300, math.inf]
        made.layers[0].influence["h"][1, 1] = math.inf
        found = READING.decay(made, [sizes_of(0.0, weight=0.0)] * 2, layer=1, t=2)
        assert found["value"].isna().tolist() == [False, False, False, True, False, True]


def test_carry() -> None:
    numbers = torch.arange(8, dtype=torch.float64).view(4, 2)
    expected = table(
        "layer quantity t k token distance value",
        (1, "measured", 2, 2, SPACE, 0, 1),
        (1, "measured", 2, 1, HAN, 1, 0),
        (1, "gate", 2, 2, SPACE, 0, 3),
        (1, "gate", 2, 1, HAN, 1, 2),
        (1, "through", 2, 2, SPACE, 0, 5),
        (1, "through", 2, 1, HAN, 1, 4),
        (1, "share", 2, 2, SPACE, 0, 7),
        (1, "share", 2, 1, HAN, 1, 6),
    )
    assert_equal(READING.carry(CarryShares(*numbers), layer=1, t=2), expected)


def test_jacobians() -> None:
    def of(layer: int, *names: str) -> list[tuple[Any, ...]]:
        values = {"largest": (0, 1), "smallest": (2, 3), "activation": (4, 5), "carry": (6, 7)}
        values |= {"saturated": (8, 9), "weight": (2, 2), "radius": (0.5, 0.5)}
        return [
            (layer, name, k, token, values[name][k - 2])
            for name in names
            for k, token in ((2, SPACE), (3, A))
        ]

    columns, most = "layer quantity k token value", ["largest", "smallest", "activation"]
    found = READING.jacobians([sizes_of(0.5), sizes_of(NAN)], has_carry=False)
    rows = [*of(1, *most, "saturated", "weight", "radius"), *of(2, *most, "saturated", "weight")]
    assert_equal(found, table(columns, *rows))
    found = READING.jacobians([sizes_of(NAN)], has_carry=True)
    assert_equal(found, table(columns, *of(1, *most, "carry", "saturated", "weight")))


def test_numbers_stand_as_they_are(made: Backpropagation) -> None:
    cells = made.layers[0].cells
    cells[0, 0], cells[1, 0], cells[1, 1] = 5e-324, 0.0, math.inf
    made.layers[0].rows[0] = NAN
    values = READING.contributions(made, scale=1)["value"].tolist()
    assert values[:3] == [5e-324, 0.0, math.inf]
    assert math.isnan(values[3])


@pytest.mark.parametrize(("cell", "states"), [("rnn", ["h"]), ("lstm", ["h", "c"]), ("gru", ["h"])])
def test_real_gradients(cell: str, states: list[str]) -> None:
    done = sent_back(cell)
    unrolled = done.unrolled
    influence = READING.influence(done)
    assert len(influence) == 2 * len(states) * 3
    for row in influence.to_dict("records"):
        matrix = done.layers[row["layer"] - 1].influence[row["quantity"]]
        assert row["value"] == matrix[row["t"] - 1, row["k"] - 1] > 0
    sizes = [jacobian_sizes(unrolled, layer) for layer in (0, 1)]
    decay = READING.decay(done, sizes, layer=1, t=2)
    references = ["radius", "singular"] if cell == "rnn" else []
    assert list(decay["quantity"].unique()) == [*states, *references]
    jacobians = READING.jacobians(sizes, has_carry=cell == "gru")
    assert ("carry" in set(jacobians["quantity"])) == (cell == "gru")
    if cell != "rnn":
        carry = READING.carry(carry_shares(unrolled, 1, 1), layer=2, t=2)
        assert list(carry["quantity"].unique()) == ["measured", "gate", "through", "share"]


def test_one_timestep_and_nothing_to_predict_keep_their_columns() -> None:
    batch = Batch(BATCH.inputs[:1], BATCH.targets[:1], torch.zeros(1, 1, 1, dtype=torch.bool))
    reading = Reading(batch, LABELS, step=7)
    network = Network(NetworkConfig("rnn", 3), LANGUAGE, seeds=[0])
    unrolled = unroll(copy_of(network), batch)
    done = Backpropagation(unrolled)
    done.advance()
    assert reading.length == 1
    assert_equal(reading.influence(done), table("layer quantity t target k token value"))
    assert_equal(reading.lengths(done), table("layer quantity t token value"))
    jacobians = reading.jacobians([jacobian_sizes(unrolled, 0)], has_carry=False)
    assert_equal(jacobians, table("layer quantity k token value"))
    expected = table(
        "layer part t target i token value",
        (1, "column", None, None, 1, HAN, 0),
        (1, "total", None, None, None, None, 0),
    )
    assert_equal(reading.contributions(done, scale=1), expected)
