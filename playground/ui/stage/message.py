"""What the stage is told, whichever way it asks."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from playground.analysis.learned import learned, remembers
from playground.config import ExperimentConfig, to_query
from playground.runs import wire
from playground.runs.reader import Moment, Reader, moment
from playground.runs.track import Track
from playground.runs.viewer import Viewer
from playground.ui.stage.asked import told as told_question

CURVE_POINTS = 256
PLAYING_POINTS = 72  # of the curve, for drawing: what is read off at the cursor comes with the frames
PLAYING_SAMPLES = 4  # the newest of the generated texts; all of them when paused, for looking back


@dataclass(frozen=True, slots=True)
class Scene:
    """What the page has to say of a track, in the reader's language.

    Attributes:
        described: what stays the same from frame to frame.
        id: the same for equal descriptions.
        recording: the track's, of which this is said.
        sentence: on its explosion; "" before there is one.
    """

    described: dict[str, Any]
    id: str
    recording: str
    sentence: str = ""

    @classmethod
    def of(cls, described: dict[str, Any], recording: str) -> "Scene":
        """A description with its name."""
        digest = hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()
        return cls(described, digest[:12], recording)

    def fits(self, track: Track) -> bool:
        """Whether it says what there is to say of a track as it is now."""
        return self.recording == track.recording and (track.explosion is None) == (self.sentence == "")


@dataclass(frozen=True, slots=True)
class Heard:
    """What the stage says it has: the serial of the last message that came, and which of its scenes, with commas."""

    serial: int = -1
    scene: str = ""


@lru_cache(maxsize=256)
def digest(config: ExperimentConfig) -> str:
    """A name that is the same for equal experiments, on every server."""
    return hashlib.sha256(json.dumps(to_query(config)).encode()).hexdigest()[:16]


def digest_of_all(viewer: Viewer) -> str:
    """A name that is the same for whoever watches equal experiments."""
    return "+".join(digest(track.config) for track in viewer.tracks)


def message(
    viewer: Viewer,
    scenes: Sequence[Scene],
    heard: Heard,
    *,
    feed: str = "",
    reader: Reader | None = None,
    step: int | None = None,
    while_playing: bool = False,
) -> bytes | None:
    """The next message for a viewer: all frames when paused, the newest ones while playing.

    All of it is of one moment, whatever the person does meanwhile. None if the scenes, one a track, do not fit what the
    viewer watches at that moment; or if it does not play then, where it is wanted `while_playing` only.

    heard: what the last one left in the browser; what is there is not sent again. feed: where to ask for more without a
    run of the page, if anywhere. reader: who answers what the viewer asks beside, at a
    training step that the stage has named, or at the newest.
    """
    with viewer.held():
        tracks = viewer.tracks
        is_lost, playing = heard.serial != viewer.messages, viewer.playing
        if len(scenes) != len(tracks) or not all(map(Scene.fits, scenes, tracks)):
            return None
        if while_playing and not playing:  # stopped since: the page is about to show all of it
            return None
        told = [
            told_of(track, scene, heard, playing=playing, repeat=is_lost)
            for track, scene in zip(tracks, scenes, strict=True)
        ]
        watched = moment(tracks)
        viewer.messages += 1
        header: dict[str, Any] = {
            "run": "+".join(track.recording for track in tracks),
            "digest": digest_of_all(viewer),
            "fresh": viewer.is_fresh,
            "overture": viewer.is_fresh and viewer.shows_finished,
            "serial": viewer.messages,
            "playing": playing,
            "playhead": viewer.playhead,
            "rate": viewer.steps_per_second,
            "others": viewer.others_training,
            "tick": viewer.pace[1],
            "feed": feed,
        }
    if reader is not None and (question := reader.question).is_asked:
        header["question"] = told_question(question)
        newest = [track.frames for track in told]
        found = (
            reader.newest(question, watched, newest, playing=playing)
            if step is None
            else reader.at(question, step, watched)
        )
        told = [replace(track, reading=reading) for track, reading in zip(told, found, strict=True)]
    return wire.encode(header, told)


def readings(reader: Reader, scenes: Sequence[Scene], watched: Moment, step: int) -> bytes | None:
    """What the viewer asks, answered at a training step of each track; None if there is nothing to be told yet.

    watched: of the moment at which the scenes fit, one a track.
    """
    question = reader.question
    found = reader.at(question, step, watched)
    if question.is_asked and None in found:
        return None
    told = [({"scene_id": scene.id}, reading) for scene, reading in zip(scenes, found, strict=True)]
    run = "+".join(scene.recording for scene in scenes)
    return wire.encode_readings({"run": run, "question": told_question(question)}, told)


def _crossed(track: Track, perplexity: float | None) -> int | None:
    """The step, up to the playhead, from which on it is proved that the network remembers; None if it is not.

    perplexity: that of the line which is crossed there, where the curve can tell.
    """
    step = None if perplexity is None else track.first_at(remembers)
    return step if step is not None and step <= track.playhead else None


def _learned(track: Track) -> int | None:
    """The step, up to the playhead, at which its text is learned; None if it is not."""
    step = track.first_at(learned)
    return step if step is not None and step <= track.playhead else None


def told_of(track: Track, scene: Scene, heard: Heard, *, playing: bool, repeat: bool) -> wire.Track:
    """What a message brings of one track."""
    explosion = track.explosion
    samples = track.samples()[-PLAYING_SAMPLES if playing else 0 :]
    told: dict[str, Any] = {
        "forks": track.forks,
        "crossed": _crossed(track, scene.described["remembers"]),
        "learned": _learned(track),
        "explosion": explosion and {"step": explosion.step, "sentence": scene.sentence},
        "scene_id": scene.id,
        "samples": [each._asdict() for each in samples],
    }
    if not playing or scene.id not in heard.scene.split(","):
        told["scene"] = scene.described
    points = track.curve_points(PLAYING_POINTS if playing else CURVE_POINTS)
    return wire.Track(told, points, track.frames_to_send(playing=playing, repeat=repeat))
