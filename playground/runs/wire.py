"""The message that a viewer's stage receives: a JSON header, and of each track its learning curve and frames."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from playground.runs.album import Frame
from playground.runs.curve import CurvePoints

VERSION = 3
ALIGNMENT = 8  # bytes, so that a browser may look at every part in place

_to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


@dataclass(frozen=True, slots=True)
class Track:
    """What a message brings of one run.

    Attributes:
        told: everything but bulk numbers.
        curve: the points to draw.
        frames: equal-sized payloads, ascending step; what is in them stands in `FrameLayout.fields`.
    """

    told: dict[str, Any]
    curve: CurvePoints
    frames: Sequence[Frame]


def encode(header: dict[str, Any], tracks: Sequence[Track]) -> bytes:
    """Little-endian: u32 length of the header, header, then track by track its curve's columns and its frames.

    Each part is padded to a multiple of 8 bytes. Of every track, what it tells, "curve" with the names and types of
    its columns, and "frames" stand in the header under "tracks".
    """
    columns = [_columns(track.curve) for track in tracks]
    described = [_described(track, curve) for track, curve in zip(tracks, columns, strict=True)]
    text = _to_json({"version": VERSION, **header, "tracks": described}).encode()
    text += b" " * (-(4 + len(text)) % ALIGNMENT)
    parts = [np.uint32(len(text)).tobytes(), text]
    for track, curve in zip(tracks, columns, strict=True):
        for column in curve.values():
            parts += [column.tobytes(), b"\0" * (-column.nbytes % ALIGNMENT)]
        parts += [frame.payload for frame in track.frames]
    return b"".join(parts)


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
