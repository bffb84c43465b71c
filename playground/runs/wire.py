"""The message that a viewer's stage receives: a JSON header, the learning curve, and frames, in one run of bytes."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from playground.runs.album import Frame
from playground.runs.curve import CurvePoints

VERSION = 2
ALIGNMENT = 8  # bytes, so that a browser may look at every part in place

_to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def encode(header: dict[str, Any], curve: CurvePoints, frames: Sequence[Frame]) -> bytes:
    """Little-endian: u32 length of the header, header, curve columns, frames, each padded to a multiple of 8 bytes.

    Args:
        header: everything but bulk numbers; "curve" with the names and types of its columns, and "frames", are added.
        curve: the points to draw.
        frames: equal-sized payloads, ascending step; what is in them stands in `FrameLayout.fields`.
    """
    size = len(frames[0].payload) if frames else 0
    columns = _columns(curve)
    described = {
        "version": VERSION,
        **header,
        "curve": {
            "count": len(curve),
            "columns": [[name, column.dtype.str[1:]] for name, column in columns.items()],
        },
        "frames": {"count": len(frames), "size": size},
    }
    text = _to_json(described).encode()
    text += b" " * (-(4 + len(text)) % ALIGNMENT)
    parts = [np.uint32(len(text)).tobytes(), text]
    for column in columns.values():
        parts += [column.tobytes(), b"\0" * (-column.nbytes % ALIGNMENT)]
    return b"".join([*parts, *(frame.payload for frame in frames)])


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
