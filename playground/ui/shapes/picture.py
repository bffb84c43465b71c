"""The network of a lesson over its timesteps, as the message that the live component in `static/shape/` gets.

    draw(run.frames, task, network, name=…, key="five")

draws what is recorded so far; the browser scrubs over it and asks nobody. Another `name` is another recording: what
both have moves from where it stood, what only one of them has fades.
"""

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import torch

from playground.config import NetworkConfig
from playground.studies.lesson_frame import Array, LessonFrame
from playground.tasks.delayed import Delayed
from playground.tasks.packing import COLUMNS, TIME, stretch
from playground.tasks.task import NOT_A_NUMBER, Measure, Task
from playground.ui import live
from playground.ui.words import N_, _

UNITS = 8  # of a state that are drawn at most
CELLS = 400  # of all states of a picture
BARS = 16  # outputs at one timestep that are drawn
DIGITS = 4
_ROOM = """
.room { height: 480px; }
:has(~ .shape) .room { display: none; }
"""
_mount = live.mounted("shape", html='<div class="room"></div>', css=_ROOM)

WORDS = {
    "scrub": N_("Recorded training steps"),
    "play": N_("Play"),
    "pause": N_("Pause"),
    "back": N_("One recorded step back"),
    "forward": N_("One recorded step forward"),
    "where": N_("Step {step} of {last}"),
    "keys": N_("← → timestep · ↑ ↓ recorded step · Home, End · Space plays"),
    "point": N_("Point at a timestep, or press ← →, to read its numbers."),
    "encoder": N_("encoder"),
    "decoder": N_("decoder"),
    "row_answer": N_("answered"),
    "row_asked": N_("asked"),
    "row_loss": N_("loss"),
    "row_output": N_("output y"),
    "row_state": N_("state"),
    "row_input": N_("input x"),
    "legend_state": N_("entries of h"),
    "legend_some": N_("entries of h, {units} of {hidden}"),
    "legend_input": N_("entries of x"),
    "legend_gradient": N_("‖∂L/∂h‖, logarithmic"),
    "legend_right": N_("probability of what is asked"),
    "legend_other": N_("of the others"),
    "legend_outputs": N_("{shown} of {outputs} outputs"),
    "legend_bridge": N_("the bridge: the decoder begins with the last state of the encoder"),
    "legend_lit": N_("the path on which the answer is read"),
    "legend_fed": N_("what was answered is read next"),
    "example": N_("Read: {read}. Answered: {answered}. Asked: {asked}."),
    "is_right": N_("Right."),
    "is_wrong": N_("Wrong."),
    "right_of": N_("{right} of {count} right."),
    "reads": N_("reads {read}"),
    "reads_zeros": N_("reads zeros"),
    "asks": N_("asked {asked}"),
    "asks_nothing": N_("nothing is asked, no loss"),
    "answers": N_("answers {answered}"),
    "broken": N_("not a number"),
    "percent": N_("{number} %"),
}
LOSS = {"cross_entropy": N_("loss {loss} nats"), "squared_error": N_("squared error {loss}")}
# By whether what is judged is held out of the training.
SUCCESS: Mapping[tuple[Measure, bool], str] = {
    ("accuracy", True): N_("held-out answers right: {success} of {n}; always the same answer: {chance}"),
    ("accuracy", False): N_("answers right: {success} of {n}; always the same answer: {chance}"),
    ("exact", True): N_("held-out outputs without a mistake: {success} of {n}; always the same: {chance}"),
    ("exact", False): N_("outputs without a mistake: {success} of {n}; always the same: {chance}"),
    ("error", True): N_("squared error of {n} held-out answers: {success}; always the same answer: {chance}"),
    ("error", False): N_("squared error of {n} answers: {success}; always the same answer: {chance}"),
}


class _Part(NamedTuple):
    """What of a recording is drawn: timesteps, units of each state, and outputs by number with their names."""

    times: slice
    units: int
    outputs: Array
    classes: tuple[str, ...]


def draw(
    frames: Sequence[LessonFrame],
    task: Task,
    network: NetworkConfig,
    *,
    key: str,
    name: str,
    back: bool = False,
    lit: Sequence[str] = (),
    feeds_itself: bool = False,
) -> None:
    """Draw a recording, nothing as long as it has no frame.

    key: of its place on the page. The rest as in `message`.
    """
    if frames:
        told = message(
            frames, task, network, name=name, place=key, back=back, lit=lit, feeds_itself=feeds_itself
        )
        _mount(key=key, data=told)


def leak(t: int, layers: int) -> tuple[str, ...]:
    """The path on which a network that reads both ways sees at timestep t, from 0, what is read at t + 1."""
    up = (part for layer in range(layers) for part in (f"h.{layer}.1.{t}", f"join.{layer}.{t}"))
    return (f"x.{t + 1}", f"h.0.1.{t + 1}", *up, f"y.{t}")


def message(
    frames: Sequence[LessonFrame],
    task: Task,
    network: NetworkConfig,
    *,
    name: str,
    place: str = "shape",
    back: bool = False,
    lit: Sequence[str] = (),
    feeds_itself: bool = False,
) -> dict[str, Any]:
    """All that the picture needs. What is not finite is None.

    frames: at least one, in the order of steps, all of one example. name: of what is recorded. place: on the page; what
    stands there next goes on from what stood there. back: whether to show the gradient instead of what is computed.
    lit: boxes on a path (`leak`), by the names that `static/shape/scene.js` has for them. feeds_itself: whether answers
    are read at the next timestep.
    """
    last, signature = frames[-1], task.signature
    part = _part(frames, task, network)
    asked = _said(task, last.shown.asked)[part.times]
    split = last.decoder_from
    words = WORDS | {"loss": LOSS[signature.loss], "success": SUCCESS[task.measure, task.disjoint]}
    return {
        "name": name,
        "place": place,
        "title": _(task.title),
        "back": back,
        "layers": network.layers,
        "directions": last.states.shape[1],
        "hidden": network.hidden_size,
        "units": part.units,
        "limit": _limit([frame.states for frame in frames]),
        "reads": last.reads[part.times].tolist(),
        "asks": last.mask[part.times].tolist(),
        "asked": asked,
        "vectors": _plain(last.inputs[part.times]) if signature.reads == "vectors" else None,
        "reach": _limit([last.inputs]) if signature.reads == "vectors" else 1.0,
        "reading": task.reading - part.times.start if isinstance(task, Delayed) else None,
        "right": [part.classes.index(each) if each in part.classes else -1 for each in asked],
        "classes": part.classes,
        "outputs": signature.output_size,
        "judged": task.measure != "error",
        "readout": signature.readout,
        "decoder_from": None if split is None else split - part.times.start,
        "feeds_itself": feeds_itself,
        "lit": list(lit),
        "measure": {"share": task.measure != "error", "n": last.n, "chance": _number(task.chance)},
        "frames": [_frame(frame, task, part) for frame in frames],
        "words": {each: _(text) for each, text in words.items()},
    }


def _part(frames: Sequence[LessonFrame], task: Task, network: NetworkConfig) -> _Part:
    """Without what only fills up a sequence that is shorter than others, and no more than there is room for."""
    last = frames[-1]
    layers, directions, _time, _hidden = last.states.shape
    happens = np.flatnonzero(last.reads | last.mask)
    times = slice(int(happens[0]), int(happens[-1]) + 1)
    cells = CELLS // (layers * directions * (times.stop - times.start))
    units = min(network.hidden_size, UNITS, max(cells, 2))
    if task.signature.loss != "cross_entropy":
        return _Part(times, units, np.arange(task.signature.output_size), ())
    names = _said(task, _names(task))
    likeliest = np.nanmax([np.where(last.mask[:, None], frame.outputs, 0.0) for frame in frames], axis=(0, 1))
    is_asked = np.isin(names, _said(task, last.shown.asked))
    outputs = np.sort(np.argsort(-(np.nan_to_num(likeliest) + is_asked), kind="stable")[:BARS])
    return _Part(times, units, outputs, tuple(names[number] for number in outputs))


@lru_cache(maxsize=32)
def _names(task: Task) -> tuple[str, ...]:
    """What the classes of a task are called, msgids where they are words of ours: what is said of who answers them."""
    batch, size = task.held_out(), task.signature.output_size
    t, column = (int(place) for place in batch.mask[:, 0].nonzero()[0])
    one = stretch(stretch(batch, TIME, t, 1), COLUMNS, column, 1)
    return tuple(task.show(one, 0, logits.expand(1, 1, 1, -1)).answered[0] for logits in torch.eye(size))


def _said(task: Task, texts: Sequence[str]) -> list[str]:
    """Answers in the reader's language, as far as they are words of ours."""
    return [_(text) if text and (task.named or text == NOT_A_NUMBER) else text for text in texts]


def _frame(frame: LessonFrame, task: Task, part: _Part) -> dict[str, Any]:
    times, mask = part.times, frame.mask[part.times]
    outputs = _plain(_rounded(frame.outputs[times][:, part.outputs]))
    return {
        "step": frame.step,
        "loss": _number(frame.loss),
        "success": _number(frame.success),
        "read": list(frame.shown.read[times]),
        "answered": _said(task, frame.shown.answered[times]),
        "states": _plain(_rounded(frame.states[:, :, times, : part.units])),
        "outputs": [each if is_asked else [] for each, is_asked in zip(outputs, mask, strict=True)],
        "losses": _plain(_rounded(frame.losses[times])),
        "gradients": _plain(_rounded(frame.gradients[:, :, times])),
    }


def _limit(arrays: Sequence[Array]) -> float:
    """The size of a number at which colours end: 1, or that of the largest one if it is larger."""
    largest = max(float(np.abs(array).max(initial=0.0, where=np.isfinite(array))) for array in arrays)
    return 1.0 if largest <= 1 else float(f"{largest:.2g}")


def _rounded(values: Array) -> Array:
    """To `DIGITS` significant digits, in 64 bits."""
    exact = values.astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        power = 10.0 ** (DIGITS - 1 - np.floor(np.log10(np.abs(exact))))
        return np.where(np.isfinite(power) & np.isfinite(exact), np.round(exact * power) / power, exact)


def _plain(values: Array) -> Any:
    """As lists, None for what is not finite."""
    finite = np.isfinite(values)
    if finite.all():
        return values.tolist()
    told = values.astype(object)
    told[~finite] = None
    return told.tolist()


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
