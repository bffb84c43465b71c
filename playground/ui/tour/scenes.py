"""The scenes of the tour as data: what is trained, where it stops, what is lit. Its words stand in `texts/tour.*.md`.

A scene more is an entry here and, in both files of words, three sections: `{#name}`, what to look at; `{#name-guess}`,
a question whose answers are a list, the right one in bold; and `{#name-after}`, what has happened, with the numbers
that `measured.py` gives. `tests/ui/test_tour.py` plays every scene to its end.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from playground.config import DEFAULTS, FIELDS, ExperimentConfig
from playground.variations import OtherCell, Variations

NUMBER = "train.tour"  # of the scene, in a link
EXPLOSION = "explosion"


@dataclass(frozen=True, slots=True)
class Scene:
    """One scene.

    name: of its sections among the words. event: what playing ends at: "learned", "crossed" (`ui/stops.py`), or an
    explosion. most: updates within which it gets there. lit: the panels that stay bright. settings: of the experiment,
    beside the defaults. race: cells that stand beside. loss_at: the timestep, from 1, whose loss is lit and looked back
    from. own_text: whether the learner types the text.
    """

    name: str
    event: str
    most: int
    lit: tuple[str, ...]
    speed: str = "watch"
    settings: Mapping[str, Any] = field(default_factory=dict)
    race: tuple[str, ...] = ()
    loss_at: int | None = None
    own_text: bool = False

    @property
    def config(self) -> ExperimentConfig:
        """The experiment that it begins with."""
        return ExperimentConfig.from_values(DEFAULTS | dict(self.settings))

    @property
    def beside(self) -> tuple[OtherCell, ...]:
        """What stands beside it."""
        return tuple(map(OtherCell, self.race))

    @property
    def stop(self) -> str:
        """The choice *Stop at*; an explosion ends playing anyway."""
        return "never" if self.event == EXPLOSION else self.event


SCENES = (
    Scene("two-ls", event="learned", most=100, lit=("tiles",), settings={"cell": "rnn", "text": "hello"}),
    Scene(
        "k1",
        event="crossed",
        most=60,
        lit=("curve",),
        settings={"cell": "rnn", "text": "mississippi", "learning_rate": 0.005},
    ),
    Scene(
        "gap",
        event="learned",
        most=800,
        lit=("curve", "tiles"),
        speed="fast",
        # Measured with seeds 0 to 2: the GRU learns within 340 to 390 updates, the RNN not within 1500. The LSTM takes
        # 730 to 970.
        settings={
            "cell": "gru",
            "text": f"a{'.' * 14}A\nb{'.' * 14}B",
            "hidden_size": 32,
            "learning_rate": 0.02,
        },
        race=("rnn",),
        loss_at=15,  # the A at the end
    ),
    Scene(
        "cliff",
        event=EXPLOSION,
        most=60,
        lit=("curve",),
        # Measured with two seeds and rates nudged by a thousandth: it explodes at 22 (10), and clipped it never does.
        settings={
            "cell": "rnn",
            "text": "mississippi",
            "nonlinearity": "linear",
            "optimizer": "sgd",
            "learning_rate": 0.5,
            "clip": "off",
        },
    ),
    Scene(
        "name",
        event="learned",
        most=400,
        lit=("tiles",),
        speed="normal",
        settings={"text": "barbara"},
        own_text=True,
    ),
)


def lit(number: object) -> tuple[str, ...]:
    """The panels that stay bright in a scene, by its number from 1; none where there is no such scene."""
    return next((scene.lit for place, scene in enumerate(SCENES, start=1) if place == number), ())


def completed(query: Mapping[str, str]) -> dict[str, str]:
    """A link that names a scene and no experiment, with all that belongs to the scene; any other as it is."""
    said = query.get(NUMBER, query.get("tour", ""))
    is_bare = "cell" not in query and "text" not in query
    if not (is_bare and said.isascii() and said.isdecimal() and len(said) < 4 and lit(int(said))):
        return dict(query)
    scene = SCENES[int(said) - 1]
    settings = {name: FIELDS[name].show(value) for name, value in scene.settings.items()}
    own = {"train.stop": scene.stop, "speed": scene.speed, "train.race": Variations().show(scene.beside)}
    if scene.loss_at is not None:
        own["train.loss_at"] = str(scene.loss_at)
    return {**settings, **own, **query}
