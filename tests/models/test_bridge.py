"""An encoder with a decoder against the same pair in torch.nn, autograd and torch.optim, in float64."""

import gc
import itertools
import weakref
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from benchmarks.reference import TorchModel, loss_of, masked_targets
from playground.batch import NOTHING, Batch, Signature
from playground.config import NetworkConfig, TaskConfig, TrainingConfig
from playground.models.bridge import EncoderDecoder
from playground.training import Trainer
from tests.models.reference import EXACT

pytestmark = pytest.mark.usefixtures("each_engine")

READ, WRITTEN = Signature("symbols", 5, 1), Signature("symbols", 3, 4)


@dataclass(frozen=True)
class Pairs:
    """`reading` timesteps are read, the rest is written; the second sequence begins one timestep later if it is cut."""

    reading: int = 3
    writing: int = 4
    columns: int = 2
    cut: bool = True

    @property
    def signature(self) -> Signature:
        return WRITTEN

    def batch(self, seed: int, step: int) -> Batch:
        generator = torch.Generator().manual_seed(1000 * seed + step)
        shape = (self.reading + self.writing, 1, self.columns)
        inputs = torch.randint(3, shape, generator=generator)
        targets = torch.randint(4, shape, generator=generator)
        mask = torch.rand(shape, generator=generator) < 0.7
        mask[: self.reading], mask[-1] = False, True
        inputs[self.reading] = NOTHING
        if not self.cut:
            return Batch(inputs, targets, mask)
        reset = torch.zeros(shape, dtype=torch.bool)
        inputs[0, 0, -1], reset[1, 0, -1] = NOTHING, True
        return Batch(inputs, targets, mask, reset)

    def halves(self, batch: Batch) -> tuple[Batch, Batch]:
        parts = (batch.inputs, batch.targets, batch.mask)
        read, written = (
            tuple(part[own] for part in parts) for own in (slice(self.reading), slice(self.reading, None))
        )
        return Batch(*read, None if batch.reset is None else batch.reset[: self.reading]), Batch(*written)


class TorchPair(nn.Module):
    """The same in torch.nn. Parameter names are the playground's, but for an encoder's read-out, which it has not."""

    def __init__(self, config: NetworkConfig, dtype: torch.dtype = torch.float64) -> None:
        super().__init__()
        self.encoder = TorchModel(config, READ, dtype)
        self.encoder.readout = nn.Identity()  # pyright: ignore[reportAttributeAccessIssue]
        self.decoder = TorchModel(config, WRITTEN, dtype)

    def forward(self, read: Batch, written: Batch, replica: int = 0) -> Tensor:
        """The logits, (T, B, O)."""
        x = self.encoder.encode(read.inputs[:, replica])
        begins = torch.zeros(x.shape[1], dtype=torch.int64)
        if read.reset is not None:
            begins = read.reset[:, replica].int().argmax(0)
        ends: list[Any] = [
            self.encoder.rnn(x[begin:, b : b + 1])[1] for b, begin in enumerate(begins.tolist())
        ]
        if isinstance(ends[0], tuple):
            states: Any = tuple(torch.cat(parts, 1) for parts in zip(*ends, strict=True))
        else:
            states = torch.cat(ends, 1)
        h, _ = self.decoder.rnn(self.decoder.encode(written.inputs[:, replica]), states)
        return self.decoder.answer(h)


def pair(config: NetworkConfig, source: Pairs, seeds: tuple[int, ...]) -> EncoderDecoder:
    return EncoderDecoder(config, READ, WRITTEN, source.halves, seeds=seeds, dtype=torch.float64)


def torch_pair(network: EncoderDecoder, replica: int) -> TorchPair:
    model = TorchPair(network.config)
    model.load_state_dict(network.state_dict(replica), strict=True)
    return model


@pytest.mark.parametrize("seeds", [(0,), (0, 4, 7)])
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_outputs_and_every_gradient_are_torchs(cell: str, seeds: tuple[int, ...]) -> None:
    sources = (Pairs(), Pairs(2, 1, 1, cut=False), Pairs(1, 1, 3, cut=False))
    for source, (hidden, layers, embedding) in itertools.product(sources, ((4, 2, 0), (1, 1, 3))):
        network = pair(NetworkConfig(cell, hidden, layers, embedding), source, seeds)
        for step, reduction in enumerate(("mean", "sum")):
            batch = source.batch(5, step)
            trace = network.trace(batch, reduction=reduction)
            for replica in range(len(seeds)):
                model = torch_pair(network, replica)
                read, written = source.halves(batch)
                logits = model(read, written)
                loss = loss_of(logits, masked_targets(written), reduction)
                loss.backward()
                torch.testing.assert_close(trace["logits"][:, replica], logits, **EXACT)
                torch.testing.assert_close(trace["total"][replica], loss, **EXACT)
                parameters = dict(model.named_parameters())
                assert list(network.named_gradients()) == list(parameters)
                for name, gradient in network.named_gradients().items():
                    torch.testing.assert_close(gradient[replica], parameters[name].grad, msg=name, **EXACT)


def test_a_pair_begins_with_torchs_weights_bit_for_bit() -> None:
    config = NetworkConfig("gru", 6, 2, 3)
    with torch.random.fork_rng():
        torch.manual_seed(42)
        encoder = nn.ModuleDict({"embedding": nn.Embedding(5, 3), "rnn": nn.GRU(3, 6, 2)})
        decoder = TorchModel(config, WRITTEN)
    state = EncoderDecoder(config, READ, WRITTEN, Pairs().halves, seeds=(42,)).state_dict()
    expected = {f"encoder.{name}": value for name, value in encoder.state_dict().items()}
    expected |= {f"decoder.{name}": value for name, value in decoder.state_dict().items()}
    assert list(state) == list(expected)
    assert all(torch.equal(state[name], value) for name, value in expected.items())


def test_fifty_updates_are_torchs() -> None:
    source = Pairs()
    config = TaskConfig(NetworkConfig("lstm", 3), TrainingConfig(learning_rate=0.05, clip_threshold=0.5))
    network = pair(config.network, source, (3, 8))
    trainer = Trainer(config, source, seeds=(3, 8), dtype=torch.float64, network=network)
    models = [torch_pair(network, replica) for replica in range(2)]
    optimizers = [torch.optim.Adam(model.parameters(), 0.05) for model in models]
    for step in range(50):
        update = trainer.update()
        for replica, (seed, model) in enumerate(zip(trainer.seeds, models, strict=True)):
            optimizers[replica].zero_grad()
            read, written = source.halves(source.batch(seed, step))
            loss = loss_of(model(read, written), masked_targets(written))
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 0.5)
            optimizers[replica].step()
            assert update.loss[replica] == pytest.approx(loss.item(), abs=1e-9)
    assert trainer.explosion() is None
    for replica, model in enumerate(models):
        for name, value in network.state_dict(replica).items():
            torch.testing.assert_close(value, model.get_parameter(name).detach(), msg=name, **EXACT)


def test_the_trace_has_both_and_each_leaves_out_something_else() -> None:
    source = Pairs(4, 4, 3, cut=False)
    network = pair(NetworkConfig("gru", 8, 2, dropout=0.5), source, (0,))
    trace = network.trace(source.batch(0, 0), step=3)
    assert not torch.equal(trace["encoder.l1.dropout"], trace["l1.dropout"])
    torch.testing.assert_close(
        trace["encoder.l0.h"] * trace["encoder.l1.dropout"], trace["encoder.l1.x"], **EXACT
    )
    assert torch.equal(trace["encoder.inputs"], source.batch(0, 0).inputs[:4])
    assert trace["grad.encoder.l1.h"][-1].any() and trace["grad.encoder.l0.n"].any()
    copy = trace.copy()
    evaluated = network.trace(source.batch(0, 0), backward=False)
    assert (evaluated["encoder.l1.dropout"] == 1).all() and not [name for name in evaluated if "grad" in name]
    assert not torch.equal(evaluated["logits"], copy["logits"])
    with pytest.raises(RuntimeError, match="overwritten"):
        trace["encoder.l0.h"]


def test_a_pair_is_freed_without_the_garbage_collector_and_counts_its_bytes() -> None:
    source = Pairs()
    network = pair(NetworkConfig("lstm", 4, 2), source, (0,))
    empty = network.nbytes
    gc.collect()
    gc.disable()
    try:
        with torch.inference_mode():
            bridge = network.run(source.batch(0, 0), reduction="mean", backward=True)
        assert network.nbytes == empty + bridge.nbytes and bridge.nbytes > 7 * 2 * 2 * 18 * 4 * 8
        watched = [weakref.ref(each) for each in (network, bridge, bridge.encoder, bridge.decoder)]
        del network, bridge
        assert [each() for each in watched] == [None] * 4
    finally:
        gc.enable()


def test_a_decoder_has_no_second_direction() -> None:
    with pytest.raises(
        ValueError, match="bidirectional must be False for an encoder with a decoder; got True"
    ):
        pair(NetworkConfig(bidirectional=True), Pairs(), (0,))
