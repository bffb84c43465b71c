"""The same network the usual way, in torch.nn and autograd: the authority for tests, the rival in speed."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot

from playground.batch import Batch, Signature
from playground.config import ExperimentConfig, NetworkConfig
from playground.corpus import Corpus
from playground.training import Trainer

IGNORED = -100  # the target that torch's cross-entropy leaves out
OPTIMIZERS: Mapping[str, Callable[..., torch.optim.Optimizer]] = {
    "momentum": lambda parameters, lr: torch.optim.SGD(parameters, lr, momentum=0.9, fused=True),
    "adam": lambda parameters, lr: torch.optim.Adam(parameters, lr, fused=True),
}


class TorchModel(nn.Module):
    """One-hot or embedding, torch.nn.RNN/LSTM/GRU, linear read-out. Parameter names are the playground's."""

    def __init__(
        self, config: NetworkConfig, signature: Signature, dtype: torch.dtype = torch.float32
    ) -> None:
        """The RNN's nonlinearity must be one that torch.nn has: "tanh" or "relu"."""
        super().__init__()
        self.signature, self.dtype = signature, dtype
        self.embedding = nn.Embedding(signature.input_size, config.embedding) if config.embedding else None
        kind = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}[config.cell]
        extra = {"nonlinearity": config.nonlinearity} if config.cell == "rnn" else {}
        self.rnn = kind(
            config.embedding or signature.input_size, config.hidden_size, num_layers=config.layers, **extra
        )
        self.readout = nn.Linear(config.hidden_size, signature.output_size)
        self.to(dtype)

    def encode(self, symbols: Tensor) -> Tensor:
        """(T, B) symbols as (T, B, E)."""
        if self.embedding is None:
            return one_hot(symbols, self.signature.input_size).to(self.dtype)
        return self.embedding(symbols)

    def forward(self, x: Tensor) -> Tensor:
        """x: (T, B, E), encoded; returns the logits (T, B, V)."""
        return self.readout(self.rnn(x)[0])


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
