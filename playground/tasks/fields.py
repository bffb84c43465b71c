"""The choices that tasks have, each once: what is allowed, and what it is called."""

from playground.catalogue import N_
from playground.config import FIELDS, Choice, Flag, Range, Schedule, Text

LANGUAGES = ("en", "ko")  # in which the data of a task are written

TASK_FIELDS: dict[str, Choice | Range | Flag | Text | Schedule] = {
    "batch_size": Range(1, 64),
    "language": Choice(LANGUAGES),
    "readout": Choice(("each", "mean")),
    "feed": Choice(("target", "nothing")),
    "formats": Range(1, 3),
    "noise": Range(0, 8, float),  # with more, who knows the rule would miss the goal
    "distractors": Range(2, 200),
    "length": Range(10, 200),
    "symbols": Range(3, 10),
    "blanks": Range(1, 100),
    "tokens": FIELDS["tokens"],
    "lines": Text(50_000),
}

TASK_FIELD_LABELS = {
    "language": N_("Language of the data"),
    "readout": N_("Read-out"),
    "feed": N_("What the decoder reads"),
    "formats": N_("Formats"),
    "noise": N_("Noise"),
    "distractors": N_("Distractors"),
    "length": N_("Length"),
    "symbols": N_("Symbols to copy"),
    "blanks": N_("Blanks"),
    "lines": N_("Your own lines"),
}

TASK_OPTION_LABELS = {
    "en": N_("English"),
    "ko": N_("Korean"),
    "each": N_("the last state"),
    "target": N_("the right symbol before"),
    "nothing": N_("nothing"),
}
