"""Whose gradients are looked at: the run of the experiment, one of its training steps, one sequence of its text."""

from dataclasses import dataclass

import streamlit as st
import torch
from torch import Tensor

from playground.analysis.gradient_tables import Reading
from playground.analysis.unrolled import parameters_of
from playground.corpus import Batch
from playground.network import Network
from playground.runs.run import Run
from playground.runs.viewer import Viewer
from playground.ui import state
from playground.ui.controls import complaint
from playground.ui.fields import label
from playground.ui.gradients import widgets
from playground.ui.progress import TURN, come_back, work
from playground.ui.words import _

MORE_STEPS = 100
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
    def parameters(self) -> dict[str, Tensor]:
        """Copies of the network's, in the chosen precision."""
        return parameters_of(self.network, self.dtype)


def choose(*, precision: bool = True) -> Subject:
    """Draw the choices of step, sequence and precision, and get the network; it may take some runs of the page.

    precision: whether there is a choice; without it, 64 bits.
    """
    viewer = state.viewer()
    _train_up_to_what_was_asked(viewer)
    with widgets.row():
        step = _step(viewer)
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
    if viewer.run.exploded_at is not None and step >= viewer.run.exploded_at:
        st.warning(
            _(
                "The loss stopped being a number after step {step:,}: these are the last weights. Where their "
                "gradients are not numbers either, the figures say so."
            ).format(step=viewer.run.exploded_at),
            icon=":material/local_fire_department:",
        )
    with viewer.turn() as budget:
        network = viewer.run.network_at(step, budget=max(budget, TURN))
    if network is None:
        st.info(_("Training again up to step {step:,} to get its weights back …").format(step=step))
        come_back()
    assert network is not None  # come_back does not return
    corpus = viewer.run.corpus
    batch = corpus.window_batch(index)
    reading = Reading(batch, corpus.labels, step=step)
    dtype = torch.float64 if bits == "64" else torch.float32
    return Subject(viewer, step, network, batch, reading, dtype, (viewer.run_id, step, index, bits))


@dataclass(frozen=True, slots=True)
class _Training:
    """A run on its way to a step."""

    run: Run
    asked: int

    @property
    def progress(self) -> float:
        return self.run.step / self.asked

    def advance(self, budget: float) -> bool:
        self.run.advance(self.asked - self.run.step, budget=budget)
        return self.run.step == self.asked or self.run.exploded_at is not None


def _train_up_to_what_was_asked(viewer: Viewer) -> None:
    """Where a link or the button asks for a step that the run has yet to reach, train it, and show how far it is."""
    run, asked = viewer.run, state.asked("at")
    if asked is not None and asked > run.step and run.exploded_at is None:
        text = _("Training up to step {step:,}; now at {now:,}").format(step=asked, now=run.step)
        work(_Training(run, asked), text, key="stop_training", at=run.step)
    else:
        st.empty()  # where the bar stands otherwise: what follows keeps its place, and the focus of the keyboard


def _step(viewer: Viewer) -> int:
    """The training step to look at; 0 is the untrained network."""
    last = viewer.run.step
    default = min(state.studied_step(), last)
    step = state.fitted("at", 0, last, default=default)
    with st.container(width=340):
        if last:
            state.mount("at", last)
            st.slider(
                label("at"),
                0,
                last,
                key="at",
                persist_state="session",
                help=_("Every step of the run is kept; its weights are trained again, bit for bit."),
            )
        else:
            st.markdown(_("**Untrained network** (step 0)"))
        complaint("at")
    if viewer.run.exploded_at is None:
        st.button(
            _("Train {count} steps more").format(count=MORE_STEPS),
            key="train_more",
            icon=":material/fast_forward:",
            on_click=state.set_values,
            kwargs={"at": last + MORE_STEPS},
        )
    return step


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
        complaint("sequence")
    return number - 1
