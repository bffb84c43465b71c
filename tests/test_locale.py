"""Everything a person reads exists in Korean, and the compiled catalogue is the one in the source."""

import gettext
import io
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from tests.messages import MO, PO, compiled, extract, problems, read, sources, unreadable_calls


def messages(catalog: bytes) -> dict[str, str]:
    """What gettext reads from a .mo file, without its header, which holds dates and versions."""
    read_back = gettext.GNUTranslations(io.BytesIO(catalog))
    return {key: text for key, text in vars(read_back)["_catalog"].items() if key}


def test_catalogue_is_complete_and_faithful() -> None:
    assert list(problems(extract(sources()), read(PO))) == []


def test_compiled_catalogue_is_that_of_the_source() -> None:
    assert messages(MO.read_bytes()) == messages(compiled(read(PO))), "stale: run `make messages`"


def test_extraction_sees_every_message() -> None:
    assert [why for file in sources() if file.is_file() for why in unreadable_calls(file)] == []


def test_extraction_knows_the_three_ways_to_write_a_message(tmp_path: Path) -> None:
    file = tmp_path / "words.py"
    file.write_text('_("one"); N_("two " "parts"); Refusal("text", "three {value}", value=1); print("four")')
    assert [message.id for message in extract([file], tmp_path) if message.id] == [
        "one",
        "two parts",
        "three {value}",
    ]


@pytest.mark.parametrize(
    ("english", "korean", "problem"),
    [
        ("Step {step}", "{step}단계", None),
        ("{share:.0%} of variance", "분산의 {share:.1%}", None),
        ("LSTM", "LSTM", None),
        ("t = {t}", "t = {t}", None),
        ("Step {step}", "", "untranslated"),
        ("Step {step}", None, "untranslated"),
        ("Step {step}", "{stop}단계", "placeholders differ"),
        ("{a} of {a}", "{a}개", "placeholders differ"),
        ("Gates", "Gates", "not Korean"),
        ("LSTM", "LTSM", "not Korean"),
        ("Play", "Start", "not Korean"),
        (None, "재생", "unused"),
    ],
)
def test_checker_catches(english: str | None, korean: str | None, problem: str | None) -> None:
    template, translated = Catalog(), Catalog(locale="ko")
    if english is not None:
        template.add(english)
    if korean is not None:
        translated.add(english or "Play", korean)
    assert [why.split(":")[0] for why in problems(template, translated)] == ([problem] if problem else [])


def test_checker_catches_a_guessed_translation() -> None:
    template, translated = Catalog(), Catalog(locale="ko")
    template.add("Play")
    translated.add("Play", "재생", flags=["fuzzy"])
    assert list(problems(template, translated)) == ["fuzzy: 'Play'"]


@pytest.mark.parametrize(
    ("code", "seen"),
    [
        ('_("Play")', True),
        ("_(refusal.template)", True),
        ('_(f"Step {step}")', False),
        ('_("Step %d" % step)', False),
        ("N_(text)", False),
        ('Refusal("text", "is empty")', True),
        ('Refusal("text", template)', False),
        ('refusal.Refusal("text", f"{text} is empty")', False),
    ],
)
def test_checker_catches_a_message_that_extraction_cannot_see(tmp_path: Path, code: str, seen: bool) -> None:
    file = tmp_path / "code.py"
    file.write_text(code)
    assert (list(unreadable_calls(file)) == []) == seen
