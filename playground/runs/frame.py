"""One picture of the network at one training step, small enough to send many times a second.

A frame holds what the stage draws for the watched sequence: states and gates as 8-bit planes, losses and gradient
magnitudes as 32-bit floats, the trajectory of every layer in two dimensions, and the likeliest next symbols.
The order is that of `FrameLayout`; a frame's `payload` goes to the browser as it is.

A picture costs more than the update it shows, and most of the cost is calls, not arithmetic. So taking one only
copies numbers (an *exposure*), and pictures are developed many at once, when somebody first looks (`development`).
"""

import threading
import weakref

import numpy as np

from playground.network import Workspace
from playground.runs.development import Exposed, develop
from playground.runs.layout import FrameLayout

EXPOSED_BYTES = 1_000_000  # exposures of one run that wait to be developed
OBJECT_BYTES = 300  # what Python adds to a frame's numbers


class Frame:
    """The picture at training step `step`. It is developed when its payload is first read, and then stays the same."""

    __slots__ = ("__weakref__", "_camera", "_exposure", "_payload", "axes", "step")

    def __init__(self, step: int, exposure: np.ndarray, camera: "Camera") -> None:
        self.step = step
        self.axes: np.ndarray | None = None  # (layers, H, 2), once developed
        self._exposure: np.ndarray | None = exposure
        self._camera: Camera | None = camera  # until developed: a picture outlives its run
        self._payload = b""

    @property
    def payload(self) -> bytes:
        """The bytes that are sent, `layout.nbytes` of them."""
        if (camera := self._camera) is not None:
            camera.develop()
        return self._payload

    @property
    def nbytes(self) -> int:
        """Bytes of the developed frame."""
        payload = self.payload
        return len(payload) + (0 if self.axes is None else self.axes.nbytes) + OBJECT_BYTES

    @property
    def perplexity(self) -> float:
        """exp(mean loss) of the watched sequence."""
        return float(np.frombuffer(self.payload, "<f4", 1, 4)[0])


class Camera:
    """Takes frames of one run, and develops them in the order in which they were taken.

    Every trajectory is turned towards that of the frame taken before it, so that it does not flip; frames that were
    thrown away undeveloped are left out. The camera knows its frames only weakly: whoever drops a frame drops its
    exposure. Any thread may look at a frame while another takes the next.

    Args:
        layout: what to take.
        after: a developed frame that the first one goes on from.
    """

    def __init__(self, layout: FrameLayout, after: Frame | None = None) -> None:
        self.layout = layout
        self._axes = None if after is None else after.axes
        self._lock = threading.Lock()
        self._waiting: list[weakref.ref[Frame]] = []
        self._workspace: Workspace | None = None
        self._columns: list[np.ndarray] = []
        width = sum(size for _, size in layout.parts)
        self._exposure_bytes = 4 * width * layout.length + OBJECT_BYTES

    @property
    def frame_bytes(self) -> int:
        """Bytes of a developed frame."""
        layout = self.layout
        return layout.nbytes + 4 * 2 * layout.layers * layout.hidden_size + OBJECT_BYTES

    @property
    def nbytes(self) -> int:
        """Bytes of exposures that wait, at most."""
        return len(self._waiting) * self._exposure_bytes

    def take(self, step: int, workspace: Workspace) -> Frame:
        """The frame of the pass just made over the watched sequence alone (R = B = 1), there and back."""
        if workspace is not self._workspace:
            self._workspace, self._columns = workspace, _columns(workspace, self.layout)
        frame = Frame(step, np.concatenate(self._columns, axis=1), self)
        with self._lock:
            self._waiting.append(weakref.ref(frame))
        if self.nbytes > EXPOSED_BYTES:
            self.develop()
        return frame

    def develop(self) -> None:
        """Develop all frames that wait and are still wanted."""
        with self._lock:
            frames = [frame for waiting in self._waiting if (frame := waiting()) is not None]
            self._waiting.clear()
            if not frames:
                return
            steps = [frame.step for frame in frames]
            exposures = np.stack([exposure for frame in frames if (exposure := frame._exposure) is not None])
            payloads, axes = develop(self.layout, Exposed(steps, exposures), self._axes)
            for frame, payload, frame_axes in zip(frames, payloads, axes, strict=True):
                frame._payload, frame.axes = payload, frame_axes.copy()
                frame._exposure = frame._camera = None  # last: whoever sees no camera finds the payload
            self._axes = frames[-1].axes


def _columns(workspace: Workspace, layout: FrameLayout) -> list[np.ndarray]:
    """Views (T, ·) of the buffers of one sequence, which every pass fills again, in the order of `layout.parts`."""
    buffers = workspace.buffers_by_name()
    return [buffers[name][:, 0, 0, :size].numpy() for name, size in layout.parts]
