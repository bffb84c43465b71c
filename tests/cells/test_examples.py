"""The worked examples: what they promise comes out, in every size."""

import pytest
import torch

from playground.cells import CELLS
from playground.cells.examples import EXAMPLES, LARGEST_SIZE, Example, Given

SIZES = range(1, LARGEST_SIZE + 1)


def taken(given: Given):
    """The step that an example describes."""
    cell = given.spec.one_step(given.weights, "tanh")
    return cell.step(given.x[None], *(given.before[state][None] for state in given.spec.states))


def test_every_cell_has_one() -> None:
    assert {example.cell for example in EXAMPLES.values()} == CELLS.keys()


def test_the_matrix_of_three_entries_and_two_units_is_2_by_5() -> None:
    given = EXAMPLES["entries"].given()
    weights = given.weights
    assert torch.cat([weights.weight_ih, weights.weight_hh], dim=1).tolist() == [
        [0.5, -1, 2, 0.1, 0.2],
        [1, 0, -0.5, -0.3, 0.4],
    ]
    assert taken(given).h[0].tolist() == pytest.approx(
        [-0.500520, 0.358357], abs=1e-6
    )  # tanh(−0.55), tanh(0.375)


def test_the_forget_gate_keeps_70_percent_of_the_first_entry() -> None:
    step = taken(EXAMPLES["keeps"].given())
    assert step.f[0].tolist() == pytest.approx([0.7, 0.4, 0.8])
    kept = step.c[0] - step.i[0] * step.g[0]
    assert kept.tolist() == pytest.approx([0.7 * 1, 0.4 * -0.5, 0.8 * 2])


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=list(EXAMPLES))
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("reads", SIZES)
def test_gates_come_out_as_said_in_every_size(example: Example, reads: int, size: int) -> None:
    given = example.given(reads, size)
    step = taken(given)
    for gate, values in example.opened.items():
        assert getattr(step, gate)[0, : len(values)].tolist() == pytest.approx(values[:size])
    rows = given.spec.blocks * size
    assert given.weights.weight_ih.shape == (rows, reads)
    assert given.weights.weight_hh.shape == (rows, size)


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=list(EXAMPLES))
def test_another_size_keeps_the_numbers_that_both_have(example: Example) -> None:
    own, larger = example.given(), example.given(LARGEST_SIZE, LARGEST_SIZE)
    blocks = range(own.spec.blocks)
    for one, other, width in (
        (own.weights.weight_ih, larger.weights.weight_ih, own.reads),
        (own.weights.weight_hh, larger.weights.weight_hh, own.size),
    ):
        for block in blocks:
            rows = slice(block * LARGEST_SIZE, block * LARGEST_SIZE + own.size)
            assert other[rows, :width].equal(one[block * own.size : (block + 1) * own.size])
    assert larger.x[: own.reads].equal(own.x)
