"""The pictures of one run: those it keeps, the newest ones, and any other one on demand.

A frame is a function of its step and the weights there, however and for whom it was taken. Taking one costs more than
the update it shows, and most of the cost is calls, not arithmetic; so taking one only copies the weights (an exposure),
and pictures are developed many at once, when somebody first looks.
"""

import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable
from struct import Struct

import numpy as np
import torch
from torch import Tensor

from playground.batch import Batch
from playground.config import NetworkConfig
from playground.models.dropout import Draw
from playground.projection import turned_axes
from playground.runs.darkroom import Exposure, darkroom
from playground.runs.kept import Kept, is_kept, last_kept
from playground.runs.layout import FrameLayout
from playground.training import Update

FIRST = 64, 32, 16  # steps whose frames are all kept: the largest of these numbers with which …
KEPT_BYTES = 3_000_000  # … the frames of 32 · 64 steps, say, do not weigh more than this
DOUBLINGS = 6
RECENT = 96  # the newest frames besides; they only save time
RECENT_BYTES = 1_000_000
EXPOSED_BYTES = 1_000_000  # exposures that wait to be developed
FEWEST = 8  # steps whose frames stay when memory is short
OBJECT_BYTES = 300  # what Python adds to a frame's numbers


class Frame:
    """The picture at training step `step`. It is developed when its payload is first read, and then stays the same."""

    __slots__ = ("__weakref__", "_album", "_measured", "_payload", "exposure", "step")

    def __init__(self, exposure: Exposure, album: "Album") -> None:
        self.step = exposure.update.step  # how many updates the network has seen
        self.exposure: Exposure | None = exposure  # until developed
        self._album: Album | None = album
        self._measured = self._payload = b""

    @property
    def update(self) -> Update:
        """What its step measured."""
        exposure = self.exposure
        return _unpacked(self._measured) if exposure is None else exposure.update

    @property
    def payload(self) -> bytes:
        """The bytes that are sent, `layout.nbytes` of them."""
        if (album := self._album) is not None:
            album.develop()
        return self._payload

    def finish(self, payload: bytes) -> None:
        """Become a picture; the exposure goes."""
        self._payload, self._measured = payload, _packed(self.update)
        self.exposure = None
        self._album = None  # last: whoever sees no album finds the payload


# As an object with its tuples an update takes five times as much, and a class has some thirty thousand: the garbage
# collector would look at each of them again and again.
_NUMBERS = Struct("<q5d?q?")


def _packed(update: Update) -> bytes:
    """An update of one replica as bytes."""
    step, loss, nll, norm, clipped_norm, clipped, learning_rate, clips, finite = update
    measured = *loss, *nll, *norm, *clipped_norm, learning_rate
    return _NUMBERS.pack(step, *measured, *clipped, *clips, finite)


def _unpacked(numbers: bytes) -> Update:
    """What was packed."""
    step, loss, nll, norm, clipped_norm, learning_rate, clipped, clips, finite = _NUMBERS.unpack(numbers)
    return Update(
        step, (loss,), (nll,), (norm,), (clipped_norm,), (clipped,), learning_rate, (clips,), finite
    )


class Album:
    """Frames of one run by training step.

    Frames of the steps that `Kept` keeps stay; their axes are the principal ones of their own path, turned towards
    those of the kept frame before so that the picture does not flip. All other frames use the axes of the last kept
    one. The album knows its undeveloped frames only weakly: whoever drops a frame drops its exposure. Any thread may
    look at a frame while another takes the next.

    Args:
        layout: what a frame is made of.
        network: the run's.
        watched: the sequence to read, (T, 1, 1).
        reduction: how its losses become one, "mean" or "sum".
        left_out: what training leaves out at a step, and the frame of this step too; None where nothing is.
    """

    def __init__(
        self,
        layout: FrameLayout,
        network: NetworkConfig,
        watched: Batch,
        reduction: str,
        left_out: Callable[[int], Draw] | None = None,
    ) -> None:
        self.layout = layout
        self._network, self._watched, self._reduction = network, watched, reduction
        self._left_out = left_out
        fitting = (f for f in FIRST if (f + DOUBLINGS * f // 2) * layout.nbytes <= KEPT_BYTES)
        self.first = next(
            fitting, FIRST[-1]
        )  # steps whose path has axes of its own, and whose frames are kept
        self._kept: Kept[Frame] = Kept(self.first)
        self._recent: OrderedDict[int, Frame] = OrderedDict()
        self._most_recent = max(2, min(RECENT, RECENT_BYTES // self.frame_bytes))
        self._axes: dict[int, np.ndarray] = {}  # (layers, H, 2) of each kept frame that is developed
        self._waiting: list[weakref.ref[Frame]] = []
        self._needed: list[Frame] = []  # of those that wait, the ones whose axes others need
        self._waiting_bytes = 0
        self._lock = threading.RLock()

    @property
    def frame_bytes(self) -> int:
        """Bytes of a developed frame, with its axes."""
        return self.layout.nbytes + 8 * 2 * self.layout.layers * self.layout.hidden_size + OBJECT_BYTES

    @property
    def nbytes(self) -> int:
        """Bytes of all frames, and of the exposures that wait."""
        return (len(self._kept) + len(self._recent)) * self.frame_bytes + self._waiting_bytes

    def wants(self, step: int) -> bool:
        """Whether the frame of `step` is to be taken in passing: to be kept, or for the axes of later ones."""
        return is_kept(step, self.first) and step not in self._axes and step not in self._kept

    def expose(self, weights: Tensor, update: Update) -> Frame:
        """The frame of the step of `update`, made from a copy of its weights (P,) unless it is there already.

        The kept frames before it must have been taken.
        """
        step = update.step
        with self._lock:
            frame = self._kept.get(step) or self._recent.get(step)
            if frame is not None:
                return frame
            frame = Frame(Exposure(weights, update), self)
            self._waiting.append(weakref.ref(frame))
            self._waiting_bytes += weights.nbytes + OBJECT_BYTES
            if self.wants(step):
                self._needed.append(frame)
            if self._kept.wants(step):
                self._kept.add(step, frame)
            else:
                self._recent[step] = frame
                while len(self._recent) > self._most_recent:
                    self._recent.popitem(last=False)
            if self._waiting_bytes > EXPOSED_BYTES:
                self.develop()
            return frame

    def get(self, step: int) -> Frame | None:
        """The frame of a step, if it is there."""
        with self._lock:
            return self._kept.get(step) or self._recent.get(step)

    def axes(self, step: int) -> np.ndarray | None:
        """The directions along which the frame of a step draws the path of h, (L, H, 2); None where none was taken."""
        with self._lock:
            if last_kept(step, self.first) not in self._axes:
                self.develop()
            return self._axes.get(last_kept(step, self.first))

    def between(self, first: int, last: int) -> list[Frame]:
        """All frames that are there of the steps first … last, oldest first."""
        with self._lock:
            steps = range(first, last + 1)
            if len(steps) > self._most_recent:
                steps = sorted(step for step in {*self._kept, *self._recent} if first <= step <= last)
            found = (self._kept.get(step) or self._recent.get(step) for step in steps)
            return [frame for frame in found if frame is not None]

    def axes_at(self, step: int) -> np.ndarray | None:
        """The axes (L, H, 2) along which the path of a step is seen; None where they are not known yet."""
        return self._axes.get(last_kept(step, self.first))

    def kept_after(self, step: int, last: int, most: int) -> list[Frame]:
        """At most `most` of the kept frames of the steps step + 1 … last, oldest first."""
        return self._kept.between(step + 1, last)[:most]

    def develop(self) -> None:
        """Develop all frames that wait and are still wanted."""
        with self._lock:
            frames = [frame for waiting in self._waiting if (frame := waiting()) is not None]
            self._waiting.clear()
            self._waiting_bytes = 0
            self._needed.clear()
            exposures = [exposure for frame in frames if (exposure := frame.exposure) is not None]
            if not exposures:
                return
            room, steps = darkroom(self.layout, self._network), [frame.step for frame in frames]
            draws = None if self._left_out is None else [self._left_out(step) for step in steps]
            records, paths = room.develop(exposures, self._watched, self._reduction, draws)
            axes = self._axes_of(steps, paths)
            layers = records["layers"]
            layers["xy"], layers["share"] = room.see(paths, axes)
            size, payloads = self.layout.nbytes, records.tobytes()
            for number, frame in enumerate(frames):
                frame.finish(payloads[number * size : (number + 1) * size])

    def _axes_of(self, steps: list[int], paths: np.ndarray) -> np.ndarray:
        """The axes (N, L, H, 2) along which the frames of `steps` show their paths of h (N, L, T, H)."""
        new = (step for step in steps if is_kept(step, self.first) and step not in self._axes)
        kept = sorted((step, steps.index(step)) for step in new)
        if kept:
            rows = [row for _, row in kept]
            guides = self._axes[last_kept(kept[0][0] - 1, self.first)] if kept[0][0] else None
            axes = np.stack(
                [
                    turned_axes(paths[rows, layer], 2, None if guides is None else guides[layer])
                    for layer in range(self.layout.layers)
                ],
                axis=1,
            )  # in 64 bits, as they go from path to path: so nothing depends on what is developed together
            self._axes |= {step: each for (step, _), each in zip(kept, axes, strict=True)}
        return np.array([self._axes[last_kept(step, self.first)] for step in steps])

    def thin(self) -> bool:
        """Let go of the recent frames, and of half of those that are kept; whether there was anything to let go of.

        What is gone can be taken again from the weights of its step.
        """
        with self._lock:
            if not self._recent and self._kept.first <= FEWEST:
                return False
            self._recent.clear()
            self._most_recent = max(2, self._most_recent // 2)
            self._kept = self._kept.thinned(max(FEWEST, self._kept.first // 2))
            waiting = [(ref, frame) for ref in self._waiting if (frame := ref()) is not None]
            self._waiting = [ref for ref, _ in waiting]
            self._waiting_bytes = sum(
                frame.exposure.weights.nbytes + OBJECT_BYTES
                for _, frame in waiting
                if frame.exposure is not None
            )
            return True

    def until(self, step: int) -> "Album":
        """A new album with the frames up to `step`; the frames themselves are shared."""
        other = Album(self.layout, self._network, self._watched, self._reduction, self._left_out)
        with self._lock, torch.inference_mode():
            self.develop()
            other._kept, other._most_recent = self._kept.until(step), self._most_recent
            other._recent = OrderedDict((at, frame) for at, frame in self._recent.items() if at <= step)
            other._axes = {at: axes for at, axes in self._axes.items() if at <= step}
        return other
