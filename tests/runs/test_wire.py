"""Frames and messages read back byte by byte, held to the trace they were taken from."""

import json
import struct
import threading

import numpy as np
import pytest
import torch

from playground.config import ExperimentConfig, NetworkConfig, TextConfig
from playground.projection import principal_axes
from playground.runs.frame import EXPOSED_BYTES
from playground.runs.layout import PLANE_BYTES
from playground.runs.run import Run
from playground.runs.wire import encode


def run_of(cell: str, layers: int = 1, hidden_size: int = 16, **network: object) -> Run:
    run = Run(
        ExperimentConfig(
            text=TextConfig(text="hello world"),
            network=NetworkConfig(cell=cell, layers=layers, hidden_size=hidden_size, **network),
        )
    )
    run.advance(30)
    return run


@pytest.mark.parametrize(
    ("cell", "layers", "network"),
    [("lstm", 1, {}), ("gru", 2, {}), ("rnn", 3, {"nonlinearity": "relu"}), ("rnn", 1, {})],
)
def test_a_frame_holds_the_numbers_of_its_trace(cell: str, layers: int, network: dict) -> None:
    run = run_of(cell, layers, **network)
    layout, trace = run.layout, run.trace_at(30)
    payload = run.frames(30, 30)[0].payload
    assert len(payload) == layout.nbytes and len(payload) % 4 == 0
    (step,) = struct.unpack_from("<I", payload)
    assert step == 30
    length, states, offset = layout.length, layout.states, 4

    def floats(count: int) -> np.ndarray:
        nonlocal offset
        values = np.frombuffer(payload, "<f4", count, offset)
        offset += 4 * count
        return values

    def octets(kind: str, *shape: int) -> np.ndarray:
        nonlocal offset
        count = int(np.prod(shape))
        values = np.frombuffer(payload, kind, count, offset).reshape(shape)
        offset += values.nbytes
        return values

    loss = trace["loss"][:, 0, 0]
    assert floats(1)[0] == pytest.approx(loss.mean().exp().item(), rel=1e-5)
    np.testing.assert_allclose(floats(length), loss, rtol=1e-5, atol=1e-7)
    for layer in range(layers):
        for name in states:
            norm = trace[f"grad.l{layer}.{name}"][:, 0, 0].norm(dim=-1)
            np.testing.assert_allclose(floats(length), norm, rtol=1e-4, atol=1e-9)
    for layer in range(layers):
        points, shares = floats(2 * length).reshape(length, 2), floats(2)
        h = trace[f"l{layer}.h"][:, 0, 0]
        fresh = principal_axes(h, 2, None)
        distances = torch.cdist(torch.tensor(points), torch.tensor(points))
        torch.testing.assert_close(
            distances, torch.cdist(fresh.points, fresh.points).float(), rtol=1e-3, atol=1e-4
        )
        assert shares.sum() == pytest.approx(fresh.shares.sum().item(), abs=1e-4)
    scales = floats(layers * len(states)).reshape(layers, len(states))
    odds, likeliest = trace["probabilities"][:, 0, 0].topk(layout.likeliest)
    np.testing.assert_allclose(octets("<u2", length, layout.likeliest) / 65535, odds, atol=1e-5)
    np.testing.assert_array_equal(octets("u1", length, layout.likeliest), likeliest)
    for layer in range(layers):
        for place, name in enumerate(states):
            plane = octets("i1", layout.units, length).T / 127 * scales[layer, place]
            values = trace[f"l{layer}.{name}"][:, 0, 0, : layout.units]
            np.testing.assert_allclose(plane, values, atol=scales[layer, place] / 250)
        for gate in layout.gates:
            plane = gate.low + octets("u1", layout.units, length).T / 255 * (gate.high - gate.low)
            name = "slope" if gate.name == "phi" else gate.name
            values = trace[f"l{layer}.{name}"][:, 0, 0, : layout.units]
            np.testing.assert_allclose(plane, values, atol=(gate.high - gate.low) / 500)
    assert len(payload) - offset < 4


def test_a_frame_of_the_reference_size_is_small() -> None:
    run = Run(
        ExperimentConfig(
            text=TextConfig(text="the quick brown fox jumps over", sequence_length=25),
            network=NetworkConfig(cell="lstm", hidden_size=32),
        )
    )
    assert run.layout.length == 25 and run.layout.units == 32
    assert run.layout.nbytes <= 6000


def test_a_wide_network_shows_its_first_units() -> None:
    run = run_of("lstm", 3, hidden_size=128)
    planes = run.layout.units * run.layout.length * 3 * 6
    assert run.layout.units < 128 and planes <= PLANE_BYTES


def test_trajectories_do_not_flip_from_frame_to_frame() -> None:
    run = run_of("lstm")
    start = 4 + 4 * (1 + run.layout.length + 2 * run.layout.length)
    points = np.stack(
        [np.frombuffer(frame.payload, "<f4", 2 * run.layout.length, start) for frame in run.frames(0, 30)]
    )
    movement = np.linalg.norm(np.diff(points, axis=0), axis=1)
    flips = np.linalg.norm(points[1:] + points[:-1], axis=1)
    assert (movement < flips).all()


def test_a_branch_goes_on_from_the_axes_of_its_first_step() -> None:
    run = run_of("lstm")
    run.advance(1500)
    branch = run.branch(100, 0.02)
    branch.advance(4)
    start = 4 + 4 * (1 + run.layout.length + 2 * run.layout.length)
    points = np.stack(
        [
            np.frombuffer(frame.payload, "<f4", 2 * run.layout.length, start)
            for frame in branch.frames(95, 104)
        ]
    )
    movement = np.linalg.norm(np.diff(points, axis=0), axis=1)
    assert (movement < 0.2 * np.linalg.norm(points[1:], axis=1)).all()


@pytest.mark.parametrize(("cell", "layers"), [("lstm", 1), ("gru", 2), ("rnn", 1)])
def test_frames_developed_together_are_those_developed_one_by_one(cell: str, layers: int) -> None:
    together, single = run_of(cell, layers), run_of(cell, layers)
    alone = []
    for _ in range(12):
        for run in (together, single):
            run.advance(1)
        alone.append(np.frombuffer(single.frames(single.step, single.step)[0].payload, np.uint8))
    frames = together.frames(31, 42)
    assert [frame.step for frame in frames] == list(range(31, 43))
    floats = 4 * (1 + 3 * together.layout.length)
    for frame, expected in zip(frames, alone, strict=True):
        payload = np.frombuffer(frame.payload, np.uint8)
        np.testing.assert_allclose(
            payload[4:floats].view("<f4"), expected[4:floats].view("<f4"), rtol=1e-5, atol=1e-6
        )
        assert (payload != expected).mean() < 0.02, "rounding may turn the last bit of a number"


def test_a_payload_stays_the_same_bytes() -> None:
    run = run_of("gru")
    before = {frame.step: frame.payload for frame in run.frames(0, 30)}
    run.advance(300)
    kept = [frame for frame in run.frames(0, 30)]
    assert kept and all(frame.payload is before[frame.step] for frame in kept)
    assert all(frame.nbytes == run._camera.frame_bytes for frame in kept)


def test_what_waits_to_be_developed_is_bounded_and_counted() -> None:
    run = Run(
        ExperimentConfig(
            text=TextConfig(text="the quick brown fox jumps over", sequence_length=25),
            network=NetworkConfig(hidden_size=128, layers=2),
        )
    )
    for _ in range(30):
        run.advance(2)
        assert run._camera.nbytes <= EXPOSED_BYTES
    exposures = [frame._exposure for frame in run.frames(0, 60) if frame._exposure is not None]
    assert 0 < sum(exposure.nbytes for exposure in exposures) <= run._camera.nbytes <= run.nbytes


def test_frames_can_be_looked_at_while_others_are_taken() -> None:
    run = run_of("lstm")
    seen: dict[int, set[bytes]] = {}
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            for frame in run.frames(0, 10_000):
                seen.setdefault(frame.step, set()).add(frame.payload)

    thread = threading.Thread(target=look)
    thread.start()
    for _ in range(50):
        run.advance(4)
    done.set()
    thread.join(30)
    assert all(len(payloads) == 1 for payloads in seen.values())
    assert all(len(payload) == run.layout.nbytes for payloads in seen.values() for payload in payloads)


def test_a_message_is_header_curve_and_frames() -> None:
    run = run_of("gru")
    frames, curve = run.frames(20, 30), run.curve_points(29)
    message = encode({"run": "r1", "scene": {"inputs": ["안", "</script>"]}}, curve, frames)
    (size,) = struct.unpack_from("<I", message)
    assert (4 + size) % 4 == 0
    header = json.loads(message[4 : 4 + size])
    assert header["scene"]["inputs"] == ["안", "</script>"]
    assert header["curve"] == {"count": 30} and header["frames"] == {"count": 11, "size": run.layout.nbytes}
    offset = 4 + size
    assert np.frombuffer(message, "<u4", 30, offset).tolist() == list(range(30))
    assert np.frombuffer(message, "<f4", 30, offset + 120).tolist() == pytest.approx(
        curve.perplexity.tolist()
    )
    assert message.endswith(b"".join(frame.payload for frame in frames))
