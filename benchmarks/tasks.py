"""How fast every task is learned, against the same network in torch.nn with autograd, clip_grad_norm_ and fused Adam.

    python -m benchmarks.tasks [--quick] [--json] [task …]

Replicas save dispatch, not arithmetic, so what they gain is demanded of small batches, and of the LSTM, which torch.nn
computes in one call for all timesteps, over few timesteps; for large batches it is shown.

Both sides draw the batches of the task as they go, one for every update and replica. One thread, processor time; sides
take turns within one run, so a machine that is slow for a while is slow for both; times are medians over turns, ratios
those of the medians. 16 replicas have 16 seeds, so each reads batches of its own. torch.nn reads fillings as it reads
everything else, where ours cuts the states.
"""

import argparse
import itertools
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from benchmarks.reference import OPTIMIZERS, TorchModel, loss_of, masked_targets
from benchmarks.table import Table, Target, show
from benchmarks.turns import medians
from playground.batch import Batch
from playground.config import NetworkConfig, TaskConfig, TrainingConfig
from playground.tasks import TASKS, Task
from playground.training import Trainer

CELLS = ("rnn", "lstm", "gru")
HIDDEN_SIZE = 16
REPLICAS = 16
FEW, MANY = 4, 16  # sequences in a batch
SHORT = 10  # timesteps over which a layer of torch.nn's LSTM, one call there and one back, is no match for replicas
ALONE, PER_MODEL = 1.0, 15.0  # torch.nn's time by ours, at least
WARM = 3  # updates before the clock starts


class TorchTask:
    """The usual training on a task, from the weights that a trainer starts with."""

    def __init__(self, config: TaskConfig, task: Task) -> None:
        self.task, self.seed, self.step = task, config.seed, 0
        self.model = TorchModel(config.network, task.signature)
        self.model.load_state_dict(Trainer(config, task).network.state_dict(), strict=True)
        self.threshold = config.training.clip_threshold
        self.optimizer = OPTIMIZERS[config.training.optimizer](
            self.model.parameters(), lr=config.training.learning_rate
        )
        self.losses: list[float] = []

    def update(self) -> None:
        """One step of training."""
        batch = self.task.batch(self.seed, self.step)
        self.optimizer.zero_grad()
        loss = self.loss(batch)
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), self.threshold)
        self.optimizer.step()
        self.losses.append(loss.item())
        self.step += 1

    def loss(self, batch: Batch) -> Tensor:
        """The mean loss of a batch."""
        answers = self.model(self.model.encode(batch.inputs[:, 0]))
        if self.task.signature.loss == "cross_entropy":
            return loss_of(answers, masked_targets(batch))
        judged = batch.mask[:, 0]
        return mse_loss(answers[judged], batch.targets[:, 0][judged])


def config_for(cell: str) -> TaskConfig:
    """What both sides train: Adam, clipping by norm, mean loss, one-hot input."""
    return TaskConfig(NetworkConfig(cell, HIDDEN_SIZE), TrainingConfig("adam", 0.002, "norm", 1.0))


def task_of(name: str, batch_size: int) -> Task:
    """A task as it is by default, with batches of a size; a text is one batch."""
    return TASKS[name]() if name == "language" else TASKS[name](batch_size=batch_size)


def beside_torch(names: Sequence[str], cells: Sequence[str], batch_size: int, seconds: float) -> list[Table]:
    """Every task with every cell: one network beside one of torch.nn, and 16 replicas per model."""
    size = f"H = {HIDDEN_SIZE}, at most {batch_size} sequences a batch"
    alone = Table(f"One network, {size}: torch.nn's time by ours")
    many = Table(f"{REPLICAS} replicas, {size}: torch.nn's time by ours, per model")
    for name, cell in itertools.product(names, cells):
        task, config = task_of(name, batch_size), config_for(cell)
        theirs = TorchTask(config, task)
        ours, replicas = Trainer(config, task), Trainer(config, task, seeds=range(REPLICAS))
        sides = (theirs.update, ours.update, replicas.update)
        for side in sides:
            for _ in range(WARM):
                side()
        theirs_took, ours_took, replicas_took = medians(sides, seconds)
        time, _, columns = task.batch(0, 0).mask.shape
        row = f"{name}, {cell}, T = {time}, B = {columns}"
        alone.add(row, theirs_took / ours_took, "×", Target("≥", ALONE), _note(theirs_took, ours_took))
        per_model = replicas_took / REPLICAS
        demanded = batch_size == FEW and (cell != "lstm" or time <= SHORT)
        target = Target("≥", PER_MODEL) if demanded else None
        many.add(row, theirs_took / per_model, "×", target, _note(theirs_took, per_model))
    return [alone, many]


def _note(theirs: float, ours: float) -> str:
    return f"updates/s: {1 / ours:,.0f}, torch.nn {1 / theirs:,.0f}"


def drawing(names: Sequence[str], seconds: float) -> Table:
    """What it costs to draw the next batch of a seed."""
    table = Table("The next batch of a task")
    for name in names:
        task, steps = TASKS[name](), itertools.count()
        (took,) = medians([lambda task=task, steps=steps: task.batch(1, next(steps))], seconds)
        table.add(name, took * 1e6, "µs")
    return table


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Speed of every task against torch.nn.")
    parser.add_argument(
        "names", nargs="*", metavar="task", help=f"of {', '.join(TASKS)}; all if none is named"
    )
    parser.add_argument("--json", action="store_true", help="print JSON for machines")
    parser.add_argument("--quick", action="store_true", help="GRU only: half a minute instead of two")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - TASKS.keys():
        parser.error(f"tasks must be of {', '.join(TASKS)}; got {', '.join(sorted(unknown))}")
    torch.set_num_threads(1)
    names = arguments.names or list(TASKS)
    cells = ("gru",) if arguments.quick else CELLS
    sizes = [beside_torch(names, cells, batch_size, 1.2) for batch_size in (FEW, MANY)]
    show([*itertools.chain(*sizes), drawing(names, 0.2)], as_json=arguments.json)


if __name__ == "__main__":
    main()
