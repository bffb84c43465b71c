"""Whose gradients are looked at: the run of the experiment, one of its training steps, one sequence of its text."""

from dataclasses import dataclass

import torch

from playground.analysis.gradient_tables import Reading
from playground.batch import Batch
from playground.cells import CELLS
from playground.models.network import Network
from playground.pieces import SMALL_BYTES
from playground.runs.viewer import Viewer
from playground.ui import asked_step, state, widgets
from playground.ui.progress import network_at
from playground.ui.words import _

LISTED = 200  # sequences to choose from


@dataclass(frozen=True, slots=True)
class Subject:
    """One sequence, read by the network of one training step, in 32 or 64 bits."""

    viewer: Viewer
    step: int
    network: Network
    batch: Batch
    reading: Reading
    dtype: torch.dtype
    key: tuple[object, ...]  # equal for what gives equal numbers

    @property
    def pass_bytes(self) -> int:
        """About what the steps of one pass in 64 bits take: states, gates and what led to them (measured)."""
        config, length = self.network.config, self.reading.length
        rows = CELLS[config.cell].blocks * config.hidden_size
        return SMALL_BYTES // 2 + 8 * config.layers * length * 6 * rows


def choose(*, precision: bool = True) -> Subject:
    """Draw the choices of step, sequence and precision, and get the network; it may take some runs of the page.

    precision: whether there is a choice; without it, 64 bits.
    """
    viewer = state.viewer()
    with asked_step.row() as step:
        index = _sequence(viewer)
        bits = "64"
        if precision:
            bits = widgets.segments(
                "bits",
                help=_(
                    "Training runs in 32 bits. What is smaller than 10⁻⁴⁵ becomes 0 there; 64 bits reach 10⁻³²³. "
                    "Jacobians are always computed in 64 bits."
                ),
            )
    asked_step.warn_of_explosion(step)
    network = network_at(step)
    corpus = viewer.run.corpus
    batch = corpus.window_batch(index)
    reading = Reading(batch, corpus.labels, step=step)
    dtype = torch.float64 if bits == "64" else torch.float32
    return Subject(
        viewer,
        step,
        network,
        batch,
        reading,
        dtype,
        (viewer.config, step, index, bits),
    )


def _sequence(viewer: Viewer) -> int:
    """The index of a window of the text."""
    corpus = viewer.run.corpus
    count = min(len(corpus.windows), LISTED)
    number = state.fitted("sequence", 1, count, default=1)
    if count > 1:
        widgets.select(
            "sequence",
            range(1, count + 1),
            width=260,
            drawn=lambda n: f"{n}: {corpus.decode(corpus.windows[n - 1])[:40]}",
        )
    else:
        widgets.complaint("sequence")
    return number - 1
