"""A choice of the Shapes page that is text: a visitor's own lines, whatever is wrong with them.

What they must be is known by the task (`playground/tasks/own.py`), which says what is wrong in which line. Lines that
are wrong stay where they are typed; put back they would be lost. Lines that are too long for an address are kept on the
server, as a long training text is, and a mark stands for them.
"""

import re
from dataclasses import dataclass
from urllib.parse import quote_plus

from playground.refusal import Refusal
from playground.ui.long_texts import LONG_TEXTS

MAX_CHARACTERS = 50_000
LONGEST = 2000  # in an address, which may have lines of three kinds in it, and everything else
MARK = "kept:"  # before the digest of lines; no line without an arrow, a tab or a slash is of any use
_SURROGATE = re.compile("[\ud800-\udfff]")  # half a character stands in no address


def fits_address(lines: str) -> bool:
    """Whether a link says the lines themselves."""
    return len(quote_plus(lines)) <= LONGEST


@dataclass(frozen=True, slots=True)
class OwnLines:
    """Any text of at most `MAX_CHARACTERS` code points."""

    def check(self, name: str, value: object) -> str:
        """Return the text, else raise `Refusal`."""
        if not isinstance(value, str) or _SURROGATE.search(value):
            raise Refusal(name, "{field} must be text; got {value}.", value=value)
        if len(value) > MAX_CHARACTERS:
            raise Refusal(
                name,
                "{field} must have at most {limit:,} characters; got {length:,}.",
                limit=MAX_CHARACTERS,
                length=len(value),
            )
        return value

    def parse(self, name: str, text: str) -> str:
        """Read the text from a URL. Raises `Refusal` if this server does not know what a mark stands for."""
        if not text.startswith(MARK):
            return self.check(name, text)
        lines = LONG_TEXTS.find(text.removeprefix(MARK))
        if lines is None:
            raise Refusal(
                name,
                "The lines of this link did not fit into its address, and this server does not remember them.",
            )
        return lines

    def show(self, value: str) -> str:
        """Write it, or a mark, into a URL."""
        return value if fits_address(value) else MARK + LONG_TEXTS.keep(value)
