"""The message that a viewer's stage receives: a JSON header, and of each track its learning curve and frames."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from playground.runs.album import Frame
from playground.runs.curve import CurvePoints
from playground.runs.reading import Reading

VERSION = 4
ALIGNMENT = 8  # bytes, so that a browser may look at every part in place

_to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


@dataclass(frozen=True, slots=True)
class Track:
    """What a message brings of one run.

    Attributes:
        told: everything but bulk numbers.
        curve: the points to draw.
        frames: equal-sized payloads, ascending step; what is in them stands in `FrameLayout.fields`.
        reading: the answer to what its viewer asks, at one of these steps.
    """

    told: dict[str, Any]
    curve: CurvePoints
    frames: Sequence[Frame]
    reading: Reading | None = None


def encode(header: dict[str, Any], tracks: Sequence[Track]) -> bytes:
    """Little-endian: u32 length of the header, header, then track by track its curve's columns, its frames and its
    reading.

    Each part is padded to a multiple of 8 bytes. Of every track, what it tells, "curve" with the names and types of
    its columns, "frames", and "reading" with its step and parts, stand in the header under "tracks".
    """
    columns = [_columns(track.curve) for track in tracks]
    described = [_described(track, curve) for track, curve in zip(tracks, columns, strict=True)]
    parts = _opening({**header, "tracks": described})
    for track, curve in zip(tracks, columns, strict=True):
        for column in curve.values():
            parts += [column.tobytes(), b"\0" * (-column.nbytes % ALIGNMENT)]
        parts += [frame.payload for frame in track.frames]
        parts += _parts(track.reading)
    return b"".join(parts)


def encode_readings(
    header: dict[str, Any], readings: Sequence[tuple[dict[str, Any], Reading | None]]
) -> bytes:
    """The same of readings alone: of every track what it tells, and its reading, if there is one."""
    tracks = [{**told, "reading": _told(reading)} for told, reading in readings]
    parts = _opening({**header, "tracks": tracks})
    for _, reading in readings:
        parts += _parts(reading)
    return b"".join(parts)


def _opening(header: dict[str, Any]) -> list[bytes]:
    """The header with its length."""
    text = _to_json({"version": VERSION, **header}).encode()
    text += b" " * (-(4 + len(text)) % ALIGNMENT)
    return [np.uint32(len(text)).tobytes(), text]


def _told(reading: Reading | None) -> dict[str, Any] | None:
    """A reading as the header has it: its step, how large an edited frame follows, and of what shape a beam."""
    return reading and {
        "step": reading.step,
        "edited": len(reading.edited or b""),
        "beam": None if reading.beam is None else reading.beam.shape,
    }


def _parts(reading: Reading | None) -> list[bytes]:
    """The bytes of a reading: the edited frame, then the beam, f8, as far as they are there."""
    if reading is None:
        return []
    beam = [] if reading.beam is None else [np.ascontiguousarray(reading.beam, "<f8").tobytes()]
    return [reading.edited or b"", *beam]


def _described(track: Track, columns: dict[str, np.ndarray]) -> dict[str, Any]:
    """A track as the header has it."""
    frames = track.frames
    return {
        **track.told,
        "curve": {
            "count": len(track.curve),
            "columns": [[name, column.dtype.str[1:]] for name, column in columns.items()],
        },
        "frames": {"count": len(frames), "size": len(frames[0].payload) if frames else 0},
        "reading": _told(track.reading),
    }


def _columns(curve: CurvePoints) -> dict[str, np.ndarray]:
    """The curve as it travels. share: of the updates since the point before, how many were clipped, in 1/255; 0 only
    if none was, 255 only if all were."""
    share = curve.clipped_share
    with np.errstate(over="ignore"):
        loss = curve.loss.astype("<f4")
    return {
        "step": curve.step.astype("<u4"),
        "loss": loss,
        "gradient_norm": curve.gradient_norm.astype("<f8", copy=False),
        "clipped_norm": curve.clipped_norm.astype("<f8", copy=False),
        "clipped": curve.clipped.view("u1"),
        "share": np.where(share == 1, 255, np.ceil(share * 254)).astype("u1"),
    }
