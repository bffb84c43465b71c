"""The address bar: what it holds comes back by a link, by reload and by the browser's Back."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import pytest

from playground.config import DEFAULTS, FIELDS, ExperimentConfig
from playground.refusal import Refusal
from playground.ui import address, choices
from playground.ui.long_texts import LongTexts
from playground.ui.server import LONG_TEXTS
from tests.ui.pages import Visitor
from tests.ui.reading import HANGUL

LONG = "".join(f"{number} times {number} is {number**2}\n" for number in range(700))
FORGOTTEN = "A" * 22  # nobody's digest


@pytest.fixture(autouse=True)
def _settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """As for a reader who takes a moment between two clicks."""
    monkeypatch.setattr("playground.ui.address.URL_SETTLES", 0.0)


def reloaded(visitor: Visitor) -> Visitor:
    """The same address in a new session."""
    return Visitor(visitor.language, **{name: v for name, v in visitor.address.items() if name != "lang"})


# Long texts


def long_reader(seed: int, text: str = LONG) -> Visitor:
    visitor = Visitor("en", seed=seed).set("text", text)
    assert not visitor.app.exception and visitor.errors == []
    return visitor


@pytest.mark.parametrize("text", [LONG, "안녕하세요 " * 200, "ab" * 5000])
def test_a_text_too_long_for_an_address_leaves_a_mark_and_is_said(text: str) -> None:
    visitor = long_reader(401, text)
    assert "text" not in visitor.address and len(visitor.address[address.MARK]) == 22
    assert any("too long for the address bar" in caption.value for caption in visitor.app.caption)
    assert len(urlencode(visitor.address)) < 200


@pytest.mark.parametrize("text", ["ab" * 3000, "안녕하세요 " * 100, "hello"])
def test_a_text_that_fits_stands_in_the_address(text: str) -> None:
    visitor = long_reader(402, text)
    assert visitor.address["text"] == text and address.MARK not in visitor.address
    assert not any("address bar" in caption.value for caption in visitor.app.caption)
    assert reloaded(visitor).widget("text").value == text


def test_no_address_is_longer_than_servers_take() -> None:
    """Whatever the settings, and whatever the length of the text."""
    settings: dict[str, Any] = {
        "hidden_size": 24,
        "clip": "value",
        "clip_threshold": 0.0123456789,
        "layers": 2,
    }
    settings["rates"] = ",".join(f"{n}:{0.0123456789 + n % 2}" for n in range(1, 60))
    for length in range(4000, 8000, 500):
        visitor = Visitor("en", text="ab" * (length // 2), **settings)
        assert len(urlencode(visitor.address)) <= address.LONGEST_QUERY


def test_reload_brings_a_long_text_back() -> None:
    visitor = long_reader(403).set("hidden_size", 24)
    again = reloaded(visitor)
    assert again.widget("text").value == LONG and again.errors == []
    assert again.stage.scene["hidden_size"] == 24 and again.address == visitor.address


def test_back_brings_a_long_text_back() -> None:
    visitor = long_reader(404)
    with_long_text = visitor.address
    visitor.set("hidden_size", 24).go(with_long_text)
    assert (
        visitor.widget("text").value == LONG
        and visitor.errors == []
        and visitor.widget("hidden_size").value == 16
    )
    assert visitor.address == with_long_text
    visitor.set("text", "abcabd").go(with_long_text)
    assert visitor.widget("text").value == LONG and visitor.errors == []


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("mark", [FORGOTTEN, "", "x" * 5000, "<script>", "\0"])
def test_a_text_that_is_not_known_is_said_and_the_rest_of_the_link_counts(language: str, mark: str) -> None:
    visitor = Visitor(language, hidden_size=24, seed=405, **{address.MARK: mark})
    assert not visitor.app.exception
    (sentence,) = visitor.errors
    assert visitor.beside("text") == sentence and bool(HANGUL.search(sentence)) is (language == "ko")
    assert visitor.widget("text").value == "hello" and visitor.stage.scene["hidden_size"] == 24
    assert visitor.address["seed"] == "405" and address.MARK not in visitor.address
    assert visitor.run().errors == [sentence], "a rerun is no answer to the reader"
    assert visitor.set("text", "abcabd").errors == []


def test_a_text_in_the_address_counts_more_than_a_mark() -> None:
    visitor = Visitor("en", text="abcabd", **{address.MARK: LONG_TEXTS.keep(LONG)})
    assert visitor.widget("text").value == "abcabd" and visitor.errors == []
    assert address.MARK not in visitor.address


def test_a_known_text_that_cannot_be_trained_on_here_is_refused_as_any_other() -> None:
    mark = LONG_TEXTS.keep("".join(map(chr, range(0x4E00, 0x4E00 + 3000))))
    visitor = Visitor("en", **{address.MARK: mark})
    assert not visitor.app.exception and visitor.errors == [visitor.beside("text")]
    assert visitor.widget("text").value == "hello"


# The shelf of long texts


def test_the_shelf_finds_what_it_was_given() -> None:
    shelf = LongTexts()
    digests = {shelf.keep(text): text for text in ("a", "가", "", "a\nb", LONG)}
    assert len(digests) == 5 and all(shelf.find(digest) == text for digest, text in digests.items())
    assert shelf.keep("a") in digests and shelf.find(FORGOTTEN) is None


def test_the_shelf_keeps_so_many_the_longest_unasked_go_first() -> None:
    shelf = LongTexts(count=3)
    one, two, three = (shelf.keep(text) for text in "abc")
    assert shelf.find(one) == "a"
    shelf.keep("d")
    assert [shelf.find(digest) for digest in (one, two, three)] == ["a", None, "c"]


def test_the_shelf_keeps_so_many_bytes() -> None:
    shelf = LongTexts(size=100)
    digests = [shelf.keep(letter * 40) for letter in "abc"]
    assert [shelf.find(digest) is None for digest in digests] == [True, False, False]
    korean = shelf.keep("가" * 33)
    assert shelf.find(digests[2]) is None and shelf.find(korean) == "가" * 33
    assert shelf.find(shelf.keep("x" * 101)) is None and shelf.find(korean) is None


def test_the_shelf_forgets_in_time() -> None:
    now = [0.0]
    shelf = LongTexts(seconds=60, clock=lambda: now[0])
    early = shelf.keep("early")
    now[0] = 50
    late = shelf.keep("late")
    now[0] = 61
    assert shelf.find(early) is None and shelf.find(late) == "late"
    now[0] = 120
    assert shelf.find(late) == "late", "it was asked for in the meantime"
    now[0] = 181
    assert shelf.find(late) is None


# Changes of the learning rate


def changed() -> Visitor:
    """Somebody who has changed the rate at step 2 and at step 4."""
    visitor = Visitor("en", cell="rnn", text="hello world", seed=406)
    visitor.click("step").click("step").set("learning_rate", 0.1)
    visitor.click("step").click("step").set("learning_rate", 0.01)
    return visitor.click("step").click("step")


def test_the_address_names_the_run_with_its_changes() -> None:
    visitor = changed()
    assert visitor.address["rates"] == "2:0.1,4:0.01" and visitor.stage.playhead == 6
    again = reloaded(visitor)
    assert (
        again.errors == []
        and again.address == visitor.address
        and again.widget("learning_rate").value == 0.01
    )
    for _ in range(6):
        again.click("step")
    assert again.stage.frames[-1] == visitor.stage.frames[-1]
    assert again.stage.curve["loss"].tolist() == visitor.stage.curve["loss"].tolist()
    assert again.address == visitor.address


def test_back_brings_the_changes_back() -> None:
    visitor = changed()
    before = visitor.address
    visitor.set("hidden_size", 8)
    assert "rates" not in visitor.address, "another experiment begins with the present rate"
    visitor.go(before)
    assert visitor.address == before and visitor.errors == []
    for _ in range(6):
        visitor.click("step")
    assert visitor.address == before


def captions(visitor: Visitor) -> str:
    return "\n".join(caption.value for caption in visitor.app.caption)


def test_the_changes_are_told_under_the_widget() -> None:
    assert "0.01 until step 2, 0.1 until step 4, then 0.01" in captions(changed())
    assert "until step" not in captions(Visitor("en"))
    many = ",".join(f"{step}:0.{step % 2 + 1}" for step in range(10, 20))
    visitor = Visitor("en", rates=many)
    assert "0.01 until step 10, …, 0.2 until step 18, 0.1 until step 19, then 0.2" in captions(visitor)
    assert visitor.widget("learning_rate").value == 0.2
    assert "스텝 10" in captions(Visitor("ko", rates=many))


def test_too_many_changes_are_refused_and_the_run_goes_on() -> None:
    many = ",".join(f"{step}:0.{step % 2 + 1}" for step in range(1, 101))
    visitor = Visitor("en", rates=many, at=0, hidden_size=2, seed=407, speed="max", stop="never")
    visitor.set("stop_step", 150).click("play")
    for _ in range(60):
        if not visitor.run().stage.header["playing"]:
            break
    before = visitor.picture
    assert visitor.stage.playhead == 150
    visitor.set("learning_rate", 0.5)
    assert visitor.errors == [visitor.beside("learning_rate")] and "at most 100" in visitor.errors[0]
    assert visitor.picture == before and visitor.widget("learning_rate").value == 0.1
    visitor.click("step")
    assert visitor.stage.playhead == 151


# Choices of a page, and links from before they had keys


@dataclass(frozen=True)
class Old:
    """An address as the app wrote it when choices had bare names, and what it means."""

    link: str
    experiment: dict[str, Any]
    choices: dict[str, Any] = field(default_factory=dict)
    step: int = 0


OLD = (
    Old(
        "/?cell=rnn&text=hello+world&rates=2%3A0.1%2C4%3A0.001&seed=7&lang=en",
        {"cell": "rnn", "text": "hello world", "rates": ((2, 0.1), (4, 0.001)), "seed": 7},
    ),
    Old(
        "/?lang=ko&text=%EB%82%98%EB%8A%94+%ED%95%99%EA%B5%90%EC%97%90+%EA%B0%84%EB%8B%A4%0A%EB%84%88%EB%8A%94+"
        "%EC%A7%91%EC%97%90+%EA%B0%84%EB%8B%A4&tokens=jamo&cell=gru&bos=1&eos=1&hidden_size=24&speed=fast",
        {
            "text": "나는 학교에 간다\n너는 집에 간다", "tokens": "jamo", "cell": "gru", "bos": True, "eos": True,
            "hidden_size": 24,
        },
    ),
    Old(
        "/gradients?cell=rnn&text=hello+world&rates=2%3A0.1%2C4%3A0.001&seed=7&at=4",
        {"cell": "rnn", "text": "hello world", "rates": ((2, 0.1), (4, 0.001)), "seed": 7},
        {"at": 4},
        4,
    ),
    Old(
        "/gradients?cell=lstm&text=abcabd%0Axyzxyzx&hidden_size=4&layers=2&embedding=3&seed=84&lang=en&at=4&sequence=2"
        "&bits=64&loss_at=2&layer=1&state=c&colours=fitted&total=sum",
        {"text": "abcabd\nxyzxyzx", "hidden_size": 4, "layers": 2, "embedding": 3, "seed": 84},
        {
            "at": 4, "sequence": 2, "bits": "64", "loss_at": 2, "layer": 1, "state": "c", "colours": "fitted",
            "total": "sum",
        },
        4,
    ),
    Old(
        "/gradients?lang=ko&text=%EC%95%88%EB%85%95%ED%95%98%EC%84%B8%EC%9A%94+%EC%95%88%EB%85%95%ED%9E%88+"
        "%EA%B0%80%EC%84%B8%EC%9A%94&tokens=word&cell=lstm&forget_bias=1.5&panel=check&at=3"
        "&parameter=rnn.weight_ih_l0&row=5&column=2&epsilon=11",
        {"text": "안녕하세요 안녕히 가세요", "tokens": "word", "forget_bias": 1.5},
        {"panel": "check", "at": 3, "parameter": "rnn.weight_ih_l0", "row": 5, "column": 2, "epsilon": 11},
        3,
    ),
    Old(
        "/gradients?cell=lstm&text=hello&lang=en&panel=knobs&knob_nonlinearity=sigmoid&knob_radius=0.35&knob_length=3",
        {},
        {"panel": "knobs", "knob_nonlinearity": "sigmoid", "knob_radius": 0.35, "knob_length": 3},
        120,  # the first experiment has been trained already
    ),
    Old(
        "/gradients?cell=gru&text=hello&lang=en&panel=knobs&knob_cell=lstm&knob_length=6&knob_forget_bias=-1.25",
        {"cell": "gru"},
        {"panel": "knobs", "knob_cell": "lstm", "knob_length": 6, "knob_forget_bias": -1.25},
    ),
    Old(
        "/gradients?cell=lstm&text=hello&seed=3&lang=en&panel=clipping&case=vanishing&case_clip=value"
        "&case_threshold=0.0123",
        {"seed": 3},
        {"panel": "clipping", "case": "vanishing", "case_clip": "value", "case_threshold": 0.0123},
    ),
    Old(
        "/gradients?lang=en&cell=rnn&rates=3%3A0.05%2C6%3A0.002&at=8&loss_at=3&text=a%3Cb%3E%26c%3Dd%3Fe%23f%2520g%2Bh"
        "&seed=11&layers=3&layer=2&bits=64",
        {
            "cell": "rnn", "rates": ((3, 0.05), (6, 0.002)), "text": "a<b>&c=d?e#f%20g+h", "seed": 11, "layers": 3,
        },
        {"at": 8, "loss_at": 3, "layer": 2, "bits": "64"},
        8,
    ),
    Old(
        "/gradients?cell=gru&lang=en&at=2&sequence=4&loss_at=7&long_text=LlvwM0O7Yh3ZTTto36Ct6Q",
        {"cell": "gru", "text": LONG},
        {"at": 2, "sequence": 4, "loss_at": 7},
        2,
    ),
)  # fmt: skip


def opened(visitor: Visitor) -> tuple[ExperimentConfig, dict[str, Any], int]:
    """What a visitor has before them: experiment, choices of the page, training step."""
    session = visitor.app.session_state["session"]
    return session.viewer.config, session.choices[visitor.page].chosen, session.viewer.playhead


def sound(visitor: Visitor) -> Visitor:
    """A visitor whose page works and has nothing to complain about."""
    assert not visitor.app.exception and visitor.errors == []
    return visitor


@pytest.mark.parametrize("old", OLD, ids=range(len(OLD)))
def test_a_link_from_before_opens_what_it_opened(old: Old) -> None:
    LONG_TEXTS.keep(LONG)
    visitor = sound(Visitor.following(old.link))
    config, chosen, step = opened(visitor)
    assert config == ExperimentConfig.from_values(DEFAULTS | old.experiment) and step == old.step
    usual = {name: each.default for name, each in choices.PAGES.get(visitor.page, {}).items()}
    followed = {name for name, value in usual.items() if value is None} - old.choices.keys()
    assert chosen == usual | old.choices | {name: chosen[name] for name in followed}
    for name, value in old.choices.items():
        if visitor.has(name):
            assert visitor.widget(name).value == value, name

    now = visitor.address
    assert ("speed=fast" in old.link) == (now.get("speed") == "fast")
    assert now.keys() <= {
        *FIELDS,
        address.MARK,
        "speed",
        "lang",
        *(choices.key(visitor.page, name) for name in usual),
    }
    again = sound(Visitor.following(f"/{visitor.page}?{urlencode(now)}"))
    assert opened(again) == (config, chosen, step) and again.address == now


def test_a_key_says_more_than_a_bare_name() -> None:
    values, wrong = choices.from_link("gradients", {"row": "3", "gradients.row": "4", "column": "2"})
    assert (values["row"], values["column"], wrong) == (4, 2, {})


@pytest.mark.parametrize("name", ["row", "gradients.row"])
@pytest.mark.parametrize("language", ["en", "ko"])
def test_nonsense_in_a_link_of_either_kind_is_one_sentence(name: str, language: str) -> None:
    visitor = Visitor.following(f"/gradients?text=abcabd&panel=check&{name}=many&lang={language}")
    (sentence,) = visitor.errors
    assert not visitor.app.exception and visitor.beside("row") == sentence
    assert "many" in sentence and bool(HANGUL.search(sentence)) is (language == "ko")
    assert visitor.widget("row").value == 1 and "row" not in visitor.choices and "row" not in visitor.address


def test_a_choice_is_nobody_elses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another page may have choices of the same names, and even of the names of the experiment's fields."""
    another = {name: choices.GRADIENTS[name] for name in ("layer", "at")} | {
        "seed": choices.PageField(choices.Range(1, 9), 1)
    }
    monkeypatch.setattr(choices, "PAGES", {**choices.PAGES, "another": another})
    query = {"seed": "7", "layer": "2", "another.layer": "3", "another.seed": "5"}
    values, wrong = choices.from_link("another", query)
    assert values == {"layer": 3, "at": None, "seed": 5} and not wrong
    assert choices.from_link("gradients", query)[0]["layer"] == 2
    assert choices.from_link("another", {"layer": "2", "seed": "7"})[0] == {
        "layer": None,
        "at": None,
        "seed": 1,
    }
    assert choices.to_link("another", values, {}) == {"another.layer": "3", "another.seed": "5"}
    assert isinstance(choices.from_link("another", {"another.seed": "10"})[1]["seed"], Refusal)


def test_keys_are_no_names_of_the_experiment_and_no_choice_is_read_bare_that_is_one() -> None:
    keys = [choices.key(page, name) for page, fields in choices.PAGES.items() for name in fields]
    assert len(keys) == len(set(keys)) and not {*keys} & {*FIELDS, "speed", "lang", address.MARK}
    assert all(
        names <= choices.PAGES[page].keys() - FIELDS.keys() for page, names in choices.ONCE_BARE.items()
    )
