"""One pass through the network against torch.nn and autograd, in float64; initial weights; the trace."""

import gc
import itertools
import math
import weakref

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.functional import cross_entropy

from benchmarks.reference import TorchModel, loss_of, masked_targets
from playground.batch import Batch, Signature
from playground.cells import CELLS
from playground.cells.fast import OverTime
from playground.config import NetworkConfig, TextConfig
from playground.corpus import Corpus
from playground.models.initialization import initial_parameters, spectral_radius
from playground.models.network import Network
from playground.models.parameters import parameter_shapes
from tests.kinds import KINDS

pytestmark = pytest.mark.usefixtures("each_engine")

V = 5
LANGUAGE = Signature.language(V)
EXACT = {"rtol": 0, "atol": 1e-9}


def random_batch(
    time: int = 4,
    replicas: int = 1,
    batch: int = 3,
    *,
    masked: bool = True,
    vocabulary: int = V,
    seed: int = 0,
) -> Batch:
    """Random symbols; masked: the second sequence ends early, as padding does, one target is left out."""
    generator = torch.Generator().manual_seed(seed)
    shape = (time, replicas, batch)
    inputs, targets = (torch.randint(vocabulary, shape, generator=generator) for _ in range(2))
    mask = torch.ones(shape, dtype=torch.bool)
    if masked:
        mask[time // 2 :, :, 1] = False
        mask[0, :, 0] = False
        inputs, targets = inputs * mask, targets * mask
    return Batch(inputs, targets, mask)


def torch_models(network: Network) -> list[TorchModel]:
    """The same network in torch.nn, one model per replica."""
    models = []
    for replica in range(network.replicas):
        model = TorchModel(network.config, network.signature, network.dtype)
        model.load_state_dict(network.state_dict(replica), strict=True)
        models.append(model)
    return models


def assert_equals_torch(network: Network, batch: Batch, reduction: str) -> None:
    """Logits, losses and every parameter gradient of every replica."""
    trace = network.trace(batch, reduction=reduction)
    for replica, model in enumerate(torch_models(network)):
        source = replica if batch.inputs.shape[1] > 1 else 0
        targets = masked_targets(batch, source)
        logits = model(model.encode(batch.inputs[:, source]))
        loss = loss_of(logits, targets, reduction)
        loss.backward()

        torch.testing.assert_close(trace["logits"][:, replica], logits, **EXACT)
        torch.testing.assert_close(trace["probabilities"][:, replica], logits.softmax(-1), **EXACT)
        each = cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=-100, reduction="none")
        torch.testing.assert_close(trace["loss"][:, replica].flatten(), each, **EXACT)
        torch.testing.assert_close(trace["total"][replica], loss, **EXACT)
        torch.testing.assert_close(trace["nll"][replica], loss_of(logits, targets), **EXACT)
        gradients = network.named_gradients()
        assert list(gradients) == [name for name, _ in model.named_parameters()]
        for name, parameter in model.named_parameters():
            torch.testing.assert_close(gradients[name][replica], parameter.grad, msg=name, **EXACT)


@pytest.mark.parametrize("replicas", [1, 8])
@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize(
    ("cell", "nonlinearity"), [("rnn", "tanh"), ("rnn", "relu"), ("lstm", "tanh"), ("gru", "tanh")]
)
def test_pass_and_gradients_are_torchs(
    cell: str, nonlinearity: str, layers: int, replicas: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # An embedding; a product with one-hot vectors; the selection of rows that replaces it when it is large.
    inputs = ((3, math.inf), (0, math.inf), (0, 0))
    for (embedding, select_from), masked, reduction in itertools.product(
        inputs, (False, True), ("mean", "sum")
    ):
        monkeypatch.setattr(OverTime, "selects_from", select_from)
        config = NetworkConfig(cell, 4, layers, embedding, nonlinearity)
        network = Network(config, LANGUAGE, seeds=range(replicas), dtype=torch.float64)
        assert_equals_torch(network, random_batch(masked=masked), reduction)
        if replicas > 1:
            own_batches = random_batch(replicas=replicas, masked=masked)
            assert_equals_torch(network, own_batches, reduction)


@settings(max_examples=15, deadline=None)
@given(
    text=st.text(st.sampled_from("ab가é 🙂"), min_size=2, max_size=12).filter(
        lambda s: len(set(s.split())) > 0
    ),
    cell=st.sampled_from(list(CELLS)),
    hidden=st.integers(1, 7),
    layers=st.integers(1, 3),
    embedding=st.integers(0, 3),
    seed=st.integers(0, 2**31 - 1),
    reduction=st.sampled_from(["mean", "sum"]),
    length=st.integers(1, 6),
)
def test_any_text_and_config_is_torchs(
    text: str, cell: str, hidden: int, layers: int, embedding: int, seed: int, reduction: str, length: int
) -> None:
    corpus = Corpus(TextConfig(text, bos=True, eos=True, sequence_length=length, batch_size=3))
    config = NetworkConfig(cell, hidden, layers, embedding)
    network = Network(config, corpus.signature, seeds=(seed,), dtype=torch.float64)
    for step in range(2):
        assert_equals_torch(network, corpus.batch(seed, step), reduction)


def autograd_by_hand(network: Network, batch: Batch, replica: int = 0) -> dict[str, Tensor]:
    """Every tensor of a trace and its gradient, by a plain loop over the readable cells' step and autograd.

    (That step is held to torch's own cell functions in tests/cells.) All use of h_t goes through the tensor
    that is kept here, so autograd's gradient of it is the whole ∂L/∂h_t.
    """
    config = network.config
    kind = CELLS[config.cell]
    time, _, size = batch.inputs.shape
    parameters = {name: view[replica] for name, view in network.named_parameters().items()}
    table = parameters.get("embedding.weight", torch.eye(network.signature.input_size, dtype=network.dtype))
    x = list(table[batch.inputs[:, 0]].requires_grad_())
    kept: dict[str, list[Tensor]] = {}
    for number in range(config.layers):
        weights = network.layer_weights(number, replica)
        cell = kind.one_step(weights, config.nonlinearity)
        states = (torch.zeros(size, config.hidden_size, dtype=network.dtype),) * len(kind.states)
        for t in range(time):
            step = cell.step(x[t], *states)
            for name in (*kind.states, *kind.gates):
                kept.setdefault(f"l{number}.{name}", []).append(getattr(step, name))
            for name, value in step.pre.items():
                kept.setdefault(f"l{number}.pre.{name}", []).append(value)
            states, x[t] = step.state, step.h
    logits = torch.stack(x) @ parameters["readout.weight"].T + parameters["readout.bias"]
    loss = loss_of(logits, masked_targets(batch))
    named = {name: torch.stack(values) for name, values in kept.items()}
    for name, values in kept.items():
        named["grad." + name] = torch.stack(
            torch.autograd.grad(loss, values, retain_graph=True, materialize_grads=True)
        )
    named["grad.logits"] = torch.autograd.grad(loss, logits)[0]
    return named


@pytest.mark.parametrize("replicas", [1, 8])
@pytest.mark.parametrize(("cell", "nonlinearity"), KINDS)
def test_every_named_tensor_and_its_gradient_is_autograds(
    cell: str, nonlinearity: str, replicas: int
) -> None:
    for layers, embedding in ((1, 0), (3, 2)):
        config = NetworkConfig(cell, 4, layers, embedding, nonlinearity)
        network = Network(config, LANGUAGE, seeds=range(replicas), dtype=torch.float64)
        batch = random_batch()
        trace = network.trace(batch)
        for replica in range(replicas):
            expected = autograd_by_hand(network, batch, replica)
            for name, value in expected.items():
                torch.testing.assert_close(trace[name][:, replica], value, msg=name, **EXACT)
            others = {"inputs", "targets", "mask", "logits", "probabilities", "loss", "nll", "total"}
            others |= {f"l{layer}.{name}" for layer in range(layers) for name in ("x", "slope")}
            assert trace.keys() - expected.keys() <= others


def test_slope_is_the_derivative_of_the_nonlinearity() -> None:
    for nonlinearity in ("tanh", "relu", "sigmoid", "linear"):
        network = Network(
            NetworkConfig("rnn", 4, nonlinearity=nonlinearity), LANGUAGE, seeds=(0,), dtype=torch.float64
        )
        trace = network.trace(random_batch(), backward=False)
        a = trace["l0.pre.h"].clone().requires_grad_()
        value = {"tanh": a.tanh(), "relu": a.relu(), "sigmoid": a.sigmoid(), "linear": a * 1}[nonlinearity]
        torch.testing.assert_close(trace["l0.slope"], torch.autograd.grad(value.sum(), a)[0], **EXACT)


def test_float32_is_close_to_float64() -> None:
    for cell in CELLS:
        batch = random_batch(time=30)
        single, double = (
            Network(NetworkConfig(cell), LANGUAGE, seeds=(3,), dtype=dtype)
            for dtype in (torch.float32, torch.float64)
        )
        assert torch.equal(single.parameters.double(), double.parameters)
        single.trace(batch)
        double.trace(batch)
        torch.testing.assert_close(single.gradients.double(), double.gradients, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("embedding", [0, 6])
@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("cell", list(CELLS))
def test_default_initialization_is_torchs_bit_for_bit(cell: str, layers: int, embedding: int) -> None:
    config = NetworkConfig(cell, 10, layers, embedding)
    with torch.random.fork_rng():
        torch.manual_seed(42)
        expected = TorchModel(config, Signature.language(7)).state_dict()
    ours = initial_parameters(config, parameter_shapes(config, Signature.language(7)), seed=42)
    assert list(ours) == list(expected)
    for name in expected:
        assert torch.equal(ours[name], expected[name]), name


@pytest.mark.parametrize("cell", list(CELLS))
def test_every_replica_starts_with_the_weights_of_its_seed(cell: str) -> None:
    config = NetworkConfig(cell, 10, layers=3, embedding=6)
    both = Network(config, Signature.language(7), seeds=(0, 42))
    for replica, seed in enumerate(both.seeds):
        alone = Network(config, Signature.language(7), seeds=(seed,)).state_dict()
        assert all(torch.equal(alone[name], weight) for name, weight in both.state_dict(replica).items())


@pytest.mark.parametrize("cell", list(CELLS))
def test_orthogonal_and_spectral_change_the_recurrent_blocks_alone(cell: str) -> None:
    default, orthogonal, spectral = (
        Network(
            NetworkConfig(cell, 8, 2, initialization=name, spectral_radius=1.3), LANGUAGE, seeds=(5,)
        ).state_dict()
        for name in ("default", "orthogonal", "spectral")
    )
    for name, weight in default.items():
        if "weight_hh" not in name:
            assert torch.equal(orthogonal[name], weight) and torch.equal(spectral[name], weight)
            continue
        blocks = zip(*(state[name].split(8) for state in (default, orthogonal, spectral)), strict=True)
        for before, straight, scaled in blocks:
            torch.testing.assert_close(straight @ straight.T, torch.eye(8), rtol=0, atol=1e-5)
            assert spectral_radius(scaled) == pytest.approx(1.3, rel=1e-5)
            factor = (scaled / before).flatten()
            torch.testing.assert_close(factor, factor[:1].expand_as(factor))  # the direction is kept


def test_spectral_radius_is_the_largest_eigenvalue() -> None:
    assert spectral_radius(torch.tensor([[0.0, -2.0], [2.0, 0.0]])) == pytest.approx(2)  # ±2i


def test_forget_bias_moves_the_forget_gate_alone() -> None:
    plain, biased = (
        Network(NetworkConfig(hidden_size=4, layers=2, forget_bias=bias), LANGUAGE, seeds=(0,)).state_dict()
        for bias in (0.0, 1.5)
    )
    for name, weight in plain.items():
        difference = biased[name] - weight
        if "bias_ih" in name:
            torch.testing.assert_close(difference, torch.tensor([0.0] * 4 + [1.5] * 4 + [0.0] * 8))
        else:
            assert not difference.any()
    for cell in ("rnn", "gru"):
        plain, biased = (
            Network(NetworkConfig(cell, forget_bias=bias), LANGUAGE, seeds=(0,)).parameters
            for bias in (0.0, 1.5)
        )
        assert torch.equal(plain, biased)


def test_parameters_and_gradients_are_views_of_one_flat_tensor() -> None:
    network = Network(NetworkConfig("gru", 6, 2, 3), LANGUAGE, seeds=(0, 1))
    for flat, named in (
        (network.parameters, network.named_parameters()),
        (network.gradients, network.named_gradients()),
    ):
        assert sum(view[0].numel() for view in named.values()) == flat.shape[1]
        assert torch.equal(torch.cat([view.flatten(1) for view in named.values()], 1), flat)
        assert {view.untyped_storage().data_ptr() for view in named.values()} == {
            flat.untyped_storage().data_ptr()
        }


def test_state_dict_is_a_copy_and_loads_back() -> None:
    network = Network(NetworkConfig(), LANGUAGE, seeds=(0, 1))
    state = network.state_dict(0)
    network.load_state_dict(state, replica=1)
    assert torch.equal(network.parameters[0], network.parameters[1])
    state["readout.bias"].fill_(7)
    assert not (network.named_parameters()["readout.bias"] == 7).any()


def test_load_state_dict_refuses_what_does_not_fit() -> None:
    network = Network(NetworkConfig(hidden_size=4), LANGUAGE, seeds=(0,))
    state = network.state_dict()
    with pytest.raises(ValueError, match=r"readout\.bias must have shape \(5,\); got \(4,\)"):
        network.load_state_dict({**state, "readout.bias": torch.zeros(4)})
    del state["readout.bias"]
    with pytest.raises(ValueError, match=r"missing or unknown: \{'readout.bias'\}"):
        network.load_state_dict(state)


def test_a_pass_without_backward_leaves_the_gradients_alone() -> None:
    network = Network(NetworkConfig(), LANGUAGE, seeds=(0,))
    network.trace(random_batch())
    before = network.gradients.clone()
    trace = network.trace(random_batch(seed=1), backward=False)
    assert torch.equal(network.gradients, before) and before.any()
    assert not [name for name in trace if name.startswith("grad.")]
    with pytest.raises(KeyError, match=r"trace has no 'grad\.l0\.h'; it has inputs, "):
        trace["grad.l0.h"]


@pytest.mark.parametrize("cell", list(CELLS))
def test_a_way_back_without_the_weights_finds_the_same_and_leaves_their_gradients_alone(cell: str) -> None:
    whole, part = (Network(NetworkConfig(cell, 4, 2, 3), LANGUAGE, seeds=(0, 1)) for _ in range(2))
    batch = random_batch()
    with torch.inference_mode():
        whole.run(batch, reduction="sum", backward=True)
        part.run(batch, reduction="sum", backward=True, of_weights=False)
    assert whole.gradients.any() and not part.gradients.any()
    expected = whole.workspace(batch).buffers_by_name()
    for name, buffer in part.workspace(batch).buffers_by_name().items():
        assert buffer.any() and torch.equal(buffer, expected[name]), name


def test_trace_ends_with_the_next_pass_of_its_shape_and_a_copy_does_not() -> None:
    network = Network(NetworkConfig(), LANGUAGE, seeds=(0,))
    trace = network.trace(random_batch())
    copy = trace.copy()
    other_shape = network.trace(random_batch(time=6, seed=1))
    assert torch.equal(trace["l0.h"], copy["l0.h"])
    network.trace(random_batch(seed=2))
    with pytest.raises(RuntimeError, match=r"overwritten by a later pass; keep one with trace\.copy\(\)"):
        trace["l0.h"]
    assert other_shape["l0.h"].shape == (6, 1, 3, 16)
    network.parameters.zero_()
    assert copy["l0.h"].any() and list(copy) and copy.keys() == other_shape.keys()


def test_shapes_are_what_the_alphabet_says() -> None:
    network = Network(NetworkConfig("lstm", 4, 2, 3), LANGUAGE, seeds=(0, 1))
    trace = network.trace(random_batch(time=6, batch=3))
    for name, tensor in trace.items():
        if name in ("nll", "total"):
            expected = (2,)
        elif name in ("inputs", "targets", "mask", "loss"):
            expected = (6, 2, 3)
        elif name in ("logits", "probabilities", "grad.logits"):
            expected = (6, 2, 3, V)
        else:
            expected = (6, 2, 3, 3 if name == "l0.x" else 4)
        assert tensor.shape == expected, name


def test_the_same_batch_can_be_reduced_both_ways() -> None:
    network, batch = Network(NetworkConfig(), LANGUAGE, seeds=(0,), dtype=torch.float64), random_batch()
    mean = network.trace(batch, reduction="mean").copy()
    gradients = network.gradients.clone()
    total = network.trace(batch, reduction="sum")
    count = batch.mask.sum()
    torch.testing.assert_close(total["total"], mean["total"] * count, **EXACT)
    torch.testing.assert_close(total["nll"], mean["nll"], **EXACT)
    torch.testing.assert_close(network.gradients, gradients * count, **EXACT)


def test_nothing_to_predict_has_no_mean() -> None:
    batch = random_batch(1, masked=False)
    nothing = Batch(batch.inputs, batch.targets, torch.zeros_like(batch.mask))
    network = Network(NetworkConfig(), LANGUAGE, seeds=(0,))
    trace = network.trace(nothing)
    assert math.isnan(trace["nll"]) and not trace["loss"].any() and not network.gradients.any()


def test_buffers_of_many_shapes_do_not_pile_up() -> None:
    network = Network(NetworkConfig(), LANGUAGE, seeds=(0,))
    for time in (40, 39):
        network.trace(random_batch(time=time))
    full = network.nbytes
    for time in range(1, 40):
        network.trace(random_batch(time=time))
    assert network.nbytes <= full


def test_nbytes_counts_the_buffers() -> None:
    network = Network(NetworkConfig("lstm", 16), LANGUAGE, seeds=(0,))
    empty = network.nbytes
    assert empty == 2 * network.parameters.nbytes
    network.trace(random_batch(time=10, batch=2))
    assert network.nbytes - empty > 10 * 2 * 16 * 4 * 18  # 18 planes of H floats


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_a_network_and_its_buffers_are_freed_without_the_garbage_collector(cell: str) -> None:
    network = Network(NetworkConfig(cell=cell, layers=2), Signature.language(5), seeds=(0,))
    batch = Batch(*(torch.zeros(3, 1, 1, dtype=kind) for kind in (torch.int64, torch.int64, torch.bool)))
    gc.collect()
    gc.disable()
    try:
        trace = network.trace(batch)
        assert all(name in trace and trace[name] is not None for name in ("nll", "total", "probabilities"))
        watched = [weakref.ref(network), weakref.ref(network.workspace(batch))]
        del network, trace
        assert [each() for each in watched] == [None, None]
    finally:
        gc.enable()
