"""A choice of the Shapes page that is text: a visitor's own lines, whatever is wrong with them.

What they must be is known by the task (`playground/tasks/own.py`), which says what is wrong in which line. Lines that
are wrong stay where they are typed; put back they would be lost.
"""

import re
from dataclasses import dataclass

from playground.refusal import Refusal

MAX_CHARACTERS = 50_000
_SURROGATE = re.compile("[\ud800-\udfff]")  # half a character stands in no address


@dataclass(frozen=True, slots=True)
class OwnLines:
    """Any text of at most `MAX_CHARACTERS` code points; as it is in a URL."""

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
        """Read the text from a URL."""
        return self.check(name, text)

    def show(self, value: str) -> str:
        """Write it into a URL."""
        return value
