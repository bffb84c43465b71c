"""Chrono and identity, initial weights that decide what a cell remembers: by hand, in bounds, and what they are for."""

from collections.abc import Mapping

import pytest
import torch
from torch import Tensor

from benchmarks.reference import TorchModel
from playground.batch import Signature
from playground.cells import CELLS
from playground.cells.weights import LayerWeights
from playground.config import FIELDS, Choice, NetworkConfig, TaskConfig, TrainingConfig
from playground.models.bridge import EncoderDecoder
from playground.models.initialization import CHANGES, SETS_BIASES, initial_parameters
from playground.models.parameters import parameter_shapes
from playground.tasks import TASKS
from playground.training import Trainer
from tests.models.test_bridge import Pairs

H = 6
SIGNATURE = Signature.language(5)
GATED = ["lstm", "gru", "mgu"]
# What is done with log u in each block, in torch.nn's order: i, f, g, o; r, z, n; f, n. None: torch.nn's bias stays.
SIGNS: Mapping[str, tuple[int | None, ...]] = {
    "rnn": (None,),
    "lstm": (-1, 1, None, None),
    "gru": (None, 1, None),
    "mgu": (-1, None),
}
SHAPES = [{}, {"layers": 3}, {"layers": 2, "bidirectional": True}, {"embedding": 4}]


def parameters(config: NetworkConfig, seed: int = 7) -> dict[str, Tensor]:
    return initial_parameters(config, parameter_shapes(config, SIGNATURE), seed)


def layers(named: Mapping[str, Tensor]) -> list[LayerWeights]:
    """Every recurrent layer, in torch.nn's order."""
    names = [name.replace("weight_ih", "{}") for name in named if "weight_ih" in name]
    return [LayerWeights(*(named[name.format(field)] for field in LayerWeights._fields)) for name in names]


def test_every_choice_has_its_change() -> None:
    choice = FIELDS["initialization"]
    assert isinstance(choice, Choice) and set(choice.options) == set(CHANGES)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("cell", list(SIGNS))
def test_chrono_is_torchs_start_and_then_the_formula(cell: str, shape: dict[str, int]) -> None:
    """The uniform numbers are those that torch's generator gives next, one for each unit of each layer."""
    config = NetworkConfig(cell, H, initialization="chrono", longest_memory=30, **shape)
    with torch.random.fork_rng():
        torch.manual_seed(7)
        expected = TorchModel(config, SIGNATURE).state_dict()
        for layer in layers(expected) if cell in GATED else ():
            logarithm = torch.empty(H).uniform_(1, 29).log()
            for place, sign in enumerate(SIGNS[cell]):
                if sign is not None:
                    unit = slice(place * H, (place + 1) * H)
                    layer.bias_ih[unit], layer.bias_hh[unit] = sign * logarithm, 0
    ours = parameters(config)
    assert list(ours) == list(expected)
    for name, weight in expected.items():
        assert torch.equal(ours[name], weight), name


@pytest.mark.parametrize("cell", GATED)
def test_what_a_chrono_unit_keeps_fades_within_its_own_time(cell: str) -> None:
    """Where nothing but the biases speaks, a unit keeps a share s of its state; 1 / (1 − s) is from 2 to T_max."""
    spec = CELLS[cell]
    config = NetworkConfig(cell, 128, initialization="chrono", longest_memory=40)
    (layer,) = layers(parameters(config))
    alone = layer._replace(weight_ih=torch.zeros_like(layer.weight_ih))
    states = [torch.zeros(1, 128)] * len(spec.states)
    kept = spec.kept(spec.one_step(alone, "tanh").step(torch.zeros(1, 5), *states))
    times = 1 / (1 - kept)
    assert times.min() > 2 - 1e-3 and times.max() < 40 + 1e-3
    assert times.min() < 7 and times.max() > 35, "128 of them fill the range"
    assert 16 < times.mean() < 26


def test_what_chrono_does_not_keep_it_writes() -> None:
    """An LSTM's input gate is 1 − f at first, so that a cell state stays as large as what is written into it."""
    (layer,) = layers(parameters(NetworkConfig("lstm", 64, initialization="chrono")))
    i, f, _, _ = (torch.sigmoid(bias) for bias in (layer.bias_ih + layer.bias_hh).chunk(4))
    torch.testing.assert_close(i, 1 - f)


def test_the_shortest_longest_memory_leaves_no_choice() -> None:
    """U(1, 1) is 1, whose logarithm is 0: every gate is half open."""
    (layer,) = layers(parameters(NetworkConfig("lstm", H, initialization="chrono", longest_memory=2)))
    assert not (layer.bias_ih + layer.bias_hh)[: 2 * H].any()


def test_chrono_of_another_seed_is_another() -> None:
    config = NetworkConfig("gru", H, initialization="chrono")
    one, other = (layers(parameters(config, seed))[0].bias_ih[H : 2 * H] for seed in (0, 1))
    assert (one != other).all()


@pytest.mark.parametrize("initialization", list(CHANGES))
@pytest.mark.parametrize("cell", list(SIGNS))
def test_a_forget_bias_acts_unless_the_start_sets_the_biases(cell: str, initialization: str) -> None:
    plain, biased = (
        parameters(NetworkConfig(cell, H, initialization=initialization, forget_bias=bias))
        for bias in (0.0, 1.5)
    )
    acts = cell in ("lstm", "mgu") and initialization not in SETS_BIASES
    for name, weight in plain.items():
        assert torch.equal(biased[name], weight) != (acts and name == "rnn.bias_ih_l0"), name


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("cell", list(SIGNS))
def test_identity_replaces_recurrent_blocks_and_biases_alone(cell: str, shape: dict[str, int]) -> None:
    default = parameters(NetworkConfig(cell, H, **shape))
    ours = parameters(NetworkConfig(cell, H, initialization="identity", **shape))
    for name, weight in ours.items():
        if "weight_hh" in name:
            assert all(torch.equal(block, torch.eye(H)) for block in weight.split(H)), name
        elif "rnn.bias" in name:
            assert not weight.any(), name
        else:
            assert torch.equal(weight, default[name]), name


def test_identity_with_relu_adds_up_what_it_reads() -> None:
    """h_t = max(0, h_{t−1} + W x_t): what is not negative stays for ever."""
    (layer,) = layers(parameters(NetworkConfig("rnn", H, initialization="identity")))
    cell = CELLS["rnn"].one_step(layer._replace(weight_ih=layer.weight_ih.abs()), "relu")
    x, h = torch.eye(5)[:1], torch.zeros(1, H)
    for t in range(1, 31):
        h = cell.step(x, h).h
        torch.testing.assert_close(h, t * layer.weight_ih[:, 0].abs()[None])


@pytest.mark.parametrize("initialization", ["chrono", "identity"])
def test_encoder_and_decoder_both_begin_so(initialization: str) -> None:
    pairs = Pairs()
    config = NetworkConfig("lstm", H, initialization=initialization)
    pair = EncoderDecoder(config, Signature("symbols", 5, 1), pairs.signature, pairs.halves, seeds=[0])
    encoder, decoder = layers(pair.state_dict())
    for layer in (encoder, decoder):
        if initialization == "identity":
            torch.testing.assert_close(layer.weight_hh, torch.eye(H).repeat(4, 1))
        else:
            assert (layer.bias_ih[H : 2 * H] >= 0).all() and not layer.bias_hh[: 2 * H].any()
            torch.testing.assert_close(layer.bias_ih[:H], -layer.bias_ih[H : 2 * H])


@pytest.mark.parametrize(
    ("cell", "initialization"), [("lstm", "chrono"), ("gru", "chrono"), ("rnn", "identity")]
)
def test_one_symbol_over_twenty_others_is_kept(cell: str, initialization: str) -> None:
    """From these starts every seed learns it within 100 updates, from torch.nn's a GRU in 200 and no other in 400."""
    task = TASKS["recall"](distractors=20)
    held_out = task.held_out()

    def recalled(start: str, updates: int) -> list[float]:
        network = NetworkConfig(cell, 32, nonlinearity="relu", initialization=start)
        trainer = Trainer(TaskConfig(network, TrainingConfig(learning_rate=0.01)), task, seeds=range(3))
        trainer.advance(updates)
        return list(task.success(trainer.network.trace(held_out, backward=False)["logits"], held_out).values)

    assert min(recalled(initialization, 160)) > 0.95
    assert max(recalled("default", 100)) < 0.7
