"""How fast one update is, against torch.nn + autograd + clip_grad_norm_ + fused Adam on the same task.

    python -m benchmarks.training [--quick] [--json]

Both sides train the same network from the same weights on the same batch, with one thread. Ours is
`Trainer.update()` with its record kept and everything the stage shows (states, gates, ∂L/∂h, ∂L/∂c, loss per
position) in the buffers; torch.nn records nothing. The sides take turns in short slices within one run, so a
machine that is slow for a while is slow for both; what counts is the median over slices of processor time, and the
ratio of the medians.
"""

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass

import torch

from benchmarks.reference import TorchTraining
from benchmarks.texts import random_text
from benchmarks.turns import medians
from playground.config import ExperimentConfig, NetworkConfig, TextConfig, TrainingConfig
from playground.corpus import Corpus
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
    """Medians in microseconds per update (of all replicas), and the ratio per model."""

    task: Task
    torch_us: float
    playground_us: float
    ratio: float

    @property
    def reached(self) -> bool:
        """Whether the ratio is what is demanded."""
        return self.ratio >= self.task.target


TASKS = (
    *(Task(cell, 5, 16, 6, 1, 1, target) for cell, target in (("rnn", 5), ("lstm", 4), ("gru", 4))),
    *(Task(cell, 5, 16, 6, 1, 16, 25) for cell in ("rnn", "lstm", "gru")),
    *(Task(cell, 65, 64, 50, 16, 1, 1) for cell in ("rnn", "lstm", "gru")),
    *(Task(cell, 65, 128, 64, 32, 1, 0.8) for cell in ("rnn", "lstm", "gru")),
)


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


def playground_side(task: Task) -> Callable[[], object]:
    """One call is one update of all replicas, its record kept."""
    config = config_for(task)
    corpus = Corpus(config.text)
    trainer = Trainer(config, corpus, seeds=range(task.replicas))
    batch = corpus.batch(0, 0)
    assert (len(corpus.vocabulary), *batch.inputs.shape[::2]) == (task.vocabulary, task.time, task.batch)
    updates: list[Update] = []
    return lambda: updates.append(trainer.update())


def compare(task: Task, seconds: float) -> Result:
    """Let both sides train in turns for `seconds` in total."""
    config = config_for(task)
    sides = (TorchTraining(config, Corpus(config.text)).update, playground_side(task))
    for side in sides:
        for _ in range(3):
            side()
    theirs, ours = (seconds_per_update * 1e6 for seconds_per_update in medians(sides, seconds))
    return Result(task, theirs, ours, theirs * task.replicas / ours)


def table(results: list[Result]) -> str:
    """What a person reads."""
    lines = ["| cell | V, H, T, B | replicas | torch.nn µs | playground µs | per model | demanded |"]
    lines.append("|---|---|---|---|---|---|---|")
    for result in results:
        task = result.task
        lines.append(
            f"| {task.cell} | {task.vocabulary}, {task.hidden}, {task.time}, {task.batch} | {task.replicas} "
            f"| {result.torch_us:,.0f} | {result.playground_us:,.0f} | {result.ratio:.2f}× "
            f"| ≥ {task.target:g}×{'' if result.reached else ' MISSED'} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Run all comparisons and print them."""
    parser = argparse.ArgumentParser(description="Speed of one update against torch.nn.")
    parser.add_argument("--json", action="store_true", help="print JSON for machines")
    parser.add_argument("--quick", action="store_true", help="about 15 seconds instead of a minute")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    results = [compare(task, 1.2 if arguments.quick else 4.5) for task in TASKS]
    if arguments.json:
        print(json.dumps([{**asdict(result), "reached": result.reached} for result in results], indent=2))
    else:
        print(table(results))


if __name__ == "__main__":
    main()
