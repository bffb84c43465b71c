"""Back-propagation through time, taken apart: what each single loss sends back, and through which use of W_hh.

    ∂L_t/∂h_k         how much the loss at t still reacts to the state at k ≤ t           the influence matrix
    ∂L/∂W_hh = Σ_t Σ_i  ∂L_t/∂a_i ⊗ h_{i−1}      one term for every loss t and every use i of the same matrix

a_i = W_hh h_{i−1} + b_hh is what the matrix gives at time i. Each term is an outer product, so its Frobenius norm
is ‖∂L_t/∂a_i‖ · ‖h_{i−1}‖ and it need not be formed. Where a gate stands between h_{i−1} and a block of W_hh, each
block has an outer product of its own, with what it met.

All losses walk back together: the backward step of the readable cells has a batch axis, and here it counts losses.
Source: S. Hochreiter's and P. Werbos's derivation as in CS224N's notes, ∂J_t/∂W_h = Σ_i ∂J_t/∂W_h at use i.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from playground.batch import Batch
from playground.cells import CELLS
from playground.models.network import Network
from playground.passes.unroll import Unrolled
from playground.pieces import InPieces, Pieces, share
from playground.trace import Trace

BLOCK_BYTES = 16_000_000  # of the tensors that one block of losses needs


@dataclass(slots=True, eq=False)
class LayerShares:
    """What came back in one layer; T losses by T timesteps, float64, NaN where k > t or nothing is predicted.

    Sums over losses have a number at every timestep: 0 where no loss follows.

    influence: by state ("h", for an LSTM also "c"), ‖∂L_t/∂h_k‖ in nats per unit, (T, T).
    cells: (T, T), norm of each term of the sum. rows: (T,), norm of loss t's sum over all uses.
    columns: (T,), norm of use i's sum over all losses. gathered: (T,), norm of the sum over all losses and all uses
    from the last down to i. lengths: (T,), norm of the sum over the losses up to t.
    gradient: (K·H, H), the whole: ∂L/∂W_hh for L = Σ_t L_t.

    Below, G is how many different things W_hh meets at a timestep: 1, h_{i−1}, or one for each of its K blocks.
    """

    influence: dict[str, Tensor]
    cells: Tensor
    rows: Tensor
    columns: Tensor
    gathered: Tensor
    lengths: Tensor
    gradient: Tensor
    uses: Tensor = field(repr=False)  # (T, K·H), Σ_t ∂L_t/∂a_i


class Backpropagation(InPieces[None]):
    """Sends every loss of a sequence back through time by itself.

    Call `advance` until it returns True, then read `layers`. Everything is for L = Σ_t L_t, the sum; the mean's
    gradients are those divided by the number of predictions. Losses go in blocks, so that memory stays bounded, and a
    piece of the work is one timestep of one layer for all losses of a block.
    """

    def __init__(self, unrolled: Unrolled) -> None:
        several = unrolled.outputs.shape[1] > 1 or unrolled.config.bidirectional
        if several or unrolled.is_held or unrolled.model.signature.readout != "each":
            raise ValueError(
                "losses are sent back through one sequence only, read forwards, nothing held, read out at each step"
            )
        self.unrolled = unrolled
        self.layers = tuple(_blank(unrolled, layer) for layer in range(unrolled.config.layers))
        super().__init__(_send_all_back(unrolled, self.layers))


def _blank(unrolled: Unrolled, layer: int) -> LayerShares:
    """A layer's shares before anything has come back."""
    time, weight = unrolled.length, unrolled.cells[layer].weights.weight_hh

    def blank(*shape: int) -> Tensor:
        return torch.full(shape, math.nan, dtype=torch.float64)

    return LayerShares(
        influence={name: blank(time, time) for name in CELLS[unrolled.config.cell].states},
        cells=blank(time, time),
        rows=blank(time),
        columns=blank(time),
        gathered=blank(time),
        lengths=blank(time),
        gradient=torch.zeros_like(weight),
        uses=weight.new_zeros(time, len(weight)),
    )


def _send_all_back(unrolled: Unrolled, layers: Sequence[LayerShares]) -> Pieces[None]:
    """All losses, a block after the other, then what needs all of them."""
    losses = unrolled.predicted[:, 0].nonzero()[:, 0]  # the timesteps that have one
    for of_block in losses.split(_losses_a_block(unrolled)) if len(losses) else ():
        done = int(torch.searchsorted(losses, of_block[0]))
        pieces = _send_back(unrolled, layers, of_block)
        yield from share(done / len(losses), (done + len(of_block)) / len(losses), pieces)
    for layer, shares in enumerate(layers):
        _gather(shares, _met(unrolled, layer))
        yield 1.0


def _losses_a_block(unrolled: Unrolled) -> int:
    """How many losses walk back together, at least 1."""
    size, rows = unrolled.config.hidden_size, unrolled.cells[0].weights.weight_hh.shape[0]
    per_loss = unrolled.length * (rows + 2 * size) + 2 * rows * size  # terms, from above, below; two sums
    return max(1, BLOCK_BYTES // (per_loss * unrolled.outputs.element_size()))


def _met(unrolled: Unrolled, layer: int) -> Tensor:
    """What W_hh met at each timestep, (T, G, H)."""
    spec = unrolled.model.spec
    if spec.meets_h:
        return unrolled.before(layer)
    return torch.cat([spec.met(step) for step in unrolled.steps[layer]])


def _send_back(unrolled: Unrolled, layers: Sequence[LayerShares], losses: Tensor) -> Pieces[None]:
    """All layers, from the top down, for N losses that stand at the ascending timesteps `losses`."""
    count, readout = len(losses), unrolled.model.parameters["readout.weight"]
    from_above = readout.new_zeros(unrolled.length, count, unrolled.config.hidden_size)  # (T, N, H)
    from_above[losses, torch.arange(count)] = unrolled.grad_outputs[losses, 0] @ readout
    for done, layer in enumerate(reversed(range(len(layers)))):
        pieces = _through_layer(unrolled, layer, layers[layer], losses, from_above)
        from_above = yield from share(done / len(layers), (done + 1) / len(layers), pieces)


def _through_layer(
    unrolled: Unrolled, layer: int, shares: LayerShares, losses: Tensor, from_above: Tensor
) -> Pieces[Tensor]:
    """Back through time in one layer. Returns the gradients of its inputs, (T, N, E)."""
    cell, steps = unrolled.cells[layer], unrolled.steps[layer]
    length, count, size = from_above.shape
    terms = from_above.new_zeros(length, count, cell.weights.weight_hh.shape[0])  # ∂L_t/∂a_i
    below = from_above.new_zeros(length, count, steps[0].x.shape[-1]) if layer else from_above
    carried = [
        from_above.new_zeros(count, size) for _ in shares.influence
    ]  # what step k + 1 sends to h_k, c_k
    met = _met(unrolled, layer)
    is_cut = unrolled.cut[:, 0].tolist()
    first_at = torch.searchsorted(losses, torch.arange(length)).tolist()
    for k in reversed(range(length)):
        first = first_at[k]  # earlier losses do not depend on this timestep
        if first == count:
            continue
        grads = [each[first:] for each in carried]
        grads[0] = grads[0] + from_above[k, first:]
        back = cell.step_backward(repeated(steps[k], count - first), *grads)
        reached = losses[first:]
        for state, before, into in zip(shares.influence, back.before, carried, strict=True):
            shares.influence[state][reached, k] = norms(getattr(back, state))
            into[first:] = 0.0 if is_cut[k] else before
        terms[k, first:] = back.recurrent
        if layer:
            below[k, first:] = back.x
        yield 1 - k / length
    _add_terms(shares, met, losses, terms)
    return below


def _add_terms(shares: LayerShares, met: Tensor, losses: Tensor, terms: Tensor) -> None:
    """The terms (T, N, K·H) of a block, and their sums: of each loss, of all losses up to it, of each use."""
    is_seen = torch.arange(len(terms)) <= losses[:, None]  # (N, T): what is read later has no part in a loss
    shares.cells[losses] = _outer_norms(terms, norms(met)[:, None]).T.where(is_seen, math.nan)
    per_loss = _summed_over_uses(terms, met, losses)  # (N, K·H, H)
    shares.rows[losses] = norms(per_loss.flatten(1))
    for t, of_loss in zip(losses.tolist(), per_loss, strict=True):  # faster than cumsum over this axis
        shares.gradient += of_loss
        shares.lengths[t] = norms(shares.gradient.flatten())
    shares.uses += terms.sum(1)


def _outer_norms(terms: Tensor, lengths: Tensor) -> Tensor:
    """Norms of the outer products of terms (…, K·H) with what W_hh met, whose lengths are (…, G): (…,)."""
    parts = norms(terms.unflatten(-1, (lengths.shape[-1], -1))) * lengths
    return parts[..., 0] if parts.shape[-1] == 1 else norms(parts)


def _gather(shares: LayerShares, met: Tensor) -> None:
    """The sums that need all losses."""
    shares.columns.copy_(_outer_norms(shares.uses, norms(met)))
    gathered = torch.zeros_like(shares.gradient)
    groups = gathered.chunk(met.shape[1])
    for i in reversed(range(len(met))):
        for of_group, use, what in zip(groups, shares.uses[i].chunk(len(groups)), met[i], strict=True):
            of_group.addr_(use, what)
        shares.gathered[i] = norms(gathered.flatten())


def trace_of_loss(network: Network, batch: Batch, t: int) -> Trace:
    """A pass of a network in which the loss at timestep `t`, from 1, is the only one: its gradients are those of L_t.

    batch: (T, 1, B). The pass ends with t, since what is read later has no part in that loss. It is a copy.
    """
    alone = torch.zeros_like(batch.mask[:t])
    alone[-1] = batch.mask[t - 1]
    return network.trace(Batch(batch.inputs[:t], batch.targets[:t], alone), reduction="sum").copy()


def _summed_over_uses(terms: Tensor, met: Tensor, losses: Tensor) -> Tensor:
    """Σ_i ∂L_t/∂a_i ⊗ what W_hh met at i, of each of N losses, (N, K·H, H).

    The terms after a loss are 0, but 0 · ∞ is not: losses before the states explode leave those states out.
    """
    finite = int(
        met.flatten(1).isfinite().all(-1).cumprod(0).sum()
    )  # timesteps before the explosion, mostly all
    early = int(torch.searchsorted(losses, finite))

    def summed(terms: Tensor, met: Tensor) -> Tensor:
        of_groups = terms.unflatten(-1, (met.shape[1], -1))
        return torch.einsum("ingb,igh->ngbh", of_groups, met).flatten(1, 2)

    if early == len(losses):
        return summed(terms[:finite], met[:finite])
    return torch.cat([summed(terms[:finite, :early], met[:finite]), summed(terms[:, early:], met)])


def repeated(step: Any, count: int) -> Any:
    """A readable cell's step over one sequence, as if `count` sequences had all taken it; nothing is copied."""

    def rows(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: rows(each) for name, each in value.items()}
        return value.expand(count, -1)

    return type(step)(*map(rows, step))


def norms(values: Tensor) -> Tensor:
    """Euclidean norms over the last axis, in float64, also of numbers whose squares are too small or too large."""
    found = torch.linalg.vector_norm(values, dim=-1, dtype=torch.float64)
    if values.dtype != torch.float64:  # float64 has room for the squares of a float32
        return found
    is_doubtful = (found < 1e-150) | (found > 1e150)
    if is_doubtful.any():
        rows = values[is_doubtful]
        largest = torch.linalg.vector_norm(rows, math.inf, dim=-1, keepdim=True)
        scale = torch.where(largest.isfinite() & (largest > 0), largest, 1.0)
        found[is_doubtful] = torch.linalg.vector_norm(rows / scale, dim=-1) * scale[..., 0]
    return found
