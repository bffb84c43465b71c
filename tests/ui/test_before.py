"""The Before page as a visitor meets it: its numbers, its address, its words, and what a link may get wrong."""

import io
import re
from functools import cache

import numpy as np
import pandas as pd
import pytest

from playground.analysis.before import floor_of, sparsity_frame, storage_frame, unseen_context
from playground.analysis.floors import distinct_floors
from playground.config import ExperimentConfig, TextConfig
from playground.corpus import Corpus
from playground.figures.axes import number
from playground.models.hmm import HMMConfig
from playground.models.ngram import NGram, NGramConfig
from playground.models.window import WindowConfig
from playground.studies.before import MODELS, Baselines, RecurrentRow, Settings, WindowSizes, WindowStudy
from playground.training import Trainer
from playground.ui.before.words import WORDS
from playground.ui.choices import BEFORE, from_link, key
from tests.ui.pages import Visitor
from tests.ui.reading import HANGUL, korean

LINES = "abab\nabba\nbaab"
FILES = {
    "table": {"before-rnns.csv"},
    "ngram": {"ngram-counts.csv", "ngram-answer.csv", "ngram-sparsity.csv", "before-storage.csv"},
    "window": {"window.csv", "window-weights.csv", "window-storage.csv", "window-sizes.csv"},
}
QUICK = {"updates": 40, "hmm_restarts": 2, "windows": 1}  # whatever is trained is trained in a moment


def visit(panel: str, language: str = "en", text: str = LINES, **query: object) -> Visitor:
    quick = {name: str(value) for name, value in (QUICK | query).items()}
    visitor = Visitor(language, "before", panel=panel, text=text, **quick)
    assert not visitor.app.exception, visitor.app.exception[0].stack_trace[-3:]
    return visitor


def table(visitor: Visitor, file: str) -> pd.DataFrame:
    return pd.read_csv(io.BytesIO(visitor.files[file]), keep_default_na=False, na_values=[""])


def said(visitor: Visitor) -> str:
    parts = [each.value for each in (*visitor.app.markdown, *visitor.app.caption)]
    return re.sub(r"\\(.)", r"\1", "\n".join(parts))


def page_html(visitor: Visitor) -> str:
    return next(each.proto.body for each in visitor.app.get("html") if "before-models" in each.proto.body)


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("panel", FILES)
def test_a_panel_opens_in_both_languages_with_a_table_for_each_picture(panel: str, language: str) -> None:
    visitor = visit(panel, language)
    assert visitor.errors == [] and visitor.files.keys() == FILES[panel]
    text = said(visitor)
    assert HANGUL.search(text) if language == "ko" else not korean(text)


# All models


@cache
def compared() -> pd.DataFrame:
    """What the page should say of LINES, without the page."""
    corpus = Corpus(TextConfig(LINES))
    settings = Settings("add", 0.5, window=WindowConfig(3), updates=40, hmm=HMMConfig(2, 2), seed=4)
    work = Baselines(corpus, settings)
    work.advance()
    trainer = Trainer(ExperimentConfig(TextConfig(LINES)), corpus)
    trainer.advance(3)
    row = RecurrentRow(trainer.config, corpus, trainer.network, 3, 4)  # type: ignore[arg-type]
    row.advance()
    return pd.concat([work.frame(), row.frame()], ignore_index=True)


def test_the_table_is_what_every_model_gives_when_it_is_asked_alone() -> None:
    asked = {
        "ngram_smoothing": "add",
        "ngram_alpha": 0.5,
        "window_size": 3,
        "hmm_states": 2,
        "before.seed": 4,
        "at": 3,
    }
    visitor = visit("table", **asked)
    found, expected = table(visitor, "before-rnns.csv"), compared()
    assert found["model"].to_list() == [*MODELS, "recurrent"] == list(WORDS)
    for column in ("memory", "numbers", "perplexity", "held_out"):
        np.testing.assert_allclose(found[column].astype(float), expected[column], rtol=1e-5)
    assert found["writes"].to_list() == expected["writes"].to_list()
    floors = distinct_floors(Corpus(TextConfig(LINES)))
    for model, memory, floor in zip(found["model"], found["memory"], found["floor"], strict=True):
        if model.startswith(("ngram", "window")):
            assert floor == pytest.approx(floor_of(floors, int(memory)))
        else:
            assert np.isnan(memory) and np.isnan(floor)
    drawn = page_html(visitor)
    for value in (*expected["perplexity"], *expected["held_out"]):
        assert f">{number(value)}</td>" in drawn
    assert "here 3" in said(visitor), "which line is held out"


@pytest.mark.parametrize("language", ["en", "ko"])
def test_one_line_holds_nothing_out_and_says_so(language: str) -> None:
    visitor = visit("table", language, "hello")
    assert table(visitor, "before-rnns.csv")["held_out"].isna().all()  # type: ignore[union-attr]
    assert page_html(visitor).count(">–</td>") == len(MODELS) + 1
    assert ("none is held out" if language == "en" else "떼어 둔 줄이 없습니다") in said(visitor)


def test_a_network_whose_odds_are_no_numbers_is_not_waited_for() -> None:
    exploding = {"cell": "rnn", "nonlinearity": "linear", "initialization": "spectral", "spectral_radius": 5}
    rates = {"learning_rate": 10, "optimizer": "sgd", "clip": "off", "at": 3}
    visitor = visit("table", updates=2, **exploding, **rates)
    assert "odds are not numbers any more" in said(visitor)
    drawn = page_html(visitor)
    assert "not yet" not in drawn and drawn.count(">NaN</td>") == 2, "on the text and on held-out lines"


def test_the_headline_says_which_floor_the_network_has_crossed() -> None:
    assert "so far no better than knowing" in said(visit("table", text="hello world", seed=1))
    text = said(visit("table", text="hello world", at=150, hidden_size=24, learning_rate=0.03))
    assert "below the floor of k = 1, where nobody gets who sees only the last k symbols" in text


def test_what_a_text_brings_along_stays_text() -> None:
    visitor = visit("table", text="a<b>a<b>a<b>\n<b>&amp;")
    drawn = page_html(visitor)
    assert visitor.errors == [] and "<b" not in drawn.replace("<bdi", "") and "｜&lt;b&gt;" in drawn


# n-grams


@pytest.mark.parametrize(("order", "smoothing"), [(1, "none"), (3, "add"), (5, "witten_bell")])
def test_counts_and_chances_are_the_models_own(order: int, smoothing: str) -> None:
    visitor = visit("ngram", text="hello world", ngram_order=order, ngram_smoothing=smoothing, asked="wo")
    corpus = Corpus(TextConfig("hello world"))
    model = NGram(NGramConfig(order, smoothing), corpus.windows, len(corpus.vocabulary))
    answer = model.answer(corpus.encode("wo", "asked"))
    found = table(visitor, "ngram-answer.csv")
    assert found["count"].to_list() == answer.counts.tolist()
    assert found["probability"].to_list() == pytest.approx(answer.probabilities.tolist())
    assert f"Counts kept: {model.parameter_count}." in said(visitor)
    sparse = table(visitor, "ngram-sparsity.csv")
    expected = sparsity_frame(corpus)
    np.testing.assert_allclose(sparse.astype(float), expected.astype(float))


@pytest.mark.parametrize("smoothing", ["none", "add", "witten_bell"])
def test_an_unseen_context_is_one_click_away_and_what_is_made_up_is_told(smoothing: str) -> None:
    visitor = visit("ngram", text="hello world", ngram_smoothing=smoothing).click("ask_unseen")
    corpus = Corpus(TextConfig("hello world"))
    model = NGram(NGramConfig(3), corpus.windows, len(corpus.vocabulary))
    unseen = unseen_context(model.counted)
    assert unseen is not None and visitor.widget("asked").value == corpus.decode(unseen)
    told = "all 8 symbols get the same odds" if smoothing == "add" else "it backs off to its last symbol."
    assert "was never seen" in said(visitor) and told in said(visitor)
    assert visitor.address["before.asked"] == corpus.decode(unseen)


def test_what_ends_the_text_is_not_called_unseen() -> None:
    text = said(visit("ngram", text="hello world", ngram_order=2, asked="d"))
    assert "**d** was never seen with anything after it: it backs off to how often each symbol comes." in text
    text = said(visit("ngram", text="hello world", ngram_order=4, asked="hoe"))
    assert "**hoe** was never seen with anything after it: it backs off to its last symbol." in text


def test_storage_counts_the_network_too() -> None:
    visitor = visit("ngram", text="hello")
    corpus = Corpus(TextConfig("hello"))
    count = sum(
        p.numel()
        for p in Trainer(ExperimentConfig(TextConfig("hello")), corpus).network.named_parameters().values()
    )
    expected = storage_frame(corpus, WindowConfig(), count)
    pd.testing.assert_frame_equal(table(visitor, "before-storage.csv"), expected)


# Windows


def test_a_window_is_trained_as_it_is_alone_and_stays_above_its_floor() -> None:
    asked = {"window_size": 3, "window_hidden_size": 5, "window_embedding": 2, "window_seed": 7}
    visitor = visit("window", text="mississippi", **asked)
    corpus, config = Corpus(TextConfig("mississippi")), WindowConfig(3, 5, 2, seed=7)
    work = WindowStudy(config, corpus, 40)
    work.advance()
    found = table(visitor, "window.csv")
    assert found["perplexity"].to_list() == pytest.approx(work.frame()["perplexity"].to_list(), rel=1e-5)
    assert f"above {number(floor_of(distinct_floors(corpus), 3))}, the floor of k = 3:" in said(visitor)
    sizes = WindowSizes(config, corpus, 40, range(1, 9))
    sizes.advance()
    drawn = table(visitor, "window-sizes.csv")
    assert drawn["perplexity"].to_list() == pytest.approx(sizes.frame()["perplexity"].to_list(), rel=1e-5)
    assert np.all(drawn["perplexity"].to_numpy() > drawn["floor"].to_numpy() * (1 - 1e-6))
    assert len(table(visitor, "window-weights.csv")) == 3 * 4 * 5


def test_one_position_has_nothing_to_be_compared_with() -> None:
    assert "nothing to compare it with" in said(visit("window", text="hello", window_size=1))


# The address, and what is wrong in one

ROUND_TRIPS = {
    "panel": "ngram",
    "seed": "7",
    "ngram_order": "4",
    "ngram_smoothing": "add",
    "ngram_alpha": "0.25",
    "counted": "chances",
    "asked": "ab",
    "window_size": "5",
    "window_hidden_size": "9",
    "window_embedding": "3",
    "window_optimizer": "sgd",
    "window_learning_rate": "0.05",
    "window_seed": "11",
    "updates": "60",
    "windows": "1",
    "hmm_states": "3",
}


def test_every_choice_stands_in_the_address() -> None:
    query = {key("before", name): text for name, text in ROUND_TRIPS.items()}
    values, refusals = from_link("before", query)
    assert refusals == {}
    visitor = Visitor("en", "before", text=LINES, **query)
    assert query.items() <= visitor.address.items()
    assert all(values[name] != BEFORE[name].default for name in ROUND_TRIPS)


@pytest.mark.parametrize(
    ("panel", "name", "value", "language"),
    [
        ("ngram", "ngram_order", "6", "en"),
        ("ngram", "ngram_order", "0", "ko"),
        ("ngram", "ngram_order", "many", "en"),
        ("ngram", "ngram_smoothing", "magic", "ko"),
        ("table", "hmm_states", "99", "en"),
        ("table", "hmm_states", "0", "ko"),
        ("table", "window_size", "9", "en"),
        ("table", "before.seed", "-1", "ko"),
        ("window", "window_learning_rate", "inf", "en"),
        ("window", "updates", "5001", "ko"),
        ("ngram", "asked", "x" * 201, "en"),
        ("ngram", "asked", "a\u202eb", "ko"),
    ],
)
def test_what_a_link_gets_wrong_is_one_sentence(panel: str, name: str, value: str, language: str) -> None:
    visitor = visit(panel, language, **{name: value})
    assert len(visitor.errors) == 1
    assert bool(HANGUL.search(visitor.errors[0])) == (language == "ko")


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize(
    ("asked", "english"), [("xyz", "must use symbols of the training text"), ("a\tz", "must use")]
)
def test_a_context_of_unknown_symbols_is_one_sentence(asked: str, english: str, language: str) -> None:
    visitor = visit("ngram", language, asked=asked)
    assert len(visitor.errors) == 1 and "ngram-answer.csv" not in visitor.files
    assert bool(HANGUL.search(visitor.errors[0])) == (language == "ko")
    assert language == "ko" or english in visitor.errors[0]


@pytest.mark.parametrize("panel", FILES)
@pytest.mark.parametrize(
    "text",
    [
        "aaaa",
        "שלום עולם\nשלום",
        "👩‍👩‍👧🎉👩‍👩‍👧😀🎉",
        "=1+1\n-2",
        "ab\n\n  \nb",
        "one two one",
        "*a* [b](c) $d$",
    ],
)
def test_any_text_has_its_models(panel: str, text: str) -> None:
    """A text of one symbol cannot be trained on anywhere, and is refused by its own field; all others can be."""
    visitor = visit(panel, text=text, hmm_states=12)
    assert len(visitor.errors) == (1 if text == "aaaa" else 0)
    assert visitor.files.keys() == FILES[panel]


def test_a_line_of_bos_and_one_symbol_is_read_with_that_symbol() -> None:
    visitor = visit("bag", text="a\nb\nab\nab", bos=1)
    assert visitor.errors == [] and "As it was read: **BOS a**" not in said(visitor)  # it has one order only
    assert visitor.widget("beginning").value == "a"
    assert visit("bag", text="ab\nba", bos=1).widget("beginning").value == "a"
