"""A network that reads in both directions as a model of what comes next: only what is there so far can be read.

Read as a whole, a text tells such a network at every timestep what comes next: the layer that reads backwards has just
read it. Where a text is being written, nothing comes next yet. At each timestep the network then reads all that is
there from both ends, and the answer at its last place counts.
"""

import torch
from torch import Tensor

from playground.batch import NOTHING, Batch
from playground.passes.replica import Replica
from playground.passes.unroll import unroll


class SoFarModel:
    """A `LanguageModel` (`playground/models/model.py`): one replica of a network, in one direction or in both.

    What it says of a place depends on the symbols up to there and on no others. In one direction that is the same as
    reading on.
    """

    def __init__(self, replica: Replica) -> None:
        self.replica = replica

    @property
    def vocabulary_size(self) -> int:
        """V, how many symbols there are."""
        return self.replica.signature.output_size

    @property
    def parameter_count(self) -> int:
        """How many numbers the network has learned."""
        return sum(parameter.numel() for parameter in self.replica.parameters.values())

    def log_probabilities(self, ids: Tensor) -> Tensor:
        """ln p of every symbol at every place: (T, …) → (T, …, V). Every beginning of a sequence is read by itself."""
        time = len(ids)
        columns = ids.reshape(time, 1, -1).expand(-1, time, -1)  # (T, beginnings, B)
        later = torch.arange(time)[:, None] > torch.arange(time)  # (T, beginnings): not there yet
        inputs = columns.masked_fill(later[..., None], NOTHING).reshape(time, 1, -1)
        ends = torch.zeros_like(later)
        ends[1:] = torch.eye(time, dtype=torch.bool)[:-1]  # what reads backwards begins with the last symbol
        reset = ends[..., None].expand(-1, -1, columns.shape[-1]).reshape(time, 1, -1)
        nothing = torch.zeros_like(inputs)
        read = unroll(self.replica, Batch(inputs, nothing, nothing.bool(), reset))
        places = torch.arange(time)
        logits = read.outputs.reshape(time, time, -1, self.vocabulary_size)[places, places]  # (T, B, V)
        return logits.log_softmax(-1).reshape(*ids.shape, -1)

    def reader(self) -> "SoFarReader":
        """A reader at the beginning of a sequence."""
        return SoFarReader(self.replica)


class SoFarReader:
    """Reads all that is there anew with every symbol, from both ends."""

    def __init__(self, replica: Replica) -> None:
        self._replica = replica
        self._symbols: list[int] = []

    def read(self, symbol: int) -> Tensor:
        """Read one symbol more; returns the logits (V,) of the next."""
        symbols = self._symbols
        symbols.append(symbol)
        inputs = torch.tensor(symbols).view(-1, 1, 1)
        nothing = torch.zeros_like(inputs)
        return unroll(self._replica, Batch(inputs, nothing, nothing.bool())).outputs[-1, 0]
