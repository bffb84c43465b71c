"""Dropout between layers: what is left out, and that the rest of the pass is torch.nn's with the same left out."""

import pytest
import torch
from torch import nn

from benchmarks.reference import loss_of, masked_targets
from playground.batch import Signature
from playground.config import NetworkConfig
from playground.models.network import Network
from tests.models.reference import EXACT, random_batch

pytestmark = pytest.mark.usefixtures("each_engine")

LANGUAGE = Signature.language(4)
LAYERS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", list(LAYERS))
def test_a_pass_with_dropout_is_torchs_with_the_same_left_out(cell: str, bidirectional: bool) -> None:
    config = NetworkConfig(cell, 3, 3, embedding=2, bidirectional=bidirectional, dropout=0.4)
    for replicas in (1, 2):
        network = Network(config, LANGUAGE, seeds=range(replicas), dtype=torch.float64)
        batch = random_batch(LANGUAGE, 4, 1, 3)
        trace = network.trace(batch, step=7)
        for replica in range(replicas):
            state = {name: value.requires_grad_() for name, value in network.state_dict(replica).items()}
            x = state["embedding.weight"][batch.inputs[:, 0]]
            for number in range(3):
                if number:
                    x = x * trace[f"l{number}.dropout"][:, replica]
                layer = LAYERS[cell](x.shape[-1], 3, bidirectional=bidirectional, dtype=torch.float64)
                names = {own: f"rnn.{own.replace('l0', f'l{number}')}" for own, _ in layer.named_parameters()}
                weights = {own: state[name] for own, name in names.items()}
                x = torch.func.functional_call(layer, weights, (x,))[0]
            logits = x @ state["readout.weight"].T + state["readout.bias"]
            loss = loss_of(logits, masked_targets(batch))
            loss.backward()
            torch.testing.assert_close(trace["logits"][:, replica], logits, **EXACT)
            torch.testing.assert_close(trace["total"][replica], loss, **EXACT)
            for name, gradient in network.named_gradients().items():
                torch.testing.assert_close(gradient[replica], state[name].grad, msg=name, **EXACT)


def test_what_is_left_out_depends_on_seed_and_step_alone() -> None:
    config = NetworkConfig("gru", 8, 3, dropout=0.3)
    batch = random_batch(LANGUAGE, 20, 1, 5)

    def factors(seeds: tuple[int, ...], step: int | None) -> torch.Tensor:
        trace = Network(config, LANGUAGE, seeds=seeds).trace(batch, step=step)
        return torch.stack([trace["l1.dropout"], trace["l2.dropout"]])

    both = factors((3, 5), 2)
    assert torch.equal(both[:, :, :1], factors((3,), 2)) and torch.equal(both[:, :, 1:], factors((5,), 2))
    different = [both[0, :, 0], both[1, :, 0], both[0, :, 1], factors((3,), 1)[0, :, 0]]
    for number, one in enumerate(different):
        assert set(one.unique().tolist()) == {0, torch.tensor(1 / 0.7).item()}
        assert (one == 0).float().mean().item() == pytest.approx(0.3, abs=0.06)  # of 800
        assert not any(torch.equal(one, other) for other in different[:number])
    assert (factors((3,), None) == 1).all()


def test_a_network_that_is_evaluated_leaves_nothing_out() -> None:
    batch = random_batch(LANGUAGE, 4, 1, 2)
    with_dropout, without = (
        Network(NetworkConfig("lstm", 4, 2, dropout=p), LANGUAGE, seeds=(0, 1), dtype=torch.float64)
        for p in (0.5, 0.0)
    )
    trained = with_dropout.trace(batch, step=0)["logits"].clone()
    evaluated, expected = with_dropout.trace(batch), without.trace(batch, step=0)
    assert torch.equal(evaluated["logits"], expected["logits"]) and not torch.equal(
        trained, evaluated["logits"]
    )
    assert torch.equal(with_dropout.gradients, without.gradients)
    assert "l1.dropout" not in expected


def test_there_is_nothing_between_the_layers_of_one() -> None:
    network = Network(NetworkConfig("lstm", 4, dropout=0.5), LANGUAGE, seeds=(0,))
    assert not [name for name in network.trace(random_batch(LANGUAGE, 4, 1, 2), step=0) if "dropout" in name]
