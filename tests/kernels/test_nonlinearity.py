"""Compiled loops have the nonlinearities of the cells, each under a number of its own."""

from playground.cells.nonlinearity import NONLINEARITIES
from playground.kernels.nonlinearity import NUMBERS


def test_every_nonlinearity_has_a_number_of_its_own():
    assert NUMBERS.keys() == NONLINEARITIES.keys()
    assert len(set(NUMBERS.values())) == len(NUMBERS)
