"""How fast one update on each task is, against the plain torch.nn loop on the same batches.

    python -m benchmarks.tasks [--quick] [--json]

As in `benchmarks.training`: one thread, sides in turns, medians of processor time. Batches are made beforehand, so that
the clock sees training alone, and updates go round in them.
"""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass

import torch

from benchmarks.reference import TorchTraining
from benchmarks.table import Table, Target, show
from benchmarks.turns import Side, medians
from playground.batch import Batch, Signature, Source
from playground.config import NetworkConfig, TaskConfig
from playground.tasks import TASKS
from playground.training import Trainer

BATCHES = 8
REPLICAS = 16
ALONE = 1.0  # times as fast as torch.nn, at least
# The words of a sentence are all there when they are tagged.
NETWORKS: Mapping[str, NetworkConfig] = {"each step": NetworkConfig("lstm", 16, bidirectional=True)}


@dataclass(frozen=True, slots=True)
class Prepared:
    """The first batches of a source, made once; every seed begins with another."""

    signature: Signature
    batches: tuple[Batch, ...]

    @classmethod
    def of(cls, source: Source) -> "Prepared":
        """Those of seed 0."""
        return cls(source.signature, tuple(source.batch(0, step) for step in range(BATCHES)))

    def batch(self, seed: int, step: int) -> Batch:
        """The same for the same seed and step."""
        return self.batches[(seed + step) % len(self.batches)]


def compare(name: str, seconds: float) -> tuple[float, float, float]:
    """Seconds of an update by torch.nn, by one network of ours, and by `REPLICAS` of them, on a task."""
    source = Prepared.of(TASKS[name]())
    config = TaskConfig(NETWORKS.get(name, NetworkConfig("lstm", 16)))
    sides: list[Side] = [TorchTraining(config, source, batches=BATCHES).update]
    sides += [Trainer(config, source, seeds=range(replicas)).update for replicas in (1, REPLICAS)]
    for side in sides:
        for _ in range(BATCHES):
            side()
    torch_nn, alone, together = medians(sides, seconds)
    return torch_nn, alone, together


def measured(seconds: float) -> Table:
    """All tasks, each with the choices it begins with."""
    table = Table(f"Times as fast as torch.nn, per model: LSTM, H = 16, alone and as {REPLICAS} replicas")
    for name in TASKS:
        torch_nn, alone, together = compare(name, seconds)
        took = f"torch.nn {torch_nn * 1e6:,.0f} µs, ours {alone * 1e6:,.0f} µs"
        table.add(name, torch_nn / alone, "×", Target("≥", ALONE), took)
        took = f"{REPLICAS} of ours {together * 1e6:,.0f} µs"
        table.add(f"{name}, {REPLICAS} replicas", torch_nn * REPLICAS / together, "×", note=took)
    return table


def main() -> None:
    """Run all comparisons and print them."""
    parser = argparse.ArgumentParser(description="Speed of one update on each task against torch.nn.")
    parser.add_argument("--json", action="store_true", help="print JSON for machines")
    parser.add_argument("--quick", action="store_true", help="about 10 seconds instead of a minute")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    show([measured(0.6 if arguments.quick else 5.0)], as_json=arguments.json)


if __name__ == "__main__":
    main()
