"""Training on what is no text: vectors, numbers, cuts, both directions, against torch.nn, autograd and torch.optim."""

import math
from dataclasses import dataclass, replace

import pytest
import torch

from playground.batch import Batch, Signature, side_by_side
from playground.config import NetworkConfig, TaskConfig, TrainingConfig
from playground.training import Trainer
from tests.models.reference import Reference, random_batch, torch_model

pytestmark = pytest.mark.usefixtures("each_engine")

UPDATES = 50


@dataclass(frozen=True)
class Drawn:
    """Random batches, cut in odd steps only."""

    signature: Signature
    time: int = 3

    def batch(self, seed: int, step: int) -> Batch:
        return random_batch(
            self.signature,
            self.time,
            1,
            2,
            resets=bool(step % 2),
            nothing=self.signature.reads == "symbols",
            seed=1000 * seed + step,
        )


CASES = [
    (NetworkConfig("rnn", 3), Signature("vectors", 2, 1, "squared_error")),
    (NetworkConfig("lstm", 3, 2, bidirectional=True), Signature("symbols", 4, 3, readout="mean")),
    (NetworkConfig("gru", 3, 2, embedding=2), Signature("symbols", 4, 2)),
]


@pytest.mark.parametrize(("network", "signature"), CASES, ids=["numbers", "both directions", "classes"])
def test_fifty_updates_are_torchs(network: NetworkConfig, signature: Signature) -> None:
    source = Drawn(signature)
    config = TaskConfig(network, TrainingConfig(learning_rate=0.05, clip_threshold=0.5), seed=3)
    trainer = Trainer(config, source, seeds=(3, 8), dtype=torch.float64)
    models = [torch_model(trainer.network, replica) for replica in range(2)]
    optimizers = [torch.optim.Adam(model.parameters(), 0.05) for model in models]
    for step in range(UPDATES):
        update = trainer.update()
        for replica, (seed, optimizer) in enumerate(zip(trainer.seeds, optimizers, strict=True)):
            model = models[replica]
            optimizer.zero_grad()
            reference = Reference(model, source.batch(seed, step), "mean")
            norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 0.5)
            optimizer.step()
            assert update.loss[replica] == pytest.approx(reference.total.item(), abs=1e-9)
            assert update.gradient_norm[replica] == pytest.approx(norm.item(), abs=1e-9)
    assert max(trainer.preview().clips) > 0
    for replica, model in enumerate(models):
        state = trainer.network.state_dict(replica)
        for name, parameter in model.named_parameters():
            torch.testing.assert_close(state[name], parameter.detach(), rtol=0, atol=1e-9, msg=name)


def test_a_replica_trains_as_if_it_were_alone_with_dropout_too() -> None:
    source = Drawn(Signature("symbols", 4, 3))
    config = TaskConfig(NetworkConfig("lstm", 3, 3, dropout=0.4, bidirectional=True))
    both = Trainer(config, source, seeds=(1, 2), dtype=torch.float64)
    together = [update.loss for update in both.advance(6)]
    for replica, seed in enumerate((1, 2)):
        alone = [
            update.loss[0]
            for update in Trainer(config, source, seeds=(seed,), dtype=torch.float64).advance(6)
        ]
        assert [losses[replica] for losses in together] == pytest.approx(alone, abs=1e-9)


def test_a_run_with_dropout_goes_on_from_a_snapshot_as_it_went_on() -> None:
    source = Drawn(Signature("symbols", 4, 3))
    trainer = Trainer(TaskConfig(NetworkConfig("gru", 3, 2, dropout=0.4)), source)
    trainer.advance(3)
    snapshot = trainer.snapshot()
    preview, factors = trainer.preview(), trainer.measure()["l1.dropout"].clone()
    went = trainer.advance(4)
    trainer.restore(snapshot)
    assert torch.equal(trainer.measure()["l1.dropout"], factors) and not factors.all()
    assert trainer.advance(4) == went and preview == went[0]


def test_batches_side_by_side_keep_their_cuts() -> None:
    source = Drawn(Signature("symbols", 4, 3))
    plain, cut = source.batch(0, 0), source.batch(0, 1)
    both = side_by_side([plain, cut])
    assert both.reset is not None and cut.reset is not None and cut.reset.any()
    assert not both.reset[:, :1].any() and torch.equal(both.reset[:, 1:], cut.reset)
    for part in ("inputs", "targets", "mask"):
        assert torch.equal(getattr(both, part)[:, 1:], getattr(cut, part))
    assert side_by_side([plain, plain]).reset is None


@dataclass(frozen=True)
class Silent:
    """Batches in which nothing is asked."""

    signature: Signature

    def batch(self, seed: int, step: int) -> Batch:
        batch = random_batch(self.signature, 3, 1, 2)
        return replace(batch, mask=torch.zeros_like(batch.mask))


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("signature", [Signature.language(4), Signature("vectors", 2, 1, "squared_error")])
def test_where_nothing_is_asked_there_is_no_mean(signature: Signature, reduction: str) -> None:
    """As a trace has it: no prediction has no mean loss, the sum of all is 0, and so is the gradient."""
    config = TaskConfig(NetworkConfig("rnn", 3), TrainingConfig(reduction=reduction))
    trainer = Trainer(config, Silent(signature))
    traced = trainer.measure()["nll"]
    for update in (trainer.preview(), trainer.update()):
        assert math.isnan(update.nll[0]) and traced.isnan().all() and update.gradient_norm == (0.0,)
        assert update.loss[0] == 0 if reduction == "sum" else math.isnan(update.loss[0])
    assert trainer.step == 1
