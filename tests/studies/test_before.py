"""All models of one text, measured: against what each of them gives when it is asked directly."""

import numpy as np
import pytest
import torch

from playground.analysis.before import floor_of, hold_out
from playground.analysis.floors import distinct_floors
from playground.config import ExperimentConfig, NetworkConfig, TextConfig, TrainingConfig
from playground.corpus import Corpus
from playground.models.hmm import HMMConfig
from playground.models.model import loss, perplexity
from playground.models.network import Network
from playground.models.ngram import NGram, NGramConfig
from playground.models.window import WindowConfig
from playground.studies.before import (
    MODELS,
    Baselines,
    RecurrentRow,
    Settings,
    WindowSizes,
    WindowStudy,
)
from playground.studies.learning import measured_steps
from playground.training import Trainer

SETTINGS = Settings(window=WindowConfig(2, 8, learning_rate=0.05), updates=150, hmm=HMMConfig(2, 2))
LINES = "abab\nabba\nbaab"


def test_every_model_has_its_row_and_n_grams_stand_on_their_floors() -> None:
    corpus = Corpus(TextConfig("hello world"))
    work = Baselines(corpus, SETTINGS)
    assert work.frame().empty
    work.advance()
    table = work.frame().set_index("model")
    assert list(table.index) == list(MODELS)
    floors = distinct_floors(corpus)
    for order in range(1, 6):
        row = table.loc[f"ngram_{order}"]
        assert row["memory"] == order - 1
        assert row["perplexity"] == pytest.approx(floor_of(floors, order - 1))
    window = table.loc["window"]
    assert floor_of(floors, 2) < window["perplexity"] < 1.05 * floor_of(floors, 2)
    assert np.isnan(table["held_out"]).all() and set(table["given"]) == {"h"}
    assert np.isnan(table["memory"].to_list()[list(table.index).index("hmm")])


def test_held_out_lines_are_measured_by_models_of_the_others() -> None:
    corpus = Corpus(TextConfig(LINES))
    work = Baselines(corpus, Settings("add", 0.5, window=SETTINGS.window, updates=20, hmm=SETTINGS.hmm))
    work.advance()
    parts = hold_out(corpus)
    assert parts is not None
    model = NGram(NGramConfig(2, "add", 0.5), parts.kept.windows, 2)
    table = work.frame().set_index("model")
    assert table.loc["ngram_2", "held_out"] == pytest.approx(perplexity(loss(model, parts.held_out.windows)))
    assert np.isfinite(table.drop(index="hmm")["held_out"]).all()


def test_what_is_written_is_of_the_seed() -> None:
    corpus = Corpus(TextConfig(LINES))

    def written(seed: int) -> list[str]:
        work = Baselines(corpus, Settings(updates=5, hmm=SETTINGS.hmm, seed=seed))
        work.advance()
        return work.frame()["writes"].to_list()

    assert written(1) == written(1) != written(2)


@pytest.mark.parametrize("step", [0, 7])
def test_the_row_of_the_recurrent_network(step: int) -> None:
    """Held-out lines are asked of a network of the same seed that has made as many updates on the others."""
    config = ExperimentConfig(
        TextConfig(LINES), NetworkConfig("gru", 4), TrainingConfig("adam", 0.05), seed=3
    )
    corpus = Corpus(config.text)
    trainer = Trainer(config, corpus)
    for _ in range(step):
        trainer.update()
    assert isinstance(trainer.network, Network)
    work = RecurrentRow(config, corpus, trainer.network, step, seed=0)
    work.advance()
    row = work.frame().iloc[0]
    assert row["perplexity"] == pytest.approx(trainer.preview().perplexity[0], rel=1e-5)
    assert row["numbers"] == sum(each.numel() for each in trainer.network.named_parameters().values())
    parts = hold_out(corpus)
    assert parts is not None
    other = Trainer(config, parts.kept)
    for _ in range(step):
        other.update()
    batch = parts.held_out.batch(0, 0)
    assert torch.equal(batch.inputs[:, 0].T, torch.tensor(parts.held_out.windows)[:, :-1])
    judge = Trainer(config, parts.held_out)
    judge.network.load_state_dict(other.network.state_dict())
    assert row["held_out"] == pytest.approx(judge.preview().perplexity[0], rel=1e-5)


def test_a_window_comes_down_to_its_floor_and_no_further() -> None:
    corpus = Corpus(TextConfig("mississippi"))
    floors = distinct_floors(corpus)
    work = WindowStudy(WindowConfig(2, 16, learning_rate=0.05), corpus, 400)
    work.advance()
    table = work.frame()
    assert table["step"].to_list() == measured_steps(400)
    reached = table["perplexity"].iloc[-1]
    assert floor_of(floors, 2) < reached < 1.01 * floor_of(floors, 2)
    assert reached == pytest.approx(perplexity(loss(work.trainer.model, corpus.windows)))
    sizes = WindowSizes(WindowConfig(2, 16, learning_rate=0.05), corpus, 400, (1, 2))
    sizes.advance()
    assert sizes.frame()["memory"].to_list() == [1, 2]
    assert sizes.frame()["perplexity"].iloc[1] == pytest.approx(reached)
    assert sizes.frame()["numbers"].iloc[1] - sizes.frame()["numbers"].iloc[0] == 4 * 16


def test_a_window_that_explodes_ends_there() -> None:
    work = WindowStudy(
        WindowConfig(1, 4, optimizer="sgd", learning_rate=10), Corpus(TextConfig("ab" * 9)), 50
    )
    work.trainer.model.parameters["readout.bias"].fill_(np.inf)
    work.advance()
    assert len(work.frame()) == 2 and not np.isfinite(work.frame()["perplexity"]).any()


@pytest.mark.parametrize("updates", [1, 2, 9, 400, 5000])
def test_measured_steps_ascend_to_the_last(updates: int) -> None:
    steps = measured_steps(updates)
    assert steps[0] == 0 and steps[-1] == updates and steps == sorted(set(steps)) and len(steps) < 45
