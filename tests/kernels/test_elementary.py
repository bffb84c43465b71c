"""exp, sigmoid and tanh of the compiled loops, in 32 bits, against the standard library's in 64."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from playground.kernels.engine import can_compile

if not can_compile():
    pytest.skip("there are no compiled loops: see requirements-fast.txt", allow_module_level=True)

from numba import njit

from playground.kernels import elementary
from playground.kernels.elementary import CALLED

WORST = 2e-7  # of the value; measured: 1.1e-7, 1.6e-7 and 1.3e-7, less than two roundings
LEAST = math.exp(-87)  # nothing smaller comes out of exp

Row = Callable[[np.ndarray, np.ndarray], None]


@njit(**{**CALLED, "cache": False})
def exp_row(a: np.ndarray, out: np.ndarray) -> None:
    for k in range(len(a)):
        out[k] = elementary.exp(a[k])


def of(row: Row, values: np.ndarray) -> np.ndarray:
    given = np.asarray(values, np.float32)
    out = np.empty_like(given)
    row(given, out)
    return out


def sigmoid(x: np.ndarray) -> np.ndarray:
    return np.where(x < 0, np.exp(x) / (1 + np.exp(x)), 1 / (1 + np.exp(-x)))


FUNCTIONS = [(exp_row, np.exp), (elementary.sigmoid_row, sigmoid), (elementary.tanh_row, np.tanh)]
NAMES = ["exp", "sigmoid", "tanh"]


@pytest.mark.parametrize(("row", "exact"), FUNCTIONS, ids=NAMES)
def test_no_value_is_off_by_more_than_two_roundings(row: Row, exact: Callable) -> None:
    near_zero = np.geomspace(1e-38, 1, 50_000, dtype=np.float32)
    x = np.concatenate([np.linspace(-87, 87, 400_001, dtype=np.float32), near_zero, -near_zero])
    expected = exact(x.astype(np.float64))
    error = np.abs(of(row, x) - expected) / np.maximum(np.abs(expected), LEAST)
    assert error.max() < WORST, x[error.argmax()]
    assert np.mean(error < WORST / 2) > 0.9


@pytest.mark.parametrize(("row", "exact"), FUNCTIONS, ids=NAMES)
def test_a_larger_number_has_no_smaller_value_from_one_piece_to_the_next(row: Row, exact: Callable) -> None:
    """Beside the borders of the pieces: n + ½ of exp, 0.625 of tanh, ±87."""
    del exact
    borders = [*(math.log(2) * (n + 0.5) for n in range(-20, 20)), 0.625, -0.625, 86.9, -86.9]
    for border in np.array(borders, np.float32):
        around = border * (1 + np.arange(-4, 5, dtype=np.float32) * np.float32(2**-22))
        y = of(row, np.sort(around))
        assert (np.diff(y) >= -WORST * np.abs(y[1:])).all(), border


def test_beyond_the_ends_values_stay_at_them() -> None:
    beyond = np.array([87, 88, 1e4, 3e38, math.inf])
    highest = of(exp_row, beyond)
    assert np.isfinite(highest).all() and (highest == highest[0]).all()
    lowest = of(exp_row, -beyond)
    assert (lowest == lowest[0]).all() and lowest[0] == pytest.approx(LEAST, rel=WORST)
    assert of(elementary.sigmoid_row, beyond).tolist() == [1.0] * 5
    assert 0 <= of(elementary.sigmoid_row, -beyond).max() < 2e-38
    assert of(elementary.tanh_row, beyond).tolist() == [1.0] * 5
    assert of(elementary.tanh_row, -beyond).tolist() == [-1.0] * 5


@pytest.mark.parametrize(("row", "exact"), FUNCTIONS, ids=NAMES)
def test_what_is_no_number_stays_none_and_harms_no_neighbour(row: Row, exact: Callable) -> None:
    values = np.linspace(-2, 2, 37)
    values[[0, 5, 16, 36]] = math.nan
    y = of(row, values)
    assert np.isnan(y).tolist() == np.isnan(values).tolist()
    np.testing.assert_allclose(y, exact(values.astype(np.float32).astype(np.float64)), rtol=WORST)


def test_zeros_and_numbers_below_the_normal_ones() -> None:
    tiny = np.array([0.0, -0.0, 1e-45, -1e-45, 1e-39, -1e-39], np.float32)
    assert of(exp_row, tiny).tolist() == [1.0] * 6
    assert of(elementary.sigmoid_row, tiny).tolist() == [0.5] * 6
    y = of(elementary.tanh_row, tiny)
    np.testing.assert_allclose(y, tiny, rtol=0, atol=2e-45)
    assert np.signbit(y).tolist() == np.signbit(tiny).tolist()


@pytest.mark.parametrize("size", [1, 2, 7, 8, 15, 16, 17, 33])
@pytest.mark.parametrize(("row", "exact"), FUNCTIONS, ids=NAMES)
def test_a_number_has_one_value_wherever_it_stands(row: Row, exact: Callable, size: int) -> None:
    """Many at once, or what is left over at the end of a row."""
    del exact
    x = np.linspace(-3, 3, size, dtype=np.float32)
    alone = [of(row, np.array([value]))[0] for value in x]
    assert of(row, x).tolist() == alone
