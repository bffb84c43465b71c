"""Jacobians of single steps and of the carry, against autograd through plain equations and against numpy."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.autograd.functional import jacobian

from benchmarks.equations import EQUATIONS
from playground.analysis.jacobians import carry_shares, jacobian_sizes, step_jacobian
from playground.batch import Signature
from playground.cells import CELLS
from playground.config import NetworkConfig, TextConfig
from playground.corpus import Corpus
from playground.models.network import Network
from playground.passes.replica import Replica, parameters_of
from playground.passes.unroll import Unrolled, unroll
from tests.kinds import KINDS, register

V, H, T = 5, 4, 6
LANGUAGE = Signature.language(V)
EXACT = {"rtol": 0, "atol": 1e-12}


every_kind = pytest.mark.parametrize(("kind", "phi"), KINDS)
carrying = pytest.mark.parametrize("kind", [name for name, cell in CELLS.items() if cell.carry is not None])


def unrolled_of(
    kind: str,
    phi: str = "tanh",
    *,
    layers: int = 2,
    length: int = T,
    gain: float = 2,
    dtype: torch.dtype = torch.float64,
    reset: int | None = None,
) -> Unrolled:
    """A reading by random weights. gain: so that units saturate and the carry does not rule alone."""
    network = Network(NetworkConfig(kind, H, layers, 0, phi), LANGUAGE, seeds=[2], dtype=dtype)
    parameters = parameters_of(network)
    for name, value in parameters.items():
        if "weight" in name:
            value *= gain
    batch = Corpus(TextConfig(text="abcde")).probe_batch((3, 1, 4, 1, 0, 2)[:length])
    if reset is not None:
        cut = torch.zeros_like(batch.mask)
        cut[reset] = True
        batch = replace(batch, reset=cut)
    return unroll(Replica(network.config, network.signature, parameters), batch)


def read_again(unrolled: Unrolled, parameters: Mapping[str, Tensor], ids: Sequence[int]) -> Unrolled:
    """Other symbols, read with other weights."""
    batch = Corpus(TextConfig(text="abcde")).probe_batch(tuple(ids))
    return unroll(Replica(unrolled.config, LANGUAGE, parameters), batch)


def copied(unrolled: Unrolled) -> dict[str, Tensor]:
    """Weights that may be changed."""
    return {name: value.clone() for name, value in unrolled.model.parameters.items()}


def after(unrolled: Unrolled, layer: int, k: int, *states: Tensor) -> dict[str, Tensor]:
    """Gates and states of step k by name from the states before, (H,) each, by the equations in plain torch."""
    config, weights = unrolled.config, unrolled.cells[layer].weights
    equations = EQUATIONS[config.cell, config.nonlinearity]
    found = equations(unrolled.steps[layer][k].x, tuple(state[None] for state in states), *weights)
    return {name: value[0] for name, value in found.items()}


def held_to_autograd(unrolled: Unrolled, layer: int) -> None:
    """∂h_k/∂h_{k−1}, whatever the other states were, and that it is the sum of its parts."""
    for k in range(1, unrolled.length):
        step, spec = unrolled.steps[layer][k], unrolled.model.spec
        first, *others = [getattr(step, f"{state}_before")[0] for state in spec.states]
        expected = jacobian(lambda h, k=k, others=others: after(unrolled, layer, k, h, *others)["h"], first)
        if unrolled.cut[k, 0]:  # zeros are read, whatever was there
            expected = torch.zeros_like(expected)
        found = step_jacobian(unrolled, layer, k)
        torch.testing.assert_close(found.whole, expected, rtol=0, atol=1e-9)
        torch.testing.assert_close(found.carry + found.activation @ found.weight, found.whole, **EXACT)


@pytest.mark.parametrize("layer", [0, 1])
@every_kind
def test_step_jacobian_is_autograds(kind: str, phi: str, layer: int) -> None:
    held_to_autograd(unrolled_of(kind, phi), layer)


@every_kind
def test_a_copy_of_a_cell_under_another_name_has_the_same_jacobians(
    kind: str, phi: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is measured of a cell follows from what it says of itself, not from what it is called."""
    register(monkeypatch, replace(CELLS[kind], name="twin"), EQUATIONS[kind, phi], phi)
    own, twin = unrolled_of(kind, phi), unrolled_of("twin", phi)
    held_to_autograd(twin, 1)
    for ours, theirs in zip(jacobian_sizes(own, 1), jacobian_sizes(twin, 1), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    if CELLS[kind].carry is not None:
        for ours, theirs in zip(carry_shares(own, 1, T - 1), carry_shares(twin, 1, T - 1), strict=True):
            assert torch.equal(ours, theirs)


@every_kind
def test_no_gradient_passes_a_cut(kind: str, phi: str) -> None:
    """Where the states are made zero, h_k does not depend on h_{k−1}: the Jacobian is 0, and so are its parts."""
    unrolled = unrolled_of(kind, phi, reset=3)
    held_to_autograd(unrolled, 0)
    assert not step_jacobian(unrolled, 0, 3).whole.any()
    assert jacobian_sizes(unrolled, 0).largest[2] == 0
    if CELLS[kind].carry is not None:
        shares = carry_shares(unrolled, 0, T - 1)
        assert shares.measured[:3].tolist() == shares.gate[:3].tolist() == [0, 0, 0]
        assert (shares.measured[3:] > 0).all() and (
            carry_shares(unrolled_of(kind), 0, T - 1).measured > 0
        ).all()


@pytest.mark.parametrize(
    ("kind", "phi"), [kind for kind in KINDS if kind[0] in ("rnn", "lstm", "gru", "mgu")]
)
def test_parts_have_the_closed_forms(kind: str, phi: str) -> None:
    unrolled = unrolled_of(kind, phi)
    weight = unrolled.cells[1].weights.weight_hh
    for k in range(1, T):
        step = unrolled.steps[1][k]
        h, carry, entering = step.h_before, torch.zeros(1, H, dtype=torch.float64), weight
        if kind == "lstm":
            i, f, g, o, tanh_c = step.i, step.f, step.g, step.o, step.c.tanh()
            d_c = o * (1 - tanh_c**2)
            blocks = [d_c * g * i * (1 - i), d_c * step.c_before * f * (1 - f), d_c * i * (1 - g**2)]
            blocks = [torch.diag(block[0]) for block in (*blocks, tanh_c * o * (1 - o))]
        elif kind == "gru":
            r, z, n, carry = step.r, step.z, step.n, step.z
            d_n = (1 - z) * (1 - n**2)
            blocks = [d_n * step.past * r * (1 - r), (h - n) * z * (1 - z), d_n * r]
            blocks = [torch.diag(block[0]) for block in blocks]
        elif kind == "mgu":
            f, n, carry = step.f, step.n, 1 - step.f
            weight_f, weight_n = weight.chunk(2)
            d_n = torch.diag((f * (1 - n**2))[0])
            twice = torch.diag((n - h)[0]) + d_n @ weight_n @ torch.diag(h[0])
            blocks = [twice @ torch.diag((f * (1 - f))[0]), d_n]
            entering = torch.cat([weight_f, weight_n @ torch.diag(f[0])])
        else:
            a = step.pre["h"]
            slopes = {
                "tanh": 1 - a.tanh() ** 2,
                "relu": (a > 0).double(),
                "sigmoid": a.sigmoid() * (1 - a.sigmoid()),
                "linear": torch.ones_like(a),
            }
            blocks = [torch.diag(slopes[phi][0])]
        found = step_jacobian(unrolled, 1, k)
        torch.testing.assert_close(found.activation, torch.cat(blocks, 1), **EXACT)
        torch.testing.assert_close(found.carry, torch.diag(carry[0]), **EXACT)
        torch.testing.assert_close(found.weight, entering, **EXACT)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@every_kind
def test_sizes_are_numpys_singular_values(kind: str, phi: str, dtype: torch.dtype) -> None:
    unrolled = unrolled_of(kind, phi, dtype=dtype)
    exact = {"rtol": 0, "atol": 1e-12 if dtype == torch.float64 else 1e-5}
    for layer in (0, 1):
        sizes = jacobian_sizes(unrolled, layer)
        steps = [step_jacobian(unrolled, layer, k) for k in range(1, T)]
        singular = np.linalg.svd(np.stack([step.whole.numpy() for step in steps]), compute_uv=False)
        np.testing.assert_allclose(sizes.largest, singular[:, 0], **exact)
        np.testing.assert_allclose(sizes.smallest, singular[:, -1], **exact)
        np.testing.assert_allclose(
            sizes.activation, [np.linalg.norm(step.activation, 2) for step in steps], **exact
        )
        np.testing.assert_allclose(sizes.carry, [np.linalg.norm(step.carry, 2) for step in steps], **exact)
        assert all(each.dtype == torch.float64 for each in sizes[:5])

        weight = unrolled.cells[layer].weights.weight_hh.numpy()
        assert sizes.weight == pytest.approx(np.linalg.norm(weight, 2), rel=1e-6)
        if CELLS[kind].blocks > 1:
            assert math.isnan(sizes.radius)
        else:
            assert sizes.radius == pytest.approx(abs(np.linalg.eigvals(weight)).max(), rel=1e-6)


def test_a_dead_unit_leaves_a_singular_value_of_exactly_zero() -> None:
    """LAPACK answers with rounding errors there."""
    healthy = unrolled_of("rnn", "relu", layers=1, length=3)
    parameters = copied(healthy)
    parameters["rnn.weight_hh_l0"] *= 0.1
    parameters["rnn.bias_ih_l0"][:] = 9.0
    alive = jacobian_sizes(read_again(healthy, parameters, (3, 1, 4)), 0)
    parameters["rnn.bias_ih_l0"][2] = -99.0
    dead = jacobian_sizes(read_again(healthy, parameters, (3, 1, 4)), 0)
    assert (alive.smallest > 0).all() and (dead.smallest == 0).all()
    assert (dead.largest > 0).all()


def test_a_state_that_is_no_number_has_no_jacobian() -> None:
    """A ReLU would give it a slope of 0."""
    healthy = unrolled_of("rnn", "relu", layers=1, length=T)
    parameters = copied(healthy)
    parameters["rnn.weight_hh_l0"] *= 1e80  # T of these leave the range of 64 bits
    parameters["rnn.bias_ih_l0"][:] = 1.0
    unrolled = read_again(healthy, parameters, [t % 5 for t in range(T + 1)])
    lost = [not bool(step.h.isfinite().all()) for step in unrolled.steps[0][1:]]
    assert any(lost) and not all(lost)
    for name, of_each in list(jacobian_sizes(unrolled, 0)._asdict().items())[:5]:
        assert of_each.isnan().tolist() == lost, name


@every_kind
def test_saturated_share_counted_one_by_one(kind: str, phi: str) -> None:
    """Flat is a slope below a tenth of the steepest: 0.1 for tanh and ReLU, 0.025 for σ."""
    unrolled = unrolled_of(kind, phi, gain=6)
    shares = jacobian_sizes(unrolled, 0).saturated.tolist()
    for step, share in zip(unrolled.steps[0][1:], shares, strict=True):
        flat = []
        for name, pre in step.pre.items():
            for a in pre[0].tolist():
                squash = CELLS[kind].gates[name].squash if CELLS[kind].gates else phi
                if squash in ("relu", "linear"):
                    flat.append(squash == "relu" and a <= 0)
                elif squash == "tanh":
                    flat.append(1 - math.tanh(a) ** 2 < 0.1)
                else:
                    flat.append(math.exp(-a) / (1 + math.exp(-a)) ** 2 < 0.025)
        assert share == pytest.approx(sum(flat) / len(flat), abs=1e-15)


def test_saturated_share_by_hand() -> None:
    unrolled = unrolled_of("rnn", layers=1, length=2)
    parameters = dict(unrolled.model.parameters)
    parameters["rnn.weight_ih_l0"] = torch.zeros(H, V, dtype=torch.float64)
    parameters["rnn.weight_hh_l0"] = torch.zeros(H, H, dtype=torch.float64)
    parameters["rnn.bias_hh_l0"] = torch.zeros(H, dtype=torch.float64)
    # tanh′(1.8) = 0.1037, tanh′(1.9) = 0.0855
    parameters["rnn.bias_ih_l0"] = torch.tensor([0.0, 1.8, 1.9, -1.9], dtype=torch.float64)
    sizes = jacobian_sizes(read_again(unrolled, parameters, (0, 1)), 0)
    assert sizes.saturated.tolist() == [0.5]
    assert sizes.activation.tolist() == [1.0]
    assert sizes.largest.tolist() == [0.0]
    assert (sizes.weight, sizes.radius) == (0, 0)


@pytest.mark.parametrize("layer", [0, 1])
@carrying
def test_carry_shares_are_autograds(kind: str, layer: int) -> None:
    unrolled = unrolled_of(kind)
    steps, spec = unrolled.steps[layer], CELLS[kind]

    def later(carried: Tensor, k: int, t: int) -> Tensor:
        """The carried state at t as a function of that at k."""
        states = (
            [carried] if spec.carries("h") else [steps[k].o[0] * carried.tanh(), carried]
        )  # h_k follows from c_k
        for j in range(k + 1, t + 1):
            found = after(unrolled, layer, j, *states)
            states = [found[name] for name in spec.states]
        return states[-1]

    carry = spec.carry
    assert carry is not None
    for t in (0, 3, T - 1):
        found = carry_shares(unrolled, layer, t)
        for k in range(t + 1):
            measured = jacobian(lambda s, k=k, t=t: later(s, k, t), getattr(steps[k], carry.state)[0])
            alone = torch.ones(H, dtype=torch.float64)
            for j in range(k + 1, t + 1):
                gate = getattr(steps[j], carry.gate)[0]
                alone = alone * (gate if spec.gates[carry.gate].role == "keep" else 1 - gate)
            through = np.linalg.norm(measured - torch.diag(alone)) / math.sqrt(H)
            gates = math.sqrt(float((alone**2).mean()))
            directions = torch.eye(
                H, dtype=torch.float64
            )  # any orthonormal ones give the same mean of the squares
            lengths = [np.linalg.norm(direction @ measured) for direction in directions]
            assert float(found.measured[k]) == pytest.approx(np.sqrt(np.mean(np.square(lengths))), abs=1e-9)
            assert float(found.gate[k]) == pytest.approx(gates, abs=1e-12)
            assert float(found.through[k]) == pytest.approx(through, abs=1e-9)
            share = through / (through + gates)
            assert float(found.share[k]) == pytest.approx(share, abs=1e-9)
        assert all(len(each) == t + 1 and each.dtype == torch.float64 for each in found)
        assert (float(found.measured[t]), float(found.through[t])) == (1, 0)


def test_a_vanilla_rnn_has_no_carry() -> None:
    with pytest.raises(KeyError, match="rnn"):
        carry_shares(unrolled_of("rnn"), 0, 2)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
@every_kind
def test_what_is_not_finite_is_nan(kind: str, phi: str, bad: float) -> None:
    healthy = unrolled_of(kind, phi)
    parameters = copied(healthy)
    parameters["rnn.weight_hh_l0"][0, 1] = bad  # one is enough, also where LAPACK would answer with numbers
    unrolled = read_again(healthy, parameters, (3, 1, 4))
    sizes = jacobian_sizes(unrolled, 0)
    for name, of_each in list(sizes._asdict().items())[:5]:
        assert of_each.isnan().tolist() == [True, True], name
    assert math.isnan(sizes.weight)
    assert math.isnan(sizes.radius)
    if CELLS[kind].carry is not None:
        shares = carry_shares(unrolled, 0, 2)
        for each in (shares.measured, shares.through, shares.share):
            assert each[:2].isnan().all()


@every_kind
def test_one_timestep_has_no_jacobian(kind: str, phi: str) -> None:
    sizes = jacobian_sizes(unrolled_of(kind, phi, length=1), 0)
    assert all(each.shape == (0,) and each.dtype == torch.float64 for each in sizes[:5])
    assert sizes.weight > 0
