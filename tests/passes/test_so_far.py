"""A network that reads in both directions, of which only what is there so far is read: held to torch.nn on prefixes."""

import pytest
import torch
from torch import Tensor, nn

from playground.batch import Signature
from playground.config import NetworkConfig
from playground.models.network import Network
from playground.passes.recurrent import RecurrentModel
from playground.passes.replica import Replica, replica_of
from playground.passes.so_far import SoFarModel

VOCABULARY = 5
IDS = torch.tensor([[0, 3], [1, 3], [4, 0], [1, 2]])  # (T, B)
KINDS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


def network(cell: str, layers: int, *, both: bool) -> Network:
    config = NetworkConfig(cell, 3, layers, bidirectional=both)
    return Network(config, Signature.language(VOCABULARY), seeds=(7,), dtype=torch.float64)


def torch_answers(made: Network, ids: Tensor) -> Tensor:
    """ln p at the last place of sequences (T, B) by torch.nn, (B, V)."""
    state, config = made.state_dict(), made.config
    layers = KINDS[config.cell](
        VOCABULARY, config.hidden_size, config.layers, bidirectional=config.bidirectional, dtype=torch.float64
    )
    layers.load_state_dict({name[4:]: value for name, value in state.items() if name.startswith("rnn.")})
    with torch.no_grad():
        h = layers(nn.functional.one_hot(ids, VOCABULARY).double())[0][-1]
        return (h @ state["readout.weight"].T + state["readout.bias"]).log_softmax(-1)


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("cell", KINDS)
def test_every_beginning_is_read_as_torch_reads_it_alone(cell: str, layers: int) -> None:
    made = network(cell, layers, both=True)
    found = SoFarModel(replica_of(made)).log_probabilities(IDS)
    for t in range(len(IDS)):
        torch.testing.assert_close(found[t], torch_answers(made, IDS[: t + 1]), rtol=1e-9, atol=1e-12)


def test_read_as_a_whole_the_same_network_says_something_else() -> None:
    replica = replica_of(network("rnn", 1, both=True))
    whole, so_far = (kind(replica).log_probabilities(IDS) for kind in (RecurrentModel, SoFarModel))
    assert (whole - so_far)[:-1].abs().amax(-1).min() > 1e-3, "it has read what comes"
    torch.testing.assert_close(whole[-1], so_far[-1])  # after the last place nothing comes


def test_in_one_direction_it_is_reading_on() -> None:
    replica = replica_of(network("gru", 2, both=False))
    one, other = (kind(replica).log_probabilities(IDS) for kind in (RecurrentModel, SoFarModel))
    torch.testing.assert_close(one, other)


def read(replica: Replica, ids: list[int]) -> list[Tensor]:
    reader = SoFarModel(replica).reader()
    return [reader.read(symbol).log_softmax(-1) for symbol in ids]


def test_a_reader_says_at_every_symbol_what_the_model_says_of_it() -> None:
    replica = replica_of(network("lstm", 1, both=True))
    ids = IDS[:, 0]
    torch.testing.assert_close(
        torch.stack(read(replica, ids.tolist())), SoFarModel(replica).log_probabilities(ids)
    )
