"""A recurrent network as a model of what comes next, beside all others."""

import torch
from torch import Tensor
from torch.nn.functional import linear

from playground.batch import Batch
from playground.passes.edits import Edits, Transplant
from playground.passes.replica import Replica
from playground.passes.unroll import States, read_on, unroll


class RecurrentModel:
    """A `LanguageModel`: one replica of a network that reads symbols and predicts the next, with or without edits."""

    def __init__(self, replica: Replica, edits: Edits = ()) -> None:
        self.replica, self.edits = replica, edits

    @property
    def vocabulary_size(self) -> int:
        """V, how many symbols there are."""
        return self.replica.signature.output_size

    @property
    def parameter_count(self) -> int:
        """How many numbers the network has learned."""
        return sum(parameter.numel() for parameter in self.replica.parameters.values())

    def log_probabilities(self, ids: Tensor) -> Tensor:
        """ln p of every symbol at every place: (T, …) → (T, …, V). Each sequence is read from its beginning."""
        read = unroll(self.replica, _asking_nothing(ids.reshape(len(ids), 1, -1)), edits=self.edits)
        return read.outputs.log_softmax(-1).reshape(*ids.shape, -1)

    def reader(self) -> "RecurrentReader":
        """A reader at the beginning of a sequence."""
        return RecurrentReader(self.replica, self.edits)


class RecurrentReader:
    """The unrolled network, gone on with by one timestep at a time: the states are kept, the steps are not.

    Raises ValueError for a transplant: its source may be a symbol that is still to come.
    """

    def __init__(self, replica: Replica, edits: Edits = ()) -> None:
        if any(isinstance(edit, Transplant) for edit in edits):
            raise ValueError("a transplant is of a text that is read as a whole")
        self.replica, self.edits = replica, edits
        self.states = States.zero(replica, 1)

    def read(self, symbol: int) -> Tensor:
        """Read one symbol; returns the logits (V,) of the next, which are its log-probabilities up to a constant."""
        if self.edits:
            read = unroll(self.replica, _asking_nothing(torch.tensor([[[symbol]]])), self.states, self.edits)
            self.states = read.final
            return read.outputs[0, 0]
        x = self.replica.table[symbol : symbol + 1]  # (1, E)
        _, (shown,), self.states = read_on(self.replica, (x,), self.states)
        return linear(shown, *self.replica.readout)[0]


def _asking_nothing(inputs: Tensor) -> Batch:
    """A batch to be read only; inputs: (T, 1, B)."""
    nothing = torch.zeros_like(inputs)
    return Batch(inputs, nothing, nothing.bool())
