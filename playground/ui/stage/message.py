"""What the stage is told, whichever way it asks."""

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from playground.config import ExperimentConfig, to_query
from playground.runs.viewer import Viewer
from playground.runs.wire import Track, encode
from playground.ui.stage.samples import sample_told

CURVE_POINTS = 256
PLAYING_POINTS = 72  # of the curve, for drawing: what is read off at the cursor comes with the frames
PLAYING_SAMPLES = 4  # the newest of the generated texts; all of them when paused, for looking back


@dataclass(frozen=True, slots=True)
class Scene:
    """What stays the same from frame to frame, in the reader's language, with a name: the same for equal scenes."""

    described: dict[str, Any]
    id: str

    @classmethod
    def of(cls, described: dict[str, Any]) -> "Scene":
        """A scene with its name."""
        digest = hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()
        return cls(described, digest[:12])


@dataclass(frozen=True, slots=True)
class Heard:
    """What the stage says it has: the serial of the last message that came, and which of its scenes, with commas."""

    serial: int = -1
    scene: str = ""


@lru_cache(maxsize=256)
def digest(config: ExperimentConfig) -> str:
    """A name that is the same for equal experiments, on every server."""
    return hashlib.sha256(json.dumps(to_query(config)).encode()).hexdigest()[:16]


def message(viewer: Viewer, scene: Scene, heard: Heard, *, feed: str = "", sentence: str = "") -> bytes:
    """The next message for a viewer: all frames when paused, the newest ones while playing.

    heard: what the last one left in the browser; what is there is not sent again. feed: where to ask for more without a
    run of the page, if anywhere. sentence: what to say of an explosion.
    """
    run, playhead = viewer.run, viewer.playhead
    frames = viewer.frames_to_send(repeat=heard.serial != viewer.messages)
    viewer.messages += 1
    explosion = viewer.explosion
    samples = run.samples(playhead)[-PLAYING_SAMPLES if viewer.playing else 0 :]
    header: dict[str, Any] = {
        "run": viewer.recording,
        "digest": digest(viewer.config),
        "fresh": viewer.is_fresh,
        "serial": viewer.messages,
        "playing": viewer.playing,
        "playhead": playhead,
        "rate": viewer.steps_per_second,
        "others": viewer.others_training,
        "tick": viewer.pace[1],
        "feed": feed,
    }
    told: dict[str, Any] = {
        "forks": viewer.forks,
        "explosion": explosion and {"step": explosion.step, "sentence": sentence},
        "scene_id": scene.id,
        "samples": [sample_told(run.corpus, each) for each in samples],
    }
    if not viewer.playing or scene.id not in heard.scene.split(","):
        told["scene"] = scene.described
    points = PLAYING_POINTS if viewer.playing else CURVE_POINTS
    return encode(header, [Track(told, viewer.curve_points(points), frames)])
