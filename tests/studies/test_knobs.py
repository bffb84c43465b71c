"""Untrained networks against a table worked out elsewhere, autograd, numpy and numbers derived by hand."""

import math
from dataclasses import fields, replace
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from pandas.testing import assert_frame_equal
from torch import Tensor

from benchmarks.equations import EQUATIONS
from playground.analysis.backpropagation import norms
from playground.cells import CELLS
from playground.models.initialization import spectral_radii
from playground.refusal import Refusal
from playground.studies.knobs import (
    KNOBS,
    RADII,
    Knobs,
    draw,
    quantiles,
    sweep,
    untrained,
)
from playground.studies.untrained import Backward, Untrained
from tests.kinds import KINDS

TINY = Knobs(length=12, hidden_size=5, radius=1.1, seed=3)

# Median ‖∂L/∂h_1‖ / ‖∂L/∂h_T‖ of 300 or more tanh RNNs of the same recipe, drawn by another program. T counts states,
# so the distance is T − 1: at distance 4 the first entry would be 0.034, not 0.078.
TABLE = {
    4: {0.5: "0.078", 0.9: "0.41", 1.0: "0.54", 1.2: "0.85", 1.5: "1.45", 2.0: "2.3", 3.0: "3.7"},
    50: {0.5: "2e-17", 0.9: "4e-6", 1.0: "2e-4", 1.2: "0.0143", 1.5: "0.26", 2.0: "5.1", 3.0: "241"},
}
DRAWS = {(50, 1.2): 200_000}  # of the medians that were drawn from more than 300


def standard_errors(ratios: np.ndarray, printed: str, draws: int = 300) -> float:
    """How many standard errors the median is away from a printed median of so many others, beyond its rounding.

    In logarithms. The number of draws below the true median is binomial with deviation √n / 2, so the order
    statistics that many ranks to either side of the median are one standard error away from it. Both medians
    are estimates, so their variances add.
    """
    log = np.log(ratios)
    value = Decimal(printed)
    half = Decimal((0, (5,), int(value.as_tuple().exponent) - 1))
    low, high = math.log(value - half), math.log(value + half)
    distance = max(low - np.median(log), np.median(log) - high, 0.0)
    variances = [
        (np.diff(np.quantile(log, [0.5 - 0.5 / math.sqrt(n), 0.5 + 0.5 / math.sqrt(n)]))[0] / 2) ** 2
        for n in (draws, len(log))
    ]
    return distance / math.sqrt(sum(variances))


@pytest.fixture(scope="module")
def first_ratios() -> dict[tuple[int, float], np.ndarray]:
    """The ratio at the first of T timesteps of 1,000 tanh RNNs, for every T and radius of the table."""
    backward = {length: Backward("rnn", "tanh") for length in TABLE}
    networks = {length: untrained(Knobs(length=length), 1000) for length in TABLE}
    return {
        (length, radius): backward[length].ratios(networks[length].scaled(radius))["h"][0].numpy()
        for length, row in TABLE.items()
        for radius in row
    }


@pytest.mark.parametrize("length", TABLE)
def test_the_known_table_comes_out_within_sampling_error(length: int, first_ratios: Any) -> None:
    away = {
        radius: standard_errors(first_ratios[length, radius], printed, DRAWS.get((length, radius), 300))
        for radius, printed in TABLE[length].items()
    }
    assert max(away.values()) < 2, away


def test_the_table_is_not_that_of_one_step_more() -> None:
    ratios = Backward("rnn", "tanh").ratios(untrained(Knobs(radius=0.5, length=5), 1000))["h"][0]
    assert standard_errors(ratios.numpy(), TABLE[4][0.5]) > 10


def test_one_is_the_border_of_the_linear_network_only() -> None:
    table = sweep(Knobs(), radii=(1.2, 2.0))
    names = zip(table["variant"], table["radius"], strict=True)
    left = dict(zip(names, table["median"].to_numpy(), strict=True))
    assert left["linear", 1.2] > 1000
    assert left["tanh", 1.2] < 0.1, "tanh still vanishes at 1.2 …"
    assert left["tanh", 2.0] > 2, "… and explodes at 2"
    assert all(median < 1 for median in sweep(Knobs(), radii=(0.9,))["median"])


def by_autograd(knobs: Knobs, networks: Untrained, which: int) -> dict[str, np.ndarray]:
    """Ratios of one network at distance 0 … T − 1, from a plain loop over timesteps."""
    size, vocabulary = knobs.hidden_size, 6
    weight_ih, weight_hh, biases = (weight[which].clone() for weight in networks.weights)
    x = torch.nn.functional.one_hot(networks.symbols[:, which, 0], vocabulary).double()
    equations, names = EQUATIONS[knobs.cell, knobs.nonlinearity], CELLS[knobs.cell].states
    before = tuple(torch.zeros(1, size, dtype=torch.float64, requires_grad=True) for _ in names)
    states: dict[str, list[Tensor]] = {name: [] for name in names}
    for x_t in x:
        found = equations(x_t[None], before, weight_ih, weight_hh, *biases)
        before = tuple(found[name] for name in names)
        for name in names:
            states[name].append(found[name])
    ratios = {}
    for name, values in states.items():
        grads = torch.autograd.grad((before[0] * networks.gradient[which]).sum(), values, retain_graph=True)
        norms = np.array([grad.norm().item() for grad in reversed(grads)])
        ratios[name] = norms / norms[0]
    return ratios


@pytest.mark.parametrize("initialization", ["spectral", "default"])
@pytest.mark.parametrize(("cell", "nonlinearity"), KINDS)
def test_ratios_are_those_of_autograd(cell: str, nonlinearity: str, initialization: str) -> None:
    knobs = replace(TINY, cell=cell, nonlinearity=nonlinearity, initialization=initialization)
    knobs = replace(knobs, forget_bias=0.7, update_bias=-0.4)
    networks = untrained(knobs, 3)
    ratios = Backward(cell, nonlinearity).ratios(networks)
    assert tuple(ratios) == CELLS[cell].states
    table = draw(knobs, draws=3)
    for which in range(3):
        for name, expected in by_autograd(knobs, networks, which).items():
            np.testing.assert_allclose(ratios[name][:, which].flip(0).numpy(), expected, rtol=1e-9)
            if which == 0:
                one = table.loc[table["quantity"] == name, "one"]
                np.testing.assert_allclose(one, expected, rtol=1e-9)


def test_draw_is_a_tidy_table() -> None:
    table = draw(replace(TINY, cell="lstm"), draws=20)
    assert list(table) == ["variant", "quantity", "distance", "low", "median", "high", "one"]
    assert list(table["variant"].unique()) == ["lstm"]
    assert list(table["quantity"]) == ["h"] * 12 + ["c"] * 12
    assert list(table["distance"]) == [*range(12), *range(12)]
    low, median, high, one = (table[name].to_numpy() for name in ("low", "median", "high", "one"))
    for column in (low, median, high, one):
        assert column.dtype == np.float64
        assert column[0] == column[12] == 1
    assert np.all(low <= median) and np.all(median <= high)
    assert low[-1] < high[-1]


def test_quantiles_are_those_of_numpy() -> None:
    ratios = Backward("rnn", "tanh").ratios(untrained(TINY, 300))["h"].flip(0).numpy()
    low, high = np.quantile(ratios, [0.1, 0.9], axis=1, method="inverted_cdf")
    table = draw(TINY)
    np.testing.assert_array_equal(table["low"], low)
    np.testing.assert_array_equal(table["high"], high)
    np.testing.assert_allclose(table["median"], np.median(ratios, axis=1), rtol=1e-14)


def test_what_is_not_finite_is_passed_on() -> None:
    ratios = torch.tensor([[math.nan, 5, 6, 4, 7, 3, 8, 2, math.inf, 1], [1.0] * 4 + [math.inf] * 6])
    found = quantiles(ratios.double())
    assert found["low"].tolist() == [1, 1]
    assert found["median"].tolist() == [5.5, math.inf]
    assert found["high"].tolist() == [math.inf, math.inf]


def test_norms_need_no_squares_within_range() -> None:
    vectors = [[3e-200, -4e-200], [3e200, 4e200], [0, 0], [math.inf, 1], [math.nan, 1]]
    found = norms(torch.tensor(vectors, dtype=torch.float64))
    assert found.tolist() == pytest.approx([5e-200, 5e200, 0, math.inf, math.nan], rel=1e-14, nan_ok=True)


def test_two_hundred_steps_stay_within_range() -> None:
    far = Knobs(nonlinearity="sigmoid", radius=0.3, length=200)
    assert -240 < math.log10(draw(far)["median"].iloc[-1]) < -200  # slopes of 1/4: (0.3 / 4)^199 is 1e-224
    far = Knobs(nonlinearity="linear", radius=3, length=200)
    assert 90 < math.log10(draw(far)["median"].iloc[-1]) < 100  # 3^199 is 1e95


@pytest.mark.parametrize("hidden_size", [5, 16])
@pytest.mark.parametrize(("cell", "nonlinearity"), KINDS)
def test_parts_change_nothing(cell: str, nonlinearity: str, hidden_size: int) -> None:
    networks = untrained(Knobs(cell=cell, nonlinearity=nonlinearity, hidden_size=hidden_size), 23)
    whole = Backward(cell, nonlinearity).ratios(networks)
    row = 50 * networks.weights.weight_ih.shape[1] * 72
    for part_bytes in (1, 3 * row, 10 * row):
        cut = Backward(cell, nonlinearity)
        for _ in range(2):  # buffers that were used before must not show
            for name, ratios in cut.ratios(networks, part_bytes).items():
                torch.testing.assert_close(ratios, whole[name], rtol=1e-10, atol=0)


def test_the_seed_decides() -> None:
    assert_frame_equal(draw(TINY, ("linear",)), draw(TINY, ("linear",)))
    assert_frame_equal(sweep(TINY, draws=10), sweep(TINY, draws=10))
    assert np.all(np.not_equal(draw(TINY)["median"], draw(replace(TINY, seed=4))["median"])[1:])


def test_compared_nonlinearities_share_their_draws() -> None:
    both = draw(TINY, ("linear", "tanh"), draws=10)
    alone = [draw(replace(TINY, nonlinearity=name), draws=10) for name in ("tanh", "linear")]
    assert_frame_equal(both, pd.concat(alone, ignore_index=True))
    gru = replace(TINY, cell="gru")
    assert_frame_equal(draw(gru, ("linear",), draws=10), draw(gru, draws=10))


@pytest.mark.parametrize(
    ("knobs", "variants"),
    [
        (TINY, ["tanh", "linear"]),
        (replace(TINY, nonlinearity="relu", initialization="default"), ["relu", "tanh", "linear"]),
        (replace(TINY, cell="lstm", forget_bias=1.0), ["lstm"]),
        (replace(TINY, cell="gru", update_bias=1.0), ["gru"]),
        (replace(TINY, cell="mgu", forget_bias=-1.0), ["mgu"]),
    ],
)
def test_a_sweep_is_one_draw_after_the_other(knobs: Knobs, variants: list[str]) -> None:
    table = sweep(knobs, draws=10)
    assert list(table) == ["variant", "radius", "low", "median", "high"]
    assert list(table["variant"].unique()) == variants
    for radius in RADII:
        at_radius = replace(knobs, initialization="spectral", radius=radius)
        drawn = draw(at_radius, variants if knobs.cell == "rnn" else (), draws=10)
        drawn = drawn[(drawn["distance"] == 11) & (drawn["quantity"] == "h")].set_index("variant")
        swept = table[table["radius"] == radius].set_index("variant")
        assert list(swept.index) == variants
        columns = ["low", "median", "high"]
        np.testing.assert_allclose(swept[columns], drawn.loc[variants, columns], rtol=1e-9)


def test_an_orthogonal_matrix_keeps_every_length() -> None:
    table = draw(Knobs(nonlinearity="linear", initialization="orthogonal", length=200))
    np.testing.assert_allclose(table[["low", "median", "high", "one"]], 1, rtol=1e-12)


@pytest.mark.parametrize(("cell", "blocks"), [("rnn", 1), ("lstm", 4), ("gru", 3), ("mgu", 2)])
def test_every_block_of_w_hh_is_as_asked(cell: str, blocks: int) -> None:
    def matrices(**changes: Any) -> np.ndarray:
        networks = untrained(Knobs(cell=cell, **changes), 30)
        return networks.weights.weight_hh.unflatten(1, (blocks, -1)).numpy()

    spectral, orthogonal = matrices(radius=1.7), matrices(initialization="orthogonal")
    largest = np.abs(np.linalg.eigvals(spectral)).max(-1)
    np.testing.assert_allclose(largest, 1.7, rtol=1e-9)
    np.testing.assert_allclose(spectral_radii(torch.from_numpy(spectral)), largest, rtol=1e-9)
    eye = np.broadcast_to(np.eye(16), orthogonal.shape)
    np.testing.assert_allclose(orthogonal @ orthogonal.swapaxes(-1, -2), eye, atol=1e-13)
    assert np.linalg.det(orthogonal).min() < 0 < np.linalg.det(orthogonal).max()  # reflections as well


@pytest.mark.parametrize(("cell", "biased"), {"rnn": None, "lstm": 1, "gru": 1, "mgu": 0}.items())
def test_input_weights_biases_and_gradients_are_as_asked(cell: str, biased: int | None) -> None:
    networks = untrained(Knobs(cell=cell), 300)
    assert networks.weights.weight_ih.std().item() == pytest.approx(1 / 4, rel=0.02)
    assert networks.weights.weight_ih.mean().item() == pytest.approx(0, abs=0.01)
    assert not networks.weights.biases.any()
    np.testing.assert_allclose(networks.gradient.norm(dim=-1), 1, rtol=1e-12)
    counts = torch.bincount(networks.symbols.flatten()) / networks.symbols.numel()
    np.testing.assert_allclose(counts, 1 / 6, atol=0.01)  # six symbols, 15,000 drawn: five standard errors

    default = untrained(Knobs(cell=cell, initialization="default", forget_bias=2.0, update_bias=2.0), 300)
    shift = torch.zeros(2, default.weights.biases.shape[-1] // 16, 16)
    if biased is not None:
        shift[0, biased] = 2  # a block of b_ih: f of i, f, g, o; z of r, z, n; f of f, n
    default.weights.biases.sub_(shift.flatten(1))
    for weight in default.weights:
        assert 0.24 < weight.max().item() <= 0.25 and -0.25 <= weight.min().item() < -0.24
        assert weight.std().item() == pytest.approx(0.25 / math.sqrt(3), rel=0.02)


def test_radius_biases_and_length_leave_the_draws_alone() -> None:
    lstm = replace(TINY, cell="lstm")
    one, other = untrained(lstm, 4), untrained(replace(lstm, radius=2.2, length=20, forget_bias=1.0), 4)
    torch.testing.assert_close(other.weights.weight_hh, 2 * one.weights.weight_hh, rtol=1e-14, atol=0)
    assert torch.equal(other.weights.weight_ih, one.weights.weight_ih)
    assert torch.equal(other.gradient, one.gradient)
    assert torch.equal(other.symbols[:12], one.symbols)


OPEN = [
    ("lstm", "c", "forget", 1),
    ("gru", "h", "update", 1),
    ("mgu", "h", "forget", -1),
]  # where a high bias keeps, 1


@pytest.mark.parametrize("bias", [-2.0, 0.0, 1.0, 4.0])
@pytest.mark.parametrize(("cell", "quantity", "knob", "sign"), OPEN)
def test_without_weights_the_gate_alone_decides(
    cell: str, quantity: str, knob: str, sign: int, bias: float
) -> None:
    """Without weights h stays 0, so ∂c_t/∂c_{t−1} = f and ∂h_t/∂h_{t−1} = z: ratios are σ(bias)^distance.

    In an MGU it is 1 − f, σ(−bias).
    """
    knobs = replace(TINY, cell=cell, **{f"{knob}_bias": bias})
    networks = untrained(knobs, 4).scaled(0)
    networks.weights.weight_ih.zero_()
    ratios = Backward(cell, "tanh").ratios(networks)
    expected = (1 / (1 + math.exp(-sign * bias))) ** np.arange(12.0)
    for which in range(4):
        np.testing.assert_allclose(ratios[quantity][:, which].flip(0), expected, rtol=1e-12)
    if cell == "lstm":
        assert not ratios["h"][:-1].any()  # nothing but W_hh leads from h back to an earlier h


@pytest.mark.parametrize(("cell", "quantity", "knob", "sign"), OPEN[:2])
def test_a_gate_held_open_keeps_the_gradient(cell: str, quantity: str, knob: str, sign: int) -> None:
    """Not so in an MGU, whose gate when it does not keep lets the candidate see all of the past."""
    last = []
    for bias in (-2.0, 0.0, 2.0, 4.0):
        table = draw(Knobs(cell=cell, **{f"{knob}_bias": sign * bias}), draws=50)
        assert table["quantity"].iloc[-1] == quantity
        last.append(table["median"].iloc[-1])
    assert np.all(np.diff(np.log(last)) > 1), last  # each time more than e-fold at distance 49
    assert last[0] < 1e-6 and last[-1] > 0.1


def test_every_knob_is_listed_and_its_default_allowed() -> None:
    assert list(KNOBS) == [f"knob_{each.name}" for each in fields(Knobs)]
    assert Knobs() == Knobs("rnn", "tanh", "spectral", 1.0, 50, 16, 0.0, 0.0, 0)
    assert isinstance(Knobs(radius=1).radius, float)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("cell", "lstn", f"knob_cell must be one of {', '.join(map(repr, CELLS))}; got 'lstn'."),
        (
            "nonlinearity",
            None,
            "knob_nonlinearity must be one of 'tanh', 'relu', 'sigmoid', 'linear'; got None.",
        ),
        (
            "initialization",
            "zero",
            "knob_initialization must be one of 'spectral', 'orthogonal', 'default'; got 'zero'.",
        ),
        ("radius", 0.29, "knob_radius must be a number from 0.3 to 3; got 0.29."),
        ("radius", 3.01, "knob_radius must be a number from 0.3 to 3; got 3.01."),
        ("radius", math.nan, "knob_radius must be a number from 0.3 to 3; got nan."),
        ("radius", "1", "knob_radius must be a number from 0.3 to 3; got '1'."),
        ("length", 1, "knob_length must be a whole number from 2 to 200; got 1."),
        ("length", 201, "knob_length must be a whole number from 2 to 200; got 201."),
        ("length", 50.0, "knob_length must be a whole number from 2 to 200; got 50.0."),
        ("hidden_size", 1, "knob_hidden_size must be a whole number from 2 to 32; got 1."),
        ("hidden_size", 33, "knob_hidden_size must be a whole number from 2 to 32; got 33."),
        ("hidden_size", True, "knob_hidden_size must be a whole number from 2 to 32; got True."),
        ("forget_bias", -5.1, "knob_forget_bias must be a number from -5 to 5; got -5.1."),
        ("update_bias", 5.1, "knob_update_bias must be a number from -5 to 5; got 5.1."),
        ("seed", -1, "knob_seed must be a whole number from 0 to 2147483647; got -1."),
    ],
)
def test_a_wrong_knob_is_refused_in_one_sentence(name: str, value: object, sentence: str) -> None:
    with pytest.raises(Refusal) as refused:
        Knobs(**{name: value})
    assert (str(refused.value), refused.value.field) == (sentence, f"knob_{name}")


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: draw(TINY, draws=0), "draws must be a whole number from 1 to 1000; got 0."),
        (lambda: sweep(TINY, draws=10**9), "draws must be a whole number from 1 to 1000; got 1000000000."),
        (lambda: sweep(TINY, radii=(1.0, 9.0)), "knob_radius must be a number from 0.3 to 3; got 9.0."),
        (
            lambda: draw(TINY, ("lstm",)),
            "knob_nonlinearity must be one of 'tanh', 'relu', 'sigmoid', 'linear'; got 'lstm'.",
        ),
    ],
)
def test_a_wrong_argument_is_refused_in_one_sentence(call: Any, sentence: str) -> None:
    with pytest.raises(Refusal) as refused:
        call()
    assert str(refused.value) == sentence


def test_one_draw_and_two_steps_are_enough() -> None:
    table = draw(Knobs(length=2, hidden_size=2), draws=1)
    for column in ("low", "median", "high"):
        assert table[column].tolist() == table["one"].tolist()
