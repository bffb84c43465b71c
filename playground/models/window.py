"""A fixed window: a network that sees the last k symbols side by side, and nothing before them (Bengio et al. 2003).

    x_t    = [e(symbol_{t−k+1}); …; e(symbol_t)]     one-hot vectors or rows of the embedding, one after the other
    h_t    = tanh(W x_t + b)
    logits = U h_t + c
    loss_t = −log softmax(logits)[symbol_{t+1}]      in nats

Every position of the window has columns of W of its own: what was learned about a symbol at one place says nothing
about the same symbol at another, and W grows with k. Before the beginning of a sequence there is no symbol: a zero
vector.

Shapes: N predictions, K positions, E embedding (V without one), H hidden, V vocabulary.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import torch
from torch import Tensor

from playground.config import LEARNING_RATE, Choice, Range, check_fields
from playground.models import mlp
from playground.models.mlp import Pass, PredictionTrainer
from playground.models.model import RecentReader, predictions, seen
from playground.optimizers import OPTIMIZERS

WINDOW_FIELDS: Mapping[str, Choice | Range] = MappingProxyType(
    {
        "window_size": Range(1, 8),
        "window_hidden_size": Range(1, 128),
        "window_embedding": Range(0, 128),
        "window_optimizer": Choice(tuple(OPTIMIZERS)),
        "window_learning_rate": LEARNING_RATE,
        "window_seed": Range(0, 2**31 - 1),
    }
)


@dataclass(frozen=True, slots=True)
class WindowConfig:
    """What a fixed window is made of and how it learns; each field is checked by "window_<field>" of `WINDOW_FIELDS`.

    `size` is k, how many symbols are seen. `embedding` 0 reads one-hot vectors, any other number is the size of a
    learned embedding, which all positions share.

    Raises `Refusal` for the first field that is not allowed; its `field` is the name in `WINDOW_FIELDS`.
    """

    size: int = 2
    hidden_size: int = 16
    embedding: int = 0
    optimizer: str = "adam"
    learning_rate: float = 0.01
    seed: int = 0

    def __post_init__(self) -> None:
        check_fields(self, WINDOW_FIELDS, "window_")


class FixedWindow:
    """A fixed-window language model; its initial weights are torch.nn's, drawn from the config's seed alone.

    Attributes:
        parameters: by the names of torch.nn, for a module with the members `embedding` (torch.nn.Embedding, if any),
            `hidden` and `readout` (torch.nn.Linear).
    """

    def __init__(
        self, config: WindowConfig, vocabulary_size: int, *, dtype: torch.dtype = torch.float32
    ) -> None:
        self.config, self.vocabulary_size = config, vocabulary_size
        self.parameters = mlp.initial_weights(
            config.size * (config.embedding or vocabulary_size),
            config.hidden_size,
            vocabulary_size,
            embedding=config.embedding,
            seed=config.seed,
            dtype=dtype,
        )
        self._one_hot = torch.eye(vocabulary_size, dtype=dtype)

    @property
    def parameter_count(self) -> int:
        """How many weights there are."""
        return sum(parameter.numel() for parameter in self.parameters.values())

    def position_weights(self) -> Tensor:
        """The columns of W of every position, oldest first: (K, H, E). No two positions share any."""
        return self.parameters["hidden.weight"].unflatten(1, (self.config.size, -1)).transpose(0, 1)

    def forward(self, before: Tensor) -> Pass:
        """Read what is seen before every prediction, (N, K) with symbols from 1 and 0 for none."""
        p = self.parameters
        symbols = p.get("embedding.weight", self._one_hot)  # (V, E)
        rows = torch.cat([torch.zeros_like(symbols[:1]), symbols])
        return mlp.forward(p, rows[before].flatten(1))

    def backward(self, before: Tensor, targets: Tensor, made: Pass) -> dict[str, Tensor]:
        """∂(mean loss)/∂ every parameter, by name, from the pass over the same predictions; targets (N,)."""
        p = self.parameters
        gradients, grad_a = mlp.backward(p, made, targets)
        if self.config.embedding:
            grad_x = (grad_a @ p["hidden.weight"]).view(-1, self.config.embedding)  # (N · K, E)
            rows = grad_x.new_zeros(self.vocabulary_size + 1, self.config.embedding)
            gradients["embedding.weight"] = rows.index_add_(0, before.flatten(), grad_x)[1:]
        return gradients

    def log_probabilities(self, ids: Tensor) -> Tensor:
        """ln p of every next symbol: (T, …) → (T, …, V)."""
        before = seen(ids, self.config.size)
        made = self.forward(before.reshape(-1, self.config.size))
        return made.log_probabilities.view(*ids.shape, self.vocabulary_size)

    def reader(self) -> RecentReader:
        """A reader at the beginning of a sequence."""
        return RecentReader(self, self.config.size)


class WindowTrainer(PredictionTrainer[FixedWindow]):
    """Trains a fixed window on the predictions of some sequences, such as the windows of a corpus.

    Args:
        config: what to train and how.
        sequences: what is predicted is every symbol of them but the first.
        vocabulary_size: V.

    Raises ValueError if nothing is predicted.
    """

    def __init__(
        self,
        config: WindowConfig,
        sequences: Iterable[Sequence[int]],
        vocabulary_size: int,
        *,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        super().__init__(
            FixedWindow(config, vocabulary_size, dtype=dtype),
            *predictions(sequences, config.size),
        )
