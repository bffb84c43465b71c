"""Every task in every language it has, small and large."""

from dataclasses import fields

from playground.config import Range, TextConfig
from playground.tasks import TASKS, Task, TaskKind
from playground.tasks.drawing import Drawn
from playground.tasks.fields import TASK_FIELDS
from playground.tasks.own import OWN

CLASSES = "\n".join(f"{'ab' * n}x → even\n{'ab' * n}bx → odd" for n in range(1, 9))
TAGS = "\n".join(f"the/d light/{'n' if n % 2 else 'a'} w{n}/{'v' if n % 2 else 'n'}" for n in range(12))
PAIRS = "\n".join(f"{'a' * n} → {n}" for n in range(1, 15))


def least(kind: TaskKind) -> Task:
    """A task with the least that is allowed of everything that is a number, in batches as usual."""
    names = {each.name for each in fields(kind)} - {"batch_size"}  # pyright: ignore[reportArgumentType]
    return kind(
        **{
            name: field.low
            for name, field in TASK_FIELDS.items()
            if name in names and isinstance(field, Range)
        }
    )


EVERY: dict[str, Task] = {
    "language": TASKS["language"](text=TextConfig("hello\nworld", bos=True)),
    "language, many windows": TASKS["language"](text=TextConfig("one\nthree\nseven", batch_size=2)),
    "one-to-one": TASKS["one-to-one"](),
    "one-to-one, no noise": TASKS["one-to-one"](noise=0.0),
    **{
        f"{name}, {language}": TASKS[name](language=language)
        for name in ("one-to-many", "many-to-one", "delayed", "dates", "each step")
        for language in ("en", "ko")
    },
    "names": TASKS["names"](),
    "many-to-one, mean": TASKS["many-to-one"](readout="mean"),
    "delayed, fed nothing": TASKS["delayed"](feed="nothing"),
    "dates, all formats": TASKS["dates"](formats=3),
    "recall": TASKS["recall"](),
    "recall, shortest": TASKS["recall"](distractors=2),
    "recall, longest": TASKS["recall"](distractors=200, batch_size=64),
    "temporal order": TASKS["temporal order"](),
    "temporal order, shortest": TASKS["temporal order"](length=10),
    "adding": TASKS["adding"](),
    "adding, longest": TASKS["adding"](length=200),
    "copy": TASKS["copy"](),
    "copy, shortest": TASKS["copy"](symbols=3, blanks=1),
    "own classes": OWN["many-to-one"](lines=CLASSES),
    "own tags": OWN["each step"](lines=TAGS),
    "own pairs": OWN["delayed"](lines=PAIRS),
    **{f"{name}, the least of all": least(kind) for name, kind in TASKS.items() if issubclass(kind, Drawn)},
}
