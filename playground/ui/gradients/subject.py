"""Whose gradients are looked at: the run of the experiment, one of its training steps, one sequence of its text."""

from dataclasses import dataclass

import streamlit as st
import torch

from playground.analysis.gradient_tables import Reading
from playground.batch import Batch
from playground.cells import CELLS
from playground.models.network import Network
from playground.pieces import SMALL_BYTES
from playground.runs.run import Run
from playground.runs.viewer import Viewer
from playground.ui import actions, explosion, state, studied, widgets
from playground.ui.progress import go, network_at
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
    studied.say_which()
    exploded = viewer.run.explosion
    if exploded is not None and step >= exploded.step:
        st.warning(
            explosion.sentence(exploded, viewer.config)
            + " "
            + _(
                "These are the last weights; where their gradients are not numbers either, the figures say so."
            ),
            icon=":material/local_fire_department:",
        )
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
        return self.run.step == self.asked or self.run.explosion is not None


def _train_up_to_what_was_asked(viewer: Viewer) -> None:
    """Where a link or the button asks for a step beyond the playhead, bring it there, and show how far training is."""
    run, asked = viewer.run, state.whole(state.key("at"))
    is_beyond = asked is not None and viewer.own_playhead < asked
    if asked is not None and run.step < asked and is_beyond and run.explosion is None:
        text = _("Training up to step {step:,}; now at {now:,}").format(step=asked, now=run.step)
        go(_Training(run, asked), text, key="stop_training", **state.keyed(at=run.step))
    else:
        st.empty()  # where the bar stands otherwise: what follows keeps its place, and the focus of the keyboard
    if asked is not None and is_beyond and viewer.explosion is None:
        viewer.go_to(asked)


def _step(viewer: Viewer) -> int:
    """The training step to look at; 0 is the untrained network."""
    last = viewer.own_playhead
    step = state.fitted("at", 0, last, default=studied.step())
    studied.choose(step)
    state.shown().followed["at"] = step  # what is moved from here on is chosen anew
    with st.container(width=340):
        if last:
            state.mount(state.key("at"), last)
            st.slider(
                widgets.label("at"),
                0,
                last,
                key=state.key("at"),
                persist_state="session",
                help=_("Every step of the run is kept; its weights are trained again, bit for bit."),
            )
        else:
            st.markdown(_("**Untrained network** (step 0)"))
        widgets.complaint("at")
    if viewer.explosion is None:
        st.button(
            _("Train {count} steps more").format(count=actions.MORE_STEPS),
            key="train_more",
            icon=":material/fast_forward:",
            on_click=actions.ask,
            args=(actions.train_more,),
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
        widgets.complaint("sequence")
    return number - 1
