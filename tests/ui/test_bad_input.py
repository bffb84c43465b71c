"""Whatever a visitor or a link sends: one clear sentence beside the field, the last good run kept, no traceback."""

import re

import pytest

from playground.config import DEFAULTS, FIELDS, Choice, Flag, Range, Schedule
from tests.ui.pages import Visitor

pytestmark = pytest.mark.slow

LANGUAGES = ("en", "ko")
HANGUL = re.compile(r"[가-힣]")

FAMILY = "👨‍👩‍👧‍👦"
TEXTS = {
    "empty": "",
    "blank": " \n\t\n ",
    "one character": "a",
    "one symbol": "aaaa",
    "one character a line": "a\nb\nc",
    "over-long": "ab" * 50_000 + "c",
    "300 symbols": "".join(map(chr, range(0x4E00, 0x4E00 + 300))),
    "NUL": "he\0llo",
    "escape sequence": "he\x1b[31mllo",
    "BOS by hand": "he\x02llo",
    "BOM": "he\ufeffllo",
    "direction override": "he\u202ello",
    "direction isolate": "he\u2067llo\u2069",
}
ALLOWED = {
    "family emoji": f"{FAMILY}a{FAMILY}b",
    "right to left": "שלום עולם",
    "script": "<script>window.hacked=1</script>",
    "image": "<img src=x onerror=window.hacked=1>",
    "markdown": "![x](https://example.org/x.png) [y](javascript:alert(1)) $\\frac{1}{2}$ :smile: **b** `c`",
    "markdown block": "# head\n- list\n> quote",
    "percent": "%s %d {text} {0} %(a)s",
    "newlines of other systems": "one two\r\nthree four\rfive six",
    "tab": "a\tb\tc",
    "combining": "e\u0301e\u0301 a\u030a",
    "quotes": "\"'\\",
}


@pytest.fixture
def studied() -> Visitor:
    """Somebody in the middle of an experiment: three updates of the default text."""
    visitor = Visitor("en", seed="60")
    for _ in range(3):
        visitor.click("step")
    return visitor


def somebody(language: str, seed: int = 61) -> tuple[Visitor, tuple]:
    visitor = Visitor(language, seed=str(seed))
    for _ in range(3):
        visitor.click("step")
    return visitor, visitor.picture


def check_refused(visitor: Visitor, field: str, before: tuple) -> str:
    """One sentence beside the field in the reader's language, the run as it was, nothing broken; the sentence."""
    assert not visitor.app.exception
    assert len(visitor.errors) == 1, visitor.errors
    complaint = visitor.beside(field)
    assert complaint == visitor.errors[0], f"the sentence does not stand beside {field}"
    assert bool(HANGUL.search(complaint)) is (visitor.language == "ko"), complaint
    assert 10 < len(complaint) < 300 and "{" not in complaint and "Traceback" not in complaint
    assert visitor.picture == before, "the last good run stays on screen"
    return complaint


# Texts


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", TEXTS)
def test_a_bad_text_typed_in(language: str, name: str) -> None:
    visitor, before = somebody(language)
    address = visitor.address
    visitor.set("text", TEXTS[name])
    check_refused(visitor, "text", before)
    assert visitor.address == address, "the address is that of what is on screen"
    visitor.click("step")
    assert visitor.stage.playhead == 4 and len(visitor.errors) == 1, "one can go on, and the sentence stays"
    visitor.set("text", "hello")
    assert visitor.errors == [] and visitor.stage.playhead == 4, "putting it right brings the run back"


@pytest.mark.parametrize("name", [name for name in TEXTS if name != "over-long"])
def test_a_bad_text_in_a_link(name: str) -> None:
    visitor = Visitor("ko", text=TEXTS[name], seed="62")
    sentence = visitor.beside("text")
    assert not visitor.app.exception and visitor.errors == [sentence] and HANGUL.search(sentence)
    assert visitor.widget("text").value == "hello" and visitor.stage.scene["inputs"] == list("hell")
    assert visitor.address["text"] == "hello" and visitor.address["seed"] == "62", (
        "the rest of the link counts"
    )
    visitor.run()
    assert visitor.errors == [sentence], "a rerun is no answer to the reader"
    visitor.set("hidden_size", 20)
    assert visitor.errors == [] and not visitor.app.exception


@pytest.mark.parametrize("name", ALLOWED)
def test_an_unusual_text_is_taken_as_it_is(name: str) -> None:
    visitor, _ = somebody("en", 63)
    visitor.set("text", ALLOWED[name])
    assert not visitor.app.exception and visitor.errors == []
    assert visitor.stage.playhead == 0 and len(visitor.stage.ghosts) == 1
    visitor.click("step").click("step")
    assert visitor.stage.playhead == 2 and not visitor.app.exception
    for view in ("trajectory", "states", "odds"):
        visitor.set("view", view)
        assert not visitor.app.exception
    visitor.click("dice")
    assert not visitor.app.exception, "the text is quoted in the label of a ghost"
    again = Visitor("en", **{k: v for k, v in visitor.address.items() if k != "lang"})
    assert again.errors == [] and again.stage.scene["inputs"] == visitor.stage.scene["inputs"]


def test_an_emoji_family_is_one_symbol() -> None:
    visitor = Visitor("en", text=f"{FAMILY}a{FAMILY}b")
    assert visitor.stage.scene["inputs"] == [FAMILY, "a", FAMILY]


def test_markup_in_a_text_is_never_markup_on_the_page() -> None:
    """No element takes html from the text: it stands in the text area, in the stage's JSON and in plain text only."""
    evil = "<img src=x onerror=window.hacked=1>"
    visitor, _ = somebody("en", 64)
    visitor.set("text", evil).click("step")
    visitor.set("probe", evil[:20]).set("prompt", "<img")
    for element in visitor.elements():
        if element.type in ("markdown", "caption", "html", "error", "info"):
            assert "<img" not in element.value
        if getattr(element.proto, "allow_html", False):
            raise AssertionError(f"{element.type} allows html")


@pytest.mark.parametrize("field", ["probe", "prompt"])
@pytest.mark.parametrize(
    "evil", ["<img src=x onerror=window.hacked=1>", "![x](https://example.org)", "$x$ :smile: `x`"]
)
def test_a_complaint_quotes_markup_as_text(field: str, evil: str) -> None:
    visitor, before = somebody("en", 65)
    visitor.set(field, evil)
    check_refused(visitor, field, before)
    (error,) = visitor.app.error
    assert not re.search(r"(?<!\\)[<\[!$`:](?=\S*\S)", re.sub(r"\\.", "", error.value)), (
        "all markup is escaped"
    )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("field", ["probe", "prompt"])
@pytest.mark.parametrize(
    "value", ["xyz", "he\0llo", "he\u202ello", FAMILY, "h" * 100_001, "hello" * 60, "he\nllo"]
)
def test_a_bad_probe_or_prompt(language: str, field: str, value: str) -> None:
    visitor, before = somebody(language, 66)
    visitor.set(field, value)
    check_refused(visitor, field, before)
    assert any(element.type == "plotly_chart" for element in visitor.elements()), "the study stays"
    assert len(visitor.app.text) == 1
    visitor.click("step")
    assert visitor.stage.playhead == 4


@pytest.mark.parametrize("field", ["text", "probe", "prompt"])
def test_half_a_character(studied: Visitor, field: str) -> None:
    """No browser can send one; a session that holds one all the same stands."""
    before = studied.picture
    studied.app.session_state[field] = "he\udc00llo"
    rerun_without_widgets(studied)
    check_refused(studied, field, before)


def rerun_without_widgets(visitor: Visitor) -> None:
    """Run with the session's own values instead of those of the widgets on the page."""
    visitor.app._run(None)


# Links


def bad_values(field: str) -> list[str]:
    kind = FIELDS[field]
    if isinstance(kind, Range):
        beyond = [str(int(kind.low) - 1), str(int(kind.high) + 1), "1e300", "9" * 5000]
        nonsense = ["nan", "-inf", "", "abc", "0x10", "１６"]
        return beyond + nonsense + (["1.5"] if kind.kind is int else [])
    if isinstance(kind, Flag):
        return ["2", "", "nan", "True "]
    if isinstance(kind, Schedule):
        backwards, often = "5:0.1,4:0.2", ",".join(f"{n}:0.{n % 2 + 1}" for n in range(1, 200))
        return ["5", "x:0.1", "0:0.1", "5:nan", "5:0.1,", "5:11", "-3:0.1", "9" * 5000, backwards, often]
    assert isinstance(kind, Choice)
    return ["", "nan", kind.options[0].upper(), "<script>alert(1)</script>", "x" * 5000]


@pytest.mark.parametrize("field", [name for name in FIELDS if name != "text"])
def test_every_bad_value_in_a_link(field: str) -> None:
    relevant = {
        "nonlinearity": {"cell": "rnn"},
        "spectral_radius": {"initialization": "spectral"},
        "longest_memory": {"initialization": "chrono"},
    }
    elsewhere = {  # have no widget
        "rates": "learning_rate",
        "clip_from": "clip",
        "bidirectional": "layers",
        "dropout": "layers",
    }
    for number, value in enumerate(bad_values(field)):
        language = LANGUAGES[number % 2]
        link = {"seed": "70"} | relevant.get(field, {}) | {field: value}
        visitor = Visitor(language, **link)
        assert not visitor.app.exception, value
        complaint = visitor.beside(elsewhere.get(field, field))
        assert visitor.errors == [complaint] and complaint, f"{value!r}: {visitor.errors}"
        assert bool(HANGUL.search(complaint)) is (language == "ko"), complaint
        assert len(complaint) < 300
        assert field in elsewhere or visitor.widget(field).value == DEFAULTS[field]
        assert field not in visitor.address or field == "cell"
        assert visitor.stage.playhead in (0, 120) and visitor.stage.header["playing"] is False
    visitor.run()
    assert visitor.errors == [complaint] and not visitor.app.exception


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_link_with_every_value_wrong(language: str) -> None:
    visitor = Visitor(language, **dict.fromkeys(FIELDS, "\0"))
    assert not visitor.app.exception
    assert visitor.stage.header["playing"] is False and visitor.stage.scene["inputs"] == list("hell")
    missing = [name for name in FIELDS if visitor.has(name) and not visitor.beside(name)]
    assert missing == []
    assert len(set(visitor.errors)) == len(visitor.errors)


@pytest.mark.parametrize("name", ["speed", "lang"])
@pytest.mark.parametrize("value", ["", "warp", "nan", "<script>", "x" * 5000])
def test_bad_speed_and_language_fall_back(name: str, value: str) -> None:
    visitor = Visitor("en", **{name: value})
    assert not visitor.app.exception
    assert visitor.widget("speed").value == "normal" and visitor.widget("lang").value in LANGUAGES
    assert value == "" or value not in visitor.address.values()


@pytest.mark.parametrize("count", [900, 5000])
def test_a_link_with_thousands_of_parameters(count: int) -> None:
    """Beyond a thousand Streamlit itself may read none of them; then it is an ordinary first visit."""
    junk = {f"p{number}": "x" * 20 for number in range(count)}
    visitor = Visitor(
        "en", hidden_size="20", seed=["1", "2", "3"], **{"bos[]": "1", "__proto__": "1"}, **junk
    )
    assert not visitor.app.exception and visitor.errors == []
    if count < 1000:
        wanted = {"cell": "lstm", "text": "hello", "hidden_size": "20", "seed": "3", "lang": "en"}
        assert visitor.address == wanted
    visitor.run().click("step")
    assert not visitor.app.exception and visitor.address.keys() <= {*FIELDS, "lang"}


@pytest.mark.parametrize("count", [900, 5000])
def test_a_field_many_times(count: int) -> None:
    visitor = Visitor("en", hidden_size=[str(number + 1000) for number in range(count)])
    assert not visitor.app.exception and visitor.stage.scene["hidden_size"] == 16
    visitor = Visitor("en", hidden_size=["nan"] * count + ["20"])
    assert not visitor.app.exception and visitor.errors == []


# Values that the widgets would not let through


NUMBERS = {
    "layers": {"double_value": [0.0, 4.0, -1.0, 1e15]},
    "sequence_length": {"double_value": [0.0, 201.0, 1e15]},
    "embedding": {"double_value": [-1.0, 129.0]},
    "batch_size": {"double_value": [0.0, 65.0, 1e12]},
    "seed": {"double_value": [-1.0, 2.0**31, 2.0**52]},
    "clip_threshold": {"double_value": [0.0, -1.0, 1e-9, 1e9, 1e300]},
    "forget_bias": {"double_value": [-5.1, 6.0, 1e300]},
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("field", NUMBERS)
def test_numbers_out_of_range(language: str, field: str) -> None:
    visitor, before = somebody(language, 71)
    ((kind, values),) = NUMBERS[field].items()
    for value in values:
        visitor.send(field, **{kind: value})
        check_refused(visitor, field, before)
        visitor.run()
        check_refused(visitor, field, before)
    visitor.set(field, DEFAULTS[field] if field != "seed" else 71)
    assert visitor.errors == [] and visitor.picture == before


@pytest.mark.parametrize("size", [999.0, 0.0, -1.0, 1e300])
def test_a_hidden_size_beyond_the_slider_is_ignored(size: float) -> None:
    visitor, _ = somebody("en", 71)
    visitor.send("hidden_size", double_array_value=[size])
    assert not visitor.app.exception and visitor.stage.scene["hidden_size"] <= 128
    visitor.set("hidden_size", 16)
    assert not visitor.app.exception and visitor.errors == []


FORGED = [
    ("hidden_size", {"double_array_value": [float("nan")]}),
    ("hidden_size", {"double_array_value": [float("inf")]}),
    ("hidden_size", {"double_array_value": []}),
    ("hidden_size", {"double_array_value": [3.0, 9.0]}),
    ("seed", {"double_value": 1e300}),
    ("layers", {"double_value": 1.7}),
    ("clip_threshold", {"double_value": float("nan")}),
    ("clip_threshold", {"double_value": float("-inf")}),
    ("cell", {"string_array_value": ["CNN"]}),
    ("cell", {"string_array_value": []}),
    ("cell", {"string_array_value": ["RNN", "GRU"]}),
    ("tokens", {"string_array_value": ["<b>"]}),
    ("optimizer", {"string_value": "lion"}),
    ("clip", {"string_value": ""}),
    ("learning_rate", {"string_array_value": ["1000000"]}),
    ("learning_rate", {"string_array_value": ["nan"]}),
    ("learning_rate", {"string_array_value": []}),
    ("speed", {"string_array_value": ["warp"]}),
    ("speed", {"string_array_value": []}),
    ("lang", {"string_array_value": ["tlh"]}),
    ("view", {"string_array_value": ["no such view"]}),
    ("view", {"string_array_value": []}),
    ("preset", {"string_value": "no such preset"}),
    ("stop_step", {"double_value": -3.0}),
    ("stop_step", {"double_value": 1e300}),
    ("stop_perplexity", {"double_value": float("nan")}),
    ("stop_perplexity", {"double_value": -1.0}),
    ("temperature", {"double_array_value": [float("nan")]}),
    ("temperature", {"double_array_value": []}),
]


@pytest.mark.parametrize(("field", "state"), FORGED, ids=[f"{field} {state}" for field, state in FORGED])
def test_what_only_a_forged_message_can_hold(field: str, state: dict) -> None:
    """No traceback and no lost run; where the value is not simply ignored, a sentence beside the field."""
    visitor, _ = somebody("en", 72)
    visitor.send(field, **state)
    assert not visitor.app.exception, visitor.app.exception[0].message
    kept = visitor.stage
    assert kept.header["playing"] is False
    if kept.playhead == 0:  # the value was replaced by one that is allowed: then it is in the address
        assert visitor.address.get("seed") != "72" or visitor.address.keys() & {field}
    for error in visitor.errors:
        assert visitor.beside(field) == error
    visitor.click("step").click("step")
    assert not visitor.app.exception and visitor.stage.playhead > 0


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_streamlit_itself_cannot_read_harms_nobody_else(value: float) -> None:
    """int(nan) fails inside Streamlit, before our first line: the forger's own tab must be reloaded."""
    forger, _ = somebody("en", 73)
    neighbour, before = somebody("ko", 73)
    forger.send("seed", double_value=value)
    assert neighbour.run().picture == before and not neighbour.app.exception
    again = Visitor("en", seed="73").click("step")
    assert again.stage.playhead == 1 and not again.app.exception


WRONG = {
    "cell": ["cnn", None, 3], "tokens": ["bytes", None], "optimizer": ["lion", None], "clip": ["gently", None],
    "initialization": ["xavier", None], "reduction": ["max", None],
    "hidden_size": [0, 1000, 16.5, float("nan"), "16", None], "seed": [-1, 2**40, 1.5, "0", None],
    "layers": [0, 9, "1", None], "sequence_length": [0, 10**6], "batch_size": [0, 10**6], "embedding": [-1, 10**6],
    "learning_rate": [0.0, -1.0, 1e9, float("nan"), float("inf"), "fast", None, 1e-300],
    "clip_threshold": [0.0, -1.0, 1e300, float("nan"), float("inf"), "x", None],
    "forget_bias": [99.0, float("nan"), "x", None], "text": [None, 3, b"hello"], "bos": ["yes", None, 2],
    "eos": ["yes", None, 2],
}  # fmt: skip


@pytest.mark.parametrize(
    ("field", "value"), [(field, value) for field, values in WRONG.items() for value in values]
)
def test_values_of_the_wrong_kind_in_the_session(studied: Visitor, field: str, value: object) -> None:
    """A forged or stale session: the page still stands, with the run that was there."""
    before = studied.stage
    studied.app.session_state[field] = value
    rerun_without_widgets(studied)
    assert not studied.app.exception, studied.app.exception[0].stack_trace[-3:]
    assert studied.stage.frames == before.frames, "the last good run stays on screen"
    assert len(studied.errors) == 1 and studied.beside(field) == studied.errors[0]


# Explosions


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("learning_rate", ["1.0", "10.0"])
def test_a_learning_rate_that_explodes(language: str, learning_rate: str) -> None:
    link = {"cell": "rnn", "nonlinearity": "linear", "optimizer": "sgd", "clip": "off", "speed": "max"}
    visitor = Visitor(language, **link, learning_rate=learning_rate)
    visitor.click("play")
    for _ in range(40):
        assert not visitor.app.exception, visitor.app.exception[0].message
        if not visitor.stage.header["playing"]:
            break
        visitor.run()
    assert not visitor.app.exception
    stage = visitor.stage
    assert stage.header["explosion"]["step"] == stage.playhead > 0 and stage.steps[0] == 0, "the tape is kept"
    (sentence,) = visitor.errors
    assert str(stage.playhead) in sentence.replace(",", "") and bool(HANGUL.search(sentence)) is (
        language == "ko"
    )
    assert visitor.widget("play").disabled
    for view in ("states", "gradients", "norms", "curve", "odds", "trajectory_3d"):
        visitor.set("view", view)
        assert not visitor.app.exception, view
    visitor.signal("study", {"step": max(0, stage.playhead - 1), "t": 0})
    visitor.click("step")
    assert not visitor.app.exception and visitor.stage.playhead == stage.playhead
    visitor.set("clip", "norm")
    assert not visitor.app.exception and visitor.errors == []
    assert len(visitor.stage.ghosts) == 1, "the exploded run stays as a ghost"
    visitor.click("step")
    assert visitor.stage.playhead == 1


def test_reset_after_an_explosion() -> None:
    link = {
        "cell": "rnn",
        "nonlinearity": "linear",
        "optimizer": "sgd",
        "clip": "off",
        "speed": "max",
        "seed": "73",
    }
    visitor = Visitor("en", **link, learning_rate="1.0")
    visitor.click("play")
    for _ in range(40):
        if visitor.app.exception or not visitor.stage.header["playing"]:
            break
        visitor.run()
    visitor.click("reset")
    assert not visitor.app.exception and visitor.errors == [] and visitor.stage.playhead == 0
    assert not visitor.widget("play").disabled


# What would need too much


def test_the_largest_network_on_the_longest_text_answers() -> None:
    """A link may ask for the most that is allowed, or is told what is too much."""
    link = {
        "layers": "3",
        "hidden_size": "128",
        "embedding": "128",
        "sequence_length": "200",
        "batch_size": "64",
    }
    visitor = Visitor("en", **link, seed="74")
    visitor.set("text", ("the quick brown fox jumps over the lazy dog " * 5 + "\n") * 440)
    visitor.click("step")
    assert not visitor.app.exception
