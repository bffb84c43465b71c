"""How long the Gradients page computes, and how much longer torch.nn and autograd take for the same numbers.

    python -m benchmarks.gradients [--quick] [--json]

One thread, processor time. Sides take turns within one run, so a machine that is slow for a while is slow for both;
times are medians over turns, ratios those of the medians. What autograd finds is held against ours before the clock
starts, and other numbers end the run. Figures are not drawn.
"""

import argparse
import itertools
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from statistics import median

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from benchmarks.cell_loop import CellLoop
from benchmarks.process import peak_growth
from benchmarks.reference import TorchTraining
from benchmarks.subject import Subject
from benchmarks.table import Table, Target, show
from benchmarks.turns import SLICE, Side, medians, one_turn
from playground.analysis.backpropagation import Backpropagation
from playground.cells import LayerWeights
from playground.config import ExperimentConfig
from playground.corpus import Corpus
from playground.studies.clipping import CASES, LEARNING_RATES, THRESHOLDS, ClippingGrid
from playground.studies.knobs import SYMBOLS, Knobs, draw, sweep, untrained
from playground.studies.untrained import Backward

KINDS = ("lstm", "gru", "rnn")
SIZES = ((50, 64), (200, 32))  # T, H
OPENED_WITHIN = {("lstm", 50, 64): 150.0, ("lstm", 200, 32): 1500.0}  # milliseconds
TIMES_FASTER = 5.0
DRAWS, DRAWN_WITHIN = 300, 1000.0  # milliseconds
SINGLE_DRAWS = 5  # that autograd is measured with
UPDATES, GRID_WITHIN = 300, 15.0  # seconds
SMALLEST_COMPARED = 1e-30  # above it, float32 has all its digits


def opening(sizes: Sequence[tuple[int, int]], seconds: float) -> Table:
    """What the first three panels compute when a subject is opened."""
    table = Table("Panels 1 to 3 of a sequence: everything computed, the last loss chosen")
    for (length, size), cell in itertools.product(sizes, KINDS):
        subject = Subject(cell, length, size)
        subject.opened()
        (took,) = medians([subject.opened], seconds)
        bound = OPENED_WITHIN.get((cell, length, size))
        table.add(subject.name, took * 1e3, "ms", Target("≤", bound) if bound else None)
    return table


def influence(sizes: Sequence[tuple[int, int]], seconds: float) -> Table:
    """Our influence matrix against autograd's: with one call for every loss, and with one for all."""
    table = Table(
        "The influence matrix, float32; ours has the terms of ∂L/∂W_hh in the same pass, autograd's has not"
    )
    for (length, size), cell in itertools.product(sizes, KINDS):
        subject = Subject(cell, length, size)
        by_autograd = (subject.influence_by_autograd, subject.influence_by_autograd_at_once)
        ours = subject.influence()
        apart = max(difference(ours, theirs(), 1e-3) for theirs in by_autograd)
        took, each, at_once = medians([subject.influence, *by_autograd], seconds)
        target = Target("≥", TIMES_FASTER) if cell == "lstm" else None
        table.add(f"{subject.name}: ours", took * 1e3, "ms", note=f"{apart:.0e} from autograd's at most")
        table.add("  autograd, loss by loss", each * 1e3, "ms")
        table.add("  that many times ours", each / took, "×", target)
        table.add("  autograd, all losses in one batched call", at_once * 1e3, "ms")
        table.add("  that many times ours", at_once / took, "×")
    return table


def draws(knobs: Knobs, count: int, seconds: float) -> Table:
    """Hundreds of untrained networks in one pass, against autograd with one after the other."""
    table = Table(f"{count} untrained networks, T = {knobs.length}, H = {knobs.hidden_size}, float64")
    for cell in KINDS:
        chosen = replace(knobs, cell=cell)
        theirs = single_draws(chosen)
        sides: tuple[Side, ...] = (
            lambda chosen=chosen: draw(chosen, draws=count),
            theirs,
            lambda chosen=chosen: (draw(chosen, ("linear",), count), sweep(chosen, draws=count)),
        )
        for side in sides:
            side()
        took, one, panel = medians(sides, seconds)
        table.add(f"{cell}: drawn and measured", took * 1e3, "ms", Target("≤", DRAWN_WITHIN))
        table.add(
            "  autograd, measured only", one * count * 1e3, "ms", note=f"{count} × one of {SINGLE_DRAWS}"
        )
        table.add("  that many times ours", one * count / took, "×")
        table.add("  all of the panel, ten radii included", panel * 1e3, "ms")
    return table


def single_draws(knobs: Knobs) -> Callable[[], Mapping[str, Tensor]]:
    """One call is one untrained network read and sent back by autograd; the next call takes the next of a few."""
    networks = untrained(knobs, SINGLE_DRAWS)
    x = one_hot(networks.symbols, SYMBOLS).double()  # (T, R, 1, V)
    loops = []
    for r in range(SINGLE_DRAWS):
        weight_ih, weight_hh, biases = (weights[r] for weights in networks.weights)
        loops.append(CellLoop(knobs.cell, LayerWeights(weight_ih, weight_hh, *biases)))

    def one(r: int) -> dict[str, Tensor]:
        norms = loops[r].from_the_end(x[:, r], networks.gradient[r])
        return {name: values / values[-1] for name, values in norms.items()}

    ours = Backward(knobs.cell, knobs.nonlinearity).ratios(networks)
    for r in range(SINGLE_DRAWS):
        difference({name: ratios[:, r] for name, ratios in ours.items()}, one(r), 1e-6)
    turn = itertools.cycle(range(SINGLE_DRAWS))
    return lambda: one(next(turn))


def difference(ours: Mapping[str, Tensor], theirs: Mapping[str, Tensor], allowed: float) -> float:
    """The largest relative difference of what is not too small to compare.

    Raises ValueError if it is more than allowed, or if one side has numbers where the other has none.
    """
    largest = 0.0
    for name, wanted in theirs.items():
        if not torch.equal(ours[name].isnan(), wanted.isnan()):
            raise ValueError(f"{name}: ours and autograd's numbers do not stand at the same places")
        is_compared = wanted > SMALLEST_COMPARED
        apart = ((ours[name] - wanted).abs() / wanted)[is_compared]
        largest = max(largest, float(apart.max()))
    if not largest <= allowed:
        raise ValueError(
            f"ours and autograd's numbers must agree to {allowed:g}; they are {largest:.1e} apart"
        )
    return largest


def grids(cases: Mapping[str, ExperimentConfig], updates: int) -> Table:
    """The grid of learning rates and thresholds, against as many trainings with torch.nn one after the other."""
    pairs = len(LEARNING_RATES) * len(THRESHOLDS)
    table = Table(f"{pairs} clipped trainings side by side, {UPDATES} updates each, T = 50, H = 16, float32")
    note = "" if updates == UPDATES else f"{updates} updates, scaled"
    for (name, case), cell in itertools.product(cases.items(), KINDS):
        config = replace(case, network=replace(case.network, cell=cell))
        took, one = (seconds * UPDATES for seconds in grid_and_single(config, updates))
        table.add(f"{name}, {cell}: the grid", took, "s", Target("≤", GRID_WITHIN), note)
        table.add("  torch.nn, one by one", one * pairs, "s", note=f"{pairs} × {UPDATES} × a measured update")
        table.add("  that many times ours", one * pairs / took, "×")
    return table


def grid_and_single(config: ExperimentConfig, updates: int) -> tuple[float, float]:
    """Seconds per update of a whole grid, from its making to its end, and of one training with torch.nn."""
    rival = TorchTraining(config, Corpus(config.text), batches=updates)
    one_turn(rival.update)
    start = time.process_time()
    grid = ClippingGrid(config, updates=updates)
    took, singles, done = time.process_time() - start, [], False
    while not done:
        start = time.process_time()
        done = grid.advance(SLICE)
        took += time.process_time() - start
        singles.append(one_turn(rival.update))
    return took / updates, median(singles)


def memory(length: int, size: int) -> Table:
    """How much memory one sequence takes on its way back. Has to be measured first."""
    Subject("lstm", 4, 4).sent_back()  # loads what torch loads once
    subject = Subject("lstm", length, size)
    unrolled = subject.unrolled()
    jobs: list[Backpropagation] = []

    def send_back() -> None:
        jobs.append(Backpropagation(unrolled))
        jobs[0].advance()

    table = Table("Memory of back-propagation")
    growth = peak_growth(send_back)
    table.add(
        subject.name,
        growth / 1e6,
        "MB",
        note="growth of the resident memory at its peak, what is kept included",
    )
    return table


def main() -> None:
    """Run all comparisons and print them."""
    parser = argparse.ArgumentParser(description="Speed of the Gradients page.")
    parser.add_argument("--json", action="store_true", help="print JSON for machines")
    parser.add_argument("--quick", action="store_true", help="about 25 seconds instead of 90")
    arguments = parser.parse_args()
    quick = arguments.quick
    torch.set_num_threads(1)
    tables = [
        memory(200, 128),
        opening(SIZES, 0.3 if quick else 2.0),
        influence(SIZES, 0.5 if quick else 6.0),
        draws(Knobs(), DRAWS, 0.3 if quick else 3.0),
        grids(CASES, UPDATES // 10 if quick else UPDATES),
    ]
    show(tables, as_json=arguments.json)


if __name__ == "__main__":
    main()
