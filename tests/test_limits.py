"""What a server may spend: defaults, profiles, the environment, and what is said to nonsense."""

import re
from dataclasses import FrozenInstanceError, fields

import pytest

from playground.limits import PREFIX, PROFILE, PROFILES, RANGES, Limits, limits, unknown_settings

SETTINGS = [each.name for each in fields(Limits)]
NONSENSE = [
    "", " ", "-5", "+500", "1e3", "500.5", "500.0", "0x200", "5_000", " 500", "500\n", "500\x00", "500;600",
    "５００", "٥٠٠", "⁵⁰⁰", "½", "five hundred", "None", "nan", "inf", "1" * 10, "9" * 5000,
]  # fmt: skip


def variable(name: str) -> str:
    return PREFIX + name.upper()


def sentence(name: str, value: str) -> str:
    """What is said, whole."""
    low, high = RANGES[name]
    return f"{variable(name)} must be a whole number from {low} to {high}; got {value}"


def refused(environment: dict[str, str]) -> str:
    with pytest.raises(ValueError) as raised:
        Limits.from_environment(environment)
    return str(raised.value)


def test_a_server_that_is_told_nothing_is_for_a_class() -> None:
    assert Limits.from_environment({}) == Limits() == PROFILES["class"]
    assert Limits() == Limits(memory_mb=800, run_mb=96, lease_seconds=600)


def test_the_profile_is_named_and_what_is_set_beside_it_counts_more() -> None:
    small = Limits.from_environment({PROFILE: "small"})
    assert small == PROFILES["small"] == Limits(memory_mb=480, run_mb=32, lease_seconds=600)
    assert Limits.from_environment({PROFILE: "small", "PLAYGROUND_RUN_MB": "17"}) == Limits(480, 17, 600)
    assert Limits.from_environment({PROFILE: "class"}) == Limits()


@pytest.mark.parametrize("name", ["", "SMALL", "small ", "huge", "스몰"])
def test_an_unknown_profile_is_refused_with_those_there_are(name: str) -> None:
    assert refused({PROFILE: name}) == f"{PROFILE} must be one of 'class', 'small'; got {name!r}"


@pytest.mark.parametrize("name", SETTINGS)
def test_each_number_is_read_from_the_environment_and_changes_nothing_else(name: str) -> None:
    low, high = RANGES[name]
    for value in (low, low + 1, high):
        read = Limits.from_environment({variable(name): str(value), "PLAYGROUND_OTHER": "-1", "PATH": "x"})
        others = {other: getattr(Limits(), other) for other in SETTINGS if other != name}
        assert read == Limits(**{name: value}, **others)


@pytest.mark.parametrize("name", SETTINGS)
def test_numbers_beside_the_range_are_refused_wherever_they_are_set(name: str) -> None:
    low, high = RANGES[name]
    for value in (0, low - 1, high + 1):
        assert refused({variable(name): str(value)}) == sentence(name, str(value))
        with pytest.raises(ValueError, match=re.escape(sentence(name, str(value)))):
            Limits(**{name: value})


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("text", NONSENSE, ids=lambda text: ascii(text[:12]))
def test_nonsense_is_one_short_sentence_with_the_setting_the_range_and_the_value(
    name: str, text: str
) -> None:
    said = refused({variable(name): text})
    assert said.startswith(sentence(name, "'"))
    assert said.isprintable() and len(said) < 160
    shown = said.removeprefix(sentence(name, "'"))
    assert shown == ascii_controls(text) + "'" if len(text) < 30 else shown.startswith(text[:30])


def ascii_controls(text: str) -> str:
    """The text with its two control characters as escapes."""
    return text.replace("\n", "\\n").replace("\x00", "\\x00")


@pytest.mark.parametrize("value", [500.5, "500", None, True, float("nan")], ids=repr)
@pytest.mark.parametrize("name", SETTINGS)
def test_what_is_no_whole_number_is_refused_in_the_code_too(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence(name, repr(value)))):
        Limits(**{name: value})


def test_limits_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(Limits(), SETTINGS[0], 500)


def test_a_process_reads_its_own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (PROFILE, *map(variable, SETTINGS)):
        monkeypatch.delenv(name, raising=False)
    assert limits() == Limits()
    monkeypatch.setenv("PLAYGROUND_LEASE_SECONDS", "77")
    assert limits() == Limits(lease_seconds=77)


def test_a_profile_leaves_room_for_a_run_as_large_as_it_allows() -> None:
    """Else its own setting could never be used: a bare server takes about 260 MB."""
    for profile in PROFILES.values():
        assert profile.run_mb <= (profile.memory_mb - 260) / 2


def test_a_misspelt_setting_is_logged_once_with_those_there_are(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("PLAYGROUND_MEMORY", "500")
    assert limits() == limits()
    logged = [record.getMessage() for record in caplog.records if "PLAYGROUND_MEMORY'" in record.getMessage()]
    assert len(logged) == 1 and all(name in logged[0] for name in (PROFILE, *map(variable, SETTINGS)))


def test_names_that_do_not_begin_as_settings_do_are_nobodys_business() -> None:
    known = {PROFILE: "class", **{variable(name): "1" for name in SETTINGS}}
    assert unknown_settings({**known, "PATH": "x", "MY_PLAYGROUND_X": "1"}) == []
