"""A reader of messages and frames that knows nothing but the description that comes with them."""

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

CODES = {"f8": "d", "f4": "f", "u4": "I", "u2": "H", "i1": "b", "u1": "B"}
Field = tuple[str, str, Sequence[int]]


@dataclass
class Message:
    """A message of one track, whose part of the header stands among the rest."""

    header: dict[str, Any]
    curve: dict[str, list[float]]
    frames: list[bytes]


def read_message(message: bytes) -> Message:
    """Header, curve columns and frames."""
    (size,) = struct.unpack_from("<I", message)
    header = json.loads(message[4 : 4 + size])
    (track,) = header.pop("tracks")
    header |= track
    at = 4 + size
    curve = {}
    for name, kind in header["curve"]["columns"]:
        assert at % 8 == 0
        count = header["curve"]["count"]
        curve[name] = list(struct.unpack_from(f"<{count}{CODES[kind]}", message, at))
        at += -(-count * struct.calcsize(CODES[kind]) // 8) * 8
    count, size = header["frames"]["count"], header["frames"]["size"]
    assert at % 8 == 0 and size % 8 == 0 and len(message) == at + count * size
    return Message(header, curve, [message[at + i * size :][:size] for i in range(count)])


def read_frame(payload: bytes, fields: Sequence[Field]) -> dict[str, Any]:
    """The parts of a frame by name: numbers, or lists of lists as the shape says."""
    found, at = {}, 0
    for name, kind, shape in fields:
        code, count = CODES[kind], prod(shape)
        assert at % struct.calcsize(code) == 0, f"{name} does not begin at a multiple of its size"
        values = struct.unpack_from(f"<{count}{code}", payload, at)
        at += count * struct.calcsize(code)
        found[name] = _shaped(list(values), shape)
    assert at <= len(payload) < at + 8 and len(payload) % 8 == 0
    assert not any(payload[at:])
    return found


def _shaped(values: list[float], shape: Sequence[int]) -> Any:
    if not shape:
        return values[0]
    if len(shape) == 1:
        return values
    rows = len(values) // shape[0]
    return [_shaped(values[i * rows : (i + 1) * rows], shape[1:]) for i in range(shape[0])]
