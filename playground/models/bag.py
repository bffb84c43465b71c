"""A bag of symbols: a network that sees how often each symbol has come so far, and in no order.

    n_v    = how often symbol v is among those read so far
    x_v    = ln(1 + n_v)                          an input of a fixed size, however long the text
    h      = tanh(W x + b)
    logits = U h + c
    loss   = −log softmax(logits)[next symbol]    in nats

Two beginnings with the same letters in another order are one bag, so the odds after them are the same to the last bit.
The logarithm only keeps the counts of long texts small: it tells any two of them apart.

Shapes: N predictions, H hidden, V vocabulary.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import torch
from torch import Tensor

from playground.config import LEARNING_RATE, Choice, Range, check_fields
from playground.models import mlp
from playground.models.mlp import Pass, PredictionTrainer
from playground.optimizers import OPTIMIZERS

BAG_FIELDS: Mapping[str, Choice | Range] = MappingProxyType(
    {
        "bag_hidden_size": Range(1, 128),
        "bag_optimizer": Choice(tuple(OPTIMIZERS)),
        "bag_learning_rate": LEARNING_RATE,
        "bag_seed": Range(0, 2**31 - 1),
    }
)


@dataclass(frozen=True, slots=True)
class BagConfig:
    """What a bag is made of and how it learns; each field is checked by the entry "bag_<field>" of `BAG_FIELDS`.

    Raises `Refusal` for the first field that is not allowed; its `field` is the name in `BAG_FIELDS`.
    """

    hidden_size: int = 16
    optimizer: str = "adam"
    learning_rate: float = 0.01
    seed: int = 0

    def __post_init__(self) -> None:
        check_fields(self, BAG_FIELDS, "bag_")


def bags(ids: Tensor, vocabulary_size: int) -> Tensor:
    """How often each symbol is among those up to every place: (T, …) → (T, …, V), int64."""
    counts = torch.zeros(*ids.shape, vocabulary_size, dtype=torch.int64)
    return counts.scatter_(-1, ids[..., None], 1).cumsum(0)


def bags_before_predictions(
    sequences: Iterable[Sequence[int]], vocabulary_size: int
) -> tuple[Tensor, Tensor]:
    """The bag before every symbol but the first of its sequence, (N, V) int16, and these symbols, (N,)."""
    lines = [torch.tensor(line) for line in sequences if len(line) > 1]
    if not lines:
        return torch.zeros(0, vocabulary_size, dtype=torch.int16), torch.zeros(0, dtype=torch.int64)
    before = torch.cat([bags(line[:-1], vocabulary_size).short() for line in lines])
    return before, torch.cat([line[1:] for line in lines])


class Bag:
    """A bag as a language model; its initial weights are torch.nn's, drawn from the config's seed alone.

    Attributes:
        parameters: by the names of torch.nn, for a module with the members `hidden` and `readout` (torch.nn.Linear).
    """

    def __init__(
        self, config: BagConfig, vocabulary_size: int, *, dtype: torch.dtype = torch.float32
    ) -> None:
        self.config, self.vocabulary_size = config, vocabulary_size
        self.parameters = mlp.initial_weights(
            vocabulary_size, config.hidden_size, vocabulary_size, seed=config.seed, dtype=dtype
        )

    @property
    def parameter_count(self) -> int:
        """How many weights there are."""
        return sum(parameter.numel() for parameter in self.parameters.values())

    def forward(self, before: Tensor) -> Pass:
        """Read the bags before predictions, (N, V) counts."""
        return mlp.forward(self.parameters, before.to(self.parameters["hidden.bias"].dtype).log1p())

    def backward(self, before: Tensor, targets: Tensor, made: Pass) -> dict[str, Tensor]:
        """∂(mean loss)/∂ every parameter, by name, from the pass over the same predictions; targets (N,)."""
        del before  # it is in the pass
        return mlp.backward(self.parameters, made, targets)[0]

    def log_probabilities(self, ids: Tensor) -> Tensor:
        """ln p of every next symbol: (T, …) → (T, …, V)."""
        before = bags(ids, self.vocabulary_size)
        made = self.forward(before.reshape(-1, self.vocabulary_size))
        return made.log_probabilities.view(before.shape)

    def reader(self) -> "BagReader":
        """A reader at the beginning of a sequence."""
        return BagReader(self)


class BagReader:
    """A bag reading one symbol at a time: the counts are all that it keeps."""

    def __init__(self, model: Bag) -> None:
        self._model = model
        self._counts = torch.zeros(1, model.vocabulary_size, dtype=torch.int64)

    def read(self, symbol: int) -> Tensor:
        """Read one symbol; returns the log-probabilities (V,) of the next."""
        self._counts[0, symbol] += 1
        return self._model.forward(self._counts).log_probabilities[0]


class BagTrainer(PredictionTrainer[Bag]):
    """Trains a bag on the predictions of some sequences, such as the windows of a corpus.

    Args:
        config: what to train and how.
        sequences: what is predicted is every symbol of them but the first.
        vocabulary_size: V.

    Raises ValueError if nothing is predicted.
    """

    def __init__(
        self,
        config: BagConfig,
        sequences: Iterable[Sequence[int]],
        vocabulary_size: int,
        *,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        super().__init__(
            Bag(config, vocabulary_size, dtype=dtype),
            *bags_before_predictions(sequences, vocabulary_size),
        )
