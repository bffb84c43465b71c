"""How fast one update is, against torch.nn + autograd + clip_grad_norm_ + fused Adam on the same task.

    python -m benchmarks.training [--quick] [--json]

All sides train the same network from the same weights on the same batch, with one thread. Ours is
`Trainer.update()` with its record kept and everything the stage shows (states, gates, ∂L/∂h, ∂L/∂c, loss per
position) in the buffers, by the engine that the rule of `playground.models.form` chooses; beside it the same in
torch alone. torch.nn records nothing. The sides take turns in short slices within one run, so a
machine that is slow for a while is slow for all; what counts is the median over slices of processor time, and the
ratios of the medians. A second table says how the time grows with the timesteps and with the units.
"""

import argparse
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import torch

from benchmarks.reference import TorchTraining
from benchmarks.texts import random_text
from benchmarks.turns import Side, medians
from playground.config import ExperimentConfig, NetworkConfig, TextConfig, TrainingConfig
from playground.corpus import Corpus
from playground.kernels.engine import can_compile, using
from playground.models.form import takes_loops
from playground.training import Trainer, Update


@dataclass(frozen=True, slots=True)
class Task:
    """One comparison and what is demanded of it."""

    cell: str
    vocabulary: int
    hidden: int
    time: int
    batch: int
    replicas: int
    target: float  # torch.nn's time per model and update, divided by ours, at least


@dataclass(frozen=True, slots=True)
class Result:
    """Medians in microseconds per update (of all replicas); whether compiled loops are what the rule chooses."""

    task: Task
    torch_us: float
    in_torch_us: float  # ours, with everything in torch
    playground_us: float
    loops: bool

    @property
    def ratio(self) -> float:
        """torch.nn's time per model, divided by ours."""
        return self.torch_us * self.task.replicas / self.playground_us

    @property
    def reached(self) -> bool:
        """Whether the ratio is what is demanded, and compiled loops are not slower than doing without them."""
        return self.ratio >= self.task.target and self.playground_us <= self.in_torch_us * SLOWER


CELLS = ("rnn", "lstm", "gru")
SLOWER = 1.1  # what two measurements of the same differ by

TASKS = (
    *(Task(cell, 5, 16, 6, 1, 1, 60) for cell in CELLS),
    *(Task(cell, 5, 16, 6, 1, 16, 100) for cell in CELLS),
    *(Task(cell, 27, 64, 50, 1, 1, target) for cell, target in zip(CELLS, (20, 5, 20), strict=True)),
    *(Task(cell, 65, 64, 50, 16, 1, 1) for cell in CELLS),
    *(Task(cell, 65, 128, 64, 32, 1, 0.8) for cell in CELLS),
)

TIMES, SIZES = (25, 50, 100), (16, 32, 64, 128)  # of the second table, beside H = 64 and T = 50


def config_for(task: Task) -> ExperimentConfig:
    """The experiment of a task: Adam, clipping by norm, mean loss, one-hot input."""
    return ExperimentConfig(
        TextConfig(
            random_text(task.vocabulary, task.time, task.batch),
            sequence_length=task.time,
            batch_size=task.batch,
        ),
        NetworkConfig(task.cell, hidden_size=task.hidden),
        TrainingConfig("adam", 0.002, clip="norm", clip_threshold=1.0),
    )


def playground_side(task: Task) -> Side:
    """One call is one update of all replicas, its record kept; warmed up."""
    config = config_for(task)
    corpus = Corpus(config.text)
    trainer = Trainer(config, corpus, seeds=range(task.replicas))
    batch = corpus.batch(0, 0)
    assert (len(corpus.vocabulary), *batch.inputs.shape[::2]) == (task.vocabulary, task.time, task.batch)
    updates: list[Update] = []
    updates += trainer.advance(3)
    return lambda: updates.append(trainer.update())


def compare(task: Task, seconds: float) -> Result:
    """Let all sides train in turns for `seconds` in total."""
    config = config_for(task)
    theirs = TorchTraining(config, Corpus(config.text)).update
    for _ in range(3):
        theirs()
    with using(loops=False):
        in_torch = playground_side(task)
    nn, alone, ours = (each * 1e6 for each in medians((theirs, in_torch, playground_side(task)), seconds))
    return Result(task, nn, alone, ours, takes_loops(task.cell, task.batch, task.replicas))


@dataclass(frozen=True, slots=True)
class Growth:
    """Microseconds per update of one cell, of 27 symbols one sequence at a time, over sizes of one kind."""

    cell: str
    of: str  # "T" or "H"
    sizes: Sequence[int]
    microseconds: Sequence[float]

    @property
    def exponent(self) -> float:
        """k if the time grows as size ** k between the last two sizes."""
        (small, large), (before, after) = self.sizes[-2:], self.microseconds[-2:]
        return math.log(after / before) / math.log(large / small)


def growth(cell: str, of: str, seconds: float) -> Growth:
    """How the time of an update grows with the timesteps, or with the units."""
    sizes = TIMES if of == "T" else SIZES
    tasks = [
        Task(cell, 27, 64, size, 1, 1, 0) if of == "T" else Task(cell, 27, size, 50, 1, 1, 0)
        for size in sizes
    ]
    measured = medians([playground_side(task) for task in tasks], seconds)
    return Growth(cell, of, sizes, [each * 1e6 for each in measured])


def table(results: Sequence[Result]) -> str:
    """What a person reads."""
    lines = [
        "| cell | V, H, T, B | replicas | torch.nn µs | in torch µs | playground µs | per model | demanded |"
    ]
    lines.append("|---|---|---|---|---|---|---|---|")
    for result in results:
        task = result.task
        lines.append(
            f"| {task.cell} | {task.vocabulary}, {task.hidden}, {task.time}, {task.batch} | {task.replicas} "
            f"| {result.torch_us:,.0f} | {result.in_torch_us:,.0f} "
            f"| {result.playground_us:,.1f}{'' if result.loops else ' (in torch)'} | {result.ratio:.2f}× "
            f"| ≥ {task.target:g}×{'' if result.reached else ' MISSED'} |"
        )
    return "\n".join(lines)


def growth_table(found: Sequence[Growth]) -> str:
    """The same of how the time grows."""
    lines = ["| cell | of | µs | grows as |", "|---|---|---|---|"]
    for each in found:
        pairs = zip(each.sizes, each.microseconds, strict=True)
        of_sizes = ", ".join(f"{size}: {microseconds:,.0f}" for size, microseconds in pairs)
        lines.append(f"| {each.cell} | {each.of} | {of_sizes} | {each.of}^{each.exponent:.2f} |")
    return "\n".join(lines)


def main() -> None:
    """Run all comparisons and print them."""
    parser = argparse.ArgumentParser(description="Speed of one update against torch.nn.")
    parser.add_argument("--json", action="store_true", help="print JSON for machines")
    parser.add_argument(
        "--quick", action="store_true", help="about half a minute instead of a minute and a half"
    )
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if not can_compile() and not arguments.json:
        print("There are no compiled loops (requirements-fast.txt), which what is demanded is of.\n")
    results = [compare(task, 1.2 if arguments.quick else 4.5) for task in TASKS]
    found = [growth(cell, of, 0.7 if arguments.quick else 2.5) for cell in CELLS for of in "TH"]
    if arguments.json:
        updates = [asdict(each) | {"ratio": each.ratio, "reached": each.reached} for each in results]
        grown = [asdict(each) | {"exponent": each.exponent} for each in found]
        print(json.dumps({"updates": updates, "growth": grown}, indent=2))
    else:
        print(table(results), growth_table(found), sep="\n\n")


if __name__ == "__main__":
    main()
