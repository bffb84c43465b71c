"""How fast one update is, against torch.nn + autograd + clip_grad_norm_ + fused Adam on the same task, and others.

    python -m benchmarks.training [--quick] [--json] [--peers FOLDER]

All sides train the same network from the same weights on the same batch, with one thread. Ours is
`Trainer.advance`, several updates by one call with what each measured, and everything the stage shows (states, gates,
∂L/∂h, ∂L/∂c, loss per position) in the buffers, by the engine that the rule of `playground.models.form` chooses; beside
it the same in torch alone. torch.nn records nothing. The sides take turns in short slices within one run, so a
machine that is slow for a while is slow for all; what counts is the median over slices of processor time, and the
ratios of the medians. A second table says how the time grows with the timesteps and with the units.

Where there is a C compiler, plain C loops (`c_loop.c`) of the same update of one sequence are compiled for this
processor and take part, after their losses have been held against ours. Where there is Node, so do brain.js and
recurrentjs: the same cell, V, H and T (of both, V counts the symbol before and after a text), each with the optimiser,
clipping, rate and embedding that it usually has. Of them, the folder holds what there is of:

    npm install --ignore-scripts --prefix FOLDER brain.js@2.0.0-beta.24
    git clone https://github.com/karpathy/recurrentjs FOLDER/recurrentjs
"""

import argparse
import json
import math
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from benchmarks.peers import C_LOOP, LIBRARIES, libraries_in, peers_of
from benchmarks.reference import TorchTraining
from benchmarks.table import Target
from benchmarks.texts import random_text
from benchmarks.turns import Several, medians
from playground.config import ExperimentConfig, NetworkConfig, TextConfig, TrainingConfig
from playground.corpus import Corpus
from playground.kernels.engine import can_compile, using
from playground.models.form import takes_loops
from playground.training import Trainer

OURS, IN_TORCH, TORCH_NN = "playground", "in torch", "torch.nn"
SIDES = (OURS, IN_TORCH, TORCH_NN, *LIBRARIES, C_LOOP)
CELLS = ("rnn", "lstm", "gru")
SLOWER = 1.1  # what two measurements of the same differ by
TOGETHER = 8  # updates by one call


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
    peer: float | None = None  # that of the fastest library for the browser, divided by ours, at least
    c_loop: float | None = None  # ours, divided by that of plain C loops, at most


@dataclass(frozen=True, slots=True)
class Result:
    """Medians in microseconds per update by side, ours of all replicas; whether the rule chooses compiled loops."""

    task: Task
    microseconds: Mapping[str, float]
    loops: bool

    @property
    def ratio(self) -> float:
        """torch.nn's time per model, divided by ours."""
        return self.microseconds[TORCH_NN] * self.task.replicas / self.microseconds[OURS]

    @property
    def of_peers(self) -> float | None:
        """The time of the fastest library for the browser, divided by ours."""
        theirs = [self.microseconds[name] for name in LIBRARIES if name in self.microseconds]
        return min(theirs) / self.microseconds[OURS] if theirs else None

    @property
    def of_c_loop(self) -> float | None:
        """Ours, divided by that of plain C loops."""
        return self.microseconds[OURS] / self.microseconds[C_LOOP] if C_LOOP in self.microseconds else None

    @property
    def is_slower(self) -> bool:
        """Whether compiled loops are slower than doing without them."""
        return self.microseconds[OURS] > self.microseconds[IN_TORCH] * SLOWER

    @property
    def held(self) -> tuple[tuple[float | None, Target | None], ...]:
        """The ratios, None for one that was not measured, each with what is demanded of it, if anything is."""
        task = self.task
        return (
            (self.ratio, Target("≥", task.target)),
            (self.of_peers, Target("≥", task.peer) if task.peer else None),
            (self.of_c_loop, Target("≤", task.c_loop) if task.c_loop else None),
        )

    @property
    def reached(self) -> bool:
        """Whether all that was measured is as demanded, and nothing slower than in torch alone."""
        pairs = [(value, target) for value, target in self.held if value is not None and target is not None]
        return not self.is_slower and all(target.is_met(value) for value, target in pairs)


TASKS = (
    *(Task(cell, 5, 16, 6, 1, 1, 60, peer=5) for cell in CELLS),
    *(Task(cell, 5, 16, 6, 1, 16, 100) for cell in CELLS),
    *(
        Task(cell, 27, 64, 50, 1, 1, of_nn, c_loop=1.3)
        for cell, of_nn in zip(CELLS, (20, 5, 20), strict=True)
    ),
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


def playground_side(task: Task) -> Several:
    """One call is several updates of all replicas; warmed up."""
    config = config_for(task)
    corpus = Corpus(config.text)
    trainer = Trainer(config, corpus, seeds=range(task.replicas))
    batch = corpus.batch(0, 0)
    assert (len(corpus.vocabulary), *batch.inputs.shape[::2]) == (task.vocabulary, task.time, task.batch)
    trainer.advance(TOGETHER)
    return Several(lambda: trainer.advance(TOGETHER), TOGETHER)


def compare(task: Task, seconds: float, folder: Path | None = None) -> Result:
    """Let all sides train in turns for `seconds` in total; folder: where libraries for the browser are."""
    config = config_for(task)
    theirs = TorchTraining(config, Corpus(config.text)).update
    for _ in range(3):
        theirs()
    with using(loops=False):
        in_torch = playground_side(task)
    sides = {OURS: playground_side(task), IN_TORCH: in_torch, TORCH_NN: theirs}
    with peers_of(config, folder) if task.replicas == 1 else nullcontext({}) as peers:
        sides |= peers
        measured = medians([*sides.values()], seconds)
    microseconds = {name: each * 1e6 for name, each in zip(sides, measured, strict=True)}
    return Result(task, microseconds, takes_loops(task.cell))


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
    columns = ["cell", "V, H, T, B", "replicas", *(f"{name} µs" for name in SIDES)]
    columns += ["torch.nn / ours, per model", "best library / ours", "ours / C loop"]
    lines = [_line(columns), "|---" * len(columns) + "|"]
    for result in results:
        task = result.task
        cells = [
            task.cell,
            f"{task.vocabulary}, {task.hidden}, {task.time}, {task.batch}",
            str(task.replicas),
        ]
        cells += [
            f"{result.microseconds[name]:,.1f}" if name in result.microseconds else "-" for name in SIDES
        ]
        cells[3] += "" if result.loops else " (in torch)"
        cells[3] += " SLOWER than in torch" if result.is_slower else ""
        lines.append(_line([*cells, *(_held(value, target) for value, target in result.held)]))
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _held(value: float | None, target: Target | None) -> str:
    """A ratio, with what is demanded of it."""
    if value is None:
        return "-"
    if target is None:
        return f"{value:.2f}×"
    return f"{value:.2f}× ({target}×{'' if target.is_met(value) else ' MISSED'})"


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
    parser = argparse.ArgumentParser(description="Speed of one update against torch.nn and others.")
    parser.add_argument("--json", action="store_true", help="print JSON for machines")
    parser.add_argument("--quick", action="store_true", help="about 40 seconds instead of two minutes")
    parser.add_argument("--peers", type=Path, metavar="FOLDER", help="where brain.js and recurrentjs are")
    arguments = parser.parse_args()
    if arguments.peers is not None and not libraries_in(arguments.peers):
        parser.error(f"{arguments.peers} holds none of {', '.join(LIBRARIES)}")
    torch.set_num_threads(1)
    if not can_compile() and not arguments.json:
        print("There are no compiled loops (requirements-fast.txt), which what is demanded is of.\n")
    results = [compare(task, 1.2 if arguments.quick else 4.5, arguments.peers) for task in TASKS]
    found = [growth(cell, of, 0.7 if arguments.quick else 2.5) for cell in CELLS for of in "TH"]
    if arguments.json:
        updates = [
            asdict(each)
            | {
                "ratio": each.ratio,
                "of_peers": each.of_peers,
                "of_c_loop": each.of_c_loop,
                "reached": each.reached,
            }
            for each in results
        ]
        grown = [asdict(each) | {"exponent": each.exponent} for each in found]
        print(json.dumps({"updates": updates, "growth": grown}, indent=2))
    else:
        print(table(results), growth_table(found), sep="\n\n")


if __name__ == "__main__":
    main()
