"""What a page shows for the room it is shown in: what learners may change, and which panels stand on a projector."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from playground.refusal import Refusal

# What a teacher may leave to learners, in the order in which it stands on the page. A choice without a widget of its
# own, as the threshold of clipping, goes with the one it belongs to.
ABOVE = ("cell", "text", "preset")
TRAINING = (
    *("tokens", "bos", "eos", "hidden_size", "nonlinearity", "optimizer", "learning_rate"),
    *("clip", "seed"),
)
MORE = ("layers", "sequence_length", "embedding", "batch_size", "reduction", "initialization", "forget_bias")
CONTROLS = (*ABOVE, *TRAINING, *MORE)
NONE = "none"  # in a link: nothing may be changed

SETTINGS = ("simple", "full")

MOST_PANELS = 3
# Of the stage, in the order in which they are read.
PANELS = (
    *("tiles", "curve", "odds", "state", "difference", "cell_state", "gates", "machine", "gradients"),
    *("trajectory", "samples", "clipping"),
)
PRESENTED = ("tiles", "curve")  # where nothing else is chosen

_NAMES = re.compile(r"[a-z_,]{0,200}")


@dataclass(frozen=True, slots=True)
class Panels:
    """A few panels of the stage, by name: `tiles,curve` in a URL; `1` stands for `PRESENTED`, nothing for none."""

    def check(self, name: str, value: object) -> tuple[str, ...]:
        """Return the panels, each once; raises `Refusal` for another name, or more than `MOST_PANELS`."""
        if isinstance(value, tuple | list):
            panels = tuple(dict.fromkeys(str(panel) for panel in value))
            if len(panels) <= MOST_PANELS and set(panels) <= set(PANELS):
                return panels
        raise Refusal(
            name,
            "{field} must be one to {most} of {options}; got {value}.",
            most=MOST_PANELS,
            options=", ".join(PANELS),
            value=value,
        )

    def parse(self, name: str, text: str) -> tuple[str, ...]:
        """Read the panels from a URL."""
        if text in ("", "0"):
            return ()
        return PRESENTED if text == "1" else self.check(name, text[:200].split(","))

    def show(self, value: Iterable[str]) -> str:
        """Write the panels into a URL."""
        return ",".join(value)


def controls_of(query: Mapping[str, str]) -> tuple[str, ...] | None:
    """What a link leaves to learners; None: everything, as where it names nothing that there is."""
    text = query.get("controls", "")
    if text == NONE:
        return ()
    named = text.split(",") if _NAMES.fullmatch(text) else []
    return tuple(name for name in CONTROLS if name in named) or None


def controls_in_link(controls: Iterable[str]) -> str:
    """The same as it stands in a link."""
    return ",".join(controls) or NONE
