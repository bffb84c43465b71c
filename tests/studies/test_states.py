"""Hidden states as tables, held to the model they are of; and models of several sizes."""

import math
from typing import Any

import pytest
import torch

from playground.analysis.states import emissions, in_order, states_over, transitions
from playground.config import TextConfig
from playground.corpus import Corpus
from playground.models.hmm import HMM, BaumWelch, HMMConfig, Tables
from playground.models.model import loss, perplexity
from playground.pieces import all_of
from playground.studies.states import StatesStudy, StatesSweep

CORPUS = Corpus(TextConfig("hello\nhollow"))
SIZE = len(CORPUS.vocabulary)


def model(states: int = 3) -> HMM:
    return HMM(*(table[0] for table in Tables.drawn((7,), states, SIZE)))


def test_states_are_numbered_as_the_path_takes_them_and_nothing_else_changes() -> None:
    line = CORPUS.windows[0]
    drawn, ordered = model(5), in_order(model(5), line)
    path = ordered.viterbi(torch.tensor(line))
    firsts = list(dict.fromkeys(path.states))
    assert firsts == list(range(len(firsts))) and len(firsts) < 5, "some states are not on the path"
    before = drawn.viterbi(torch.tensor(line))
    assert path.log_probability == pytest.approx(before.log_probability)
    assert path.states != before.states
    for ids in CORPUS.windows:
        symbols = torch.tensor(ids)
        torch.testing.assert_close(ordered.log_probabilities(symbols), drawn.log_probabilities(symbols))


def test_tables_are_those_of_the_model() -> None:
    line, drawn = CORPUS.windows[1], model()
    over = states_over(drawn, line, CORPUS.labels)
    assert over["probability"].to_numpy().reshape(len(line), 3) == pytest.approx(
        drawn.posterior(torch.tensor(line)).numpy()
    )
    on_path: Any = over[over["on_path"]]
    assert (on_path["state"] - 1).tolist() == list(drawn.viterbi(torch.tensor(line)).states)
    assert on_path["t"].to_list() == list(range(1, len(line) + 1))
    assert on_path["token"].to_list() == [CORPUS.labels[i] for i in line]
    followed: Any = transitions(drawn, "begin").pivot(index="before", columns="after", values="probability")
    assert followed.loc["begin"].to_list() == pytest.approx(drawn.initial.tolist())
    assert followed.loc["2", "3"] == pytest.approx(drawn.transition[1, 2].item())
    shown: Any = emissions(drawn, CORPUS.labels).pivot(index="state", columns="token", values="probability")
    assert shown.loc["3", CORPUS.labels[1]] == pytest.approx(drawn.emission[2, 1].item())
    assert shown.sum(axis="columns").to_list() == pytest.approx([1] * 3)


def test_a_study_trains_and_measures_the_best_restart() -> None:
    config = HMMConfig(4, restarts=3, seed=2)
    study = StatesStudy(config, CORPUS, iterations=12)
    study.advance()
    trainer = BaumWelch(config, CORPUS.windows, SIZE)
    all_of(trainer.iterations_in_pieces(12))
    all_of(trainer.measure_in_pieces())
    assert study.perplexity == perplexity(loss(trainer.model(), CORPUS.windows))
    table = study.frame()
    assert len(table) == (12 + 1) * 3
    assert table["log_likelihood"].to_list() == [nats for each in trainer.log_likelihoods for nats in each]


def test_a_sweep_is_one_study_for_each_size() -> None:
    config = HMMConfig(1, restarts=2)
    sweep = StatesSweep(config, CORPUS, sizes=(1, 4), iterations=10)
    sweep.advance()
    alone = StatesStudy(HMMConfig(4, restarts=2), CORPUS, iterations=10)
    alone.advance()
    assert sweep.frame()["perplexity"].to_list()[1] == alone.perplexity
    assert sweep.frame()["states"].to_list() == [1, 4]
    assert sweep.frame()["bits"].to_list() == [0, 2]
    assert sweep.frame()["numbers"].to_list() == [1 + 1 + SIZE, 4 + 16 + 4 * SIZE]


def test_stopped_it_keeps_the_sizes_that_are_done() -> None:
    sweep = StatesSweep(HMMConfig(1, restarts=1), CORPUS, sizes=(1, 2, 3), iterations=5)
    while len(sweep.frame()) < 2:
        assert not sweep.advance(0.0)
    sweep.close()
    assert sweep.frame()["states"].to_list() == [1, 2]


def test_one_symbol_and_many_states() -> None:
    study = StatesStudy(HMMConfig(12, restarts=2), Corpus(TextConfig("aaaa", eos=True)))
    study.advance()
    assert study.perplexity is not None and math.isfinite(study.perplexity)
    line = (0, 0, 0, 0, 1)
    assert len(states_over(in_order(study.model, line), line, ("a", "E"))) == 5 * 12
