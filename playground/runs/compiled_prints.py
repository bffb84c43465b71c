"""The fields of frames by compiled loops: one call, where torch and NumPy need some forty on a few numbers each."""

# pyright: reportUnknownMemberType=false

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, partial

import numpy as np
import torch
from torch import Tensor

from playground.cells.nonlinearity import NONLINEARITIES
from playground.kernels.program import Instruction, Program
from playground.runs.layout import NOT_FINITE_GATE, NOT_FINITE_STATE, FrameLayout


class CompiledPrints:
    """What `TorchPrints` writes, but for the last digit of numbers.

    Args:
        layout: what to write.
        buffers: (T, R, 2, ·) by name, of compiled loops.
    """

    def __init__(self, layout: FrameLayout, buffers: Mapping[str, Tensor]) -> None:
        self._layout, self._buffers = layout, buffers
        self._replicas = buffers["l0.h"].shape[1]
        self._pictures = torch.zeros(self._replicas, layout.nbytes, dtype=torch.uint8)
        self._records = self._pictures.numpy().view(layout.dtype)[:, 0]  # (R,)
        self._slopes: dict[int, Tensor] = {}  # by layer, of a cell without gates
        self._slope_calls = list(self._copied_slopes())
        divisors = {"mean": layout.length, "sum": 1}
        self._programs = {name: Program(self._instructions(divisor)) for name, divisor in divisors.items()}
        self._path_shape = layout.layers, layout.length, layout.hidden_size
        sizes = 0, layout.length, layout.hidden_size
        paths, means = torch.zeros(0), torch.zeros(layout.hidden_size, dtype=torch.float64)
        self._seen = Program([Instruction("seen", sizes, (paths, None, means, None, None))])
        self._seen_row = self._seen.rows[0].numpy()

    def write(self, records: np.ndarray, reduction: str) -> None:
        for call in self._slope_calls:
            call()
        self._programs[reduction]()
        records[...] = self._records[: len(records)]

    def see(self, paths: np.ndarray, axes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        layers, time, size = self._path_shape
        if paths.shape[1:] != (layers, time, size) or axes.shape != (len(paths), layers, size, 2):
            raise ValueError(f"not of this layout: paths {paths.shape}, axes {axes.shape}")
        points, shares = np.empty((*paths.shape[:-1], 2)), np.empty(paths.shape[:-2])
        self._seen_row[self._COUNT] = shares.size
        self._seen_row[self._PATHS], self._seen_row[self._AXES] = _address(paths), _address(axes)
        self._seen_row[self._POINTS], self._seen_row[self._SHARES] = _address(points), _address(shares)
        self._seen()
        return points, shares

    _COUNT, _PATHS, _AXES, _POINTS, _SHARES = 1, 4, 5, 7, 8  # places in its instruction, which is made once

    @property
    def nbytes(self) -> int:
        return self._pictures.nbytes + sum(slope.nbytes for slope in self._slopes.values())

    def _instructions(self, divisor: int) -> Iterator[Instruction]:
        """What fills the pictures; gradients of the total are to be divided."""
        for layer in range(self._layout.layers):
            yield from self._planes(layer)
            yield from self._lengths(layer, divisor)
        yield from self._apart()
        yield self._answers()

    def _copied_slopes(self) -> Iterator[Callable[[], object]]:
        """Calls that compute φ′ from h where it stands in for gates."""
        slope = NONLINEARITIES[self._layout.nonlinearity].slope_into
        for layer in range(self._layout.layers):
            for gate in self._layout.gates:
                if f"l{layer}.{gate.name}" not in self._buffers:
                    h = self._buffers[f"l{layer}.h"]
                    self._slopes.setdefault(layer, torch.zeros_like(h))
                    yield partial(slope, h, self._slopes[layer])

    def _planes(self, layer: int) -> Iterator[Instruction]:
        layout = self._layout
        states = [(name, 0.0, 127.0, NOT_FINITE_STATE) for name in layout.states]
        gates = [
            (gate.name, gate.low, (NOT_FINITE_GATE - 1) / (gate.high - gate.low), NOT_FINITE_GATE)
            for gate in layout.gates
        ]
        for plane, (name, low, steps, not_finite) in enumerate(states + gates):
            found = self._buffers.get(f"l{layer}.{name}")
            values = self._slopes[layer] if found is None else found
            place = self._place("planes") + layout.length * layout.units * (
                layer * len(states + gates) + plane
            )
            scale = self._of_state(layer, plane, "scale") if plane < len(states) else -1
            sizes = layout.length, self._replicas, layout.units, *_apart(values), layout.nbytes, place
            yield Instruction(
                "plane", (*sizes, scale, not_finite), (values, torch.tensor((low, steps)), self._pictures)
            )

    def _lengths(self, layer: int, divisor: int) -> Iterator[Instruction]:
        layout = self._layout
        for number, name in enumerate(layout.states):
            gradient = self._buffers[f"grad.l{layer}.{name}"]
            beside = gradient.stride(2) * gradient.element_size()
            sizes = layout.length, self._replicas, layout.hidden_size, *_apart(gradient), beside
            places = layout.nbytes, self._of_state(layer, number, "norms")
            yield Instruction("lengths", (*sizes, *places, divisor), (gradient, self._pictures))

    def _apart(self) -> Iterator[Instruction]:
        layout = self._layout
        if not layout.pairs:
            return
        pairs = torch.tensor([(a, b) for a, b in layout.pairs])
        for layer in range(layout.layers):
            h, place = self._buffers[f"l{layer}.h"], self._of_layer(layer, "apart")
            sizes = len(pairs), self._replicas, layout.hidden_size, *_apart(h), layout.nbytes, place
            yield Instruction("apart", sizes, (h, pairs, self._pictures))

    def _answers(self) -> Instruction:
        layout, log_odds = self._layout, self._buffers["log_probabilities"]
        sizes = *log_odds.shape, layout.likeliest, layout.nbytes
        places = map(self._place, ("losses", "odds", "likeliest"))
        return Instruction("answers", (*sizes, *places), (self._buffers["loss"], log_odds, self._pictures))

    def _place(self, name: str) -> int:
        """Where a field begins in a picture."""
        return _offset(self._layout.dtype, name)

    @cached_property
    def _layer(self) -> np.dtype:
        return self._layout.dtype["layers"].base

    def _of_layer(self, layer: int, name: str) -> int:
        return self._place("layers") + layer * self._layer.itemsize + _offset(self._layer, name)

    def _of_state(self, layer: int, number: int, name: str) -> int:
        state = self._layer["states"].base
        return self._of_layer(layer, "states") + number * state.itemsize + _offset(state, name)


def _offset(record: np.dtype, name: str) -> int:
    """Where a field begins."""
    return next(found[1] for each, found in (record.fields or {}).items() if each == name)


def _address(array: np.ndarray) -> int:
    """Where an array begins, of which all numbers stand one after the other."""
    assert array.flags.c_contiguous
    return array.__array_interface__["data"][0]


def _apart(buffer: Tensor) -> tuple[int, int]:
    """How many bytes timesteps and replicas of a buffer (T, R, ·, ·) lie apart."""
    return buffer.stride(0) * buffer.element_size(), buffer.stride(1) * buffer.element_size()
