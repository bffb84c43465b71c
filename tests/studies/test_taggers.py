"""Taggers of the same sentences: each as it is alone, and what is counted of them."""

from typing import Any

import pytest
import torch

from playground.models.crf import CRFConfig, CRFTrainer, Sentences
from playground.pieces import all_of
from playground.refusal import Refusal
from playground.studies.taggers import MODELS, TaggerSettings, TaggerStudy, sentences
from playground.tasks.tagging import Tagging
from playground.training import Trainer


@pytest.fixture(scope="module")
def korean() -> TaggerStudy:
    study = TaggerStudy(TaggerSettings(seed=1), Tagging(language="ko"))
    study.advance()
    return study


def test_each_is_what_it_is_alone(korean: TaggerStudy) -> None:
    task = korean.task
    crf = CRFTrainer(
        CRFConfig(), Sentences.of(task.learned), task.signature.input_size, task.signature.output_size
    )
    all_of(crf.updates_in_pieces(100))
    held_out = Sentences.of(task.held_out())
    assert torch.equal(korean.tagged["crf"].tags, crf.model.viterbi(held_out.words))
    torch.testing.assert_close(korean.tagged["crf"].chances, crf.model.chain(held_out.words).marginals)
    trainer = Trainer(TaggerSettings(seed=1).network(bidirectional=False), task)
    trainer.advance(300)
    with torch.inference_mode():
        outputs = trainer.network.run(task.held_out(), reduction="sum", backward=False).outputs
    table: Any = korean.frame().set_index("model")
    success = task.success(outputs, task.held_out())
    assert table.loc["forward", "right"] == round(success.values[0] * success.n)
    assert (table["n"] == success.n).all()


def test_who_decides_the_word(korean: TaggerStudy) -> None:
    """배를, 차를, 다리를, 밤을 are half of the open words wrong for who reads forwards, and all else is right."""
    table: Any = korean.frame().set_index("model")
    n = table.loc["both", "n"]
    assert table.loc["both", "right"] == n
    assert table.loc["forward", "right"] == round(7 / 8 * n)
    words: Any = korean.words()
    assert words["n"].sum() == n
    for name in MODELS:
        assert (words[name] * words["n"]).sum() == pytest.approx(table.loc[name, "right"])
    assert set(words["word"][:4]) <= {"배를", "차를", "다리를", "밤을"}, "where they differ comes first"
    beats, loses = korean.differences("both", "forward")
    assert (beats, loses) == (n - table.loc["forward", "right"], 0)


def test_the_usual_tag_is_judged_on_the_same_words(korean: TaggerStudy) -> None:
    """Of 36 sentences of four words, 40 words are times: one in each, and 밤을 four times."""
    words: Any = korean.words()
    of_tag: Any = words.groupby("tag")["n"].sum()
    assert korean.usual == pytest.approx(of_tag["time"] / words["n"].sum()) == 40 / 144


def test_a_sentence_in_rows(korean: TaggerStudy) -> None:
    table, shown = korean.sentence(3), korean.task.show(korean.task.held_out(), 3)
    assert tuple(table["word"]) == shown.read and tuple(table["tag"]) == shown.asked
    marginals = korean.marginals(3)
    assert len(marginals) == 3 * len(table) * korean.task.signature.output_size
    sums: Any = marginals.groupby(["model", "t"])["probability"].sum()
    assert sums.to_list() == pytest.approx([1] * len(sums))
    for name in MODELS:
        answered = marginals.query("model == @name").merge(table, left_on=["t", "tag"], right_on=["t", name])
        assert answered["probability"].to_list() == pytest.approx(table[f"{name}_p"].to_list())


def test_weights_from_tag_to_tag(korean: TaggerStudy) -> None:
    table: Any = korean.transitions("⊢", "⊣").set_index(["before", "after"])["weight"]
    weights = korean.crf.model.weights
    tags = [korean.task.answer(tag) for tag in range(len(weights.start))]
    assert len(table) == len(tags) ** 2 + 2 * len(tags)
    assert table["⊢", tags[2]] == weights.start[2].item() and table[tags[1], "⊣"] == weights.end[1].item()
    assert table[tags[0], tags[3]] == weights.transition[0, 3].item()


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_crf_loses_where_an_earlier_word_decides(language: str) -> None:
    """All tags between the first word and the last are the same, so both ends are equally probable to it: it gives all
    sentences one of them, on every machine, and half of them have it."""
    study = TaggerStudy(TaggerSettings(), sentences("earlier", language, ""))
    study.advance()
    table: Any = study.frame().set_index("model")
    n = table.loc["crf", "n"]
    assert table.loc["forward", "right"] == table.loc["both", "right"] == n
    last: Any = study.words().query("crf < 1")
    assert set(last["word"]) == {{"en": "END", "ko": "끝"}[language]}
    assert last["crf"].to_list() == [0] and table.loc["crf", "right"] == n - last["n"].sum()
    assert last["n"].sum() * 2 == study.held_out.words.shape[1]


def test_own_lines_are_tagged_and_unequal_ones_cut_at_their_ends() -> None:
    study = TaggerStudy(TaggerSettings(), sentences("own", "en", "a/x b/y\nb/y\na/x a/x b/y"), updates=5)
    study.advance()
    assert not study.task.disjoint
    assert study.frame()["n"].to_list() == [6] * 3
    assert len(study.sentence(1)) == 1


def test_before_all_are_done_there_is_what_there_is() -> None:
    study = TaggerStudy(TaggerSettings(), Tagging(), updates=5, crf_updates=5)
    assert study.frame().empty
    while not study.tagged:
        study.advance(0.0)
    assert study.frame()["model"].to_list() == ["crf"]
    assert not study.words()["forward"].notna().to_numpy().any() and "forward" not in study.sentence(0)
    study.close()


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("", "at least one line"),
        ("a b/x", "line 1 has 'a'"),
        ("a/x b/x", "at least two different labels"),
    ],
)
def test_lines_that_cannot_be_used_are_refused(lines: str, said: str) -> None:
    with pytest.raises(Refusal, match=said) as refused:
        sentences("own", "en", lines)
    assert refused.value.field == "lines"
