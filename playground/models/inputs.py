"""What the lowest layer reads: symbols as one-hot vectors or rows of an embedding, or vectors as they come.

No symbol (`playground.batch.NOTHING`) is a vector of zeros.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from playground.batch import Signature
from playground.cells.fast import OverTime, Product
from playground.config import NetworkConfig


class Vectors:
    """Vectors (T, R, B, E) as they come.

    Attributes:
        given: what was read, in the form of a batch. x, grad_x: (T, R, B, E), what the lowest layer reads and where
            ∂L/∂x goes, None where nobody asks. rows: symbols in the form that `FastLayer` wants, if there are any.
        forward, collect: what is computed before the lowest layer, and after the way back.
    """

    def __init__(self, over_time: OverTime, size: int) -> None:
        self.given = self.x = over_time.zeros(size)
        self.grad_x: Tensor | None = None
        self.rows: Tensor | None = None
        self.forward: tuple[Product, ...] = ()
        self.collect: tuple[Product, ...] = ()

    def read(self, inputs: Tensor) -> None:
        """Take over what a batch has."""
        self.given.copy_(inputs)

    def buffers(self) -> list[Tensor]:
        """All buffers, for counting bytes."""
        return [self.x]


class OneHot(Vectors):
    """Symbols as one-hot vectors."""

    def __init__(self, over_time: OverTime, size: int) -> None:
        super().__init__(over_time, size)
        self.given = _symbols(over_time)
        self.rows = self._rows = _symbols(over_time)
        self._table = torch.eye(size + 1, size, dtype=over_time.dtype)  # its last row is that of no symbol
        self._flat = self._rows.view(-1), self.x.view(-1, size)

    def read(self, inputs: Tensor) -> None:
        self.given.copy_(inputs)
        _rows(self.given, len(self._table) - 1, self._rows)
        rows, x = self._flat
        torch.index_select(self._table, 0, rows, out=x)

    def buffers(self) -> list[Tensor]:
        return [self.given, self._rows, self.x, self._table]


class Embedded(Vectors):
    """Symbols as rows of an embedding (R, V, E)."""

    def __init__(self, over_time: OverTime, weight: Tensor, gradient: Tensor) -> None:
        super().__init__(over_time, weight.shape[-1])
        self.given, self._rows = _symbols(over_time), _symbols(over_time)
        self._size = weight.shape[1]
        self.grad_x = over_time.zeros(weight.shape[-1])
        self.forward = (over_time.select(self._rows, weight, None, self.x),)
        self.collect = (over_time.gather(self.grad_x, self._rows, gradient),)

    def read(self, inputs: Tensor) -> None:
        self.given.copy_(inputs)
        _rows(self.given, self._size, self._rows)

    def buffers(self) -> list[Tensor]:
        assert self.grad_x is not None
        return [self.given, self._rows, self.x, self.grad_x]


def inputs_for(
    config: NetworkConfig,
    signature: Signature,
    parameters: Mapping[str, Tensor],
    gradients: Mapping[str, Tensor],
    over_time: OverTime,
) -> Vectors:
    """What a network of this kind reads with. parameters, gradients: views by name."""
    if signature.reads == "vectors":
        return Vectors(over_time, signature.input_size)
    if config.embedding:
        return Embedded(over_time, parameters["embedding.weight"], gradients["embedding.weight"])
    return OneHot(over_time, signature.input_size)


def _symbols(over_time: OverTime) -> Tensor:
    """A buffer (T, R, B) of symbols."""
    return torch.zeros(over_time.time, over_time.replicas, over_time.batch, dtype=torch.int64)


def _rows(symbols: Tensor, size: int, out: Tensor) -> None:
    """The rows of a table in which symbols stand: NOTHING, −1, in the row after the last symbol's."""
    torch.remainder(symbols, size + 1, out=out)
