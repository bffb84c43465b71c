"""Lines on a map that moves: every map is read by the training of its step, and one more line is read like them."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch

from playground.analysis.embedding import last_states
from playground.config import NetworkConfig, TaskConfig, TrainingConfig
from playground.models.network import Network
from playground.refusal import Refusal, Unreadable
from playground.studies.lessons import LESSONS, OWN_LESSONS, Lesson, lesson_of
from playground.studies.maps import MOST_LINES, MOST_MAPS, SentenceMaps
from playground.tasks.drawing import Listed
from playground.training import Trainer


def lesson(name: str, *, updates: int = 30, cell: str = "gru", **choices: str) -> Lesson:
    ready = LESSONS[name] if name in LESSONS else OWN_LESSONS["many-to-one"]
    network = NetworkConfig(cell, 8)
    given = {"learning_rate": 0.01, "updates": updates, "seed": 3, "has_decoder": False, "feed": "target"}
    return lesson_of(ready, network, **given, **choices)


@cache
def mapped(name: str) -> SentenceMaps:
    maps = SentenceMaps(lesson(name))
    maps.advance()
    return maps


@pytest.mark.parametrize("name", ["sentiment", "names"])
def test_every_map_is_what_the_training_has_come_to(name: str) -> None:
    maps = mapped(name)
    embedding, task = maps.embedding(), maps.task
    assert embedding.steps[0] == 0 and embedding.steps[-1] == 30 and 5 < len(embedding.steps) <= MOST_MAPS + 2
    trainer = Trainer(lesson(name).config, task)
    assert isinstance(trainer.network, Network)
    for at, step in enumerate(embedding.steps):
        trainer.advance(step - trainer.step)
        states, answers = last_states(trainer.network, task.everything)
        np.testing.assert_allclose(embedding.states[at], states, rtol=1e-4, atol=1e-5)
        asked = task.everything.targets[:, 0].masked_fill(~task.everything.mask[:, 0], 0).sum(0).numpy()
        assert (maps.right(at) == (answers == asked)).mean() > 0.99, "but for what rounding decides"


def test_a_line_says_what_it_is_and_on_which_side() -> None:
    lines = mapped("sentiment").lines
    assert (lines[0].text, lines[0].asked) == ("food was good but service was not good", "negative")
    task = mapped("sentiment").task
    held_out = {tuple(task.show(task.held_out(), n).read) for n in range(task.held_out().mask.shape[2])}
    said = {" ".join(filter(None, read)) for read in held_out}
    assert {line.text for line in lines if line.is_held_out} == said
    assert mapped("names").lines[0].text == "smith" and mapped("names").lines[-1].asked == "Korean"


@pytest.mark.parametrize("name", ["sentiment", "names"])
def test_one_more_line_is_read_as_if_it_were_among_them(name: str) -> None:
    maps = mapped(name)
    embedding = maps.embedding()
    for number in (0, 50, 101):
        typed = maps.read(maps.lines[number].text, "typed")
        np.testing.assert_allclose(typed.states, embedding.states[:, number], rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(typed.odds.sum(1), 1, rtol=1e-5)
        right = typed.classes[int(typed.odds[-1].argmax())] == maps.lines[number].asked
        assert right == maps.right(-1)[number]
        nearest = embedding.nearest(-1, typed.states[-1], count=1)
        assert maps.lines[int(nearest["number"].to_list()[0])].text == maps.lines[number].text


def test_what_the_network_does_not_know_is_refused() -> None:
    with pytest.raises(Unreadable, match="must use symbols of the training text"):
        mapped("sentiment").read("the food was good", "typed")
    with pytest.raises(Unreadable, match="🙂"):
        mapped("names").read("kim🙂", "typed")
    with pytest.raises(Refusal, match="1 to 100 symbols; got 0"):
        mapped("sentiment").read("  ", "typed")


def test_own_lines_are_read_by_their_own_symbols() -> None:
    lines = "\n".join(f"{'ab' * n} ab → even\n{'ab' * n} b → odd" for n in range(1, 7))
    for tokens, known in (("character", "abab b"), ("word", "abab b")):
        maps = SentenceMaps(lesson("own", lines=lines, tokens=tokens))
        maps.advance()
        assert maps.lines[2].text == "abab ab" and maps.lines[2].asked == "even"
        assert maps.read(known, "typed").classes == ("even", "odd")


def test_too_many_lines_are_thinned_evenly() -> None:
    lines = "\n".join(
        f"{n} {n + 1} → {'even' if n % 2 else 'odd'}" for n in range(1000, 1000 + 2 * MOST_LINES - 300)
    )
    maps = SentenceMaps(lesson("own", updates=1, lines=lines, tokens="character"))
    assert len(maps.lines) == MOST_LINES
    assert maps.lines[0].text == "1000 1001" and maps.lines[-1].text == "1899 1900"


def test_in_pieces_it_is_the_same_as_at_once_and_there_is_a_map_at_once() -> None:
    maps = SentenceMaps(lesson("names"))
    done: list[float] = []
    with pytest.raises(ValueError, match="no step"):
        maps.embedding()
    while not maps.advance(0.0):
        done.append(maps.progress)
        if len(done) == 3:
            assert maps.steps == (0,) and len(maps.embedding().states) == 1
    assert done == sorted(done) and len(done) > 30
    np.testing.assert_array_equal(maps.embedding().states, mapped("names").embedding().states)


def test_an_explosion_has_a_last_map() -> None:
    network, training = (
        NetworkConfig("rnn", 8, nonlinearity="linear"),
        TrainingConfig("sgd", 10.0, clip="off"),
    )
    wild = replace(lesson("names", updates=300), config=TaskConfig(network, training))
    maps = SentenceMaps(wild)
    maps.advance()
    assert maps.run.explosion is not None
    assert maps.steps[-1] == maps.run.frames[-1].step < 300
    assert (
        isinstance(maps.task, Listed) and torch.isfinite(torch.from_numpy(maps.embedding().states[0])).all()
    )
