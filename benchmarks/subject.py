"""One sequence and one network on the Gradients page: what the page computes, and the same by autograd."""

from functools import cached_property

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from benchmarks.cell_loop import CellLoop
from benchmarks.texts import random_text
from playground.analysis.backpropagation import Backpropagation
from playground.analysis.gradient_tables import Reading
from playground.analysis.jacobians import carry_shares, jacobian_sizes
from playground.cells import CELLS, LayerWeights
from playground.config import NetworkConfig, TextConfig
from playground.corpus import Corpus
from playground.models.network import Network
from playground.passes.autograd import autograd_gradients
from playground.passes.replica import copy_of, parameters_of
from playground.passes.unroll import Unrolled, unroll

VOCABULARY = 27


class Subject:
    """An untrained network and the one sequence it reads."""

    def __init__(self, cell: str, length: int, hidden_size: int) -> None:
        config = TextConfig(random_text(min(VOCABULARY, length), length), sequence_length=length)
        self.config = NetworkConfig(cell, hidden_size=hidden_size)
        self.corpus = Corpus(config)
        self.network = Network(self.config, self.corpus.signature, seeds=(0,))
        self.batch = self.corpus.window_batch(0)
        self.name = f"{cell}, T = {length}, H = {hidden_size}"

    def unrolled(self, dtype: torch.dtype = torch.float32) -> Unrolled:
        """The sequence, read."""
        with torch.inference_mode():
            return unroll(copy_of(self.network, dtype), self.batch)

    def sent_back(self) -> Backpropagation:
        """The sequence, read, and every loss sent back."""
        job = Backpropagation(self.unrolled())
        job.advance()
        return job

    def opened(self) -> None:
        """All that the page computes for its first three panels, the last loss chosen."""
        job = self.sent_back()
        cell, t = CELLS[self.config.cell], job.unrolled.length
        exact = self.unrolled(torch.float64)
        sizes = [jacobian_sizes(exact, layer) for layer in range(self.config.layers)]
        autograd_gradients(copy_of(self.network), self.batch)
        reading = Reading(self.batch, self.corpus.labels, step=0)
        reading.influence(job)
        reading.contributions(job, scale=1 / t)
        reading.buildup(job, t=t, scale=1 / t)
        reading.lengths(job)
        reading.decay(job, sizes, layer=1, t=t)
        reading.jacobians(sizes, has_carry=cell.carries("h"))
        if cell.carry is not None:
            reading.carry(carry_shares(self.unrolled(torch.float64), 0, t - 1), layer=1, t=t)

    def influence(self) -> dict[str, Tensor]:
        """Our side: the influence matrix."""
        return self.sent_back().layers[0].influence

    def influence_by_autograd(self) -> dict[str, Tensor]:
        """The other side: one call for every loss."""
        return self._loop.influence(*self._read)

    def influence_by_autograd_at_once(self) -> dict[str, Tensor]:
        """The other side, when it knows how to send all losses back side by side."""
        return self._loop.influence_at_once(*self._read)

    @cached_property
    def _loop(self) -> CellLoop:
        parameters = parameters_of(self.network)
        weights = LayerWeights(*(parameters[f"rnn.{name}_l0"] for name in LayerWeights._fields))
        return CellLoop(self.config.cell, weights)

    @cached_property
    def _read(self) -> tuple[Tensor, nn.Linear, Tensor]:
        """What the loop reads, encoded, its read-out, and the targets."""
        parameters = parameters_of(self.network)
        readout = nn.Linear(self.config.hidden_size, len(self.corpus.vocabulary))
        readout.load_state_dict({name: parameters[f"readout.{name}"] for name in ("weight", "bias")})
        x = one_hot(self.batch.inputs[:, 0], len(self.corpus.vocabulary)).float()
        return x, readout, self.batch.targets[:, 0, 0]
