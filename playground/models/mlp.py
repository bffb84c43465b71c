"""One hidden layer from an input of a fixed size to the odds of the next symbol, as a fixed window and a bag have it.

    h      = tanh(W x + b)
    logits = U h + c
    loss   = −log softmax(logits)[next symbol]      in nats, the mean over all predictions

Shapes: N predictions, I inputs, H hidden, V vocabulary.
"""

import math
from collections.abc import Mapping
from typing import Generic, NamedTuple, Protocol, TypeVar

import torch
from torch import Tensor
from torch.nn import init
from torch.nn.functional import linear

from playground.optimizers import OPTIMIZERS
from playground.pieces import Pieces

BATCH = 512  # predictions of one update


class Pass(NamedTuple):
    """What one pass computes, forward."""

    x: Tensor  # (N, I)
    h: Tensor  # (N, H)
    log_probabilities: Tensor  # (N, V)


def initial_weights(
    inputs: int,
    hidden_size: int,
    vocabulary_size: int,
    *,
    embedding: int = 0,
    seed: int,
    dtype: torch.dtype = torch.float32,
) -> dict[str, Tensor]:
    """Those of torch.nn, drawn from the seed alone, for a module with the members `embedding` (torch.nn.Embedding, if
    any), `hidden` and `readout` (torch.nn.Linear)."""
    shapes = {"embedding.weight": (vocabulary_size, embedding)} if embedding else {}
    shapes |= {"hidden.weight": (hidden_size, inputs), "hidden.bias": (hidden_size,)}
    shapes |= {"readout.weight": (vocabulary_size, hidden_size), "readout.bias": (vocabulary_size,)}
    generator = torch.Generator().manual_seed(seed)
    weights: dict[str, Tensor] = {}
    for name, shape in shapes.items():
        drawn = torch.empty(shape)
        if name == "embedding.weight":
            init.normal_(drawn, generator=generator)
        else:
            bound = 1 / math.sqrt(hidden_size if name.startswith("readout") else inputs)
            init.uniform_(drawn, -bound, bound, generator=generator)
        weights[name] = drawn.to(dtype)
    return weights


def forward(parameters: Mapping[str, Tensor], x: Tensor) -> Pass:
    """Read inputs (N, I)."""
    h = linear(x, parameters["hidden.weight"], parameters["hidden.bias"]).tanh()
    logits = linear(h, parameters["readout.weight"], parameters["readout.bias"])
    return Pass(x, h, logits.log_softmax(1))


def backward(
    parameters: Mapping[str, Tensor], made: Pass, targets: Tensor
) -> tuple[dict[str, Tensor], Tensor]:
    """∂(mean loss)/∂ the four parameters, by name, and ∂(mean loss)/∂(W x + b), (N, H); targets (N,)."""
    grad_logits = made.log_probabilities.exp()
    grad_logits[torch.arange(len(targets)), targets] -= 1
    grad_logits /= len(targets)
    grad_a = grad_logits @ parameters["readout.weight"] * (1 - made.h**2)  # through tanh
    gradients = {
        "hidden.weight": grad_a.T @ made.x,
        "hidden.bias": grad_a.sum(0),
        "readout.weight": grad_logits.T @ made.h,
        "readout.bias": grad_logits.sum(0),
    }
    return gradients, grad_a


class HowItLearns(Protocol):
    """What the config of a learner says of its training; the seed is that of its first weights, too."""

    @property
    def optimizer(self) -> str:
        """Its name in `OPTIMIZERS`."""
        ...

    @property
    def learning_rate(self) -> float: ...

    @property
    def seed(self) -> int:
        """Of the order in which predictions are learned."""
        ...


class Learner(Protocol):
    """A model that learns from what is seen before predictions, one row each.

    Attributes:
        parameters: by name; changed in place by every update.
    """

    @property
    def config(self) -> HowItLearns:
        """What it is and how it learns."""
        ...

    parameters: dict[str, Tensor]

    def forward(self, before: Tensor) -> Pass:
        """Read what is seen before every prediction, (N, …)."""
        ...

    def backward(self, before: Tensor, targets: Tensor, made: Pass) -> dict[str, Tensor]:
        """∂(mean loss)/∂ every parameter, by name, from the pass over the same predictions; targets (N,)."""
        ...


Model = TypeVar("Model", bound=Learner)


class PredictionTrainer(Generic[Model]):
    """Trains a model on predictions of which each is learned by itself.

    An update takes all predictions, or, of more than `BATCH`, so many in an order drawn from the seed: each epoch
    shows every prediction once but those that are left over at its end.

    Args:
        model: what is trained, as its config says.
        before: what is seen before every prediction, (N, …). targets: the symbols that come, (N,).

    Attributes:
        model: the network as it is now.
        losses: of every update so far, the mean loss of its predictions before it, in nats.

    Raises ValueError if nothing is predicted.
    """

    def __init__(self, model: Model, before: Tensor, targets: Tensor) -> None:
        if not len(targets):
            raise ValueError("sequences must have one of two symbols or more; got none")
        self.model = model
        self.losses: list[float] = []
        self._before, self._targets = before, targets
        self._learning_rate = model.config.learning_rate
        self._gradients = {name: torch.zeros_like(each) for name, each in model.parameters.items()}
        self._optimizers = [
            OPTIMIZERS[model.config.optimizer](parameter, self._gradients[name])
            for name, parameter in model.parameters.items()
        ]
        self._generator = torch.Generator().manual_seed(model.config.seed)
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
            optimizer.step(self._learning_rate)

    def _batch(self) -> tuple[Tensor, Tensor]:
        """What is seen before the predictions of this update, (N, …), and what comes, (N,)."""
        if len(self._targets) <= BATCH:
            return self._before, self._targets
        if not self._batches:
            order = torch.randperm(len(self._targets), generator=self._generator)
            self._batches = list(order[: len(order) // BATCH * BATCH].split(BATCH))
        places = self._batches.pop()
        return self._before[places], self._targets[places]
