"""Below the stage, while paused: the same quantities in figures that can be zoomed, turned and downloaded.

Everything here is computed anew from the weights of the training step on which the reader's cursor stands.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st
import torch

from playground.analysis import tidy
from playground.analysis.backpropagation import trace_of_loss
from playground.analysis.floors import memory_floors, uniform_perplexity
from playground.batch import Batch
from playground.figures.gradients import gradients_over_time
from playground.figures.training import curve_over_training, gradient_norm_over_training
from playground.figures.trajectory import trajectory_2d, trajectory_3d
from playground.figures.units import units_over_time
from playground.models.network import Network
from playground.passes.generation import Continuation, generate_in_pieces
from playground.passes.recurrent import RecurrentModel
from playground.passes.replica import replica_of
from playground.refusal import Refusal, Unreadable
from playground.runs.viewer import Viewer
from playground.trace import Trace
from playground.ui import picture, progress, state, studied
from playground.ui.fields import label, sentence
from playground.ui.figure_words import look
from playground.ui.picture import Picture
from playground.ui.words import N_, _

UNITS_SHOWN = 5
NARROW = {"trajectory_3d": 520, "odds": 760}  # pixels: a wider figure shows a cube no larger, and rows worse
LONGEST_GENERATED = 200


@dataclass(frozen=True, slots=True)
class Reading:
    """One text read by the network of one training step."""

    viewer: Viewer
    step: int
    network: Network
    batch: Batch
    trace: Trace
    symbols: tuple[str, ...]  # drawn form of every symbol of the vocabulary

    def frame(self, make: Callable[..., pd.DataFrame], **options: object) -> pd.DataFrame:
        with self.viewer.turn():
            return make(self.trace, self.symbols, step=self.step, **options)


VIEWS = {
    "trajectory": N_("Trajectory"),
    "trajectory_3d": N_("Trajectory in 3-D"),
    "states": N_("Units"),
    "gates": N_("Gates"),
    "gradients": N_("Gradients"),
    "norms": N_("Gradient norm over training"),
    "curve": N_("Learning curve"),
    "odds": N_("Numbers per symbol"),
}


def closer_look() -> None:
    """Draw the study, or say how to get it while training goes on."""
    viewer = state.viewer()
    st.markdown("##### " + _("A closer look"))
    if viewer.playing:
        st.caption(
            _("Pause to study states, gates and gradients of any step, to read another text and to generate.")
        )
        return
    _study()


@st.fragment
def _study() -> None:
    viewer, step = state.viewer(), studied.step()
    network = progress.network_at(step)
    studied.say_which()
    left, right = st.columns([3, 2], gap="large")
    with left:
        batch = _text_to_read(viewer)
    with right:
        _generated(viewer, step, network)
    with viewer.turn(), torch.inference_mode():
        trace = network.trace(batch, reduction=viewer.config.training.reduction).copy()
    reading = Reading(viewer, step, network, batch, trace, viewer.run.corpus.labels)
    if not viewer.shows_finished and not state.has("view"):
        # On a first visit no view is open: the figures' library would slow down the stage.
        state.set_values(view="trajectory")
    chosen = st.segmented_control(
        _("What to look at"),
        list(VIEWS),
        format_func=lambda view: _(VIEWS[view]),
        key="view",
        persist_state="session",
    )
    if chosen not in _DRAW:
        return
    with st.container(width=NARROW.get(chosen, "stretch")):
        picture.show(
            _DRAW[chosen](reading), name=chosen, title=_(VIEWS[chosen]), file=f"{chosen}-step-{step}"
        )


def _text_to_read(viewer: Viewer) -> Batch:
    """The probe if there is one that can be read, else the chosen window of the training text."""
    corpus = viewer.run.corpus
    windows = range(len(corpus.windows))
    probe = st.text_input(
        _("Probe: any text of known symbols, read at this step"),
        key="probe",
        persist_state="session",
        placeholder=corpus.decode(corpus.windows[0]),
    )
    was_typed_now = state.typed_for_this_text("probe")
    if probe:
        try:
            return corpus.probe_batch(corpus.encode(probe, "probe"))
        except Refusal as refusal:
            _not_readable(refusal, was_typed_now)
    index = 0
    if len(windows) > 1:
        index = st.selectbox(
            _("Sequence of the training text"),
            windows[:200],
            format_func=lambda i: f"{i + 1}: {corpus.decode(corpus.windows[i])[:40]}",
            key="window",
        )
    return corpus.window_batch(index if index in windows else 0)


def _generated(viewer: Viewer, step: int, network: Network) -> None:
    """Text that the network of this step goes on to write after a prompt."""
    corpus = viewer.run.corpus
    left, right = st.columns([3, 2])
    prompt = left.text_input(
        _("Prompt"), key="prompt", persist_state="session", placeholder=corpus.decode(corpus.windows[0][:2])
    )
    temperature = right.slider(
        _("Temperature"),
        0.0,
        2.0,
        1.0,
        0.1,
        key="temperature",
        persist_state="session",
        help=_("0 takes the likeliest symbol, 1 draws from the network's own odds, more is wilder."),
    )
    was_typed_now = state.typed_for_this_text("prompt")
    try:
        ids = corpus.encode(prompt, "prompt") if prompt else corpus.windows[0][:1]
    except Refusal as refusal:
        _not_readable(refusal, was_typed_now)
        ids = corpus.windows[0][:1]
    temperature = min(max(temperature, 0.0), 2.0)
    length = min(LONGEST_GENERATED, 3 * len(corpus.windows[0]) + 10)
    made = progress.computed(
        "generated",
        (viewer.config, step, ids, temperature),
        lambda: generate_in_pieces(
            RecurrentModel(replica_of(network)),
            Continuation(ids, length, temperature, viewer.config.seed, corpus.eos_id),
        ),
        _("Computing …"),
    )
    given, drawn = corpus.continuation(ids, made)
    st.text(
        f"{given}｜{drawn}",
        help=_(
            "Left of the bar: given. Right of it: generated, one symbol after the other. A syllable that was given "
            "only in part stands on the right."
        ),
    )


def _not_readable(refusal: Refusal, was_typed_now: bool) -> None:
    """Say what is wrong with the reader's own text; what was right for the text of before is no mistake of theirs."""
    if was_typed_now or not isinstance(refusal, Unreadable):
        st.error(sentence(refusal), icon=":material/error:")
    else:
        st.caption(
            _(
                "{field} not used: it was written for another text and has symbols that this one lacks."
            ).format(field=label(refusal.field))
        )


def _layer(reading: Reading) -> int:
    layers = reading.viewer.config.network.layers
    if layers == 1:
        return 1
    return st.segmented_control(
        _("Layer"), range(1, layers + 1), default=layers, key="study_layer", required=True, width="content"
    )


def _units(table: pd.DataFrame, of: str) -> list[int]:
    """Units to draw: the ones chosen, at first those that vary most over time. of: what they are units of."""
    spread = pd.Series(table.groupby("unit")["value"].std()).fillna(0.0)
    everything = [int(unit) for unit in spread.index]
    widest = sorted(int(unit) for unit in spread.nlargest(UNITS_SHOWN).index)
    return st.multiselect(
        _("Units (the ones that vary most at first)"),
        everything,
        default=widest,
        key=f"units_{of}_{table['layer'].iloc[0]}_{len(everything)}",
        max_selections=12,
    )


def _path(reading: Reading, k: int) -> pd.DataFrame:
    """The path in the plane of the stage, so that it is the same picture; in one of its own where that has none."""
    layer = _layer(reading)
    axes = reading.viewer.tracks[0].tape.album.axes(reading.step)
    plane = None if axes is None else axes[layer - 1]
    return reading.frame(tidy.trajectory_frame, layer=layer, k=k, plane=plane)


def _trajectory(reading: Reading) -> Picture:
    table = _path(reading, 2)
    return trajectory_2d(table, look()), table


def _trajectory_3d(reading: Reading) -> Picture:
    table = _path(reading, 3)
    return trajectory_3d(table, look()), table


def _states(reading: Reading) -> Picture:
    table = reading.frame(tidy.states_frame)
    shown = table.loc[table["layer"].eq(_layer(reading))]
    return _over_time(reading, shown, _units(shown, "states")), table


def _gates(reading: Reading) -> Picture:
    table = reading.frame(tidy.gates_frame)
    shown = table.loc[table["layer"].eq(_layer(reading))]
    return _over_time(reading, shown, _units(shown, "gates")), table


def _over_time(reading: Reading, shown: pd.DataFrame, units: list[int]) -> Any:
    """The figure of the chosen units."""
    with reading.viewer.turn():
        return units_over_time(shown, look(reading.network.config.cell), units=units)


def _gradients(reading: Reading) -> Picture:
    """The gradient of all losses and of one, each with what it says."""
    reduction = reading.viewer.config.training.reduction
    t = _loss(reading)
    with reading.viewer.turn():
        alone = trace_of_loss(reading.network, reading.batch, t)
    table = reading.frame(tidy.gradients_frame, alone=alone, reduction=reduction)
    st.caption(
        _(
            "Solid, one loss alone: where it has faded, that loss can hardly teach the network to use what was read "
            "there. Dashed, all losses together: every state has a loss close by, so that this line may stay high "
            "where nothing of a late loss arrives."
        )
    )
    return gradients_over_time(table, look()), table


def _loss(reading: Reading) -> int:
    """The timestep of the loss to look at, the last one at first. A probe of one symbol has none to choose from."""
    predicted = [int(t) + 1 for t in reading.batch.mask[:, 0, 0].nonzero()]
    if not predicted:
        return len(reading.batch.mask)
    symbols, inputs, targets = reading.symbols, reading.batch.inputs[:, 0, 0], reading.batch.targets[:, 0, 0]
    return st.selectbox(
        _("The loss at timestep t"),
        predicted,
        index=len(predicted) - 1,
        format_func=lambda t: f"{t}: {symbols[inputs[t - 1]]} → {symbols[targets[t - 1]]}",
        key=f"study_loss_{predicted[-1]}",
        width=340,
    )


def _norms(reading: Reading) -> Picture:
    viewer = reading.viewer
    table = tidy.updates_frame(viewer.curve_points())
    threshold = viewer.config.training.clip_threshold if viewer.config.training.clip == "norm" else None
    return gradient_norm_over_training(table, look(), threshold=threshold), table


def _curve(reading: Reading) -> Picture:
    viewer = reading.viewer
    table = tidy.updates_frame(viewer.curve_points())
    corpus = viewer.run.corpus
    floors = state.remembered("floors", viewer.config.text, lambda: memory_floors(corpus))
    lines = {"uniform": uniform_perplexity(corpus), "floors": floors}
    return curve_over_training(table, look(), **lines), table


def _odds(reading: Reading) -> Picture:
    return None, reading.frame(tidy.losses_frame)


_DRAW = {
    "trajectory": _trajectory,
    "trajectory_3d": _trajectory_3d,
    "states": _states,
    "gates": _gates,
    "gradients": _gradients,
    "norms": _norms,
    "curve": _curve,
    "odds": _odds,
}
