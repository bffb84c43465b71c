"""A reading: what one viewer asks about one training step, beside the frames that everybody shares.

What if the text were read otherwise (`playground.passes.edits`), and what does the loss at one timestep say to the
states before it? Both are answered by reading the watched sequence once more with the weights of the step, by the
readable cells in 64 bits, and by autograd. Where training leaves something out, the reading leaves out the same.

Shapes: L layers, S states of each, T timesteps, H hidden units, K likeliest symbols, P parameters of a network.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from playground.batch import Batch, Signature
from playground.cells.nonlinearity import NONLINEARITIES
from playground.config import NetworkConfig, Range
from playground.models.dropout import Draw, fill
from playground.models.parameters import parameter_shapes, views
from playground.passes.edit_list import fits
from playground.passes.edits import Edits, Hold, Transplant
from playground.passes.replica import Replica
from playground.passes.unroll import States, Unrolled, unroll
from playground.projection import projected, seen_along
from playground.runs.layout import SLOPE, FrameLayout
from playground.runs.planes import Planes
from playground.training import Update


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody asks: a reading with these edits, and the gradient of the loss at this timestep, from 0."""

    edits: Edits = ()
    loss_at: int | None = None

    @property
    def is_asked(self) -> bool:
        """Whether there is anything to answer."""
        return bool(self.edits) or self.loss_at is not None


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """The answer for one training step.

    edited: the payload of a frame, read with the edits; what the update measured stays what it was. None without edits.
    beam: ‖∂L/∂s_t‖₂ of the loss that was asked about by every state, as read with the edits, (L, S, T) in 64 bits; None
    if none was.
    """

    step: int
    edited: bytes | None
    beam: np.ndarray | None


@dataclass(frozen=True, slots=True)
class Watched:
    """What is read: the sequence (T, 1, 1) with its network, and how its frames are made.

    reduction: how the losses become the total that is trained, "mean" or "sum".
    """

    layout: FrameLayout
    network: NetworkConfig
    signature: Signature
    batch: Batch
    reduction: str


def read(
    question: Question,
    watched: Watched,
    weights: Tensor,
    update: Update,
    *,
    draw: Draw | None = None,
    axes: np.ndarray | None = None,
) -> Reading:
    """Answer a question with the weights (P,) of a training step.

    update: what this step measured. draw: what dropout leaves out of it. axes: (L, H, 2), along which the path of h is
    seen in the frame of this step; its own principal ones if None.

    Raises `Refusal` where the question speaks of what this network or this text has not: the page has just gone on.
    """
    _check(question, watched)
    with torch.inference_mode(False), torch.enable_grad():
        found = _unrolled(question.edits, watched, weights, draw)
        edited = _edited(watched, found, update, axes) if question.edits else None
        beam = None if question.loss_at is None else _lengths(found, found.losses[question.loss_at, 0])
    return Reading(update.step, edited, beam)


def _check(question: Question, watched: Watched) -> None:
    length = watched.layout.length
    fits("edits", question.edits, watched.network, watched.signature, length)
    if question.loss_at is not None:
        Range(0, length - 1).check("loss_at", question.loss_at)


def _unrolled(edits: Edits, watched: Watched, weights: Tensor, draw: Draw | None) -> Unrolled:
    """The watched sequence, read so that autograd can follow from the states on: weights are asked for nothing."""
    flat = weights.double().clone()  # what was made in inference mode cannot be followed
    named = views(flat[None], parameter_shapes(watched.network, watched.signature))
    model = Replica(watched.network, watched.signature, {name: value[0] for name, value in named.items()})
    batch = Batch(
        *(each.clone() for each in (watched.batch.inputs, watched.batch.targets, watched.batch.mask))
    )
    start = States.zero(model, 1)
    for of_layer in start.layers:
        of_layer[0].requires_grad_()
    return unroll(model, batch, start, edits, _factors(watched, draw))


def _factors(watched: Watched, draw: Draw | None) -> Sequence[Tensor]:
    """What is left out between the layers: factors (T, 1, H) of each level but the highest."""
    if draw is None:
        return ()
    network = watched.network
    shape = watched.layout.length, 1, network.hidden_size
    factors = [torch.empty(shape, dtype=torch.float64) for _ in range(network.layers - 1)]
    fill(factors, network.dropout, draw)
    return factors


def _lengths(found: Unrolled, loss: Tensor) -> np.ndarray:
    """‖∂loss/∂s_t‖₂ by every state, (L, S, T).

    Vectors are scaled before they are squared: squares of small numbers would underflow, and those of large ones
    overflow.
    """
    names, steps = found.model.spec.states, found.steps
    states = [getattr(step, name) for of_layer in steps for name in names for step in of_layer]
    gradients = torch.autograd.grad(
        loss, states, retain_graph=True, allow_unused=True, materialize_grads=True
    )
    vectors = torch.cat(gradients)  # (L · S · T, H)
    largest = vectors.abs().amax(1)
    scale = torch.where((largest > 0) & largest.isfinite(), largest, 1.0)
    lengths = scale * (vectors / scale[:, None]).square().sum(1).sqrt()
    return lengths.detach().view(len(steps), len(names), found.length).numpy()


@np.errstate(over="ignore")  # what is too large for the 32 bits of a frame is infinite there
def _edited(watched: Watched, found: Unrolled, update: Update, axes: np.ndarray | None) -> bytes:
    """The frame of this reading: the same bytes as those of the step's own frame."""
    layout = watched.layout
    record = np.zeros(1, layout.dtype)
    record["measured"] = (
        update.step,
        update.nll[0],
        update.gradient_norm[0],
        update.clipped_norm[0],
        update.learning_rate,
    )
    record["clipped"] = update.clipped[0]
    losses = found.losses[:, 0]
    record["losses"] = losses.detach().numpy()

    total = losses.mean() if watched.reduction == "mean" else losses.sum()
    states = record["layers"]["states"]
    states["norms"][0, :, :, 0] = _lengths(found, total)
    states["norms"][0, :, :, 1] = _lengths(found, losses[layout.loss_at])

    planes = Planes(layout, _buffers(layout, found))
    planes.read()
    record["planes"], states["scale"] = planes.numbers[:1], planes.scales[:1]

    odds, likeliest = found["probabilities"][:, 0].detach().topk(layout.likeliest)  # (T, K)
    record["odds"] = (odds.nan_to_num() * 65535).round().numpy()
    record["likeliest"] = likeliest.numpy()

    paths = np.stack(
        [found[f"l{layer}.h"][:, 0].detach().numpy() for layer in range(layout.layers)]
    )  # (L, T, H)
    for number, (a, b) in enumerate(layout.pairs):
        record["layers"]["apart"][0, :, number] = np.linalg.norm(paths[:, b] - paths[:, a], axis=-1)
    along = projected(paths, 2, None).axes if axes is None else axes
    record["layers"]["xy"][0], record["layers"]["share"][0] = seen_along(paths, along)
    return record.tobytes()


def _buffers(layout: FrameLayout, found: Unrolled) -> dict[str, Tensor]:
    """States and gates as the planes read them, (T, 1, 1, H) by name."""
    buffers: dict[str, Tensor] = {}
    for layer in range(layout.layers):
        for name in (*layout.states, *(gate.name for gate in layout.gates)):
            value = _slopes(layout, found, layer) if name == SLOPE.name else found[f"l{layer}.{name}"]
            buffers[f"l{layer}.{name}"] = value.detach()[:, None]
    return buffers


def _slopes(layout: FrameLayout, found: Unrolled, layer: int) -> Tensor:
    """φ′ at the pre-activations, (T, 1, H); 0 where another h than theirs is used: no gradient passes there."""
    phi = NONLINEARITIES[layout.nonlinearity]
    slopes = phi.slope(phi.value(found[f"l{layer}.pre.h"])).detach()
    for edit in found.edits:
        units = slice(None)
        if isinstance(edit, Hold) and (edit.layer, edit.name) == (f"l{layer}", "h"):
            units = slice(None) if edit.unit is None else edit.unit
        elif not isinstance(edit, Transplant):
            continue
        last = found.length if edit.span.last is None else edit.span.last + 1
        slopes[edit.span.first : last, :, units] = 0.0
    return slopes
