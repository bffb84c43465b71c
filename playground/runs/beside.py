"""What else a server keeps in the memory that runs use."""

from dataclasses import dataclass
from typing import Protocol


class Beside(Protocol):
    """What else a server keeps in the memory that runs use."""

    @property
    def nbytes(self) -> int:
        """Bytes that are counted for it."""
        ...

    @property
    def held(self) -> int:
        """Bytes of those that it has by now, so that the process is measured with them."""
        ...

    def let_go(self, lately: float) -> None:
        """Drop what nobody has asked for since `lately`, on `time.monotonic`'s clock."""
        ...


@dataclass(frozen=True, slots=True)
class Nothing:
    """Nothing else."""

    nbytes: int = 0
    held: int = 0

    def let_go(self, lately: float) -> None:
        """There is nothing to drop."""
