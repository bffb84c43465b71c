"""The one way the library says no: a sentence for the reader, tied to the field it is about."""

import reprlib

from playground.characters import whole

SHOWN = 40  # code points of a refused value that a sentence repeats
# Unprintable alone, but parts of what is seen: joiners in Persian words and family emoji, tags in flag emoji.
_PARTS = frozenset(map(chr, (0x200C, 0x200D, *range(0xE0020, 0xE0080))))


class Refusal(ValueError):
    """A value that cannot be used, said in one sentence: what is wrong, what is allowed, what was given.

    `field` names the field at fault (config field, widget key and query name are the same word).
    `template` is the English sentence with {placeholders}, which is also the msgid of its translation, so it
    must be a literal at every call; `values` fills it and always holds `field`, and its `value` is shortened.
    A reader of another language gets `translate(template).format(**values)`; `str()` is the English.
    """

    def __init__(self, field: str, template: str, /, **values: object) -> None:
        super().__init__(field, template)
        if "value" in values:
            values["value"] = shorten(values["value"])
        self.field = field
        self.template = template
        self.values: dict[str, object] = {"field": field, **values}

    def __str__(self) -> str:
        return self.template.format(**self.values)


class Unreadable(Refusal):
    """A text that has symbols which the training text has not; it may have been readable by another alphabet."""


def shorten(value: object, limit: int = SHOWN) -> str:
    """Show any value in at most `limit` code points that are safe to print, text in quotes.

    What cannot be seen or would disturb its surroundings (control characters, lone surrogates, direction
    overrides) is shown as an escape; a character of several code points is kept or left out whole.
    """
    if isinstance(value, str):
        shown = quote(value[: limit + 1])
    elif isinstance(value, int) and value.bit_length() > 8 * limit:
        shown = hex(value)  # its decimal digits take quadratic time, and Python refuses them above 4,300
    else:
        shown = visible(reprlib.repr(value))
    return shown if len(shown) <= limit else whole(shown, limit - 1) + "…"


def quote(text: str) -> str:
    """The text between single quotes, with everything invisible shown as an escape."""
    return f"'{visible(text)}'"


def visible(text: str) -> str:
    """The text with every unprintable code point shown as an escape such as \\u202e."""
    return "".join(c if c.isprintable() or c in _PARTS else ascii(c)[1:-1] for c in text)
