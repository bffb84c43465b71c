"""Why a gradient vanishes or explodes: each step's Jacobian, and what it is made of.

    ∂h_k/∂h_{k−1} = C_k + D_k W_hh

W_hh is the same at every timestep. D_k = ∂h_k/∂(W_hh h_{k−1} + b_hh) is the part of the activations: it shrinks where
they saturate. C_k is what passes without meeting the matrix: nothing in a vanilla RNN, diag(z_k) in a GRU,
diag(1 − f_k) in an MGU. An LSTM's carry runs from c to c instead, diag(f_k). Where a gate stands between h_{k−1} and a
block of W_hh, as before an MGU's candidate, the columns of that block are multiplied by it. A cell says all of this
of itself (`CellSpec`).

    RNN   D = diag(φ′(a))
    LSTM  D = [diag(d_c ∘ g ∘ i(1−i)), diag(d_c ∘ c′ ∘ f(1−f)), diag(d_c ∘ i ∘ (1−g²)), diag(tanh(c) ∘ o(1−o))]
          with d_c = o ∘ (1 − tanh²(c))
    GRU   D = [diag(d_n ∘ past ∘ r(1−r)), diag((h′−n) ∘ z(1−z)), diag(d_n ∘ r)]  with d_n = (1−z) ∘ (1−n²)
    MGU   D = [(diag(n−h′) + diag(d_n) W_hn diag(h′)) diag(f(1−f)), diag(d_n)]   with d_n = f ∘ (1−n²)

They are found by sending the H unit vectors back through one step of the readable cell. Formula of the vanilla RNN:
Pascanu, Mikolov & Bengio 2013, eq. 5.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from playground.analysis.backpropagation import norms, repeated
from playground.cells.nonlinearity import NONLINEARITIES
from playground.models.initialization import spectral_radius
from playground.passes.unroll import Unrolled
from playground.pieces import Pieces, all_of

TOGETHER = 8  # steps that are measured in one piece of work
SATURATED = 0.1  # of the steepest slope that the nonlinearity has


class StepJacobian(NamedTuple):
    """∂h_k/∂h_{k−1} and its parts: whole = carry + activation · weight."""

    whole: Tensor  # (H, H): row j is the gradient of unit j
    activation: Tensor  # (H, K·H): D_k
    weight: Tensor  # (K·H, H): W_hh, its columns multiplied by the gate between h_{k−1} and a block
    carry: Tensor  # (H, H): C_k


def step_jacobian(unrolled: Unrolled, layer: int, k: int) -> StepJacobian:
    """The Jacobian of one step of one layer; k and layer count from 0, and k ≥ 1."""
    spec, cell, step = unrolled.model.spec, unrolled.cells[layer], unrolled.steps[layer][k]
    size = unrolled.config.hidden_size
    unit = torch.eye(size, dtype=step.h.dtype)
    others = [torch.zeros_like(unit) for _ in step.state[1:]]
    back = cell.step_backward(repeated(step, size), unit, *others)
    weight = cell.weights.weight_hh.unflatten(0, (spec.blocks, size)) * spec.lets_in(step)[0, :, None]
    carry = torch.diag(spec.kept(step)[0]) if spec.carries("h") else torch.zeros_like(unit)
    parts = StepJacobian(back.h_before, back.recurrent, weight.flatten(0, 1), carry)
    if unrolled.cut[k, 0]:  # the step read zeros, whatever h_{k−1} was
        zero = torch.zeros_like
        return StepJacobian(zero(parts.whole), parts.activation, zero(parts.weight), zero(parts.carry))
    return parts


class JacobianSizes(NamedTuple):
    """Of every step from the second on, (T − 1,) each, float64; NaN where a Jacobian is not finite."""

    largest: Tensor  # singular value of the whole
    smallest: Tensor  # 0 where it is lost in the rounding of the largest
    activation: Tensor  # largest singular value of D_k
    carry: Tensor  # largest singular value of C_k
    saturated: Tensor  # share of gates and activations whose slope is below a tenth of the steepest
    weight: float  # largest singular value of W_hh
    radius: float  # spectral radius of W_hh; NaN where it is not square


def jacobian_sizes(unrolled: Unrolled, layer: int) -> JacobianSizes:
    """Singular values of all steps of one layer (counted from 0)."""
    return all_of(jacobian_sizes_in_pieces(unrolled, layer))


def jacobian_sizes_in_pieces(unrolled: Unrolled, layer: int) -> Pieces[JacobianSizes]:
    """The same, a few steps at a time."""
    steps, weight = unrolled.steps[layer][1:], unrolled.cells[layer].weights.weight_hh
    names = ("largest", "smallest", "activation", "carry", "saturated")
    sizes = {name: torch.full((len(steps),), float("nan"), dtype=torch.float64) for name in names}
    for first in range(0, len(steps), TOGETHER):
        numbers = range(first, min(first + TOGETHER, len(steps)))
        jacobians = [step_jacobian(unrolled, layer, i + 1) for i in numbers]
        singular = _singular_values(torch.stack([jacobian.whole for jacobian in jacobians]))
        for i, jacobian, of_step in zip(numbers, jacobians, singular, strict=True):
            # A ReLU of what is not a number has a slope of 0, and that would look like a Jacobian.
            if bool(torch.isfinite(steps[i].h).all()) and not bool(of_step[0].isnan()):
                sizes["largest"][i], sizes["smallest"][i] = of_step[0], of_step[-1]
                sizes["activation"][i] = _largest(jacobian.activation, diagonal=unrolled.model.spec.meets_h)
                sizes["carry"][i] = jacobian.carry.abs().max()
                sizes["saturated"][i] = _saturated(unrolled, steps[i])
        yield (first + len(jacobians)) / len(steps)
    is_square, is_finite = weight.shape[0] == weight.shape[1], bool(torch.isfinite(weight).all())
    radius = spectral_radius(weight.double()) if is_square and is_finite else float("nan")
    of_weight = float(_singular_values(weight.double()[None])[0, 0])
    return JacobianSizes(**sizes, weight=of_weight, radius=radius)


def _largest(activation: Tensor, *, diagonal: bool) -> Tensor:
    """The largest singular value of D_k, (H, K·H).

    diagonal: whether all its blocks are. Then its rows have no column in common, and their lengths are the values.
    """
    return norms(activation).max() if diagonal else _singular_values(activation[None])[0, 0]


def _singular_values(matrices: Tensor) -> Tensor:
    """(N, m, n) → (N, min(m, n)), largest first, float64; NaN for a matrix that is not finite.

    What is below max(m, n)·ε of the largest, ε that of the matrices' precision, is rounding and counts as 0: the bound
    of `torch.linalg.matrix_rank`.
    """
    found = torch.full((len(matrices), min(matrices.shape[1:])), float("nan"), dtype=torch.float64)
    is_finite = torch.isfinite(matrices).flatten(1).all(1)
    exact = torch.linalg.svdvals(matrices[is_finite].double())
    rounding = max(matrices.shape[1:]) * torch.finfo(matrices.dtype).eps * exact[:, :1]
    found[is_finite] = exact.masked_fill(exact < rounding, 0.0)
    return found


def _saturated(unrolled: Unrolled, step: Any) -> Tensor:
    """Share of a step's gates and activations that hardly let a gradient pass."""
    names: dict[str, list[Tensor]] = {}
    for name, gate in unrolled.model.spec.gates.items():
        names.setdefault(gate.squash, []).append(getattr(step, name))
    flat = []
    for name, activations in (names or {unrolled.config.nonlinearity: [step.h]}).items():
        slope = NONLINEARITIES[name].slope(torch.cat(activations, dim=-1))
        flat.append(slope < SATURATED * (0.25 if name == "sigmoid" else 1.0))
    return torch.cat(flat, dim=-1).double().mean()


class CarryShares(NamedTuple):
    """∂s_t/∂s_k of the state s that a cell carries, for one t and every k ≤ t, (t + 1,) each, float64.

    The size of a matrix is ‖·‖_F / √H here: by what it multiplies the length of a gradient, as the root mean square
    over all directions; 1 where everything is kept.
    """

    measured: Tensor  # ∂s_t/∂s_k: along every path
    gate: Tensor  # diag(Π kept_j) over j = k + 1 … t: along the carry alone, the root mean square over the units
    through: Tensor  # the difference: along all paths that meet W_hh at least once
    share: Tensor  # through / (gate + through)


def carry_shares(unrolled: Unrolled, layer: int, t: int) -> CarryShares:
    """How much of a gated cell's memory of step k is still there at step t, and which way it took.

    layer, t: counted from 0. Raises KeyError for a cell without a carry.
    """
    return all_of(carry_shares_in_pieces(unrolled, layer, t))


def carry_shares_in_pieces(unrolled: Unrolled, layer: int, t: int) -> Pieces[CarryShares]:
    """The same, a step at a time, from t back."""
    spec, cell, steps = unrolled.model.spec, unrolled.cells[layer], unrolled.steps[layer]
    if spec.carry is None:
        raise KeyError(f"{spec.name} has no carry")
    unit = torch.eye(unrolled.config.hidden_size, dtype=steps[0].h.dtype)
    product = torch.ones_like(unit[0])
    measured, gates, through = [], [], []
    grads = [unit if state == spec.carry.state else torch.zeros_like(unit) for state in spec.states]
    for k in reversed(range(t + 1)):
        back = cell.step_backward(repeated(steps[k], len(unit)), *grads)
        whole = getattr(back, spec.carry.state)
        measured.append(norms(whole.flatten()))
        gates.append(norms(product))
        through.append(norms((whole - torch.diag(product)).flatten()))
        product = product * spec.kept(steps[k])[0]
        grads = back.before
        if unrolled.cut[k, 0]:  # nothing of what was before goes on
            product, grads = torch.zeros_like(product), [torch.zeros_like(each) for each in grads]
        yield 1 - k / (t + 1)
    sizes = [torch.stack(each).flip(0) / len(unit) ** 0.5 for each in (measured, gates, through)]
    return CarryShares(*sizes, share=sizes[2] / (sizes[1] + sizes[2]))
