"""Every choice a user can make, as frozen dataclasses that check themselves, and their form in a URL.

`FIELDS` lists each field once with what it allows; the controls, the address bar and the engine all read it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, NamedTuple, Self, cast

from playground.cells import CELLS
from playground.refusal import Refusal, quote

MAX_TEXT = 100_000  # code points of training text
MAX_NUMBER = 40  # characters of a number in a URL
MAX_CHANGES = 100  # of the learning rate in one run
MAX_STEP = 10_000_000  # training steps that a link may speak of

_INTEGER = re.compile(r"-?[0-9]{1,18}")
_FLOAT = re.compile(r"-?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
# What editors end a line with. Form feed and vertical tab end one too: a page break, a line break inside a paragraph.
_LINE_END = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff]")
_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few names."""

    options: tuple[str, ...]

    def check(self, name: str, value: object) -> str:
        """Return the value if it is one of the options, else raise `Refusal`."""
        if isinstance(value, str) and value in self.options:
            return value
        options = ", ".join(quote(option) for option in self.options)
        raise Refusal(name, "{field} must be one of {options}; got {value}.", options=options, value=value)

    def parse(self, name: str, text: str) -> str:
        """Read the value from a URL."""
        return self.check(name, text)

    def show(self, value: str) -> str:
        """Write the value into a URL."""
        return value


@dataclass(frozen=True, slots=True)
class Range:
    """A number from `low` to `high`, both allowed; `kind` is int (whole numbers only) or float."""

    low: float
    high: float
    kind: type[int] | type[float] = int

    def check(self, name: str, value: object) -> int | float:
        """Return the value as `kind` if it is such a number within the range, else raise `Refusal`."""
        allowed = int if self.kind is int else (int, float)
        if isinstance(value, bool) or not isinstance(value, allowed) or not self.low <= value <= self.high:
            raise self._refusal(name, value)
        return self.kind(value)

    def parse(self, name: str, text: str) -> int | float:
        """Read the value from a URL: ASCII digits only, no spaces, no names such as inf."""
        pattern = _INTEGER if self.kind is int else _FLOAT
        if len(text) > MAX_NUMBER or not pattern.fullmatch(text):
            raise self._refusal(name, text)
        return self.check(name, self.kind(text))

    def show(self, value: float) -> str:
        """Write the value into a URL with every digit it needs."""
        return repr(value)

    def _refusal(self, name: str, value: object) -> Refusal:
        if self.kind is int:
            return Refusal(
                name,
                "{field} must be a whole number from {low} to {high}; got {value}.",
                low=self.low,
                high=self.high,
                value=value,
            )
        return Refusal(
            name,
            "{field} must be a number from {low} to {high}; got {value}.",
            low=f"{self.low:g}",
            high=f"{self.high:g}",
            value=value,
        )


@dataclass(frozen=True, slots=True)
class Flag:
    """On or off."""

    def check(self, name: str, value: object) -> bool:
        """Return the value if it is True or False, else raise `Refusal`."""
        if isinstance(value, bool):
            return value
        raise Refusal(name, "{field} must be on (1) or off (0); got {value}.", value=value)

    def parse(self, name: str, text: str) -> bool:
        """Read the value from a URL: 1, 0, true or false."""
        return self.check(name, {"1": True, "true": True, "0": False, "false": False}.get(text, text))

    def show(self, value: bool) -> str:
        """Write the value into a URL."""
        return "1" if value else "0"


@dataclass(frozen=True, slots=True)
class Text:
    """Text of at most `limit` code points that a browser can show without harm to what surrounds it."""

    limit: int

    def check(self, name: str, value: object) -> str:
        """Return the text with every line end written as a line feed, or raise `Refusal`.

        A leading U+FEFF, with which some editors mark a file as Unicode, is dropped.
        Whether a network can learn from the text is not asked here; `playground.corpus.Corpus` does that.
        """
        if not isinstance(value, str):
            raise Refusal(name, "{field} must be text; got {value}.", value=value)
        text = _LINE_END.sub("\n", value.removeprefix("\ufeff"))
        if len(text) > self.limit:
            raise Refusal(
                name,
                "{field} must have at most {limit:,} characters; got {length:,}.",
                limit=self.limit,
                length=len(text),
            )
        if found := _SURROGATE.search(text):
            raise Refusal(
                name,
                "{field} must be valid Unicode; got half a character ({code}) on line {line}, column {column}.",
                **_place(text, found),
            )
        if found := _CONTROL.search(text):
            raise Refusal(
                name,
                "{field} must not contain control characters except tab and line break; "
                "got {code} on line {line}, column {column}.",
                **_place(text, found),
            )
        if found := _DIRECTION.search(text):
            raise Refusal(
                name,
                "{field} must not contain marks that override the direction of writing; "
                "got {code} on line {line}, column {column}.",
                **_place(text, found),
            )
        return text

    def parse(self, name: str, text: str) -> str:
        """Read the value from a URL."""
        return self.check(name, text)

    def show(self, value: str) -> str:
        """Write the value into a URL."""
        return value


def _place(text: str, found: re.Match[str]) -> dict[str, object]:
    """What to say about a character that is not allowed: its code point, its line and column, counted from 1."""
    before = text[: found.start()]
    column = len(before) - before.rfind("\n")  # rfind gives -1 on the first line
    return {"code": f"U+{ord(found[0]):04X}", "line": before.count("\n") + 1, "column": column}


def _sequence(value: object) -> Sequence[object] | None:
    """A tuple or list as what it is, anything else as None."""
    return cast("Sequence[object]", value) if isinstance(value, tuple | list) else None


class RateChange(NamedTuple):
    """From training step `step` on, updates use `learning_rate`."""

    step: int
    learning_rate: float


@dataclass(frozen=True, slots=True)
class Schedule:
    """Changes of the learning rate while training: at most `limit`, at ascending steps; `81:0.1,155:0.01` in a URL."""

    limit: int

    def check(self, name: str, value: object) -> tuple[RateChange, ...]:
        """Return the changes if there are not too many and their steps ascend from 1, else raise `Refusal`."""
        given = _sequence(value)
        if given is None:
            raise self._refusal(name, value)
        if len(given) > self.limit:
            raise Refusal(
                name,
                "{field} must be at most {limit}; got {count:,}.",
                limit=self.limit,
                count=len(given),
            )
        changes: list[RateChange] = []
        for change in map(_sequence, given):
            if change is None or len(change) != 2:
                raise self._refusal(name, value)
            after = changes[-1].step if changes else 0
            step = Range(after + 1, MAX_STEP).check(name, change[0])
            changes.append(RateChange(int(step), LEARNING_RATE.check(name, change[1])))
        return tuple(changes)

    def parse(self, name: str, text: str) -> tuple[RateChange, ...]:
        """Read the changes from a URL."""
        if len(text) > self.limit * 2 * MAX_NUMBER:
            raise self._refusal(name, text)
        changes: list[tuple[int, float]] = []
        for part in text.split(",") if text else ():
            step, colon, rate = part.partition(":")
            if (
                not colon
                or not _INTEGER.fullmatch(step)
                or len(rate) > MAX_NUMBER
                or not _FLOAT.fullmatch(rate)
            ):
                raise self._refusal(name, text)
            changes.append((int(step), float(rate)))
        return self.check(name, tuple(changes))

    def show(self, value: tuple[RateChange, ...]) -> str:
        """Write the changes into a URL."""
        return ",".join(f"{change.step}:{change.learning_rate!r}" for change in value)

    def _refusal(self, name: str, value: object) -> Refusal:
        return Refusal(
            name,
            "{field} must be steps with rates such as 81:0.1,155:0.01; got {value}.",
            value=value,
        )


TEXT = Text(MAX_TEXT)
LEARNING_RATE = Range(1e-5, 10, float)

FIELDS: dict[str, Choice | Range | Flag | Text | Schedule] = {
    "cell": Choice(tuple(CELLS)),
    "text": TEXT,
    "tokens": Choice(("character", "jamo", "word")),
    "bos": Flag(),
    "eos": Flag(),
    "hidden_size": Range(1, 128),
    "layers": Range(1, 3),
    "embedding": Range(0, 128),
    "nonlinearity": Choice(("tanh", "relu", "sigmoid", "linear")),
    "initialization": Choice(("default", "orthogonal", "spectral", "identity", "chrono")),
    "spectral_radius": Range(0.05, 5, float),
    "forget_bias": Range(-5, 5, float),
    "optimizer": Choice(("sgd", "momentum", "rmsprop", "adagrad", "adam")),
    "learning_rate": LEARNING_RATE,
    "rates": Schedule(MAX_CHANGES),
    "clip": Choice(("off", "norm", "value")),
    "clip_threshold": Range(1e-3, 1e3, float),
    "clip_from": Range(0, MAX_STEP),
    "reduction": Choice(("mean", "sum")),
    "sequence_length": Range(1, 200),
    "batch_size": Range(1, 64),
    "seed": Range(0, 2**31 - 1),
    "bidirectional": Flag(),
    "dropout": Range(0, 0.9, float),
    "longest_memory": Range(2, 1000),
}


def check_fields(config: Any, allowed: Mapping[str, Any], prefix: str = "") -> None:
    """Check every field of a frozen dataclass while it is built, and keep each in its normal form.

    allowed: what each field may be, by its name with `prefix` before it, which is also what a `Refusal` calls it.
    """
    for each in fields(config):
        name = prefix + each.name
        object.__setattr__(config, each.name, allowed[name].check(name, getattr(config, each.name)))


@dataclass(frozen=True, slots=True)
class TextConfig:
    """What the network reads."""

    text: str = "hello"
    tokens: str = "character"
    bos: bool = False
    eos: bool = False
    sequence_length: int = 50
    batch_size: int = 16

    def __post_init__(self) -> None:
        check_fields(self, FIELDS)


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """What the network is made of.

    `embedding` 0 feeds one-hot vectors, any other number is the size of a learned embedding. `nonlinearity`
    is the vanilla RNN's only. `initialization` "default" is torch.nn's, "orthogonal" makes each recurrent
    block orthogonal, "spectral" rescales it to `spectral_radius`, "identity" makes it the identity, "chrono" sets the
    biases of the gates so that what the units keep at first fades within 2 to `longest_memory` timesteps.
    `forget_bias` is added to the forget gate's bias; not with "identity" and "chrono", which set it. `bidirectional`
    adds to each layer one that reads backwards. `dropout` is the probability with which training leaves out a number
    between two layers.
    """

    cell: str = "lstm"
    hidden_size: int = 16
    layers: int = 1
    embedding: int = 0
    nonlinearity: str = "tanh"
    initialization: str = "default"
    spectral_radius: float = 1.0
    forget_bias: float = 0.0
    bidirectional: bool = False
    dropout: float = 0.0
    longest_memory: int = 50

    def __post_init__(self) -> None:
        check_fields(self, FIELDS)


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """How the network learns.

    `learning_rate` is that of the first updates, `rates` are its changes afterwards; a change to the rate that holds
    anyway is left out, so equal trainings have equal configs. `reduction` is how the losses of all predictions become
    one number. Updates that leave steps before `clip_from` are not clipped.
    """

    optimizer: str = "adam"
    learning_rate: float = 0.01
    clip: str = "norm"
    clip_threshold: float = 1.0
    reduction: str = "mean"
    rates: tuple[RateChange, ...] = ()
    clip_from: int = 0

    def __post_init__(self) -> None:
        check_fields(self, FIELDS)
        rate = self.learning_rate
        changes: list[RateChange] = []
        for change in self.rates:
            if change.learning_rate != rate:
                changes.append(change)
                rate = change.learning_rate
        object.__setattr__(self, "rates", tuple(changes))

    def rate_at(self, step: int) -> float:
        """Learning rate of the update that leaves `step`."""
        rate = self.learning_rate
        for change in self.rates:
            if change.step > step:
                break
            rate = change.learning_rate
        return rate

    @property
    def last_rate(self) -> float:
        """The learning rate after all changes."""
        return self.rates[-1].learning_rate if self.rates else self.learning_rate

    def changed(self, step: int, learning_rate: float) -> Self:
        """The same training up to `step`, which goes on with `learning_rate` from there.

        Raises `Refusal` for "rates" if these are too many changes.
        """
        if step == 0:
            return replace(self, learning_rate=learning_rate, rates=())
        before = tuple(change for change in self.rates if change.step < step)
        return replace(self, rates=(*before, RateChange(step, learning_rate)))


@dataclass(frozen=True, slots=True)
class ExperimentConfig:
    """One experiment: on one kind of processor, equal configs make equal runs, bit for bit."""

    text: TextConfig = field(default_factory=TextConfig)
    network: NetworkConfig = field(default_factory=NetworkConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    seed: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "seed", FIELDS["seed"].check("seed", self.seed))
        if self.network.bidirectional:
            raise Refusal(
                "bidirectional",
                "{field} must be off (0) where the next symbol is predicted: read backwards, it would be seen; "
                "got {value}.",
                value=True,
            )

    def values(self) -> dict[str, Any]:
        """All fields by their flat names, in the order of `FIELDS`."""
        flat = {"seed": self.seed}
        for part in (self.text, self.network, self.training):
            flat |= {each.name: getattr(part, each.name) for each in fields(part)}
        return {name: flat[name] for name in FIELDS}

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> Self:
        """Build a config from flat names; what is missing takes its default.

        Raises `Refusal` for the first value that is not allowed and `TypeError` for a name that is no field.
        """
        if unknown := values.keys() - FIELDS.keys():
            raise TypeError(f"no such config field: {', '.join(sorted(unknown))}")

        def part(kind: type) -> Any:
            return kind(**{each.name: values[each.name] for each in fields(kind) if each.name in values})

        return cls(part(TextConfig), part(NetworkConfig), part(TrainingConfig), values.get("seed", 0))


@dataclass(frozen=True, slots=True)
class TaskConfig:
    """One experiment on a task that brings its own batches: like `ExperimentConfig`, without a text."""

    network: NetworkConfig = field(default_factory=NetworkConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    seed: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "seed", FIELDS["seed"].check("seed", self.seed))


DEFAULTS: dict[str, Any] = ExperimentConfig().values()


def to_query(config: ExperimentConfig) -> dict[str, str]:
    """The config as query parameters: text and cell always, the rest where it differs from the default."""
    return {
        name: FIELDS[name].show(value)
        for name, value in config.values().items()
        if name in ("cell", "text") or value != DEFAULTS[name]
    }


def from_query(params: Mapping[str, str | list[str]]) -> tuple[ExperimentConfig, tuple[Refusal, ...]]:
    """Read a config from the query parameters of any link; never raises.

    Every bad value is replaced by its field's default and gives one `Refusal`. Unknown names are ignored; of
    a repeated parameter the last one counts, as in Streamlit.
    """
    values: dict[str, Any] = {}
    refusals: list[Refusal] = []
    for name, kind in FIELDS.items():
        if name not in params:
            continue
        given = params[name]
        if isinstance(given, list) and given:
            given = given[-1]
        try:
            values[name] = kind.parse(name, given) if isinstance(given, str) else kind.check(name, given)
        except Refusal as refusal:
            refusals.append(refusal)
    try:
        return ExperimentConfig.from_values(values), tuple(refusals)
    except Refusal as refusal:  # of a value that is refused beside the others only
        values.pop(refusal.field)
        return ExperimentConfig.from_values(values), (*refusals, refusal)
