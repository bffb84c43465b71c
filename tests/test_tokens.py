import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.tokens import BOS, EOS, MAX_LABEL, TOKENIZERS

CHARACTER, JAMO, WORD = TOKENIZERS["character"], TOKENIZERS["jamo"], TOKENIZERS["word"]

FAMILY, FLAG, ENGLAND = "👨‍👩‍👧‍👦", "🇰🇷", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"

# All of Unicode but surrogates and control characters, with much of what is hard: old Hangul, marks, joiners.
hard = st.sampled_from(
    "한글각가ㅋㄱ\u1112\u1161\u11ab\u119e\ua97c\u302e\u0301\u0327e ́\u200d\u200c\ufe0f👨🇰🇷🏽שم \t\u3000"
)
lines = st.text(hard | st.characters(exclude_categories=["Cs", "Cc"]))


@given(lines)
def test_characters_round_trip(line: str):
    assert CHARACTER.decode(CHARACTER.encode(line)) == unicodedata.normalize("NFC", line)


@given(lines)
def test_jamo_round_trip(line: str):
    assert JAMO.decode(JAMO.encode(line)) == unicodedata.normalize("NFC", line)


@given(lines)
def test_words_round_trip_up_to_white_space(line: str):
    assert WORD.decode(WORD.encode(line)) == " ".join(unicodedata.normalize("NFC", line).split())


@given(lines)
def test_the_form_in_which_a_text_was_typed_does_not_matter(line: str):
    for tokenizer in TOKENIZERS.values():
        assert tokenizer.encode(unicodedata.normalize("NFD", line)) == tokenizer.encode(line)


@given(lines)
def test_specials_leave_no_trace(line: str):
    for tokenizer in TOKENIZERS.values():
        symbols = tokenizer.encode(line)
        assert BOS not in symbols and EOS not in symbols
        assert tokenizer.decode([BOS, *symbols, EOS]) == tokenizer.decode(symbols)


@given(lines)
def test_a_label_is_short_and_visible(line: str):
    for tokenizer in TOKENIZERS.values():
        for symbol in tokenizer.encode(line):
            label = tokenizer.label(symbol)
            assert 0 < len(label) <= MAX_LABEL
            assert any(c.isprintable() and not c.isspace() for c in label)


@pytest.mark.parametrize(
    "character", ["é", "e\u0301", "한", "각", FAMILY, FLAG, ENGLAND, "👍🏽", "❤️", "ש", "ก็", "\t", "<", "́"]
)
def test_a_user_perceived_character_is_one_symbol(character: str):
    assert CHARACTER.encode(character) == [unicodedata.normalize("NFC", character)]


def test_neighbouring_flags_are_separate():
    assert CHARACTER.encode("🇰🇷🇫🇷") == ["🇰🇷", "🇫🇷"]


def test_spaces_and_tabs_are_characters():
    assert CHARACTER.encode(" a\t  b ") == [" ", "a", "\t", " ", " ", "b", " "]


def test_a_script_tag_is_just_text():
    assert CHARACTER.encode("<script>") == list("<script>")
    assert WORD.encode("<img onerror=alert(1)>") == ["<img", "onerror=alert(1)>"]
    assert WORD.label("<img") == "<img"


def test_jamo_of_hello():
    assert JAMO.encode("안녕하세요") == list(
        "\u110b\u1161\u11ab\u1102\u1167\u11bc\u1112\u1161\u1109\u1166\u110b\u116d"
    )
    assert [JAMO.label(symbol) for symbol in JAMO.encode("안녕")] == ["ㅇ", "ㅏ", "-ㄴ", "ㄴ", "ㅕ", "-ㅇ"]


def test_jamo_keeps_everything_else_whole():
    assert JAMO.encode("aé👍🏽ㅋ") == ["a", "é", "👍🏽", "ㅋ"]


def test_a_mark_stays_with_its_jamo():
    assert JAMO.encode("각\u0301가\u302e") == ["\u1100", "\u1161", "\u11a8\u0301", "\u1100", "\u1161\u302e"]


def test_every_modern_jamo_is_drawn_as_a_keyboard_letter():
    used = {symbol for i in range(0xAC00, 0xD7A4) for symbol in JAMO.encode(chr(i))}
    assert len(used) == 19 + 21 + 27
    labels = {JAMO.label(symbol) for symbol in used}
    assert len(labels) == len(used)
    assert all("\u3131" <= label.removeprefix("-") <= "\u3163" for label in labels)


def test_generated_jamo_decode_to_syllables_where_they_can():
    assert JAMO.decode(["\u1112", "\u1161", "\u11ab", "\u11ab", "\u1161"]) == "한\u11ab\u1161"


def test_words_are_split_at_any_white_space():
    assert WORD.encode("  to be,\tor\u3000not\u00a0to  be ") == ["to", "be,", "or", "not", "to", "be"]
    assert WORD.decode(["to", "be"]) == "to be"
    assert WORD.encode(" \t ") == []


@pytest.mark.parametrize(
    ("symbol", "label"),
    [
        (" ", "␣"),
        ("\t", "⇥"),
        (BOS, "BOS"),
        (EOS, "EOS"),
        ("\u3000", "U+3000"),
        ("\u200b", "U+200B"),
        ("\u200d", "U+200D"),
        ("\u0301", "◌\u0301"),
        (FAMILY, FAMILY),
        (ENGLAND, ENGLAND),
        ("한", "한"),
        ("a" * 100, "a" * 31 + "…"),
    ],
)
def test_labels(symbol: str, label: str):
    for tokenizer in TOKENIZERS.values():
        assert tokenizer.label(symbol) == label
