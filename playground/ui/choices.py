"""What a page is asked to show, beside the experiment that all pages share: its fields, for widgets and links.

Two pages may each have a field `layer`, and the experiment one of that name too. So where they all meet, in the address
and among the widgets, a choice goes by its `key`, `gradients.layer`; the experiment's fields have their bare names.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

from playground.cells import CELLS
from playground.cells.examples import EXAMPLES, LARGEST_SIZE
from playground.config import FIELDS, LEARNING_RATE, MAX_STEP, Choice, Flag, Range, Text
from playground.models.bag import BAG_FIELDS, BagConfig
from playground.models.crf import CRF_FIELDS, CRFConfig
from playground.models.hmm import HMM_FIELDS, HMMConfig
from playground.models.ngram import NGRAM_FIELDS
from playground.models.window import WINDOW_FIELDS, WindowConfig
from playground.passes.edit_list import EDITS
from playground.refusal import Refusal
from playground.studies import lessons
from playground.studies.before import ALLOWED_UPDATES, Settings
from playground.studies.knobs import KNOBS, Knobs
from playground.studies.lesson_run import UPDATES
from playground.studies.taggers import DECIDES
from playground.tasks.fields import TASK_FIELDS
from playground.tasks.own import MAX_LINES
from playground.ui.cell.kinds import ChangedNumbers, Units
from playground.ui.room import Panels
from playground.ui.shapes.kinds import OwnLines
from playground.ui.tour.scenes import SCENES
from playground.variations import Variations


class Kind(Protocol):
    """What a choice allows: `Choice`, `Range` and `Flag` (`playground/config.py`), or lists of its own."""

    def check(self, name: str, value: object) -> Any:
        """Return the value if it is allowed, else raise `Refusal`."""
        ...

    def parse(self, name: str, text: str) -> Any:
        """Read a value from a URL; raises `Refusal` if it is none."""
        ...

    def show(self, value: Any) -> str:
        """A value as it stands in a URL."""
        ...


@dataclass(frozen=True, slots=True)
class PageField:
    """One choice.

    A default of None follows what the page shows anyway: the last timestep, the present step. `unsaid` is the only
    value of those that a link leaves out; None for any.
    """

    kind: Kind
    default: Any = None
    unsaid: Any = None


STATES = tuple(dict.fromkeys(state for cell in CELLS.values() for state in cell.states))
QUANTITIES = (*STATES, *dict.fromkeys(gate for cell in CELLS.values() for gate in cell.gates))
PARAMETERS = (
    "embedding.weight",
    *(
        f"rnn.{name}_l{layer}"
        for layer in range(3)
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    ),
    "readout.weight",
    "readout.bias",
)

GRADIENTS: Mapping[str, PageField] = MappingProxyType(
    {
        "panel": PageField(Choice(("where", "knobs", "check", "clipping")), "where"),
        # Whoever opens the link is to see the same step, which this server may have yet to train.
        "at": PageField(Range(0, MAX_STEP), unsaid=0),
        "sequence": PageField(Range(1, MAX_STEP), 1),
        "bits": PageField(Choice(("32", "64")), "32"),
        "loss_at": PageField(Range(1, 200)),
        "layer": PageField(Range(1, 3)),
        "state": PageField(Choice(STATES), "h"),
        "colours": PageField(Choice(("same", "fitted")), "same"),
        "total": PageField(Choice(("mean", "sum"))),
        **{
            name: PageField(kind, getattr(Knobs(), name.removeprefix("knob_")))
            for name, kind in KNOBS.items()
            if name not in ("knob_hidden_size", "knob_seed")
        },
        "parameter": PageField(Choice(PARAMETERS), "rnn.weight_hh_l0"),
        "row": PageField(Range(1, 512), 1),
        "column": PageField(Range(1, 256), 1),
        "epsilon": PageField(Range(1, 12), 5),
        "case": PageField(Choice(("exploding", "vanishing", "experiment")), "exploding"),
        "case_clip": PageField(Choice(("norm", "value")), "norm"),
        "case_threshold": PageField(Range(1e-3, 1e3, float)),
        "case_grid": PageField(Flag(), False),
    }
)
STOPS = ("learned", "crossed", "never")  # when playing stops by itself
HIGHEST_PERPLEXITY = 1e9  # to stop at

TRAIN: Mapping[str, PageField] = MappingProxyType(
    {
        "present": PageField(Panels(), ()),
        "race": PageField(Variations(), ()),
        "tour": PageField(Range(1, len(SCENES))),
        "stop": PageField(Choice(STOPS), "learned"),
        "stop_step": PageField(Range(1, MAX_STEP)),
        "stop_perplexity": PageField(Range(1, HIGHEST_PERPLEXITY, float)),
        # The place in the run that a link was copied at: training step, timestep and layer, the last two from 1.
        "at": PageField(Range(0, MAX_STEP)),
        "t": PageField(Range(1, 200)),
        "layer": PageField(Range(1, 3)),
        # What is asked beside the frames: what is to be otherwise in the text, and of which timestep's loss, from 1.
        "edits": PageField(EDITS, ()),
        "loss_at": PageField(Range(1, 200)),
    }
)
CELL: Mapping[str, PageField] = MappingProxyType(
    {
        "panel": PageField(Choice(("step", "whatif", "unrolled", "update")), "step"),
        "source": PageField(Choice(("example", "run")), "example"),
        "example": PageField(Choice(tuple(EXAMPLES))),
        "reads": PageField(Range(1, LARGEST_SIZE)),
        "size": PageField(Range(1, LARGEST_SIZE)),
        "numbers": PageField(ChangedNumbers(), ()),
        "way": PageField(Choice(("forward", "back")), "forward"),
        "joined": PageField(Flag(), True),
        "units": PageField(Units(), ()),
        # Training step, timestep and layer that are looked at, the last two from 1.
        "at": PageField(Range(0, MAX_STEP), unsaid=0),
        "t": PageField(Range(1, 200)),
        "layer": PageField(Range(1, 3)),
        # The sequence of its batch, from 1, and the weight that are followed through an update.
        "sequence": PageField(FIELDS["batch_size"]),
        "parameter": PageField(Choice(PARAMETERS), "rnn.weight_hh_l0"),
        "row": PageField(Range(1, 512), 1),
        "column": PageField(Range(1, 256), 1),
        "edits": PageField(EDITS, ()),
        "quantity": PageField(Choice(QUANTITIES)),
    }
)
ASKED = 200  # code points of a context that is asked for

BEFORE: Mapping[str, PageField] = MappingProxyType(
    {
        "panel": PageField(Choice(("table", "bag", "ngram", "window", "hmm", "crf")), "table"),
        "seed": PageField(Range(0, 2**31 - 1), 0),
        # The training step of the recurrent network that the others stand beside.
        "at": PageField(Range(0, MAX_STEP), unsaid=0),
        "ngram_order": PageField(NGRAM_FIELDS["ngram_order"], 3),
        "ngram_smoothing": PageField(NGRAM_FIELDS["ngram_smoothing"], "none"),
        "ngram_alpha": PageField(NGRAM_FIELDS["ngram_alpha"], 1.0),
        "counted": PageField(Choice(("counts", "chances")), "counts"),
        "asked": PageField(Text(ASKED), ""),
        **{
            name: PageField(kind, getattr(WindowConfig(), name.removeprefix("window_")))
            for name, kind in WINDOW_FIELDS.items()
        },
        "updates": PageField(ALLOWED_UPDATES, Settings().updates),
        "windows": PageField(Flag(), False),
        **{
            name: PageField(kind, getattr(HMMConfig(), name.removeprefix("hmm_")))
            for name, kind in HMM_FIELDS.items()
        },
        "line": PageField(Range(1, MAX_STEP), 1),
        "sizes": PageField(Flag(), False),
        **{
            name: PageField(kind, getattr(BagConfig(), name.removeprefix("bag_")))
            for name, kind in BAG_FIELDS.items()
        },
        "beginning": PageField(Text(ASKED)),
        "order": PageField(Range(0, 2**31 - 1), 0),
        "decides": PageField(Choice(DECIDES), "later"),
        "language": PageField(TASK_FIELDS["language"]),
        "lines": PageField(OwnLines()),
        **{
            name: PageField(CRF_FIELDS[name], getattr(CRFConfig(), name.removeprefix("crf_")))
            for name in ("crf_neighbours", "crf_penalty")
        },
        "tagger_cell": PageField(FIELDS["cell"], "rnn"),
        "tagger_hidden_size": PageField(Range(1, 64), 16),
        "tagger_seed": PageField(FIELDS["seed"], 0),
        "sentence": PageField(Range(1, MAX_LINES), 1),
    }
)
SHAPES: Mapping[str, PageField] = MappingProxyType(
    {
        "panel": PageField(Choice(("five", "gradient", "depth", "directions", "embedding")), "five"),
        "shape": PageField(Choice(lessons.SHAPES)),
        "task": PageField(Choice((*lessons.LESSONS, lessons.OWN))),
        "language": PageField(TASK_FIELDS["language"]),
        "cell": PageField(FIELDS["cell"]),
        "hidden_size": PageField(Range(1, 64)),
        "layers": PageField(FIELDS["layers"], 1),
        "directions": PageField(Choice(("forward", "both")), "forward"),
        "dropout": PageField(FIELDS["dropout"], 0.0),
        "readout": PageField(TASK_FIELDS["readout"], "each"),
        "networks": PageField(Choice(("one_network", "two_networks"))),
        "feed": PageField(Choice(lessons.FEEDS), "target"),
        "formats": PageField(TASK_FIELDS["formats"], 1),
        "seed": PageField(FIELDS["seed"], 0),
        "learning_rate": PageField(LEARNING_RATE),
        "updates": PageField(UPDATES),
        # Of those that are held out, from 1.
        "example": PageField(Range(1, MAX_LINES), 1),
        **{lines: PageField(OwnLines()) for lines in lessons.OWN_LINES.values()},
        "tokens": PageField(FIELDS["tokens"]),
        "moment": PageField(Choice(("start", "end")), "start"),
        "depth": PageField(FIELDS["layers"], 2),
        "depth_dropout": PageField(FIELDS["dropout"], 0.3),
        # The recorded training step that is looked at; by whose update dropout draws, from 1.
        "frame": PageField(Range(0, int(UPDATES.high))),
        "draw": PageField(Range(1, 20), 1),
        "leak_text": PageField(Choice(("text", "verse")), "text"),
        # One more line on the map, and the line whose neighbours are listed, from 1.
        "typed": PageField(Text(200), ""),
        "near": PageField(Range(1, MAX_LINES)),
    }
)
PAGES: Mapping[str, Mapping[str, PageField]] = MappingProxyType(
    {"train": TRAIN, "gradients": GRADIENTS, "cell": CELL, "before": BEFORE, "shapes": SHAPES}
)

# Choices that are one thing on all pages that have them: whoever goes over to another takes them along.
SHARED = frozenset(("edits",))

# Choices that links had under their bare names before there were keys; such links go on working. The one that is added
# is said aloud in a room: "present = 1".
ONCE_BARE: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "train": frozenset(("present", "tour")),
        "gradients": frozenset(
            (
                *("panel", "at", "sequence", "bits", "loss_at", "layer", "state", "colours", "total"),
                *("knob_cell", "knob_nonlinearity", "knob_initialization", "knob_radius"),
                *("knob_forget_bias", "knob_update_bias", "knob_length"),
                *("parameter", "row", "column", "epsilon", "case", "case_clip", "case_threshold"),
            )
        ),
    }
)


def key(page: str, name: str) -> str:
    """What a choice is called in the address, and its widget."""
    return f"{page}.{name}"


def said(page: str, name: str, query: Mapping[str, str]) -> str | None:
    """What a link says of a choice; None if nothing."""
    bare = query.get(name) if name in ONCE_BARE.get(page, ()) else None
    return query.get(key(page, name), bare)


def from_link(page: str, query: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, Refusal]]:
    """All choices of a page as a link has them; what it gets wrong is replaced by the default and refused."""
    values, refusals = {}, {}
    for name, field in PAGES.get(page, {}).items():
        values[name], text = field.default, said(page, name, query)
        if text is not None:
            try:
                values[name] = field.kind.parse(name, text)
            except Refusal as refusal:
                refusals[name] = refusal
    return values, refusals


def to_link(page: str, values: Mapping[str, Any], followed: Mapping[str, Any]) -> dict[str, str]:
    """The choices that differ from their defaults. followed: what those without a default follow just now."""
    shown = {}
    for name, field in PAGES.get(page, {}).items():
        value = values.get(name)
        usual = {each for each in (field.default, field.unsaid, followed.get(name)) if each is not None}
        if value is not None and usual != {value}:
            shown[key(page, name)] = field.kind.show(value)
    return shown
