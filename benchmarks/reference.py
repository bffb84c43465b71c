"""The same network the usual way, in torch.nn and autograd: the authority for tests, the rival in speed."""

from collections.abc import Callable, Mapping
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot

from benchmarks.equations import EQUATIONS, TORCH_CELLS, Loop
from playground.batch import NOTHING, Batch, Signature
from playground.cells import CELLS
from playground.config import ExperimentConfig, NetworkConfig
from playground.corpus import Corpus
from playground.training import Trainer

IGNORED = -100  # the target that torch's cross-entropy leaves out
OPTIMIZERS: Mapping[str, Callable[..., torch.optim.Optimizer]] = {
    "momentum": lambda parameters, lr: torch.optim.SGD(parameters, lr, momentum=0.9, fused=True),
    "adam": lambda parameters, lr: torch.optim.Adam(parameters, lr, fused=True),
}


class TorchModel(nn.Module):
    """Symbols or vectors, torch.nn.RNN/LSTM/GRU, linear read-out. Parameter names are the playground's.

    Where torch.nn has no such layer, it is a plain loop over the equations.
    """

    def __init__(
        self, config: NetworkConfig, signature: Signature, dtype: torch.dtype = torch.float32
    ) -> None:
        super().__init__()
        self.signature, self.dtype = signature, dtype
        self.embedding = nn.Embedding(signature.input_size, config.embedding) if config.embedding else None
        self.rnn = _recurrent(config)(
            config.embedding or signature.input_size,
            config.hidden_size,
            num_layers=config.layers,
            bidirectional=config.bidirectional,
        )
        directions = 2 if config.bidirectional else 1
        self.readout = nn.Linear(directions * config.hidden_size, signature.output_size)
        self.to(dtype)

    def encode(self, inputs: Tensor) -> Tensor:
        """(T, B) symbols as (T, B, E), NOTHING as zeros; vectors (T, B, E) as they are."""
        if self.signature.reads == "vectors":
            return inputs.to(self.dtype)
        symbols, known = inputs.clamp(min=0), (inputs != NOTHING)[..., None].to(self.dtype)
        if self.embedding is None:
            return one_hot(symbols, self.signature.input_size) * known
        return self.embedding(symbols) * known

    def answer(self, h: Tensor) -> Tensor:
        """h: (T, B, H), of all timesteps; returns logits or numbers (T, B, O)."""
        if self.signature.readout == "mean":
            h = h.cumsum(0) / torch.arange(1, len(h) + 1)[:, None, None]
        return self.readout(h)

    def forward(self, x: Tensor) -> Tensor:
        """x: (T, B, E), encoded; returns the answers (T, B, O)."""
        return self.answer(self.rnn(x)[0])


def _recurrent(config: NetworkConfig) -> Callable[..., nn.Module]:
    """torch.nn's layers of a cell, or a loop over its equations."""
    kind = config.cell, config.nonlinearity if CELLS[config.cell].has_nonlinearity else "tanh"
    if kind in TORCH_CELLS:
        extra = {"nonlinearity": config.nonlinearity} if config.cell == "rnn" else {}
        return partial({"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}[config.cell], **extra)
    spec = CELLS[config.cell]
    return partial(Loop, EQUATIONS[kind], spec.blocks, spec.states)


def masked_targets(batch: Batch, replica: int = 0) -> Tensor:
    """(T, B) targets of one replica, with `IGNORED` where there is nothing to predict."""
    return batch.targets[:, replica].masked_fill(~batch.mask[:, replica], IGNORED)


def loss_of(logits: Tensor, targets: Tensor, reduction: str = "mean") -> Tensor:
    """Cross-entropy of (T, B, V) against (T, B)."""
    return cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=IGNORED, reduction=reduction)


class TorchTraining:
    """The usual training: forward, autograd, `clip_grad_norm_`, torch.optim; from a trainer's initial weights.

    batches: how many batches of the run are encoded beforehand; updates go round in them.
    """

    def __init__(self, config: ExperimentConfig, corpus: Corpus, *, batches: int = 1) -> None:
        self.model = TorchModel(config.network, corpus.signature)
        self.model.load_state_dict(Trainer(config, corpus).network.state_dict(), strict=True)
        self.threshold = config.training.clip_threshold
        self.optimizer = OPTIMIZERS[config.training.optimizer](
            self.model.parameters(), lr=config.training.learning_rate
        )
        read = (corpus.batch(config.seed, step) for step in range(batches))
        self.batches = [(self.model.encode(batch.inputs[:, 0]), masked_targets(batch)) for batch in read]
        self.losses: list[float] = []

    def update(self) -> None:
        """One step of training."""
        x, targets = self.batches[len(self.losses) % len(self.batches)]
        self.optimizer.zero_grad()
        loss = loss_of(self.model(x), targets)
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), self.threshold)
        self.optimizer.step()
        self.losses.append(loss.item())
