"""Tokenizers: one line of text ↔ the symbols a network reads one after the other.

All work on the text's NFC form, so that é is the same symbol however it was typed.
"""

import unicodedata
from collections.abc import Container, Iterable
from functools import partial

import regex

from playground.characters import characters, composed, whole
from playground.refusal import visible

BOS = "\x02"  # begin of sequence; no text may contain control characters, so no symbol of a text equals it
EOS = "\x03"  # end of sequence

MAX_LABEL = 32  # code points; the longest emoji have 10

_SIGNS = {BOS: "BOS", EOS: "EOS", " ": "␣", "\t": "⇥"}
_UNSEEN = regex.compile(r"[\p{Default_Ignorable_Code_Point}\u2800]")  # printable by its class, yet blank

_JAMO = "\u1100-\u11ff\ua960-\ua97f\ud7b0-\ud7ff"  # conjoining jamo, archaic ones included
_JAMO_SYMBOL = regex.compile(rf"[{_JAMO}][^{_JAMO}]*")
_HANGUL = regex.compile(rf"[{_JAMO}\uac00-\ud7a3]")


def _keyboard_letters(jamo: range) -> dict[str, str]:
    """Conjoining jamo by the letter of a Korean keyboard that is called the same."""
    names = ((unicodedata.name(chr(code)).split(maxsplit=2)[2], chr(code)) for code in jamo)
    return {unicodedata.lookup(f"HANGUL LETTER {name}"): letter for name, letter in names}


_INITIALS = _keyboard_letters(range(0x1100, 0x1113))  # 19 consonants that begin a syllable
_VOWELS = _keyboard_letters(range(0x1161, 0x1176))  # 21
_FINALS = _keyboard_letters(range(0x11A8, 0x11C3))  # 27 consonants and pairs of them that close a syllable
_TYPED = {jamo: letter for letters in (_INITIALS, _VOWELS, _FINALS) for letter, jamo in letters.items()}

_OPEN, _VOWEL, _CLOSE = ("".join(letters) for letters in (_INITIALS, _VOWELS, _FINALS))
# A consonant after initial and vowel closes their syllable, unless it begins the next one.
_LETTER = regex.compile(
    rf"(?P<closing>(?<=[{_OPEN}][{_VOWEL}])[{_CLOSE}](?![{_VOWEL}]))|[{_OPEN}{_VOWEL}{_CLOSE}]"
)
_ANY_INITIAL, _ANY_VOWEL = "[\u1100-\u115f\ua960-\ua97c]", "[\u1160-\u11a7\ud7b0-\ud7c6]"  # archaic ones, too
# Letters of today that are no part of a syllable, in a text whose modern syllables are composed.
_LONE = regex.compile(
    rf"[\u1100-\u1112](?!{_ANY_VOWEL})"
    rf"|(?<!{_ANY_INITIAL})[\u1161-\u1175]"
    rf"|(?<!{_ANY_INITIAL}{_ANY_VOWEL})[\u11a8-\u11c2]"
)


class Tokenizer:
    """How a line is split into symbols, joined again, and how each symbol is drawn."""

    separator = ""  # what stands between two symbols in the text

    def encode(self, line: str) -> list[str]:
        """Split a line (text without line breaks) into its symbols."""
        raise NotImplementedError

    def read(self, line: str, vocabulary: Container[str]) -> list[str]:
        """Split a line for a model that knows `vocabulary`: of what can be read in two ways, the known one."""
        return self.encode(line)

    def decode(self, symbols: Iterable[str]) -> str:
        """Join symbols to text; BOS and EOS leave no trace."""
        return self.separator.join(symbol for symbol in symbols if symbol not in (BOS, EOS))

    def label(self, symbol: str) -> str:
        """What is drawn for a symbol: itself if it can be seen, at most `MAX_LABEL` code points of it."""
        if symbol in _SIGNS:
            return _SIGNS[symbol]
        if not any(c.isprintable() and not _UNSEEN.match(c) for c in symbol):
            shown = " ".join(f"U+{ord(c):04X}" for c in symbol)
        elif unicodedata.category(symbol[0]).startswith("M"):
            shown = "◌" + visible(symbol)  # a mark without a letter, on Unicode's placeholder for one
        else:
            shown = visible(symbol)
        if len(shown) <= MAX_LABEL:
            return shown
        # One character with a flood of marks is cut all the same.
        return (whole(shown, MAX_LABEL - 1) or shown[: MAX_LABEL - 1]) + "…"


class CharacterTokenizer(Tokenizer):
    """One symbol is one user-perceived character: an extended grapheme cluster of Unicode's UAX #29.

    A family emoji, a flag, a letter with its combining marks and a Hangul syllable are one symbol each.
    """

    def encode(self, line: str) -> list[str]:
        """Split a line into its characters."""
        return list(characters(composed(line)))


class JamoTokenizer(CharacterTokenizer):
    """Hangul syllables are split into their letters: 한 is ㅎ, ㅏ, -ㄴ. Other characters stay whole.

    The symbols are conjoining jamo, of which initial and final consonants are different ones, so any sequence
    of them has one reading.

    The letters of a keyboard (Unicode's compatibility jamo) are the same alphabet. What is typed letter by letter
    is read as an input method reads it: ㅎㅏㄴㅏ is 하나, ㅎㅏㄴㄱㅡㄹ is 한글. A consonant after initial and vowel is
    final, unless a vowel follows; every other consonant is initial, also after a finished syllable, so 네ㅋㅋ is
    not 넼ㅋ. A pair such as ㄳ, which begins no syllable, stays itself where it closes none. Two typed letters are
    never made one: neither ㅂㅅ to ㅄ nor ㅗㅏ to ㅘ.
    """

    def encode(self, line: str) -> list[str]:
        """Split a line into letters and other characters."""
        return self.read(line, ())

    def read(self, line: str, vocabulary: Container[str]) -> list[str]:
        """Split a line; a typed consonant of which only the other form, initial or final, is known is that one."""
        conjoined = _LETTER.sub(partial(_conjoining, vocabulary=vocabulary), composed(line))
        symbols = []
        for character in super().encode(conjoined):
            if _HANGUL.match(character):
                symbols += _JAMO_SYMBOL.findall(unicodedata.normalize("NFD", character))
            else:
                symbols.append(character)
        return symbols

    def decode(self, symbols: Iterable[str]) -> str:
        """Join symbols to text, letters to syllables; BOS and EOS leave no trace.

        Letters that belong to no syllable are written as on a keyboard, as people write ㅋㅋ and ㅠㅠ: a conjoining
        letter alone is hard to read, or drawn over the one before it. Text that is read comes back as it was; of
        what a model makes up, a final that closes nothing looks like an initial.
        """
        return _LONE.sub(lambda lone: _TYPED[lone[0]], composed(super().decode(symbols)))

    def label(self, symbol: str) -> str:
        """What is drawn for a symbol: a letter as on a keyboard, a hyphen before a final consonant."""
        kind, _, letter = unicodedata.name(symbol[0], "").removeprefix("HANGUL ").partition(" ")
        if kind not in ("CHOSEONG", "JUNGSEONG", "JONGSEONG"):
            return super().label(symbol)
        try:
            drawn = unicodedata.lookup(f"HANGUL LETTER {letter}") + symbol[1:]
        except KeyError:  # an archaic letter that no keyboard has
            drawn = symbol
        return super().label("-" + drawn if kind == "JONGSEONG" else drawn)


def _conjoining(typed: regex.Match[str], vocabulary: Container[str]) -> str:
    """The conjoining jamo that a keyboard letter stands for, or the letter itself if there is none."""
    letter = typed[0]
    if letter in _VOWELS:
        return _VOWELS[letter]
    initial, final = _INITIALS.get(letter, letter), _FINALS.get(letter, letter)
    expected, other = (final, initial) if typed["closing"] else (initial, final)
    return other if other in vocabulary and expected not in vocabulary else expected


class WordTokenizer(Tokenizer):
    """One symbol is what stands between white space; punctuation stays with its word."""

    separator = " "

    def encode(self, line: str) -> list[str]:
        """Split a line into its words."""
        return composed(line).split()


TOKENIZERS: dict[str, Tokenizer] = {
    "character": CharacterTokenizer(),
    "jamo": JamoTokenizer(),
    "word": WordTokenizer(),
}
