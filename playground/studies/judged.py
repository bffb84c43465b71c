"""How everything that is held out was answered: each example, and what was taken for what."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd
from torch import Tensor

from playground.batch import Batch
from playground.characters import characters
from playground.tasks.delayed import Delayed
from playground.tasks.packing import COLUMNS
from playground.tasks.task import Shown, Success, Task
from playground.tokens import EOS, TOKENIZERS

_END, _SPACE = (TOKENIZERS["character"].label(symbol) for symbol in (EOS, " "))
TABLE_COLUMNS = ("example", "read", "asked", "answered", "right")
CONFUSION_COLUMNS = ("asked", "answered", "count")


@dataclass(frozen=True, eq=False)
class Judged:
    """What a network has answered.

    Attributes:
        success: as the task measures it.
        examples: each as a person reads it, in order; names of classes are msgids where the task says so.
        reading: how many of the timesteps are read before anything is written; None where that is not so.
    """

    success: Success
    examples: tuple[Shown, ...]
    reading: int | None = None

    @cached_property
    def table(self) -> pd.DataFrame:
        """A row an example: example (from 1), read, asked, answered, and right, whether all of its answers are.

        Timesteps at which nothing is read or asked are left out, and so are what is read while writing and what is
        written after EOS.
        """
        between_read = _separator(each for one in self.examples for each in one.read[: self.reading])
        between = _separator(each for one in self.examples for each in (*one.asked, *one.answered))
        rows = [
            (
                number,
                _joined(one.read[: self.reading], between_read),
                _joined(_up_to_end(one.asked), between),
                _joined(_up_to_end(one.answered), between),
                one.asked == one.answered,
            )
            for number, one in enumerate(self.examples, 1)
        ]
        return pd.DataFrame(rows, columns=list(TABLE_COLUMNS))

    @cached_property
    def confusion(self) -> pd.DataFrame:
        """How often what was asked was answered by what: asked, answered, count, in order of appearance."""
        pairs = Counter(
            pair for one in self.examples for pair in zip(one.asked, one.answered, strict=True) if pair[0]
        )
        rows = [(asked, answered, count) for (asked, answered), count in pairs.items()]
        return pd.DataFrame(rows, columns=list(CONFUSION_COLUMNS))


def judged(task: Task, batch: Batch, outputs: Tensor) -> Judged:
    """Of a batch (T, 1, B) and the outputs (T, 1, B, O) of its reading."""
    examples = (task.show(batch, column, outputs) for column in range(batch.mask.shape[COLUMNS]))
    reading = task.reading if isinstance(task, Delayed) else None
    return Judged(task.success(outputs, batch), tuple(examples), reading)


def _separator(symbols: Iterable[str]) -> str:
    """What stands between symbols: nothing where all of them are single characters."""
    single = all(symbol in (_END, "") or len(list(characters(symbol))) == 1 for symbol in {*symbols})
    return "" if single else " "


def _joined(symbols: Sequence[str], separator: str) -> str:
    text = separator.join(filter(None, symbols))
    return text if separator else text.replace(_SPACE, " ")


def _up_to_end(written: Sequence[str]) -> Sequence[str]:
    """What stands before EOS."""
    return written[: written.index(_END)] if _END in written else written
