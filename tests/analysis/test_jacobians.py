"""Jacobians of single steps and of the carry, against autograd through torch's own cells and against numpy."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.autograd.functional import jacobian

from playground.analysis.jacobians import carry_shares, jacobian_sizes, step_jacobian
from playground.batch import Signature
from playground.config import NetworkConfig, TextConfig
from playground.corpus import Corpus
from playground.models.network import Network
from playground.passes.unroll import Unrolled, parameters_of, unroll

V, H, T = 5, 4, 6
LANGUAGE = Signature.language(V)
KINDS = ["tanh", "relu", "sigmoid", "linear", "lstm", "gru"]
CARRIES = {"lstm": ("c", "f"), "gru": ("h", "z")}
EXACT = {"rtol": 0, "atol": 1e-12}


def unrolled_of(
    kind: str, *, layers: int = 2, length: int = T, gain: float = 2, dtype: torch.dtype = torch.float64
) -> Unrolled:
    cell, nonlinearity = (kind, "tanh") if kind in ("lstm", "gru") else ("rnn", kind)
    network = Network(NetworkConfig(cell, H, layers, 0, nonlinearity), LANGUAGE, seeds=[2], dtype=dtype)
    parameters = parameters_of(network)
    for name, value in parameters.items():
        if "weight" in name:
            value *= gain  # so that units saturate and the carry does not rule alone
    batch = Corpus(TextConfig(text="abcde")).probe_batch((3, 1, 4, 1, 0, 2)[:length])
    return unroll(network.config, parameters, batch)


def torch_step(
    kind: str, unrolled: Unrolled, layer: int, k: int, h: Tensor, c: Tensor | None = None
) -> Tensor:
    """The state after step k from the state before, by torch's own cell: h, of an LSTM h and c side by side."""
    x, weights = unrolled.steps[layer][k].x, unrolled.cells[layer].weights
    if kind == "lstm":
        return torch.cat(torch.lstm_cell(x, (h[None], c[None]), *weights), -1)[0]
    if kind in ("sigmoid", "linear"):
        a = x @ weights.weight_ih.T + weights.bias_ih + h[None] @ weights.weight_hh.T + weights.bias_hh
        return (a.sigmoid() if kind == "sigmoid" else a)[0]
    cell = {"tanh": torch.rnn_tanh_cell, "relu": torch.rnn_relu_cell, "gru": torch.gru_cell}[kind]
    return cell(x, h[None], *weights)[0]


@pytest.mark.parametrize("layer", [0, 1])
@pytest.mark.parametrize("kind", KINDS)
def test_step_jacobian_is_autograds(kind: str, layer: int) -> None:
    unrolled = unrolled_of(kind)
    weight = unrolled.cells[layer].weights.weight_hh
    for k in range(1, T):
        step = unrolled.steps[layer][k]
        c = step.c_before[0] if kind == "lstm" else None
        expected = jacobian(
            lambda h, k=k, c=c: torch_step(kind, unrolled, layer, k, h, c)[:H], step.h_before[0]
        )
        found = step_jacobian(unrolled, layer, k)
        torch.testing.assert_close(found.whole, expected, rtol=0, atol=1e-9)
        torch.testing.assert_close(found.carry + found.activation @ weight, found.whole, **EXACT)


@pytest.mark.parametrize("kind", KINDS)
def test_parts_have_the_closed_forms(kind: str) -> None:
    unrolled = unrolled_of(kind)
    for k in range(1, T):
        step = unrolled.steps[1][k]
        carry = torch.zeros(1, H, dtype=torch.float64)
        if kind == "lstm":
            i, f, g, o, tanh_c = step.i, step.f, step.g, step.o, step.c.tanh()
            d_c = o * (1 - tanh_c**2)
            blocks = [d_c * g * i * (1 - i), d_c * step.c_before * f * (1 - f), d_c * i * (1 - g**2)]
            blocks.append(tanh_c * o * (1 - o))
        elif kind == "gru":
            r, z, n, carry = step.r, step.z, step.n, step.z
            d_n = (1 - z) * (1 - n**2)
            blocks = [d_n * step.past * r * (1 - r), (step.h_before - n) * z * (1 - z), d_n * r]
        else:
            a = step.pre["h"]
            slopes = {
                "tanh": 1 - a.tanh() ** 2,
                "relu": (a > 0).double(),
                "sigmoid": a.sigmoid() * (1 - a.sigmoid()),
                "linear": torch.ones_like(a),
            }
            blocks = [slopes[kind]]
        found = step_jacobian(unrolled, 1, k)
        activation = torch.cat([torch.diag(block[0]) for block in blocks], 1)
        torch.testing.assert_close(found.activation, activation, **EXACT)
        torch.testing.assert_close(found.carry, torch.diag(carry[0]), **EXACT)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("kind", KINDS)
def test_sizes_are_numpys_singular_values(kind: str, dtype: torch.dtype) -> None:
    unrolled = unrolled_of(kind, dtype=dtype)
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
        if kind in ("lstm", "gru"):
            assert math.isnan(sizes.radius)
        else:
            assert sizes.radius == pytest.approx(abs(np.linalg.eigvals(weight)).max(), rel=1e-6)


def test_a_dead_unit_leaves_a_singular_value_of_exactly_zero() -> None:
    """LAPACK answers with rounding errors there."""
    healthy = unrolled_of("relu", layers=1, length=3)
    parameters = {name: value.clone() for name, value in healthy.parameters.items()}
    parameters["rnn.weight_hh_l0"] *= 0.1
    parameters["rnn.bias_ih_l0"][:] = 9.0
    batch = Corpus(TextConfig(text="abcde")).probe_batch((3, 1, 4))
    alive = jacobian_sizes(unroll(healthy.config, parameters, batch), 0)
    parameters["rnn.bias_ih_l0"][2] = -99.0
    dead = jacobian_sizes(unroll(healthy.config, parameters, batch), 0)
    assert (alive.smallest > 0).all() and (dead.smallest == 0).all()
    assert (dead.largest > 0).all()


def test_a_state_that_is_no_number_has_no_jacobian() -> None:
    """A ReLU would give it a slope of 0."""
    healthy = unrolled_of("relu", layers=1, length=T)
    parameters = {name: value.clone() for name, value in healthy.parameters.items()}
    parameters["rnn.weight_hh_l0"] *= 1e80  # T of these leave the range of 64 bits
    parameters["rnn.bias_ih_l0"][:] = 1.0
    batch = Corpus(TextConfig(text="abcde")).probe_batch([t % 5 for t in range(T + 1)])
    unrolled = unroll(healthy.config, parameters, batch)
    lost = [not bool(step.h.isfinite().all()) for step in unrolled.steps[0][1:]]
    assert any(lost) and not all(lost)
    for name, of_each in list(jacobian_sizes(unrolled, 0)._asdict().items())[:5]:
        assert of_each.isnan().tolist() == lost, name


@pytest.mark.parametrize("kind", KINDS)
def test_saturated_share_counted_one_by_one(kind: str) -> None:
    """Flat is a slope below a tenth of the steepest: 0.1 for tanh and ReLU, 0.025 for σ."""
    unrolled = unrolled_of(kind, gain=6)
    shares = jacobian_sizes(unrolled, 0).saturated.tolist()
    for step, share in zip(unrolled.steps[0][1:], shares, strict=True):
        flat = []
        for name, pre in step.pre.items():
            for a in pre[0].tolist():
                if kind in ("relu", "linear"):
                    flat.append(kind == "relu" and a <= 0)
                elif kind == "tanh" or name in ("g", "n"):
                    flat.append(1 - math.tanh(a) ** 2 < 0.1)
                else:
                    flat.append(math.exp(-a) / (1 + math.exp(-a)) ** 2 < 0.025)
        assert share == pytest.approx(sum(flat) / len(flat), abs=1e-15)


def test_saturated_share_by_hand() -> None:
    unrolled = unrolled_of("tanh", layers=1, length=2)
    parameters = dict(unrolled.parameters)
    parameters["rnn.weight_ih_l0"] = torch.zeros(H, V, dtype=torch.float64)
    parameters["rnn.weight_hh_l0"] = torch.zeros(H, H, dtype=torch.float64)
    parameters["rnn.bias_hh_l0"] = torch.zeros(H, dtype=torch.float64)
    # tanh′(1.8) = 0.1037, tanh′(1.9) = 0.0855
    parameters["rnn.bias_ih_l0"] = torch.tensor([0.0, 1.8, 1.9, -1.9], dtype=torch.float64)
    batch = Corpus(TextConfig(text="abcde")).probe_batch((0, 1))
    sizes = jacobian_sizes(unroll(unrolled.config, parameters, batch), 0)
    assert sizes.saturated.tolist() == [0.5]
    assert sizes.activation.tolist() == [1.0]
    assert sizes.largest.tolist() == [0.0]
    assert (sizes.weight, sizes.radius) == (0, 0)


@pytest.mark.parametrize("layer", [0, 1])
@pytest.mark.parametrize("kind", ["lstm", "gru"])
def test_carry_shares_are_autograds(kind: str, layer: int) -> None:
    unrolled = unrolled_of(kind)
    steps = unrolled.steps[layer]

    def later(carried: Tensor, k: int, t: int) -> Tensor:
        """The carried state at t as a function of that at k."""
        if kind == "gru":
            for j in range(k + 1, t + 1):
                carried = torch_step(kind, unrolled, layer, j, carried)
            return carried
        h, c = steps[k].o[0] * carried.tanh(), carried  # h_k follows from c_k
        for j in range(k + 1, t + 1):
            h, c = torch_step(kind, unrolled, layer, j, h, c).chunk(2)
        return c

    state, gate = CARRIES[kind]
    for t in (0, 3, T - 1):
        found = carry_shares(unrolled, layer, t)
        for k in range(t + 1):
            measured = jacobian(lambda s, k=k, t=t: later(s, k, t), getattr(steps[k], state)[0])
            alone = torch.ones(H, dtype=torch.float64)
            for j in range(k + 1, t + 1):
                alone = alone * getattr(steps[j], gate)[0]
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
        carry_shares(unrolled_of("tanh"), 0, 2)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_not_finite_is_nan(kind: str, bad: float) -> None:
    healthy = unrolled_of(kind)
    parameters = {name: value.clone() for name, value in healthy.parameters.items()}
    parameters["rnn.weight_hh_l0"][0, 1] = bad  # one is enough, also where LAPACK would answer with numbers
    unrolled = unroll(healthy.config, parameters, Corpus(TextConfig(text="abcde")).probe_batch((3, 1, 4)))
    sizes = jacobian_sizes(unrolled, 0)
    for name, of_each in list(sizes._asdict().items())[:5]:
        assert of_each.isnan().tolist() == [True, True], name
    assert math.isnan(sizes.weight)
    assert math.isnan(sizes.radius)
    if kind in CARRIES:
        shares = carry_shares(unrolled, 0, 2)
        for each in (shares.measured, shares.through, shares.share):
            assert each[:2].isnan().all()


@pytest.mark.parametrize("kind", KINDS)
def test_one_timestep_has_no_jacobian(kind: str) -> None:
    sizes = jacobian_sizes(unrolled_of(kind, length=1), 0)
    assert all(each.shape == (0,) and each.dtype == torch.float64 for each in sizes[:5])
    assert sizes.weight > 0
