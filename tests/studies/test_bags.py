"""What another order of the same symbols changes: nothing for a bag, something for a network."""

import pytest
import torch

from playground.analysis.bag import bag_floor
from playground.batch import Signature
from playground.config import NetworkConfig, TextConfig
from playground.corpus import Corpus
from playground.models.bag import Bag, BagConfig, BagTrainer
from playground.models.model import loss, perplexity
from playground.models.network import Network
from playground.passes.recurrent import RecurrentModel
from playground.passes.replica import replica_of
from playground.pieces import all_of
from playground.studies.bags import BagStudy, moved, odds, reordered

CORPUS = Corpus(TextConfig("hello world\nyellow"))
SIZE = len(CORPUS.vocabulary)


def test_a_study_trains_the_bag_and_measures_it_on_the_text() -> None:
    study = BagStudy(BagConfig(learning_rate=0.05), CORPUS, updates=20)
    assert study.floor is None and study.frame().empty
    study.advance()
    trainer = BagTrainer(BagConfig(learning_rate=0.05), CORPUS.windows, SIZE)
    all_of(trainer.updates_in_pieces(20))
    assert study.trainer.losses == trainer.losses
    table = study.frame()
    assert table["step"].to_list()[0] == 0 and table["step"].to_list()[-1] == 20
    assert table["perplexity"].to_list()[-1] == perplexity(loss(trainer.model, CORPUS.windows))
    assert study.floor == bag_floor(CORPUS)


@pytest.mark.parametrize("seed", range(20))
def test_another_order_has_the_same_symbols_and_is_another(seed: int) -> None:
    """Of two different symbols there is one other order only."""
    assert reordered((4, 1), seed) == (1, 4)
    ids = (1, 2, 3, 3, 0)
    made = reordered(ids, seed)
    assert made != ids and sorted(made) == sorted(ids) and made == reordered(ids, seed)


@pytest.mark.parametrize("ids", [(), (1,), (2, 2, 2)])
def test_where_there_is_no_other_order_it_stays(ids: tuple[int, ...]) -> None:
    assert reordered(ids, 0) == ids


def test_orders_are_drawn_by_the_seed() -> None:
    ids = tuple(range(8))
    assert len({reordered(ids, seed) for seed in range(10)}) > 5


def test_an_order_moves_nothing_for_a_bag_and_something_for_a_network() -> None:
    network = Network(NetworkConfig("rnn", 4), Signature.language(SIZE), seeds=(0,))
    models = {"bag": Bag(BagConfig(), SIZE), "recurrent": RecurrentModel(replica_of(network))}
    orders = {"typed": (0, 1, 2, 2, 3), "shuffled": (2, 3, 0, 2, 1)}
    table = odds(models, orders, CORPUS.labels)
    assert len(table) == 2 * 2 * SIZE
    assert moved(table, "bag") == 0
    for name, model in models.items():
        p, q = (model.log_probabilities(torch.tensor(ids))[-1].exp() for ids in orders.values())
        shown = table.query("model == @name and order == 'typed'")
        assert shown["token"].to_list() == list(CORPUS.labels)
        assert shown["probability"].to_list() == pytest.approx(p.tolist())
        assert moved(table, name) == pytest.approx((p - q).abs().sum().item() / 2, abs=1e-6)
    assert moved(table, "recurrent") > 1e-4
