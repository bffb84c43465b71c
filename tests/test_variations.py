"""Experiments beside another one: in what they differ, and what a link may say of them."""

from dataclasses import replace

import pytest

from playground.cells import CELLS
from playground.config import ExperimentConfig, NetworkConfig, TextConfig, TrainingConfig
from playground.refusal import Refusal
from playground.variations import MOST, Clipped, OtherCell, OtherSeed, Variations, beside

KIND = Variations()
FIRST = ExperimentConfig(
    TextConfig("abcabd"), NetworkConfig("rnn", 8), TrainingConfig("sgd", 0.3, "off"), seed=2**31 - 2
)


def test_each_differs_in_what_it_says_and_in_nothing_else() -> None:
    assert OtherCell("gru").of(FIRST) == replace(FIRST, network=replace(FIRST.network, cell="gru"))
    assert [OtherSeed(n).of(FIRST).seed for n in (1, 2, 3)] == [2**31 - 1, 0, 1], "seeds go round"
    assert OtherSeed(1).of(FIRST) == replace(FIRST, seed=2**31 - 1)
    clipped = TrainingConfig("sgd", 0.3, "norm", clip_threshold=0.5, clip_from=120)
    assert Clipped(0.5, 120).of(FIRST) == replace(FIRST, training=clipped)


@pytest.mark.parametrize(
    "variations",
    [
        (),
        *((OtherCell(cell),) for cell in CELLS),
        (OtherCell("lstm"), OtherCell("gru")),
        (OtherSeed(1), OtherSeed(3)),
        (Clipped(0.5, 120),),
        (Clipped(1e-3, 0), OtherCell("gru"), OtherSeed(2)),
    ],
)
def test_a_link_brings_them_back(variations: tuple[OtherCell | OtherSeed | Clipped, ...]) -> None:
    text = KIND.show(variations)
    assert KIND.parse("race", text) == variations == KIND.check("race", list(variations))


@pytest.mark.parametrize(
    "text",
    [
        *(
            "lstn",
            "LSTM",
            "gru,",
            ",",
            "gru,,lstm",
            "gru lstm",
            "seed0",
            f"seed{MOST + 1}",
            "seed-1",
            "seed1.5",
        ),
        *("norm", "norm@", "norm0@5", "norm1e9@5", "normnan@5", "norm1@-1", "norm1@1.5", "norm1@99999999999"),
        *("value1@5", "norm1@5@6", "seed１", "<script>", "\0", "gru," * 100, "9" * 5000, "seed" + "9" * 100),
    ],
)
def test_what_is_none_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(Refusal) as refused:
        KIND.parse("race", text)
    sentence = str(refused.value)
    assert refused.value.field == "race" and len(sentence) < 250 and sentence.endswith(".")


@pytest.mark.parametrize(
    "value", [None, 3, "gru", (3,), (None,), [["gru"]], (OtherCell("x"),), (OtherSeed(0),), (Clipped(-1, 5),)]
)
def test_a_widget_may_say_no_more_than_a_link(value: object) -> None:
    with pytest.raises(Refusal):
        KIND.check("race", value)


def test_the_same_twice_is_once_and_too_many_are_refused() -> None:
    assert KIND.parse("race", "gru,gru,lstm,gru") == (OtherCell("gru"), OtherCell("lstm"))
    with pytest.raises(Refusal, match=f"at most {MOST} experiments .* got {MOST + 1}"):
        KIND.parse("race", "gru,lstm,mgu,seed1")


def test_what_is_the_first_itself_does_not_stand_beside_it() -> None:
    gru, lstm = OtherCell("gru"), OtherCell("lstm")
    assert beside(FIRST, (OtherCell("rnn"), gru, lstm)) == (gru, lstm)
    already = Clipped(0.5, 120).of(FIRST)
    assert beside(already, (Clipped(0.5, 120), gru)) == (gru,)
