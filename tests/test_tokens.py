import unicodedata
from itertools import product

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from playground.config import TextConfig
from playground.corpus import Corpus
from playground.tokens import BOS, EOS, MAX_LABEL, TOKENIZERS

CHARACTER, JAMO, WORD = TOKENIZERS["character"], TOKENIZERS["jamo"], TOKENIZERS["word"]

FAMILY, FLAG, ENGLAND = "👨‍👩‍👧‍👦", "🇰🇷", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"

# All of Unicode but surrogates and control characters, with much of what is hard: old Hangul, marks, joiners.
hard = st.sampled_from(
    "한글각가ㅋㄱ\u1112\u1161\u11ab\u119e\ua97c\u302e\u0301\u0327e ́\u200d\u200c\ufe0f👨🇰🇷🏽שم \t\u3000"
)
anything = st.characters(exclude_categories=["Cs", "Cc"])
lines = st.text(hard | anything)

SCRIPTS = {
    "Latin": "aZéßﬁ́", "Greek": "αΩ", "Cyrillic": "жЙ", "Hebrew": "שלם", "Arabic": "لاُم؀",
    "Devanagari": "क्षि", "Tamil": "நிகௌ", "Thai": "ก็ำ", "Han": "漢字𠀋", "Kana": "かが゙ﾊﾟ",
    "Hangul": "한글각", "keyboard letters": "ㄱㄳㄸㅎㅏㅘㆍ", "jamo": "한ᆞᅀ", "digits": "09٣",
    "emoji": "👨‍👩🏽🇰🇷❤️1⃣", "blanks": " 	 ​　ㅤ⠀­",
}  # fmt: skip
mixed = st.lists(st.sampled_from(list(SCRIPTS)).flatmap(lambda name: st.text(SCRIPTS[name], max_size=8))).map(
    "".join
)
JAMO_LETTER = regex.compile("[\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\ud7b0-\ud7ff]")

STRAY_FINAL = regex.compile(
    "[\u11a8-\u11ff\ud7cb-\ud7fb]"
)  # in a composed text: it closes no modern syllable


def keyboard(text: str) -> str:
    """Every syllable letter by letter, as on a keyboard; the syllable's own arithmetic, from Unicode's chapter 3.12."""
    initials, finals = (
        "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ",
        " ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ",
    )
    typed = ""
    for character in text:
        index = ord(character) - 0xAC00
        if 0 <= index < 11172:
            initial, rest = divmod(index, 21 * 28)
            vowel, final = divmod(rest, 28)
            typed += initials[initial] + chr(0x314F + vowel) + finals[final].strip()
        else:
            typed += character
    return typed


@given(lines)
def test_characters_round_trip(line: str):
    assert CHARACTER.decode(CHARACTER.encode(line)) == unicodedata.normalize("NFC", line)


@given(lines | mixed)
def test_jamo_round_trip(line: str):
    written = JAMO.decode(JAMO.encode(line))
    assert unicodedata.is_normalized("NFC", written)
    if not JAMO_LETTER.search(unicodedata.normalize("NFC", line)):
        assert written == unicodedata.normalize("NFC", line)
    if not STRAY_FINAL.search(unicodedata.normalize("NFC", line)):
        assert JAMO.encode(written) == JAMO.encode(line)


@pytest.mark.parametrize(
    "line", ["네ㅋㅋㅋ", "아ㅠㅠ 안녕ㅎㅎ", "ㄱㅅ", "ㄳㄳ 네ㄳ", "ㅋ크다", "한글의 ㄱ은 기역, ㅏ는 아"]
)
def test_lone_letters_stay_as_they_were_typed(line: str):
    assert JAMO.decode(JAMO.encode(line)) == line


@given(lines | mixed)
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


@given(mixed, st.booleans())
def test_mixed_scripts_have_symbols_that_differ_and_are_not_empty(line: str, bos: bool):
    for name, tokenizer in TOKENIZERS.items():
        symbols = tokenizer.encode(line)
        assert all(symbols), "no symbol is empty"
        assert len({*map(len, map(tokenizer.encode, symbols))} | {1}) == 1, (
            "a symbol alone is that one symbol"
        )
        if line.strip() and len(set(symbols)) > 1:
            labels = Corpus(TextConfig(text=line, tokens=name, bos=bos)).labels
            assert len(labels) == len(set(labels)) == len(set(symbols)) + bos
            assert all(label and not label.isspace() for label in labels)


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
    assert JAMO.encode("aé👍🏽ㆍ") == ["a", "é", "👍🏽", "ㆍ"], "ㆍ is on no keyboard of today"


def test_a_mark_stays_with_its_jamo():
    assert JAMO.encode("각\u0301가\u302e") == ["\u1100", "\u1161", "\u11a8\u0301", "\u1100", "\u1161\u302e"]


def test_every_modern_jamo_is_drawn_as_a_keyboard_letter():
    used = {symbol for i in range(0xAC00, 0xD7A4) for symbol in JAMO.encode(chr(i))}
    assert len(used) == 19 + 21 + 27
    labels = {JAMO.label(symbol) for symbol in used}
    assert len(labels) == len(used)
    assert all("\u3131" <= label.removeprefix("-") <= "\u3163" for label in labels)


@pytest.mark.parametrize(
    ("symbols", "text"),
    [
        ("\u1112\u1161\u11ab\u11ab\u1161", "한ㄴㅏ"),
        ("\u110b\u11ab\u11ab\u11aa", "ㅇㄴㄴㄳ"),
        ("\u1161\u11ab", "ㅏㄴ"),
        ("\u1102\u1102\u1161", "ㄴ나"),
        ("\u1112\u119e\u11ab", "\u1112\u119e\u11ab"),  # a syllable of old, which no code point holds
        ("\u1140\u1161\u11ab", "\u1140\u1161\u11ab"),
        ("\u11ab\u0301", "ㄴ\u0301"),
    ],
)
def test_generated_jamo_decode_to_syllables_where_they_can(symbols: str, text: str):
    assert JAMO.decode(symbols) == text


def test_every_sequence_of_initials_and_vowels_can_be_read_again():
    for symbols in product("\u1112\u1100\u1108\u1161\u1169", repeat=5):
        assert JAMO.encode(JAMO.decode(symbols)) == list(symbols)


@given(st.text(st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3) | st.sampled_from("안녕 \t,a")))
def test_keyboard_letters_are_the_same_alphabet(line: str):
    assert JAMO.encode(keyboard(line)) == JAMO.encode(line)
    assert JAMO.decode(JAMO.encode(keyboard(line))) == line


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("ㅎㅏ", "하"),
        ("ㅎㅏㄴㅏ", "하나"),  # before a vowel a consonant begins the next syllable
        ("ㅎㅏㄴㄱㅡㄹ", "한글"),
        ("ㄱㅏㅂㅅㅣ", "갑시"),
        ("ㅁㅗㄳ", "몫"),
        ("ㅇㅏㄸㅏ", "아따"),
        ("ㅇㅏㄸ", "아ㄸ"),  # ㄸ closes no syllable
        ("ㄱㅏㅂㅅ", "갑ㅅ"),  # two letters are not made one
        ("ㅠㅠㅋㅋ", "ㅠㅠㅋㅋ"),  # a vowel alone is no syllable that could be closed
        ("네ㅋ", "네ㅋ"),  # a finished syllable stays as it was finished
        ("\u1112ㅏㄴ", "하ㄴ"),
    ],
)
def test_letters_are_joined_as_an_input_method_joins_them(typed: str, read: str):
    assert JAMO.decode(JAMO.encode(typed)) == read


def test_a_lone_consonant_takes_the_form_that_is_known():
    initial, final = "\u1102", "\u11ab"
    for vocabulary, form in ((initial, initial), (final, final), (initial + final, initial), ("", initial)):
        assert JAMO.read("ㄴ", set(vocabulary)) == [form]
    assert JAMO.read("ㅇㅏㄴ", set(initial)) == ["\u110b", "\u1161", initial]
    assert JAMO.read("ㅇㅏㄴ", {initial, final}) == ["\u110b", "\u1161", final]
    assert JAMO.read("ㄳ", {"\u11aa"}) == ["\u11aa"]
    assert JAMO.read("안", set(initial)) == ["\u110b", "\u1161", final], (
        "a finished syllable says which it has"
    )


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
        ("\u3164", "U+3164"),  # Hangul filler: a letter by its class, and blank
        ("\u2800", "U+2800"),  # Braille without a dot
        ("\u0301", "◌\u0301"),
        (FAMILY, FAMILY),
        (ENGLAND, ENGLAND),
        ("한", "한"),
        ("a" * 100, "a" * 31 + "…"),
        ("a" * 28 + FAMILY, "a" * 28 + "…"),
        ("e" + "\u0301" * 100, "e" + "\u0301" * 30 + "…"),
    ],
)
def test_labels(symbol: str, label: str):
    for tokenizer in TOKENIZERS.values():
        assert tokenizer.label(symbol) == label
