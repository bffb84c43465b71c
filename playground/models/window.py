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

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import init
from torch.nn.functional import linear

from playground.config import LEARNING_RATE, Choice, Range, check_fields
from playground.models.model import RecentReader, predictions, seen
from playground.optimizers import OPTIMIZERS
from playground.pieces import Pieces

BATCH = 512  # predictions of one update

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


class Pass(NamedTuple):
    """What one pass computes, forward."""

    x: Tensor  # (N, K · E)
    h: Tensor  # (N, H)
    log_probabilities: Tensor  # (N, V)


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
        hidden, inputs = config.hidden_size, config.size * (config.embedding or vocabulary_size)
        shapes = {"hidden.weight": (hidden, inputs), "hidden.bias": (hidden,)}
        shapes |= {"readout.weight": (vocabulary_size, hidden), "readout.bias": (vocabulary_size,)}
        if config.embedding:
            shapes = {"embedding.weight": (vocabulary_size, config.embedding), **shapes}
        generator = torch.Generator().manual_seed(config.seed)
        self.parameters: dict[str, Tensor] = {}
        for name, shape in shapes.items():
            drawn = torch.empty(shape)
            if name == "embedding.weight":
                init.normal_(drawn, generator=generator)
            else:
                bound = 1 / math.sqrt(hidden if name.startswith("readout") else inputs)
                init.uniform_(drawn, -bound, bound, generator=generator)
            self.parameters[name] = drawn.to(dtype)
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
        x = rows[before].flatten(1)
        h = linear(x, p["hidden.weight"], p["hidden.bias"]).tanh()
        logits = linear(h, p["readout.weight"], p["readout.bias"])
        return Pass(x, h, logits.log_softmax(1))

    def backward(self, before: Tensor, targets: Tensor, made: Pass) -> dict[str, Tensor]:
        """∂(mean loss)/∂ every parameter, by name, from the pass over the same predictions; targets (N,)."""
        p = self.parameters
        grad_logits = made.log_probabilities.exp()
        grad_logits[torch.arange(len(targets)), targets] -= 1
        grad_logits /= len(targets)
        grad_a = grad_logits @ p["readout.weight"] * (1 - made.h**2)  # (N, H): through tanh
        gradients = {
            "hidden.weight": grad_a.T @ made.x,
            "hidden.bias": grad_a.sum(0),
            "readout.weight": grad_logits.T @ made.h,
            "readout.bias": grad_logits.sum(0),
        }
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


class WindowTrainer:
    """Trains a fixed window on the predictions of some sequences, such as the windows of a corpus.

    An update takes all predictions, or, of more than `BATCH`, so many in an order drawn from the seed: each epoch
    shows every prediction once but those that are left over at its end.

    Args:
        config: what to train and how.
        sequences: what is predicted is every symbol of them but the first.
        vocabulary_size: V.

    Attributes:
        model: the network as it is now.
        losses: of every update so far, the mean loss of its predictions before it, in nats.

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
        self.model = FixedWindow(config, vocabulary_size, dtype=dtype)
        self.losses: list[float] = []
        self._before, self._targets = predictions(sequences, config.size)
        if not len(self._targets):
            raise ValueError("sequences must have one of two symbols or more; got none")
        self._gradients = {name: torch.zeros_like(each) for name, each in self.model.parameters.items()}
        self._optimizers = [
            OPTIMIZERS[config.optimizer](parameter, self._gradients[name])
            for name, parameter in self.model.parameters.items()
        ]
        self._generator = torch.Generator().manual_seed(config.seed)
        self._batches: list[Tensor] = []  # places of predictions: what is left of this epoch

    @property
    def exploded(self) -> bool:
        """Whether the last loss is no finite number; from there on nothing is learned."""
        return bool(self.losses) and not math.isfinite(self.losses[-1])

    def updates_in_pieces(self, updates: int) -> Pieces[None]:
        """Make some updates, one at a time; fewer if the loss stops being finite."""
        for made in range(updates):
            if self.exploded:
                break
            self._update()
            yield (made + 1) / updates

    def _update(self) -> None:
        before, targets = self._batch()
        made = self.model.forward(before)
        self.losses.append(-made.log_probabilities.gather(1, targets[:, None]).double().mean().item())
        if self.exploded:
            return
        for name, gradient in self.model.backward(before, targets, made).items():
            self._gradients[name].copy_(gradient)
        for optimizer in self._optimizers:
            optimizer.step(self.model.config.learning_rate)

    def _batch(self) -> tuple[Tensor, Tensor]:
        """What is seen before the predictions of this update, (N, K), and what comes, (N,)."""
        if len(self._targets) <= BATCH:
            return self._before, self._targets
        if not self._batches:
            order = torch.randperm(len(self._targets), generator=self._generator)
            self._batches = list(order[: len(order) // BATCH * BATCH].split(BATCH))
        places = self._batches.pop()
        return self._before[places], self._targets[places]
