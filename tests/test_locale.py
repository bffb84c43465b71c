"""Everything a person reads exists in Korean, in one voice, and the compiled catalogue is the one in the source."""

import gettext
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from playground.ui.lesson import TEXTS
from tests.korean import (
    FORMS,
    GLOSSARY,
    agrees,
    missing_terms,
    mistaken_particles,
    mistaken_words,
    read_aloud,
)
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


# The Korean reads as one voice


def korean() -> Iterator[tuple[str, str]]:
    """Every Korean text with where it stands: the catalogue's messages, and each long text as a whole."""
    yield from ((str(message.id), str(message.string)) for message in read(PO) if message.id)
    yield from ((file.name, file.read_text(encoding="utf-8")) for file in sorted(TEXTS.glob("*.ko.md")))


def test_particles_agree_with_whatever_stands_before_them() -> None:
    assert [(place, why) for place, text in korean() for why in mistaken_particles(text)] == []


def test_one_thing_has_one_word() -> None:
    assert [(place, why) for place, text in korean() for why in mistaken_words(text)] == []


def test_terms_have_one_name() -> None:
    translated = (
        (str(message.id), str(message.string)) for message in read(PO) if message.id and message.string
    )
    assert [(english, why) for english, korean in translated for why in missing_terms(english, korean)] == []


def test_the_glossary_is_that_of_the_product() -> None:
    """What is to be said instead is said somewhere, and no rule forbids what another one demands."""
    everything = "\n".join(text for _, text in korean())
    assert [word for word in GLOSSARY.values() if word not in everything] == []
    assert [why for word in GLOSSARY.values() for why in mistaken_words(word)] == []


def test_second_names_are_told_once() -> None:
    """Where a page introduces the word: 혼란도 once in all, 기울기 on each page that speaks of gradients."""
    pages = [text for place, text in korean() if place.endswith(".ko.md")]
    assert sum(text.count("퍼플렉시티(혼란도)") for _, text in korean()) == 1
    assert {text.count("그래디언트(기울기)") for text in pages if "그래디언트" in text} == {1}


def test_ranges_are_not_struck_through() -> None:
    """Between two tildes Markdown strikes words out, so that 10~90% and 1~2 in one text lose both."""
    assert [place for place, text in korean() if text.count("~") > 1] == []


def test_words_name_no_hue_as_the_themes_have_different_ones() -> None:
    hue = re.compile(
        r"\b(red(der|dish)?|blu(e|er|ish)|purple|violet|green(er|ish)?|orange|yellow|pink)\b", re.IGNORECASE
    )
    english = [str(message.id) for message in read(PO) if message.id]
    english += [file.read_text(encoding="utf-8") for file in TEXTS.glob("*.en.md")]
    assert [found[0] for text in english for found in hue.finditer(text)] == []


@pytest.mark.parametrize(
    ("text", "mistakes"),
    [
        ("{step}를 봅니다", ["{step}를"]),
        ("{step}은 {value}이라는 값입니다", ["{step}은", "{value}이라는"]),
        ("**{name}**과 '{other}'로부터", ["{name}과", "{other}로부터"]),
        ("기호({known})와 {code}(으)로", ["{code}로"]),
        ("{field}({value})가", ["{field}가"]),
        ("{low}부터 {high}까지의 {count}번째 스텝을 {value}처럼 {step}에서, {n}입니다.", []),
        ("{share}%가 {share}%로", []),
        ("{share}%이", ["%이"]),
        ("스텝를 스텝로 시점을 길로 경로 그대로", ["텝를", "텝로"]),
        ("61를 62를 8로 6로", ["1를", "6로"]),
        ("LSTM는 GRU는 BOS와 RNN과", ["LSTM는"]),
        ("W<sub>hh</sub>를 c<sub>1</sub>를", ["1를"]),
        (r"$W_{hh}$는 $h_{k-1}$을 $\varphi'$는 $T^2$을 $T^2$ 값을", ["′는", "^을"]),
        ("Corpus를", ["Corpus를"]),
    ],
)
def test_checker_catches_a_particle_that_may_be_wrong(text: str, mistakes: list[str]) -> None:
    assert list(mistaken_particles(text)) == mistakes


@pytest.mark.parametrize(("vowel", "consonant"), FORMS)
def test_forms_of_a_particle_go_with_vowels_and_consonants(vowel: str, consonant: str) -> None:
    assert agrees("치", vowel) and not agrees("치", consonant)  # 배치
    assert agrees("점", consonant) and not agrees("점", vowel)  # 시점
    assert agrees("일", vowel) == (vowel == "로")  # 일로, 일을


def test_signs_are_read_as_a_korean_reads_them() -> None:
    signs = ["l", "m", "n", "r", "0", "1", "3", "6", "7", "8", "LSTM", "%", "q7", "{step}"]
    assert [read_aloud(sign) for sign in signs] == [
        *("엘", "엠", "엔", "알", "영", "일", "삼", "육", "칠", "팔", "엠", "퍼센트"),
        *(None, None),
    ]


@pytest.mark.parametrize(
    ("text", "mistakes"),
    [
        ("네트워크를 훈련합니다", ["네트워크: 신경망", "훈련: 학습"]),
        ("기울기 소실과 혼란도", ["기울기: 그래디언트", "혼란도: 퍼플렉시티"]),
        ("그래디언트(기울기)와 퍼플렉시티(혼란도)", []),
        ("시작 글, 글자, 한글, 글", ["글: 텍스트", "글: 텍스트"]),
        ("φ′의 경사, 경사 하강법", ["경사: 미분값"]),
        ("타일이 붉을수록, 진한 색", ["붉: 뚜렷", "진한: 뚜렷"]),
        ("이전 상태의 손실의 합", ["상태의 손실의: one 의 upon the other"]),
        ("{step:,}스텝까지 학습", ["}스텝까지: 스텝"]),
    ],
)
def test_checker_catches_another_word_for_the_same_thing(text: str, mistakes: list[str]) -> None:
    assert list(mistaken_words(text)) == mistakes


@pytest.mark.parametrize(
    ("english", "korean", "missing"),
    [
        ("Slope of the units", "유닛의 경사", ["slope: 미분값"]),
        ("Slope of the units", "유닛의 미분값", []),
        ("{loss} at the last timestep", "마지막 스텝의 {loss}", ["timestep: 시점"]),
        ("Losses and gradients", "손실과 기울기", ["gradient: 그래디언트"]),
    ],
)
def test_checker_catches_a_term_by_another_name(english: str, korean: str, missing: list[str]) -> None:
    assert list(missing_terms(english, korean)) == missing
