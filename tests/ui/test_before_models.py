"""The panels of the bag, hidden states and tags: what they say is what was measured, and bad input is said once."""

import io

import pandas as pd
import pytest

from playground.analysis.bag import bag_floor
from playground.analysis.states import in_order, states_over
from playground.config import ExperimentConfig, TextConfig
from playground.corpus import Corpus
from playground.figures.axes import number
from playground.models.bag import BagConfig
from playground.models.hmm import HMMConfig
from playground.passes.recurrent import RecurrentModel
from playground.passes.replica import replica_of
from playground.studies.bags import BagStudy, odds, reordered
from playground.studies.states import SIZES, StatesStudy
from playground.tasks.tagging import Tagging
from playground.training import Trainer
from tests.ui.pages import Visitor

TEXT = "hello world"
CORPUS = Corpus(TextConfig(TEXT))
PANELS = {
    "bag": {"bag.csv", "shuffled.csv"},
    "hmm": {"states.csv", "transitions.csv", "emissions.csv"},
    "crf": {"tags.csv", "tag-weights.csv", "tag-words.csv"},
}


def visit(panel: str, spoken: str = "en", text: str = TEXT, **query: object) -> Visitor:
    """Open a panel; by `language` a choice of the page is meant, by `spoken` that of the reader."""
    keyed = {"before.language" if name == "language" else name: str(value) for name, value in query.items()}
    return Visitor(spoken, "before", panel=panel, text=text, **keyed)


def table(visitor: Visitor, file: str) -> pd.DataFrame:
    return pd.read_csv(io.BytesIO(visitor.files[file]), keep_default_na=False)


def metrics(visitor: Visitor) -> list[str]:
    return [metric.value for metric in visitor.app.metric]


def said(visitor: Visitor) -> str:
    return "\n".join(each.value for each in visitor.app.markdown)


def errors(visitor: Visitor) -> list[str]:
    assert not visitor.app.exception
    return [each.value for each in visitor.app.error]


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("panel", PANELS)
def test_every_panel_opens_in_both_languages_with_its_tables(panel: str, language: str) -> None:
    visitor = visit(panel, language)
    assert errors(visitor) == [] and visitor.files.keys() == PANELS[panel]


def test_the_bag_does_not_notice_and_the_network_does() -> None:
    visitor = visit("bag", beginning="hello", order=3, at=2)
    assert errors(visitor) == []
    found = table(visitor, "shuffled.csv")
    study = BagStudy(BagConfig(), CORPUS, 600)
    study.advance()
    trainer = Trainer(ExperimentConfig(TextConfig(TEXT)), CORPUS)
    trainer.advance(2)
    ids = CORPUS.encode("hello", "beginning")
    expected = odds(
        {"bag": study.trainer.model, "recurrent": RecurrentModel(replica_of(trainer.network))},
        {"typed": ids, "shuffled": reordered(ids, 3)},
        CORPUS.labels,
    )
    assert found["probability"].to_list() == pytest.approx(expected["probability"].to_list(), abs=1e-5)
    bag = found[found["model"] == "bag"].pivot(index="token", columns="order", values="probability")
    assert bag["typed"].to_list() == bag["shuffled"].to_list()
    assert metrics(visitor)[1] == "0 %" != metrics(visitor)[2]
    assert f"no bag gets below {number(bag_floor(CORPUS))}" in said(visitor)


def test_shuffle_again_draws_another_order_and_the_link_holds_it() -> None:
    visitor = visit("bag", beginning="hello wor")
    before = table(visitor, "shuffled.csv")
    visitor.click("shuffle")
    assert visitor.app.query_params["before.order"] == "1"
    after = table(visitor, "shuffled.csv")
    assert not before.equals(after)
    assert before[before["model"] == "bag"].equals(after[after["model"] == "bag"])


@pytest.mark.parametrize(
    ("beginning", "sentence"),
    [("xyz", "What has been read must use symbols of the training text"), ("a\nb", "must be one line")],
)
def test_what_the_text_has_not_is_said_and_the_bag_stays(beginning: str, sentence: str) -> None:
    visitor = visit("bag", beginning=beginning)
    (said_once,) = errors(visitor)
    assert sentence in said_once and visitor.files.keys() == {"bag.csv"}


def test_symbols_without_another_order_are_said() -> None:
    visitor = visit("bag", beginning="ll")
    assert errors(visitor) == [] and "have no other order" in visitor.app.info[-1].value


def test_states_over_the_text_are_those_of_the_model() -> None:
    visitor = visit("hmm", hmm_states=5, hmm_seed=3)
    study = StatesStudy(HMMConfig(5, seed=3), CORPUS)
    study.advance()
    line = CORPUS.windows[0]
    expected = states_over(in_order(study.model, line), line, CORPUS.labels)
    found = table(visitor, "states.csv")
    assert found["probability"].to_list() == pytest.approx(expected["probability"].to_list(), abs=1e-6)
    assert study.perplexity is not None
    assert metrics(visitor)[:3] == [number(study.perplexity), "2.32", "70"]  # log₂ 5; 5 + 5 · 5 + 5 · 8


def test_one_symbol_with_twelve_states() -> None:
    visitor = visit("hmm", text="aaaa", eos=1, hmm_states=12)
    assert errors(visitor) == [] and len(table(visitor, "states.csv")) == 5 * 12


def test_perplexity_against_the_number_of_states() -> None:
    visitor = visit("hmm", sizes=1, at=1)
    found = table(visitor, "hidden-states.csv")
    assert found["states"].to_list() == list(SIZES)
    assert found["perplexity"].to_list()[-1] < 1.01 < found["perplexity"].to_list()[0]


def test_another_line_of_the_text_is_looked_at() -> None:
    visitor = visit("hmm", text="hello\nyellow", line=2)
    assert "".join(table(visitor, "states.csv").drop_duplicates("t")["token"]) == "yellow"
    visitor.set("line", 1)
    assert "".join(table(visitor, "states.csv").drop_duplicates("t")["token"]) == "hello"


def test_tags_say_who_is_right() -> None:
    visitor = visit("crf", language="en")
    n = int(Tagging().held_out().mask.sum())
    assert metrics(visitor) == [f"{n} of {n}", f"{round(0.9 * n)} of {n}", f"{n} of {n}"]
    beats = n - round(0.9 * n)
    assert (
        f"has right and the network that reads forwards has wrong: {beats}; the other way round: 0"
        in said(visitor)
    )
    assert "noun" in set(table(visitor, "tags.csv")["right tag"])


def test_tags_of_ours_are_translated_and_those_of_others_are_not() -> None:
    visitor = visit("crf", "ko", language="ko")
    assert "동사" in set(table(visitor, "tags.csv")["정답 태그"])
    visitor = visit("crf", "ko", decides="own", lines="a/noun b/verb\na/noun")
    assert set(table(visitor, "tags.csv")["정답 태그"]) == {"noun", "verb"}


def test_a_neighbour_is_read_where_it_is_asked_for() -> None:
    alone, beside = (visit("crf", language="ko", crf_neighbours=n) for n in (0, 1))
    assert metrics(alone)[0] != metrics(alone)[2] == metrics(beside)[0]


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ("word", "must have a tag after every word"),
        ("a/x b/x", "at least two different labels"),
        ("\n\n", "at least one line"),
        ("/".join("ab") + " c", "line 1"),
    ],
)
def test_lines_that_cannot_be_tagged_are_said_and_kept(lines: str, sentence: str) -> None:
    visitor = visit("crf", decides="own", lines=lines)
    (said_once,) = errors(visitor)
    assert sentence in said_once and visitor.widget("lines").value == lines


def test_emoji_and_right_to_left_words_are_tagged() -> None:
    visitor = visit("crf", decides="own", lines="👩‍👩‍👧/we שלום/greeting\nשלום/greeting 👩‍👩‍👧/we")
    assert errors(visitor) == []
    assert set(table(visitor, "tag-words.csv")["word"]) == {"👩‍👩‍👧", "שלום"}


@pytest.mark.parametrize(
    ("panel", "query"),
    [
        ("bag", {"bag_hidden_size": 0}),
        ("bag", {"bag_learning_rate": "x"}),
        ("hmm", {"hmm_states": 33}),
        ("hmm", {"hmm_states": 0}),
        ("crf", {"crf_neighbours": 9}),
        ("crf", {"tagger_hidden_size": 65}),
        ("crf", {"decides": "nobody"}),
        ("crf", {"sentence": 999}),
    ],
)
def test_a_link_with_a_choice_that_is_not_allowed_says_so_once(panel: str, query: dict[str, object]) -> None:
    visitor = visit(panel, **query)
    assert len(errors(visitor)) == 1 and visitor.files.keys() == PANELS[panel]


def test_the_link_holds_what_is_chosen() -> None:
    visitor = visit("crf", language="ko")
    visitor.set("decides", "earlier").set("crf_neighbours", 1).set("tagger_seed", 4)
    held = visitor.app.query_params
    assert held["before.decides"] == "earlier" and held["before.crf_neighbours"] == "1"
    assert held["before.tagger_seed"] == "4" and held["before.panel"] == "crf"
