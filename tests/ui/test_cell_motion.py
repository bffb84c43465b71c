"""What is said and lit of one update, in both languages: every number in it is that of the update."""

import json
import math
import re
from dataclasses import replace
from typing import Any

import pytest

from playground.analysis.slow_motion import SlowMotion, Weight, slow_motion
from playground.config import ExperimentConfig, NetworkConfig, TextConfig, TrainingConfig
from playground.corpus import Corpus
from playground.figures.axes import number
from playground.optimizers import OPTIMIZERS
from playground.training import Trainer
from playground.ui import lesson, words
from playground.ui.cell import motion
from playground.ui.cell.stages import STAGES, Beat, Stage, places

LANGUAGES = ("en", "ko")
PLACEHOLDER = re.compile(r"\{(\w+)\}")
HELD = Weight("rnn.weight_hh_l0", 1, 2)
BASE = ExperimentConfig(TextConfig(text="abcabd"), NetworkConfig("gru", hidden_size=4))
SEVERAL = TextConfig(text="abba\nbcad")
CLIPPINGS = {
    "off": {"clip": "off"},
    "norm": {"clip": "norm", "clip_threshold": 1e-3},
    "norm-unneeded": {"clip": "norm", "clip_threshold": 1e3},
    "value": {"clip": "value", "clip_threshold": 1e-3},
    "value-unneeded": {"clip": "value", "clip_threshold": 1e3},
}


def shown(
    config: ExperimentConfig = BASE, weight: Weight = HELD, steps: int = 3
) -> tuple[SlowMotion, Corpus]:
    corpus = Corpus(config.text)
    trainer = Trainer(config, corpus)
    trainer.advance(steps)
    return slow_motion(trainer, weight), corpus


def told(language: str, config: ExperimentConfig = BASE, weight: Weight = HELD) -> dict[str, Any]:
    with pytest.MonkeyPatch.context() as patch:
        for module in (lesson, words):
            patch.setattr(module, "language", lambda: language)
        return motion.message(*shown(config, weight), config.training.optimizer)


def training(**values: Any) -> ExperimentConfig:
    return replace(BASE, training=TrainingConfig(**values))


def beats_of(message: dict[str, Any], name: str) -> list[dict[str, Any]]:
    place = [stage.name for stage in STAGES].index(name)
    return [beat for beat in message["beats"] if beat["stage"] == place]


def lines_of(message: dict[str, Any], name: str) -> list[str]:
    return [line for beat in beats_of(message, name) for line in beat["lines"]]


def test_every_stage_has_its_section_with_a_paragraph_a_beat_and_the_same_numbers_in_both_languages() -> None:
    variants = {
        "clipping": CLIPPINGS,
        "course": ("up", "down", "level", "broken"),
        "moves": ("moves", "stays"),
    }
    for stage in STAGES:
        names = [stage.section or stage.name]
        for value, options in variants.items():
            names = [name.replace(f"{{{value}}}", option) for name in names for option in options]
        for name in set(names):
            texts = {}
            for language in LANGUAGES:
                with pytest.MonkeyPatch.context() as patch:
                    patch.setattr(lesson, "language", lambda language=language: language)
                    texts[language] = lesson.named("motion", name)[1].split("\n\n")
            assert len(texts["en"]) == len(texts["ko"]) == len(stage.beats), name
            for english, korean in zip(texts["en"], texts["ko"], strict=True):
                assert sorted(set(PLACEHOLDER.findall(english))) == sorted(set(PLACEHOLDER.findall(korean)))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("text", [BASE.text, SEVERAL, TextConfig(text="ab")])
def test_what_is_lit_is_there_and_in_the_end_everything_is(language: str, text: TextConfig) -> None:
    message = told(language, replace(BASE, text=text))
    length = len(message["rows"][0]["texts"])
    rows = {row["name"]: row for row in message["rows"]}
    lit = {(name, t) for beat in message["beats"] for name in beat["lights"] for t in beat["at"]}
    assert lit == {(name, t) for name in rows for t in range(length)}
    for row in rows.values():
        assert {len(row[kind]) for kind in ("texts", "units") if kind in row} == {length}
    for stage in message["stages"]:
        assert stage["beats"] >= 1
    for beat in message["beats"]:
        assert beat["text"]
        assert not PLACEHOLDER.search(beat["text"])
        assert beat["seconds"] > 0
    json.dumps(message, allow_nan=False)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("clipping", CLIPPINGS)
def test_clipping_says_what_it_did(language: str, clipping: str) -> None:
    config = training(**CLIPPINGS[clipping])
    clip = shown(config)[0].clip
    message = told(language, config)
    (beat,) = beats_of(message, "clip")
    if clipping.startswith("value") and clipping != "value-unneeded":
        assert number(clip.gradient, 3) in beat["text"]
    elif "value" not in clipping:
        assert number(clip.norm, 3) in beat["text"]
    assert any("→" in line for line in beat["lines"]) == (clipping in ("norm", "value"))


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_rule_stands_line_by_line_and_ends_in_the_new_weight(optimizer: str) -> None:
    config = training(optimizer=optimizer)
    made = shown(config)[0].made
    lines = lines_of(told("en", config), "optimise")
    for term in made.terms:
        (line,) = [line for line in lines if line.startswith((f"{term.symbol} ←", f"{term.symbol} ="))]
        assert f"{term.formula} = {number(term.value, 6)}" in line
        if term.remembers:
            assert f"was {number(made.before[term.remembers], 6)}" in line
    assert lines[-1].endswith(f"= {number(made.weight_after, 6)}")


def test_both_routes_come_to_the_same_perplexity_on_screen() -> None:
    for text in (BASE.text, SEVERAL):
        _total, *_sums, mean, product, root = lines_of(told("en", replace(BASE, text=text)), "loss")
        assert mean.startswith("exp(")
        assert product.startswith("1/p₁")
        assert mean.partition(" = ")[2] == root.partition(" = ")[2]


def test_the_losses_are_summed_or_averaged_as_training_does() -> None:
    summed = lines_of(told("en", training(reduction="sum")), "loss")[0]
    mean = lines_of(told("en"), "loss")[0]
    assert "/ 5 =" in mean
    assert "/" not in summed.split(" = ")[1]
    assert summed.endswith(number(shown(training(reduction="sum"))[0].total, 5))


@pytest.mark.parametrize("text", [BASE.text, SEVERAL])
def test_the_sum_of_the_shares_reads_as_the_gradient_that_is_clipped(text: TextConfig) -> None:
    config = replace(training(clip="value", clip_threshold=1e-3), text=text)
    summed, _norm = lines_of(told("en", config), "sum")
    (clipped,) = [line for line in lines_of(told("en", config), "clip") if line.startswith("g(w): ")]
    assert summed.split(" = ")[-1] == clipped.removeprefix("g(w): ").split(" → ")[0]


def test_a_network_that_is_nearly_certain_has_losses_above_0() -> None:
    """In 32 bits −log p is 0 from p = 1 − 3·10⁻⁸ on; −log p = log(1 + e⁻²⁰) is 2.06·10⁻⁹."""
    corpus = Corpus(BASE.text)
    trainer = Trainer(BASE, corpus)
    named = trainer.network.named_parameters()
    for value in named.values():
        value.zero_()
    target = corpus.batch(BASE.seed, 0).targets[0, 0, 0]
    named["readout.bias"][0, target] = 20 + math.log(len(corpus.labels) - 1)
    message = motion.message(slow_motion(trainer, HELD), corpus, "adam")
    texts = {row["name"]: row.get("texts") for row in message["rows"]}
    assert texts["loss"][0] == "2.06·10⁻⁹"
    assert texts["target"][0].endswith(" 1 − 2.06·10⁻⁹")


@pytest.mark.parametrize("layer", [0, 1])
def test_what_reaches_h_comes_from_the_layer_above_where_there_is_one(layer: int) -> None:
    config = replace(BASE, network=replace(BASE.network, layers=2))
    message = told("en", config, Weight(f"rnn.weight_hh_l{layer}", 1, 2))
    labels = {row["name"]: row["label"] for row in message["rows"]}
    assert labels["state"] == f"state h, layer {layer + 1}, units 1–4"
    assert labels["outputs"].endswith("from the outputs" if layer else "from the layer above")
    assert ("what lies above" in beats_of(message, "back")[0]["text"]) == (layer == 0)


def test_a_row_of_an_embedding_met_the_symbol_that_was_read() -> None:
    config = replace(BASE, network=replace(BASE.network, embedding=3))
    last = Corpus(config.text).batch(config.seed, 3).inputs[-1, 0, 0]
    found = shown(config, Weight("embedding.weight", int(last), 1))[0]
    assert found.back[-1].met == 1
    line = lines_of(told("en", config, found.weight), "back")[-1]
    assert line == f"{number(found.back[-1].came_back, 3)} × 1 = {number(found.back[-1].share, 3)}"


def test_what_goes_past_the_matrix_has_a_row_of_its_own_where_it_is_another_state() -> None:
    rows = {cell: {} for cell in ("lstm", "gru")}
    for cell in rows:
        config = replace(BASE, network=replace(BASE.network, cell=cell))
        rows[cell] = {row["name"]: row for row in told("en", config)["rows"]}
        norms = [number(back.states.get("c", 0.0), 3) for back in shown(config)[0].back]
        assert rows[cell].get("carried", {"texts": ["0"] * 5})["texts"] == norms
    assert "carried" in rows["lstm"]


def test_one_weight_that_keeps_its_digits_stays() -> None:
    at_rest = training(optimizer="sgd", learning_rate=1e-5, clip="norm", clip_threshold=1e-3)
    assert " stays at " in beats_of(told("en", at_rest), "optimise")[1]["text"]
    assert " goes from " in beats_of(told("en"), "optimise")[1]["text"]


@pytest.mark.parametrize(
    ("text", "product"), [("ab", "1/p₁ ="), ("aba", "1/p₁ · 1/p₂ ="), ("abab", "1/p₁ · … · 1/p₃ =")]
)
def test_the_product_has_as_many_factors_as_there_are_predictions(text: str, product: str) -> None:
    lines = lines_of(told("en", replace(BASE, text=TextConfig(text=text))), "loss")
    assert lines[-2].startswith(product)


def test_other_sequences_are_told_of_where_there_are_any() -> None:
    config = replace(BASE, text=SEVERAL)
    alone, together = told("en"), told("en", config)
    assert alone["note"] == ""
    assert together["note"].startswith("2 sequences")
    assert len(beats_of(together, "sum")) == len(beats_of(alone, "sum")) + 1
    assert number(shown(config)[0].others_share, 3) in beats_of(together, "sum")[1]["text"]


@pytest.mark.parametrize(("before", "after", "course"), [(1, 0.9, "down"), (1, 1.1, "up"), (1, 1, "level")])
def test_it_says_where_the_loss_went(before: float, after: float, course: str) -> None:
    assert motion._course(before, after) == course
    assert motion._course(before, math.nan) == motion._course(before, math.inf) == "broken"


@pytest.mark.parametrize("size", [1e-9, 5e-4, 3])
def test_a_loss_that_reads_otherwise_has_not_stayed(size: float) -> None:
    assert motion._course(size, 0.999 * size) == "down"
    assert motion._course(size, size * (1 + 1e-9)) == "level"


def test_a_perplexity_beyond_every_number_is_a_power_of_ten() -> None:
    assert motion._exp(1900.0) == "≈ 10⁸²⁵"
    assert motion._exp(math.log(16)) == "16"
    assert motion._exp(1e9 * math.log(10)) == "≈ 10^(10⁹)"
    assert motion._exp(math.inf) == "∞"


def test_nothing_reads_as_minus_nothing() -> None:
    assert (motion._number(-0.0), motion._precise(-0.0)) == ("0", "0")


def test_a_message_stays_small_for_the_longest_sequence() -> None:
    config = ExperimentConfig(TextConfig(text="ab" * 150, sequence_length=200), NetworkConfig("gru", 16))
    assert len(json.dumps(told("ko", config))) < 150_000


def test_a_teacher_adds_a_stage_with_a_line_and_a_section(monkeypatch: pytest.MonkeyPatch) -> None:
    added = Stage("look", (Beat(("read", "after"), "all"),))
    monkeypatch.setattr(motion, "STAGES", (*STAGES, added))
    named = lesson.named

    def with_it(page: str, name: str) -> tuple[str, str]:
        return ("Look", "From {first} to {length}.") if name == "look" else named(page, name)

    monkeypatch.setattr(lesson, "named", with_it)
    message = told("en")
    assert message["stages"][-1] == {"title": "Look", "first": len(message["beats"]) - 1, "beats": 1}
    assert message["beats"][-1]["text"] == "From \u2068a\u2069 to 5."


def test_places_go_where_they_say() -> None:
    assert {name: list(times) for name, times in places(3).items()} == {
        "": [],
        "first": [0],
        "others": [1, 2],
        "all": [0, 1, 2],
        "last": [2],
        "last but one": [1],
        "back from there": [1, 0],
        "back": [2, 1, 0],
    }
    assert not places(1)["last but one"]
    assert not places(1)["back from there"]
