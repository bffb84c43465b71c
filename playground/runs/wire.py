"""The message that a viewer's stage receives: a JSON header, the learning curve, and frames, in one run of bytes."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from playground.runs.curve import CurvePoints
from playground.runs.frame import Frame

VERSION = 1


def encode(header: dict[str, Any], curve: CurvePoints, frames: Sequence[Frame]) -> bytes:
    """Little-endian: u32 length of the header, header (padded to 4), curve columns, frames.

    Args:
        header: everything but bulk numbers; "curve" and "frames" are added here.
        curve: u32 step, f32 perplexity, f32 gradient norm before and after clipping, u8 clipped (padded to 4).
        frames: equal-sized payloads, ascending step.
    """
    size = len(frames[0].payload) if frames else 0
    described = {
        "version": VERSION,
        **header,
        "curve": {"count": len(curve.step)},
        "frames": {"count": len(frames), "size": size},
    }
    text = json.dumps(described, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    text += b" " * (-len(text) % 4)
    clipped = curve.clipped.astype(np.uint8).tobytes()
    return b"".join(
        [
            np.uint32(len(text)).tobytes(),
            text,
            curve.step.astype("<u4").tobytes(),
            _floats(curve.perplexity),
            _floats(curve.gradient_norm),
            _floats(curve.clipped_norm),
            clipped + b"\0" * (-len(clipped) % 4),
            *(frame.payload for frame in frames),
        ]
    )


def _floats(column: np.ndarray) -> bytes:
    """32-bit floats; what is beyond their range is sent as ∞."""
    with np.errstate(over="ignore"):
        return column.astype("<f4").tobytes()
