"""A language model that reads the answer: what it reaches, what is left of it in writing, held to readings by hand."""

import math
from functools import cache

import numpy as np
import pytest
import torch

from playground.analysis.floors import distinct_floors
from playground.config import NetworkConfig, TaskConfig, TextConfig, TrainingConfig
from playground.models.network import Network
from playground.passes.replica import copy_of
from playground.passes.unroll import unroll
from playground.refusal import Refusal
from playground.studies.peeking import BOTH, FORWARD, LONGEST, SO_FAR, Peeking
from playground.training import Trainer

CONFIG = TaskConfig(NetworkConfig("rnn", 16), TrainingConfig("adam", 0.01))


@cache
def learned(text: str, *, bos: bool = False, updates: int = 200) -> Peeking:
    peeking = Peeking(CONFIG, TextConfig(text, bos=bos, eos=bos), updates=updates)
    peeking.advance()
    return peeking


def test_reading_the_answer_reaches_what_nobody_can_who_reads_forwards() -> None:
    """Four different ends of one beginning: no reader can know which; who reads both ways reads which."""
    peeking = learned("hello\nhelp\nheld\nhear")
    lowest = distinct_floors(peeking.task.corpus)[-1].perplexity
    forward, both, so_far = (peeking.last(name) for name in (FORWARD, BOTH, SO_FAR))
    assert forward is not None and both is not None and so_far is not None
    assert lowest > 1.3 and forward >= lowest - 1e-6, "a floor is a bound"
    assert both < lowest - 0.1, "it has read the answer"
    assert so_far >= lowest - 1e-6, "and cannot when it is not there"


def test_the_leak_of_hello_world() -> None:
    peeking = learned("hello world")
    both, so_far = peeking.last(BOTH), peeking.last(SO_FAR)
    assert both is not None and both <= 1.01
    assert so_far is not None and so_far > 1.2
    assert peeking.written[FORWARD].given + peeking.written[FORWARD].made == "hello world"
    assert peeking.written[FORWARD].right == peeking.written[FORWARD].count == 10
    assert peeking.written[BOTH].right < 10


def network_of(peeking: Peeking, name: str) -> Network:
    config = peeking.runs[name].config
    trainer = Trainer(config, peeking.task)
    trainer.advance(peeking.runs[name].updates)
    assert isinstance(trainer.network, Network)
    return trainer.network


def test_its_rows_are_the_losses_of_the_trainings() -> None:
    peeking = learned("hello world")
    table = peeking.frame()
    for name in (FORWARD, BOTH):
        rows = table.query("variant == @name")
        assert rows["step"].to_list() == [frame.step for frame in peeking.runs[name].frames]
        np.testing.assert_allclose(
            rows["loss"], [frame.loss for frame in peeking.runs[name].frames], rtol=1e-5
        )
        np.testing.assert_allclose(rows["perplexity"], np.exp(rows["loss"]))
    steps = table.query("variant == @SO_FAR")["step"].to_list()
    assert steps[0] == 0 and steps[-1] == 200 and len(steps) == 12


def test_places_are_those_of_readings_by_hand_and_make_the_perplexity() -> None:
    peeking = learned("hello world")
    table = peeking.places()
    assert table["token"].to_list() == list("hello␣worl")
    assert table["target"].to_list() == list("ello␣world")
    model = copy_of(network_of(peeking, BOTH))
    batch = peeking.task.held_out()
    with torch.inference_mode():
        whole = unroll(model, batch)["loss"][:, 0]
        np.testing.assert_allclose(table[BOTH], np.exp(-whole.numpy()), rtol=1e-4)
        for t in range(len(table)):
            beginning = type(batch)(batch.inputs[: t + 1], batch.targets[: t + 1], batch.mask[: t + 1])
            alone = math.exp(-float(unroll(model, beginning)["loss"][-1, 0]))
            assert table[SO_FAR].to_list()[t] == pytest.approx(alone, rel=1e-4)
    for variant in (FORWARD, BOTH, SO_FAR):
        last = peeking.last(variant)
        assert last == pytest.approx(math.exp(-np.log(table[variant]).mean()), rel=1e-4)


def test_a_long_text_is_measured_in_part_and_in_short_windows() -> None:
    peeking = Peeking(CONFIG, TextConfig("abcde " * 100, sequence_length=200), updates=1)
    assert peeking.measured == 4 * LONGEST
    peeking.advance()
    assert {name: each.count for name, each in peeking.written.items()} == {FORWARD: LONGEST, BOTH: LONGEST}


def test_with_bos_the_first_symbol_is_given_too_and_the_end_ends_it() -> None:
    written = learned("ab\nac", bos=True, updates=60).written[FORWARD]
    assert written.given == "a" and written.count == 2 and written.made in ("b", "c")
    assert Peeking(CONFIG, TextConfig("a", bos=True), updates=1).measured == 1


def test_what_cannot_be_learned_from_is_refused() -> None:
    with pytest.raises(Refusal, match="nothing to predict"):
        Peeking(CONFIG, TextConfig("a"), updates=1)


def test_in_pieces_it_is_the_same_as_at_once() -> None:
    peeking = Peeking(CONFIG, TextConfig("hello world"), updates=200)
    done: list[float] = []
    while not peeking.advance(0.0):
        done.append(peeking.progress)
    assert done == sorted(done) and len(done) > 400
    assert peeking.frame().equals(learned("hello world").frame())
    assert peeking.written == learned("hello world").written
