"""Back-propagation through time, taken apart: what each single loss sends back, and through which use of W_hh.

    ∂L_t/∂h_k         how much the loss at t still reacts to the state at k ≤ t           the influence matrix
    ∂L/∂W_hh = Σ_t Σ_i  ∂L_t/∂a_i ⊗ h_{i−1}      one term for every loss t and every use i of the same matrix

a_i = W_hh h_{i−1} + b_hh is what the matrix gives at time i. Each term is an outer product, so its Frobenius norm
is ‖∂L_t/∂a_i‖ · ‖h_{i−1}‖ and it need not be formed.

All losses walk back together: the backward step of the readable cells has a batch axis, and here it counts losses.
Source: S. Hochreiter's and P. Werbos's derivation as in CS224N's notes, ∂J_t/∂W_h = Σ_i ∂J_t/∂W_h at use i.
"""

import math
import time
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from playground.analysis.unrolled import Unrolled
from playground.cells import CELLS

BLOCK_BYTES = 16_000_000  # of the tensors that one block of losses needs


@dataclass(slots=True, eq=False)
class LayerShares:
    """What came back in one layer; T losses by T timesteps, float64, NaN where k > t or nothing is predicted.

    influence: by state ("h", for an LSTM also "c"), ‖∂L_t/∂h_k‖ in nats per unit, (T, T).
    cells: (T, T), norm of each term of the sum. rows: (T,), norm of loss t's sum over all uses.
    columns: (T,), norm of use i's sum over all losses. gathered: (T,), norm of the sum over all losses and all uses
    from the last down to i. lengths: (T,), norm of the sum over the losses up to t.
    gradient: (K·H, H), the whole: ∂L/∂W_hh for L = Σ_t L_t.
    """

    influence: dict[str, Tensor]
    cells: Tensor
    rows: Tensor
    columns: Tensor
    gathered: Tensor
    lengths: Tensor
    gradient: Tensor
    uses: Tensor = field(repr=False)  # (T, K·H), Σ_t ∂L_t/∂a_i


class Backpropagation:
    """Sends every loss of a sequence back through time by itself.

    The work is cut into blocks of losses, so that memory stays bounded and a page can show how far it is:
    call `advance` until it returns True, then read `layers`. Everything is for L = Σ_t L_t, the sum; the
    mean's gradients are those divided by the number of predictions.
    """

    def __init__(self, unrolled: Unrolled) -> None:
        self.unrolled = unrolled
        time_, size = unrolled.length, unrolled.config.hidden_size
        self._states = CELLS[unrolled.config.cell].states
        self._losses = unrolled.predicted.nonzero()[:, 0]  # the timesteps that have one
        self._done = 0
        rows = unrolled.cells[0].weights.weight_hh.shape[0]
        per_loss = time_ * (rows + 2 * size) + 2 * rows * size
        self._block = max(1, BLOCK_BYTES // (per_loss * unrolled.losses.element_size()))

        def blank(*shape: int) -> Tensor:
            return torch.full(shape, math.nan, dtype=torch.float64)

        self.layers = tuple(
            LayerShares(
                influence={name: blank(time_, time_) for name in self._states},
                cells=blank(time_, time_),
                rows=blank(time_),
                columns=blank(time_),
                gathered=blank(time_),
                lengths=blank(time_),
                gradient=torch.zeros_like(cell.weights.weight_hh),
                uses=unrolled.losses.new_zeros(time_, rows),
            )
            for cell in unrolled.cells
        )

    @property
    def progress(self) -> float:
        """Share of the losses that have been sent back, 0 … 1."""
        return self._done / max(1, len(self._losses))

    def advance(self, budget: float = math.inf) -> bool:
        """Go on for about `budget` seconds of processor time, at least one block. Returns whether all is done."""
        deadline = time.thread_time() + budget
        with torch.inference_mode():
            while self._done < len(self._losses):
                block = self._losses[self._done : self._done + self._block]
                self._send_back(block)
                self._done += len(block)
                if self._done == len(self._losses):
                    self._close()
                elif time.thread_time() >= deadline:
                    return False
        return True

    def _send_back(self, losses: Tensor) -> None:
        """All layers, from the top down, for N losses that stand at the ascending timesteps `losses`."""
        unrolled = self.unrolled
        count, readout = len(losses), unrolled.parameters["readout.weight"]
        from_above = readout.new_zeros(unrolled.length, count, unrolled.config.hidden_size)  # (T, N, H)
        from_above[losses, torch.arange(count)] = unrolled.grad_logits[losses] @ readout
        for layer in reversed(range(unrolled.config.layers)):
            from_above = self._through_layer(layer, losses, from_above)

    def _through_layer(self, layer: int, losses: Tensor, from_above: Tensor) -> Tensor:
        """Back through time in one layer. Returns the gradients of its inputs, (T, N, E)."""
        cell, steps, shares = self.unrolled.cells[layer], self.unrolled.steps[layer], self.layers[layer]
        length, count, size = from_above.shape
        terms = from_above.new_zeros(length, count, cell.weights.weight_hh.shape[0])  # ∂L_t/∂a_i
        below = from_above.new_zeros(length, count, steps[0].x.shape[-1]) if layer else from_above
        carried = [
            from_above.new_zeros(count, size) for _ in self._states
        ]  # ∂L_t/∂(h_k, c_k) from step k + 1
        first_at = torch.searchsorted(losses, torch.arange(length)).tolist()
        for k in reversed(range(length)):
            first = first_at[k]  # earlier losses do not depend on this timestep
            if first == count:
                continue
            grads = [each[first:] for each in carried]
            grads[0] = grads[0] + from_above[k, first:]
            back = cell.step_backward(repeated(steps[k], count - first), *grads)
            reached = losses[first:]
            shares.influence["h"][reached, k] = _norms(grads[0])
            if "c" in shares.influence:
                shares.influence["c"][reached, k] = _norms(back.c)
                carried[1][first:] = back.c_before
            carried[0][first:] = back.h_before
            terms[k, first:] = back.recurrent
            if layer:
                below[k, first:] = back.x
        self._add_terms(layer, losses, terms)
        return below

    def _add_terms(self, layer: int, losses: Tensor, terms: Tensor) -> None:
        """The norms of the terms (T, N, K·H) of a block, of their sums, and of all losses up to each."""
        shares, before = self.layers[layer], self.unrolled.before(layer)
        visible = losses[:, None] >= torch.arange(len(before))  # (N, T): a loss reaches no later use
        cells = _norms(terms).T * _norms(before)
        shares.cells[losses] = cells.masked_fill(~visible, math.nan)
        per_loss = torch.einsum("inb,ih->nbh", terms, before)  # (N, K·H, H)
        shares.rows[losses] = _norms(per_loss.flatten(1))
        shares.lengths[losses] = _norms((shares.gradient + per_loss.cumsum(0)).flatten(1))
        shares.gradient += per_loss.sum(0)
        shares.uses += terms.sum(1)

    def _close(self) -> None:
        """What needs all losses."""
        for layer, shares in enumerate(self.layers):
            before = self.unrolled.before(layer)
            shares.columns.copy_(_norms(shares.uses) * _norms(before))
            gathered = torch.zeros_like(shares.gradient)
            for i in reversed(range(len(before))):
                gathered.addr_(shares.uses[i], before[i])
                shares.gathered[i] = _norms(gathered.flatten())


def repeated(step: Any, count: int) -> Any:
    """A readable cell's step over one sequence, as if `count` sequences had all taken it; nothing is copied."""

    def rows(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: rows(each) for name, each in value.items()}
        return value.expand(count, -1)

    return type(step)(*map(rows, step))


def _norms(values: Tensor) -> Tensor:
    """Euclidean norms over the last axis, in float64: the squares of a vanishing float32 gradient underflow."""
    return torch.linalg.vector_norm(values, dim=-1, dtype=torch.float64)
