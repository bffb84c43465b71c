"""A step as a sheet: with units left out every sum still comes out, and what is shown is what the step computed."""

import json
from typing import Any

import pytest
import torch

from playground.analysis.anatomy import Anatomy, anatomy
from playground.analysis.arriving import arriving_at
from playground.analysis.sheet import Arriving, sheet
from playground.cells import CELLS
from playground.cells.examples import EXAMPLES
from playground.config import ExperimentConfig, NetworkConfig, TextConfig
from playground.passes.replica import copy_of
from playground.passes.unroll import States, unroll
from playground.runs.run import Run

LAYERS, STEPS = 2, 3
every_cell = pytest.mark.parametrize("cell", list(CELLS))
every_example = pytest.mark.parametrize("name", list(EXAMPLES))


def of_example(name: str, **chosen: Any) -> tuple[dict[str, Any], Anatomy]:
    """The sheet of an example of the largest size, and what it is made of."""
    given = EXAMPLES[name].given(4, 4)
    arriving = Arriving(given.above, given.later)
    parts = anatomy(given.spec, given.weights, given.x, given.before, arriving.added)
    units, entries = chosen.pop("units", range(4)), chosen.pop("entries", range(4))
    return sheet(given.spec, parts, arriving, units=units, entries=entries), parts


def total(values: list[float | None]) -> float:
    found = 0.0
    for value in values:
        assert value is not None
        found += value
    return found


@every_example
@pytest.mark.parametrize(("units", "entries"), [((0, 1, 2, 3), (0, 1, 2, 3)), ((2,), (1, 3)), ((0, 3), (2,))])
def test_products_and_biases_add_up_to_the_sum(
    name: str, units: tuple[int, ...], entries: tuple[int, ...]
) -> None:
    shown, _parts = of_example(name, units=units, entries=entries)
    first = sum(column["part"] == "x" for column in shown["columns"])
    for block in range(len(shown["blocks"])):
        for place in range(len(units)):
            products, biases = shown["products"][block][place], shown["biases"][block][place]
            read, past = total(products[:first]) + biases[0], total(products[first:]) + biases[1]
            assert read + shown["behind"][block][place] * past == pytest.approx(
                shown["pre"][block][place], rel=1e-9
            )


@every_example
def test_what_is_shown_of_a_unit_is_the_same_however_many_are_left_out(name: str) -> None:
    few, _ = of_example(name, units=(1,), entries=(2,))
    whole, _ = of_example(name)
    assert few["values"] == {gate: [of_units[1]] for gate, of_units in whole["values"].items()}
    assert few["pre"] == [[of_block[1]] for of_block in whole["pre"]]
    columns = [(column["part"], column["entry"], column["count"]) for column in few["columns"]]
    assert columns == [("x", 2, 1), ("x", None, 3), ("h", 1, 1), ("h", None, 3)]
    assert few["weight"][0][0] == [whole["weight"][0][1][2], None, whole["weight"][0][1][5], None]


@every_example
def test_the_way_back_adds_up_by_column_with_the_other_units(name: str) -> None:
    shown, parts = of_example(name, units=(0, 2), entries=(1,))
    for place, column in enumerate(shown["columns"]):
        if column["entry"] is None:
            continue
        own = [row[place] for of_block in shown["back"] for row in of_block]
        rest = [of_block[place] for of_block in shown["back_others"]]
        direct = [
            way["share"][shown["units"].index(column["entry"])]
            for way in shown["ways"]
            if column["part"] == "h" and way["factor"]["name"] == "h" and way["factor"]["is_before"]
        ]
        expected = parts.read_gradient if column["part"] == "x" else parts.before_gradient["h"]
        assert total(own + rest + direct) == pytest.approx(float(expected[column["entry"]]), rel=1e-9)


@every_example
def test_a_gradient_times_the_slope_is_the_gradient_of_the_sum(name: str) -> None:
    shown, _parts = of_example(name)
    for block, described in enumerate(shown["blocks"]):
        for place in range(4):
            expected = shown["gradients"][described["name"]][place] * shown["slope"][block][place]
            assert shown["pre_gradient"][block][place] == pytest.approx(expected, rel=1e-9)


def test_a_one_hot_input_is_found() -> None:
    given = EXAMPLES["entries"].given()
    arriving = Arriving(given.above, given.later)
    for x, lit in (([0, 1, 0], 1), ([0, 0.5, 0], None), ([1, 1, 0], None), ([0, 0, 0], None)):
        parts = anatomy(given.spec, given.weights, torch.tensor(x).double(), given.before, arriving.added)
        assert sheet(given.spec, parts, arriving, units=(0, 1), entries=(0, 1, 2))["lit"] == lit


def test_what_is_not_finite_is_said_to_be_so() -> None:
    given = EXAMPLES["entries"].given()
    arriving = Arriving(given.above, given.later)
    x = torch.tensor([torch.inf, 0, 0]).double()
    parts = anatomy(given.spec, given.weights, x, given.before, arriving.added)
    shown = sheet(given.spec, parts, arriving, units=(0, 1), entries=(0, 1, 2))
    assert shown["pre"][0][0] is None
    json.dumps(shown, allow_nan=False)


@every_cell
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_what_arrives_in_a_run_is_what_autograd_says(cell: str, reduction: str) -> None:
    run = Run(ExperimentConfig(TextConfig("hello world"), NetworkConfig(cell, 5, LAYERS)))
    run.advance(STEPS)
    start = States.zero(model := copy_of(run.network_at(STEPS), torch.float64), 1)
    for of_layer in start.layers:
        of_layer[0].requires_grad_()
    found = unroll(model, run.watched, start)
    loss = found.losses.mean() if reduction == "mean" else found.losses.sum()
    for layer, steps in enumerate(found.steps):
        for t in (0, 4, found.length - 1):
            arriving = arriving_at(found, layer, t, reduction=reduction)
            weights = found.cells[layer].weights
            before = {name: getattr(steps[t], f"{name}_before")[0] for name in model.spec.states}
            parts = anatomy(model.spec, weights, steps[t].x[0], before, arriving.added)
            whole = torch.autograd.grad(
                loss, [getattr(steps[t], name) for name in model.spec.states], retain_graph=True
            )
            for name, gradient in zip(model.spec.states, whole, strict=True):
                torch.testing.assert_close(parts.gradients[name], gradient[0], rtol=1e-9, atol=1e-12)
