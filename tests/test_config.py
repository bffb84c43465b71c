import dataclasses
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.cells import CELLS
from playground.config import (
    DEFAULTS,
    FIELDS,
    MAX_CHANGES,
    MAX_STEP,
    MAX_TEXT,
    Choice,
    ExperimentConfig,
    Flag,
    NetworkConfig,
    Range,
    RateChange,
    Schedule,
    TaskConfig,
    TextConfig,
    TrainingConfig,
    from_query,
    to_query,
)
from playground.refusal import Refusal

NUMBERS = {name: kind for name, kind in FIELDS.items() if isinstance(kind, Range)}
CHOICES = {name: kind for name, kind in FIELDS.items() if isinstance(kind, Choice)}
PARTS = (TextConfig, NetworkConfig, TrainingConfig)

texts = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Cf"]) | st.sampled_from("\n\t👨‍👩‍👧"), max_size=40
)


def values_of(kind: Any) -> st.SearchStrategy[Any]:
    """Values that a field allows."""
    match kind:
        case Choice(options):
            return st.sampled_from(options)
        case Flag():
            return st.booleans()
        case Range(low, high, number):
            return st.integers(int(low), int(high)) if number is int else st.floats(low, high)
        case Schedule():
            change = st.tuples(values_of(Range(1, MAX_STEP)), values_of(FIELDS["learning_rate"]))
            return st.lists(change, max_size=5, unique_by=lambda each: each[0]).map(sorted)
        case _:
            return texts


allowed = {name: values_of(kind) for name, kind in FIELDS.items()} | {"bidirectional": st.just(False)}
configs = st.fixed_dictionaries({}, optional=allowed).map(ExperimentConfig.from_values)


def build(name: str, value: object) -> object:
    """The part of a config that has this field, with this value."""
    values: dict[str, Any] = {name: value}
    return next((part for part in PARTS if name in part.__dataclass_fields__), ExperimentConfig)(**values)


def test_every_field_is_listed_and_its_default_allowed():
    names = [each.name for part in PARTS for each in dataclasses.fields(part)]
    assert len(names) == len(set(names))
    assert set(FIELDS) == {*names, "seed"}
    assert ExperimentConfig().values() == DEFAULTS


def test_the_defaults_are_hello_and_an_lstm():
    assert (DEFAULTS["text"], DEFAULTS["cell"], DEFAULTS["hidden_size"]) == ("hello", "lstm", 16)


@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_is_allowed_up_to_its_bounds_and_refused_beyond(name: str):
    low, high, kind = NUMBERS[name].low, NUMBERS[name].high, NUMBERS[name].kind
    for value in (low, high):
        assert getattr(build(name, kind(value)), name) == value
    beyond = (low - 1, high + 1) if kind is int else (math.nextafter(low, -9e9), math.nextafter(high, 9e9))
    for value in (*beyond, math.inf, -math.inf, math.nan, 10**5000, True, False, None, "1", [1], 1j):
        with pytest.raises(Refusal) as refused:
            build(name, value)
        assert refused.value.field == name


@pytest.mark.parametrize("name", [name for name, kind in NUMBERS.items() if kind.kind is int])
def test_a_whole_number_is_no_float(name: str):
    with pytest.raises(Refusal, match=r"must be a whole number from \d+ to \d+; got 1\.0\."):
        build(name, 1.0)


@pytest.mark.parametrize("name", CHOICES)
def test_a_choice_is_one_of_its_options(name: str):
    for option in CHOICES[name].options:
        assert getattr(build(name, option), name) == option
    for value in ("", "LSTM", "lstm ", 0, None, ["lstm"], True):
        with pytest.raises(Refusal):
            build(name, value)


@pytest.mark.parametrize("name", ["bos", "eos"])
@pytest.mark.parametrize("value", [0, 1, "1", None, "true"])
def test_a_flag_is_a_bool(name: str, value: object):
    with pytest.raises(Refusal, match=rf"^{name} must be on \(1\) or off \(0\); got "):
        build(name, value)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("hidden_size", 4096, "hidden_size must be a whole number from 1 to 128; got 4096."),
        ("hidden_size", "16", "hidden_size must be a whole number from 1 to 128; got '16'."),
        ("learning_rate", math.nan, "learning_rate must be a number from 1e-05 to 10; got nan."),
        ("clip_threshold", 1e4, "clip_threshold must be a number from 0.001 to 1000; got 10000.0."),
        ("cell", "lstn", f"cell must be one of {', '.join(map(repr, CELLS))}; got 'lstn'."),
        ("text", b"hello", "text must be text; got b'hello'."),
        ("text", "x" * 100_001, "text must have at most 100,000 characters; got 100,001."),
        (
            "text",
            "a\n\x1b[0m",
            "text must not contain control characters except tab and line break; got U+001B on line 2, column 1.",
        ),
        (
            "text",
            "\ufeffhel\ufefflo",
            "text must not contain control characters except tab and line break; got U+FEFF on line 1, column 4.",
        ),
        (
            "text",
            "a\r\nb\f\u2028cd\udc00",
            "text must be valid Unicode; got half a character (U+DC00) on line 4, column 3.",
        ),
        (
            "text",
            "abc\u202edef",
            "text must not contain marks that override the direction of writing; "
            "got U+202E on line 1, column 4.",
        ),
    ],
)
def test_a_refusal_is_a_sentence(name: str, value: object, sentence: str):
    with pytest.raises(Refusal) as refused:
        build(name, value)
    assert str(refused.value) == sentence


def test_every_control_character_is_refused():
    controls = {chr(i) for i in (*range(32), *range(0x7F, 0xA0), 0xFEFF)} - set("\t\n\r\v\f\x85")
    directions = {chr(i) for i in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}
    for character in controls | directions:
        with pytest.raises(Refusal, match=rf"U\+{ord(character):04X} on line 2, column 3\.$"):
            TextConfig(text=f"first\r\nab{character}c")


@pytest.mark.parametrize(
    "text",
    [
        "tab\tand  spaces ",
        "👨‍👩‍👧 🇰🇷 🏴󠁧󠁢󠁥󠁮󠁧󠁿",
        "שלום עולם",
        "مرحبا\u200f بالعالم",
        "e\u0301",
        "<script>alert(1)</script><img src=x onerror=alert(1)>",
        "x" * MAX_TEXT,
        "",
    ],
)
def test_text_of_any_script_is_kept_as_it_is(text: str):
    assert TextConfig(text=text).text == text


@pytest.mark.parametrize("end", ["\r\n", "\r", "\v", "\f", "\x85", "\u2028", "\u2029"])
def test_line_ends_of_every_system_are_the_same_text(end: str):
    assert TextConfig(text=f"ab{end}{end}cd") == TextConfig(text="ab\n\ncd")


def test_the_byte_order_mark_of_a_file_is_no_part_of_its_text():
    assert TextConfig(text="\ufeffhello\f\nworld") == TextConfig(text="hello\n\nworld")
    assert TextConfig(text="\ufeff").text == ""
    assert TextConfig(text="\ufeff" + "x" * MAX_TEXT).text == "x" * MAX_TEXT


def test_line_ends_are_normalised_before_counting():
    assert TextConfig(text="\r\n" * MAX_TEXT).text == "\n" * MAX_TEXT


def test_equal_configs_are_one_key():
    one, other = (
        ExperimentConfig.from_values({"learning_rate": 1}),
        ExperimentConfig.from_values({"learning_rate": 1.0}),
    )
    assert one == other and hash(one) == hash(other)
    assert type(one.training.learning_rate) is float


def test_a_config_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        ExperimentConfig().seed = 1  # pyright: ignore[reportAttributeAccessIssue]


def test_from_values_refuses_the_first_bad_field_and_unknown_names():
    with pytest.raises(Refusal) as refused:
        ExperimentConfig.from_values({"layers": 9})
    assert refused.value.field == "layers"
    with pytest.raises(TypeError, match="no such config field: hiden_size"):
        ExperimentConfig.from_values({"hiden_size": 16})


def test_a_language_model_does_not_read_backwards():
    bidirectional = NetworkConfig(bidirectional=True)
    with pytest.raises(Refusal) as refused:
        ExperimentConfig(network=bidirectional)
    assert str(refused.value) == (
        "bidirectional must be off (0) where the next symbol is predicted: read backwards, it would be seen; "
        "got True."
    )
    config, refusals = from_query({"bidirectional": "1", "dropout": "0.2", "layers": "9"})
    assert config == ExperimentConfig(network=NetworkConfig(dropout=0.2))
    assert [refusal.field for refusal in refusals] == ["layers", "bidirectional"]
    assert TaskConfig(network=bidirectional).network.bidirectional


@given(configs)
def test_values_round_trip(config: ExperimentConfig):
    assert ExperimentConfig.from_values(config.values()) == config


@given(configs)
def test_query_round_trip(config: ExperimentConfig):
    query = to_query(config)
    assert all(isinstance(value, str) for value in query.values())
    assert from_query(query) == (config, ())


# Changes of the learning rate

learning_rates = values_of(FIELDS["learning_rate"])
schedules = values_of(FIELDS["rates"])


def rate_by_hand(training: TrainingConfig, step: int) -> float:
    """That of the last change at or before a step."""
    return next((rate for at, rate in reversed(training.rates) if at <= step), training.learning_rate)


@given(learning_rates, schedules, st.integers(0, MAX_STEP))
def test_the_rate_of_a_step_is_that_of_the_last_change(first: float, changes: Any, step: int):
    training = TrainingConfig(learning_rate=first, rates=changes)
    for at in (0, step, *(at + off for at, _ in changes for off in (-1, 0, 1))):
        assert training.rate_at(at) == rate_by_hand(training, at)
    assert training.last_rate == training.rate_at(MAX_STEP + 1)


@given(learning_rates, schedules, st.integers(1, MAX_STEP), learning_rates)
def test_a_changed_training_is_the_same_up_to_the_step_and_keeps_the_new_rate_from_there(
    first: float, changes: Any, step: int, rate: float
):
    training = TrainingConfig(learning_rate=first, rates=changes)
    changed = training.changed(step, rate)
    assert changed.last_rate == rate == changed.rate_at(step) == changed.rate_at(MAX_STEP)
    for before in (0, step // 2, step - 1):
        assert changed.rate_at(before) == training.rate_at(before)
    assert training.changed(0, rate) == TrainingConfig(learning_rate=rate)


def test_3_3_a_change_at_the_very_step_of_another_replaces_it():
    """3.3: the later of two changes at one step was dropped, and the page said otherwise."""
    training = TrainingConfig(learning_rate=0.01, rates=((10, 0.1), (20, 0.5)))
    assert training.changed(10, 0.2).rates == (RateChange(10, 0.2),)
    assert training.changed(20, 0.2).rates == ((10, 0.1), (20, 0.2))
    assert training.changed(10, 0.01) == TrainingConfig(learning_rate=0.01)


def test_equal_trainings_are_equal_configs_however_they_were_written():
    """A change to the rate that holds anyway is none; lists and whole numbers are read as what they mean."""
    plain = TrainingConfig(learning_rate=1, rates=((5, 2), (9, 1)))
    wordy = TrainingConfig(learning_rate=1.0, rates=[[3, 1.0], (5, 2.0), (7, 2), (9, 1)])
    assert plain == wordy and hash(plain) == hash(wordy) and wordy.rates == ((5, 2.0), (9, 1.0))
    assert all(type(change) is RateChange and type(change.learning_rate) is float for change in wordy.rates)


def test_3_9_changes_are_in_the_address():
    config, refusals = from_query({"learning_rate": "0.01", "rates": "81:0.1,155:0.01"})
    assert refusals == () and config.training.rates == ((81, 0.1), (155, 0.01))
    assert to_query(config)["rates"] == "81:0.1,155:0.01"
    assert "rates" not in to_query(ExperimentConfig())
    assert from_query({"rates": ""}) == (ExperimentConfig(), ())


def test_as_many_changes_as_are_allowed_and_not_one_more():
    most = ",".join(f"{step}:{0.1 + step % 2}" for step in range(1, MAX_CHANGES + 1))
    config, refusals = from_query({"rates": most})
    assert refusals == () and len(config.training.rates) == MAX_CHANGES
    assert from_query(to_query(config)) == (config, ())
    _, (refusal,) = from_query({"rates": f"{most},{MAX_CHANGES + 1}:0.7"})
    assert str(refusal) == f"rates must be at most {MAX_CHANGES}; got {MAX_CHANGES + 1}."
    with pytest.raises(Refusal):
        config.training.changed(MAX_CHANGES + 1, 0.7)


@pytest.mark.parametrize(
    "written",
    [
        "81",
        "81:",
        ":0.1",
        "81:0.1,",
        "81:0.1,81:0.2",
        "9:0.1,8:0.2",
        "0:0.1",
        "-3:0.1",
        "1.5:0.1",
        f"{MAX_STEP + 1}:0.1",
        "81:0.1:0.2",
        "81:nan",
        "81:inf",
        "81:20",
        "81:0",
        "８:0.1",
        "81;0.1",
        "81: 0.1",
        "x" * 100_000,
        "1:0." + "1" * 100_000,
    ],
    ids=lambda value: ascii(value)[:16],
)
def test_changes_that_are_none_are_refused(written: str):
    config, (refusal,) = from_query({"rates": written})
    assert config == ExperimentConfig() and refusal.field == "rates" and len(str(refusal)) < 200


@pytest.mark.parametrize(
    "value",
    [None, "1:0.1", 5, ((1,),), ((1, 0.1, 2),), ((True, 0.1),), ((1, "x"),), {1: 0.1}, ((2, 1), (1, 1))],
)
def test_changes_are_pairs_of_a_step_and_a_rate(value: Any):
    with pytest.raises(Refusal):
        TrainingConfig(rates=value)


def test_a_query_names_text_and_cell_and_what_differs():
    assert to_query(ExperimentConfig()) == {"cell": "lstm", "text": "hello"}
    config = ExperimentConfig.from_values({"cell": "gru", "eos": True, "learning_rate": 1e-5, "seed": 7})
    assert to_query(config) == {
        "cell": "gru",
        "text": "hello",
        "eos": "1",
        "learning_rate": "1e-05",
        "seed": "7",
    }


@pytest.mark.parametrize(
    ("name", "written", "value"),
    [
        ("learning_rate", "0.5", 0.5),
        ("learning_rate", ".5", 0.5),
        ("learning_rate", "5e-1", 0.5),
        ("learning_rate", "1", 1.0),
        ("forget_bias", "-2", -2.0),
        ("seed", "2147483647", 2**31 - 1),
        ("bos", "true", True),
        ("eos", "1", True),
        ("bos", "0", False),
        ("hidden_size", ["8", "9"], 9),  # Streamlit reads the last of a repeated parameter too
    ],
)
def test_a_query_is_read(name: str, written: Any, value: object):
    config, refusals = from_query({name: written})
    assert config.values()[name] == value
    assert refusals == ()


INTEGERS = ["", "0", "-1", "129", " 5 ", "5.0", "5e0", "0x10", "१२", "１２", "1_6", "+5", "nan", "9" * 5000]
FLOATS = [
    "",
    "0",
    "nan",
    "inf",
    "-inf",
    "1e999",
    "1e-999",
    "0x1p3",
    "१",
    " 1",
    "1\n",
    "1,5",
    "1_0",
    "0.5" + "0" * 50,
    "9" * 10**6,
]
FLAGS = ["", "2", "yes", "True", "on", " 1", "01"]


@pytest.mark.parametrize(
    ("name", "written"),
    [
        *(("hidden_size", value) for value in INTEGERS),
        *(("learning_rate", value) for value in FLOATS),
        *(("bos", value) for value in FLAGS),
        ("cell", "transformer"),
        ("cell", "l\ud800stm"),
        ("text", "\x00"),
        ("text", "\udfff"),
        ("text", "x" * 10**6),
        ("seed", []),
        ("seed", None),
        ("text", {}),
    ],
    ids=lambda value: ascii(value)[:20],
)
def test_a_bad_value_falls_back_with_one_refusal(name: str, written: Any):
    config, refusals = from_query({"layers": "2", name: written})
    assert config == ExperimentConfig(network=NetworkConfig(layers=2))
    assert [refusal.field for refusal in refusals] == [name]
    assert len(str(refusals[0])) < 200


def test_every_bad_value_gives_its_own_refusal():
    config, refusals = from_query({name: "\x00" for name in FIELDS})
    assert config == ExperimentConfig()
    assert [refusal.field for refusal in refusals] == list(FIELDS)


def test_thousands_of_parameters_are_harmless():
    params: dict[str, Any] = {f"p{i}": "x" * 100 for i in range(5000)}
    params |= {"layers": ["3"] * 5000, "__class__": "x", "values": "y"}
    config, refusals = from_query(params)
    assert config == ExperimentConfig(network=NetworkConfig(layers=3))
    assert refusals == ()


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.binary()
    | st.text(st.characters(exclude_categories=[])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(list(FIELDS)) | st.text(max_size=5), anything))
def test_reading_a_query_never_raises(params: Any):
    config, refusals = from_query(params)
    refused = {refusal.field for refusal in refusals}
    assert len(refused) == len(refusals)
    assert all(config.values()[name] == DEFAULTS[name] for name in refused)
    assert all(str(refusal) for refusal in refusals)
