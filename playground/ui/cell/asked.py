"""What the sheet has asked for, each thing once.

Of two messages of one component that arrive close together, Streamlit keeps the later one. So the sheet sends what it
has not been answered yet along with what is new, under numbers that only rise, and is told up to which it was heard.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MOST = 50  # that are waited for at once (`cell/asked.js`)
_LARGEST = 2**53  # that a browser counts to


@dataclass(slots=True)
class Heard:
    """The number of the newest thing that was done."""

    serial: int = 0

    def fresh(self, event: Any) -> list[Mapping[str, Any]]:
        """Those of the things in a message that are new, in their order. event: whatever a browser sends."""
        asked: list[Mapping[str, Any]] = []
        for each in event[-MOST:] if isinstance(event, list) else ():
            match each:
                case {"serial": int(serial)} if self.serial < serial <= _LARGEST:
                    self.serial = int(serial)
                    asked.append(each)
                case _:
                    pass
        return asked
