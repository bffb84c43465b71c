"""The matrix products of a pass as instructions for compiled loops."""

import torch
from torch import Tensor

from playground.cells.fast import OverTime, Product
from playground.kernels.program import Instruction


class Compiled(OverTime):
    """Any R. Programs do not skip the zeros of one-hot vectors one by one: they select rows, always."""

    is_compiled = True
    selects_from = 0

    def add(self, a: Tensor, b: Tensor, out: Tensor) -> Product:
        sizes = self.replicas, a.shape[-1], *map(_stride, (a, b, out))
        return Instruction("add", sizes, (a, b, out))

    def multiply(self, a: Tensor, b: Tensor, out: Tensor) -> Product:
        return Instruction("multiply", (a.numel(),), (a, b, out))

    def total_loss(self, loss: Tensor, out: Tensor) -> Product:
        return Instruction("sum_of_losses", self._shape, (loss, out))

    def affine(self, x: Tensor, weight: Tensor, bias: Tensor, out: Tensor) -> Product:
        size, width = weight.shape[1:]
        sizes = *self._shape, width, size, _stride(weight), _stride(bias)
        return Instruction("affine", sizes, (x, weight, bias, out, self._turned(width, size)))

    def product(self, x: Tensor, weight: Tensor, out: Tensor) -> Product:
        width, size = weight.shape[1:]
        sizes = *self._shape, width, size, _stride(weight), x.stride(2)
        return Instruction("product", sizes, (x, weight, out))

    def outer(self, grad: Tensor, x: Tensor, out: Tensor) -> Product:
        size, width = out.shape[1:]
        sizes = *self._shape, size, width, _stride(out), grad.stride(2)
        return Instruction("outer", sizes, (grad, x, out, self._rows()))

    def total(self, grad: Tensor, out: Tensor) -> Product:
        copies, size = out.shape[1:]
        sizes = *self._shape, size, copies, _stride(out), grad.stride(2)
        return Instruction("total", sizes, (grad, out, self._turned(1, size), self._rows()))

    def select(self, rows: Tensor, matrix: Tensor, bias: Tensor | None, out: Tensor) -> Product:
        symbols, size = matrix.shape[1:]
        is_turned, turned = self._table(matrix)
        of_bias = 0 if bias is None else _stride(bias)
        sizes = *self._shape, symbols, size, _stride(matrix), is_turned, of_bias
        return Instruction("select", sizes, (rows, matrix, out, turned, bias))

    def gather(self, grad: Tensor, rows: Tensor, out: Tensor) -> Product:
        symbols, size = out.shape[1:]
        is_turned, turned = self._table(out)
        sizes = *self._shape, symbols, size, _stride(out), is_turned, grad.stride(2)
        return Instruction("gather", sizes, (grad, rows, out, turned))

    def turned_weights(self, weight: Tensor) -> Tensor:
        """Where a layer's loop puts the columns of a weight (R, m, n), one replica after the other."""
        size, width = weight.shape[1:]
        return self._turned(width, size)

    @property
    def _shape(self) -> tuple[int, int, int]:
        return self.time, self.replicas, self.batch

    def _table(self, matrix: Tensor) -> tuple[bool, Tensor | None]:
        """Whether the rows of a matrix (R, V, n) are another's columns, and if so where they are put."""
        symbols, size = matrix.shape[1:]
        is_turned = matrix.stride(1) == 1 and size > 1
        return is_turned, self._turned(symbols, size) if is_turned else None

    def _rows(self) -> Tensor:
        """The numbers (R, T·B) of the rows of each replica in a buffer (T, R, B, ·)."""
        if "rows" not in self._scratch:
            rows = torch.arange(self.time * self.replicas * self.batch).view(self._shape)
            self._scratch["rows"] = rows.transpose(0, 1).reshape(self.replicas, -1).contiguous()
        return self._scratch["rows"]

    def _turned(self, rows: int, columns: int) -> Tensor:
        """A matrix that no instruction needs any more when the next one is carried out."""
        name = f"turned {rows * columns}"
        if name not in self._scratch:
            self._scratch[name] = torch.zeros(rows, columns, dtype=self.dtype)
        return self._scratch[name]


def _stride(tensor: Tensor) -> int:
    """Bytes from one replica to the next."""
    return tensor.stride(0) * tensor.element_size()
