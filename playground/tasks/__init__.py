"""What is read, what is asked and how it is judged, apart from the network: one small file a task."""

from collections.abc import Mapping
from types import MappingProxyType

from playground.tasks.adding import Adding
from playground.tasks.copying import Copy
from playground.tasks.dates import Dates
from playground.tasks.language import Language
from playground.tasks.many_to_one import Sentiment
from playground.tasks.names import Names
from playground.tasks.one_to_many import Naming
from playground.tasks.one_to_one import BloodPressure
from playground.tasks.recall import Recall
from playground.tasks.tagging import Tagging
from playground.tasks.task import Shown, Success, Task, TaskKind, is_solved
from playground.tasks.temporal_order import TemporalOrder
from playground.tasks.translation import Translation

_KINDS = (
    Language,
    BloodPressure,
    Naming,
    Sentiment,
    Names,
    Translation,
    Dates,
    Tagging,
    Recall,
    TemporalOrder,
    Adding,
    Copy,
)
# `TASKS["recall"](distractors=50)` is a task.
TASKS: Mapping[str, TaskKind] = MappingProxyType({kind.name: kind for kind in _KINDS})

__all__ = ["TASKS", "Shown", "Success", "Task", "TaskKind", "is_solved"]
