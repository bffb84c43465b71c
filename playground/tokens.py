"""Tokenizers: one line of text ↔ the symbols a network reads one after the other.

All work on the text's NFC form, so that é is the same symbol however it was typed.
"""

import unicodedata
from collections.abc import Iterable

import regex

from playground.refusal import visible

BOS = "\x02"  # begin of sequence; no text may contain control characters, so no symbol of a text equals it
EOS = "\x03"  # end of sequence

MAX_LABEL = 32  # code points; the longest emoji have 10

_SIGNS = {BOS: "BOS", EOS: "EOS", " ": "␣", "\t": "⇥"}
_JAMO = "\u1100-\u11ff\ua960-\ua97f\ud7b0-\ud7ff"  # conjoining jamo, archaic ones included
_JAMO_SYMBOL = regex.compile(rf"[{_JAMO}][^{_JAMO}]*")
_HANGUL = regex.compile(rf"[{_JAMO}\uac00-\ud7a3]")


class Tokenizer:
    """How a line is split into symbols, joined again, and how each symbol is drawn."""

    separator = ""  # what stands between two symbols in the text

    def encode(self, line: str) -> list[str]:
        """Split a line (text without line breaks) into its symbols."""
        raise NotImplementedError

    def decode(self, symbols: Iterable[str]) -> str:
        """Join symbols to text; BOS and EOS leave no trace."""
        return self.separator.join(symbol for symbol in symbols if symbol not in (BOS, EOS))

    def label(self, symbol: str) -> str:
        """What is drawn for a symbol: itself if it can be seen, at most `MAX_LABEL` code points of it."""
        if symbol in _SIGNS:
            return _SIGNS[symbol]
        if not any(c.isprintable() for c in symbol):
            shown = " ".join(f"U+{ord(c):04X}" for c in symbol)
        elif unicodedata.category(symbol[0]).startswith("M"):
            shown = "◌" + visible(symbol)  # a mark without a letter, on Unicode's placeholder for one
        else:
            shown = visible(symbol)
        return shown if len(shown) <= MAX_LABEL else shown[: MAX_LABEL - 1] + "…"


class CharacterTokenizer(Tokenizer):
    """One symbol is one user-perceived character: an extended grapheme cluster of Unicode's UAX #29.

    A family emoji, a flag, a letter with its combining marks and a Hangul syllable are one symbol each.
    """

    def encode(self, line: str) -> list[str]:
        """Split a line into its characters."""
        return regex.findall(r"\X", unicodedata.normalize("NFC", line))


class JamoTokenizer(CharacterTokenizer):
    """Hangul syllables are split into their letters: 한 is ㅎ, ㅏ, -ㄴ. Other characters stay whole.

    The symbols are conjoining jamo, of which initial and final consonants are different ones, so any sequence
    of them has one reading: NFC joins them to syllables again.
    """

    def encode(self, line: str) -> list[str]:
        """Split a line into letters and other characters."""
        symbols = []
        for character in super().encode(line):
            if _HANGUL.match(character):
                symbols += _JAMO_SYMBOL.findall(unicodedata.normalize("NFD", character))
            else:
                symbols.append(character)
        return symbols

    def decode(self, symbols: Iterable[str]) -> str:
        """Join symbols to text, letters to syllables; BOS and EOS leave no trace."""
        return unicodedata.normalize("NFC", super().decode(symbols))

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


class WordTokenizer(Tokenizer):
    """One symbol is what stands between white space; punctuation stays with its word."""

    separator = " "

    def encode(self, line: str) -> list[str]:
        """Split a line into its words."""
        return unicodedata.normalize("NFC", line).split()


TOKENIZERS: dict[str, Tokenizer] = {
    "character": CharacterTokenizer(),
    "jamo": JamoTokenizer(),
    "word": WordTokenizer(),
}
