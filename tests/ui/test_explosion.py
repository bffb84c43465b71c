"""What is said of a training that met a number which is not finite: true for every setting."""

import math
from itertools import product
from typing import Any

import pytest

from playground.config import DEFAULTS, ExperimentConfig
from playground.training import Explosion
from playground.ui import explosion
from tests.ui.pages import Visitor, readable, trainer
from tests.ui.reading import HANGUL

RATE, CLIPPING, THRESHOLD = "smaller learning rate after Reset", "gradient clipping", "lower threshold"
EARLIER = "clipping from an earlier step"
RADIUS, INITIALIZATION, TANH, LENGTH = (
    "smaller spectral radius",
    "PyTorch's initialisation",
    "tanh",
    "shorter sequence",
)


def said(
    step: int = 5, what: str = "loss", where: int | str = 3, value: float = math.inf, **values: Any
) -> str:
    config = ExperimentConfig.from_values(DEFAULTS | {"cell": "rnn"} | values)
    return explosion.sentence(Explosion(step, what, where, value), config)


@pytest.mark.parametrize(
    ("what", "where", "value", "words"),
    [
        ("loss", 3, math.inf, "the loss of timestep 3 is infinite"),
        ("loss", 3, math.nan, "the loss of timestep 3 is not a number (NaN)"),
        (
            "gradient",
            "rnn.weight_hh_l0",
            math.inf,
            "an entry of the gradient by rnn.weight_hh_l0 is infinite",
        ),
        ("gradient", "rnn.bias_ih_l1", -math.inf, "an entry of the gradient by rnn.bias_ih_l1 is infinite"),
        (
            "gradient",
            "readout.bias",
            math.nan,
            "an entry of the gradient by readout.bias is not a number (NaN)",
        ),
    ],
)
def test_which_number_and_where(what: str, where: int | str, value: float, words: str) -> None:
    sentence = said(1234, what, where, value)
    assert sentence.startswith(f"At step 1,234 {words}. Everything up to there is kept.")


def test_of_several_sequences_it_says_which() -> None:
    config = ExperimentConfig.from_values(DEFAULTS | {"cell": "rnn"})
    for value, words in ((math.inf, "is infinite"), (math.nan, "is not a number (NaN)")):
        sentence = explosion.sentence(Explosion(3, "loss", 8, value, 2), config)
        assert sentence.startswith(f"At step 3 the loss of timestep 8 in sequence 2 of the batch {words}.")
    sentence = explosion.sentence(Explosion(3, "sum", "losses", math.inf), config)
    assert sentence.startswith("At step 3 the sum of all losses is infinite.")


CASES: dict[str, tuple[dict[str, Any], int, set[str]]] = {
    "after updates": ({"clip": "off"}, 5, {RATE, CLIPPING}),
    "clipped already": ({"clip": "norm", "optimizer": "sgd"}, 5, {RATE, THRESHOLD}),
    "not clipped yet": ({"clip": "norm", "clip_from": 5, "optimizer": "sgd"}, 5, {RATE, EARLIER}),
    "clipped since the step before": ({"clip": "norm", "clip_from": 4, "optimizer": "sgd"}, 5, {RATE, THRESHOLD}),
    "clipped by value": ({"clip": "value", "optimizer": "momentum"}, 5, {RATE, THRESHOLD}),
    "a threshold means nothing to Adam": ({"clip": "norm", "optimizer": "adam"}, 5, {RATE, LENGTH}),
    "lowest threshold": ({"clip": "norm", "clip_threshold": 0.001, "optimizer": "sgd"}, 5, {RATE, LENGTH}),
    "lowest rate": ({"clip": "norm", "learning_rate": 1e-5}, 5, {LENGTH}),
    "lowest rate after a change": ({"clip": "off", "rates": ((3, 1e-5),)}, 5, {CLIPPING, LENGTH}),
    "lowest rate from the explosion on": ({"clip": "off", "rates": ((5, 1e-5),)}, 5, {RATE, CLIPPING}),
    "ReLU": ({"nonlinearity": "relu", "clip": "off"}, 5, {RATE, CLIPPING, TANH}),
    "linear": ({"nonlinearity": "linear", "clip": "norm"}, 5, {RATE, TANH}),
    "a nonlinearity is the RNN's": ({"nonlinearity": "relu", "cell": "gru", "clip": "off"}, 5, {RATE, CLIPPING}),
    "spectral": ({"initialization": "spectral", "clip": "norm"}, 5, {RATE, RADIUS}),
    "untrained": ({"clip": "off"}, 0, {LENGTH}),
    "untrained and clipped": ({"clip": "norm", "optimizer": "sgd"}, 0, {LENGTH}),
    "untrained, spectral": ({"initialization": "spectral", "nonlinearity": "relu"}, 0, {RADIUS, TANH, LENGTH}),
    "untrained, orthogonal": ({"initialization": "orthogonal", "cell": "lstm"}, 0, {INITIALIZATION, LENGTH}),
    "untrained, identity": ({"initialization": "identity", "nonlinearity": "relu"}, 0, {INITIALIZATION, TANH, LENGTH}),
    "untrained, the weights are PyTorch's": ({"initialization": "chrono", "cell": "lstm"}, 0, {LENGTH}),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_advice_fits(name: str) -> None:
    values, step, wanted = CASES[name]
    sentence = said(step, **values)
    everything = (RATE, CLIPPING, EARLIER, THRESHOLD, RADIUS, INITIALIZATION, TANH, LENGTH)
    assert {advice for advice in everything if advice in sentence} == wanted


def test_advice_is_never_what_the_run_has_already() -> None:
    for step, cell, clip, optimizer, nonlinearity, initialization in product(
        (0, 1, 9),
        ("rnn", "lstm", "gru"),
        ("off", "norm", "value"),
        ("sgd", "adam"),
        ("tanh", "relu", "sigmoid", "linear"),
        ("default", "orthogonal", "spectral", "identity", "chrono"),
    ):
        sentence = said(
            step,
            cell=cell,
            clip=clip,
            optimizer=optimizer,
            nonlinearity=nonlinearity,
            initialization=initialization,
        )
        assert not (CLIPPING in sentence and (clip != "off" or step == 0))
        assert not (THRESHOLD in sentence and (clip == "off" or step == 0))
        assert not (RATE in sentence and step == 0)
        assert not (TANH in sentence and (cell != "rnn" or nonlinearity in ("tanh", "sigmoid")))
        assert not (RADIUS in sentence and initialization != "spectral")
        assert not (INITIALIZATION in sentence and initialization in ("default", "chrono"))
        assert sentence.split("What may help: ")[1].rstrip(".")


LINK = {
    "cell": "rnn", "nonlinearity": "relu", "initialization": "spectral", "spectral_radius": "5", "layers": "3",
    "text": "hello world again and again and more, and then some more of it " * 2,
}  # fmt: skip


@pytest.mark.parametrize("language", ["en", "ko"])
def test_status_and_stage_say_the_same_of_a_run_that_explodes_untrained(language: str) -> None:
    visitor = Visitor(language, seed="644", sequence_length="100", **LINK)
    found = trainer(
        0, seed=644, sequence_length=100, **{k: FIELD.get(k, str)(v) for k, v in LINK.items()}
    ).explosion()
    assert found is not None and found.step == 0
    (error,) = visitor.app.error
    assert visitor.stage.header["explosion"] == {"step": 0, "sentence": error.value}
    assert bool(HANGUL.search(error.value)) is (language == "ko")
    assert str(found.where) in readable(error.value)
    assert visitor.widget("play").disabled
    visitor.click("step")
    assert not visitor.app.exception and visitor.stage.playhead == 0
    visitor.visit("gradients")
    assert error.value in visitor.app.warning[0].value


FIELD: dict[str, Any] = {"spectral_radius": float, "layers": int}
