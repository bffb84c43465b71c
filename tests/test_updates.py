"""Norm, clipping and rule of one update against numbers worked out by hand, in torch and in compiled loops."""

import math
from dataclasses import dataclass, replace

import pytest
import torch
from torch import Tensor

from playground.batch import Batch, Signature
from playground.config import ExperimentConfig, NetworkConfig, RateChange, TextConfig, TrainingConfig
from playground.corpus import Corpus
from playground.kernels.engine import using
from playground.kernels.table import CLIPPED, CLIPPED_NORM, CLIPS, FINITE, NLL, NORM, TOTAL
from playground.training import Trainer
from playground.updates import Book, Made, Updates, updates_for

pytestmark = pytest.mark.usefixtures("each_engine")


@dataclass(eq=False)
class Measured:
    """A pass that was carried out: losses summed up (R,), and how many."""

    total: Tensor
    counts: Tensor


class Bench:
    """Plain gradient descent at a rate of 0.5 on rows of parameters that begin at zero."""

    def __init__(self, clip: str, gradients: list[list[float]], dtype: torch.dtype = torch.float64) -> None:
        self.gradients = torch.tensor(gradients, dtype=dtype)
        replicas = len(gradients)
        self.parameters = torch.zeros_like(self.gradients)
        self.book = Book(replicas)
        self.book.rates[:] = 0.5
        self.updates: Updates = updates_for("sgd", clip, self.parameters, self.gradients, self.book)[0]
        self.measured = Measured(torch.full((replicas,), 6.0, dtype=dtype), torch.full((replicas,), 4))

    def make(self, *, moves: bool = True) -> Made:
        return self.updates.make(self.measured, None, 1, moves=moves)

    def column(self, kind: int) -> list[float]:
        """What the first line of the table says of each replica."""
        return self.book.table[0, :, kind].tolist()


@pytest.mark.parametrize("clip", ["norm", "value"])
def test_what_is_written_down_and_moved(clip: str) -> None:
    bench = Bench(clip, [[3.0, -4.0], [0.3, 0.4]])
    bench.book.thresholds[:], bench.book.clips[:] = 1.0, (7, 9)
    assert bench.make() == (1, 1, False)
    assert bench.column(NLL) == [1.5, 1.5] and bench.column(TOTAL) == [6.0, 6.0]
    assert bench.column(NORM) == pytest.approx([5.0, 0.5]) and bench.column(FINITE) == [1, 1]
    clipped = {"norm": [[0.6, -0.8], [0.3, 0.4]], "value": [[1.0, -1.0], [0.3, 0.4]]}[clip]
    expected = torch.tensor(clipped, dtype=torch.float64)
    torch.testing.assert_close(bench.gradients, expected, rtol=0, atol=1e-6)
    torch.testing.assert_close(bench.parameters, -0.5 * expected, rtol=0, atol=1e-6)
    assert bench.column(CLIPPED_NORM) == pytest.approx(expected.norm(dim=1).tolist(), abs=1e-6)
    assert bench.column(CLIPPED) == [1, 0] and bench.column(CLIPS) == bench.book.clips.tolist() == [8, 9]


def test_a_number_as_large_as_the_threshold_is_not_clipped() -> None:
    by_value = Bench("value", [[0.25, -0.5]])
    by_value.book.thresholds[:] = 0.5
    by_norm = Bench("norm", [[0.0, -0.5]])
    by_norm.book.thresholds[:] = 0.5 + 1e-6  # what is divided by is the norm + 1e-6, as in torch
    for bench in (by_value, by_norm):
        before = bench.gradients.clone()
        bench.make()
        assert torch.equal(bench.gradients, before)
        assert bench.column(CLIPPED) == bench.column(CLIPS) == [0]
        assert bench.column(CLIPPED_NORM) == bench.column(NORM)


def test_a_small_norm_is_divided_with_a_millionth_added() -> None:
    bench = Bench("norm", [[0.0, 1e-6]])
    bench.book.thresholds[:] = 1e-6
    bench.make()
    expected = torch.tensor([[0.0, 1e-6]], dtype=torch.float64, requires_grad=True)
    expected.grad = expected.detach().clone()
    torch.nn.utils.clip_grad_norm_(expected, 1e-6)
    assert expected.grad[0, 1].item() == pytest.approx(5e-7)
    torch.testing.assert_close(bench.gradients, expected.grad, rtol=1e-12, atol=0)


@pytest.mark.parametrize("clip", ["norm", "value"])
@pytest.mark.parametrize("bad", ["loss", "gradient"])
def test_a_replica_that_explodes_keeps_its_weights_and_is_not_clipped(clip: str, bad: str) -> None:
    bench = Bench(clip, [[3.0, math.inf if bad == "gradient" else 4.0], [3.0, 4.0]])
    bench.measured.total[0] = math.nan if bad == "loss" else 6.0
    bench.book.thresholds[:] = 1.0
    assert bench.make() == (1, 1, False), "the other one goes on"
    assert bench.book.exploded.tolist() == [True, False] and bench.column(FINITE) == [0, 1]
    assert bench.column(CLIPPED) == [0, 1] and bench.book.clips.tolist() == [0, 1]
    assert bench.parameters[0].tolist() == [0, 0] and bench.parameters[1].all()
    bench.measured.total[:] = 6.0
    bench.gradients[:] = torch.tensor([3.0, 4.0], dtype=torch.float64)
    assert bench.make() == (1, 1, False), "numbers again, but too late"
    assert bench.column(FINITE) == [0, 1] and bench.parameters[0].tolist() == [0, 0]
    bench.measured.total[1] = math.inf
    assert bench.make() == (1, 0, True) and bench.book.exploded.all()


def test_a_goal_is_not_left_and_a_look_moves_nothing() -> None:
    bench = Bench("norm", [[3.0, 4.0], [3.0, 4.0]])
    bench.book.goals[1] = 1.5
    assert bench.make() == (0, 0, True) and not bench.parameters.any()
    bench.book.goals[1] = math.nextafter(1.5, 0)
    assert bench.make(moves=False) == (1, 0, True) and not bench.parameters.any()
    assert bench.make() == (1, 1, False) and bench.parameters.all()


@dataclass
class ChangingShapes:
    """Batches of one text of which every second one ends two timesteps early."""

    corpus: Corpus

    @property
    def signature(self) -> Signature:
        return self.corpus.signature

    def batch(self, seed: int, step: int) -> Batch:
        whole = self.corpus.batch(seed, step)
        end = len(whole.mask) - 2 * (step % 2)
        return replace(
            whole,
            inputs=whole.inputs[:end],
            targets=whole.targets[:end],
            mask=whole.mask[:end],
            is_only=False,
        )


@pytest.mark.parametrize("dropout", [0.0, 0.4], ids=["by one call", "drawn"])
def test_updates_are_of_the_batch_of_their_step_whatever_the_shape_of_the_one_before(dropout: float) -> None:
    config = ExperimentConfig(
        TextConfig("hello"), NetworkConfig("rnn", 5, 2, dropout=dropout), TrainingConfig("sgd", 0.1)
    )

    def losses() -> list[float]:
        trainer = Trainer(config, ChangingShapes(Corpus(config.text)), dtype=torch.float64)
        return [update.nll[0] for update in trainer.advance(9)]

    with using(loops=False):
        expected = losses()
    assert losses() == pytest.approx(expected, rel=1e-9)


def test_updates_after_a_look_are_those_without_one() -> None:
    """The pass of a look is there already; those of the updates that follow have to be carried out."""
    config = ExperimentConfig(TextConfig("hello"), NetworkConfig("rnn", 5), TrainingConfig("sgd", 0.1))
    plain, looked_at = (Trainer(config, Corpus(config.text)) for _ in range(2))
    looked_at.measure()
    assert looked_at.advance(7) == plain.advance(7)


def test_whoever_goes_back_before_a_change_of_rate_or_clipping_goes_on_as_before() -> None:
    training = TrainingConfig(
        "sgd", 0.1, "norm", clip_threshold=0.1, clip_from=5, rates=(RateChange(8, 0.4),)
    )
    config = ExperimentConfig(TextConfig("hello"), NetworkConfig("rnn", 5), training)
    trainer = Trainer(config, Corpus(config.text))
    before = trainer.snapshot()
    first = trainer.advance(12)
    trainer.restore(before)
    assert trainer.advance(12) == first
    assert [update.clipped[0] for update in first] == [False] * 5 + [True] * 7
    assert [update.learning_rate for update in first] == [0.1] * 8 + [0.4] * 4


def test_a_gradient_of_32_bits_keeps_its_digits_however_small_its_scale() -> None:
    """A factor of 3e-41 is a number of 32 bits of which a few digits are left."""
    bench = Bench("norm", [[3e37, -4e37]], torch.float32)
    bench.book.thresholds[:] = 1.5e-3
    bench.make()
    assert bench.gradients[0].tolist() == pytest.approx([0.9e-3, -1.2e-3], rel=1e-6)


def explosive() -> Trainer:
    """Replicas of which one explodes before the others."""
    training, network = TrainingConfig("sgd", clip="off"), NetworkConfig("rnn", 5, nonlinearity="linear")
    config = ExperimentConfig(TextConfig("hello"), network, training)
    return Trainer(config, Corpus(config.text), seeds=range(3), learning_rates=(10.0, 0.1, 3.0))


def test_a_stretch_ends_with_the_update_in_which_a_replica_explodes() -> None:
    trainer = explosive()
    while not trainer.exploded:
        stretch = trainer.stretch(1000)
    assert not stretch.is_finite and stretch.lines[:-1, :, FINITE].all()
    assert set((stretch.lines[-1, :, FINITE] == 0).nonzero()[0].tolist()) == trainer.exploded


def test_a_look_at_an_explosion_is_none_yet() -> None:
    trainer = explosive()
    trainer.network.parameters[0] = math.nan
    assert not trainer.preview().finite and not trainer.exploded
    assert not trainer.update().finite and trainer.exploded == {0}
