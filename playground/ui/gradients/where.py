"""Where the gradient goes, what it adds up to, and why it vanishes or explodes."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st
import torch

from playground.analysis.backpropagation import BLOCK_BYTES, Backpropagation
from playground.analysis.gradient_tables import Reading
from playground.analysis.jacobians import (
    CarryShares,
    JacobianSizes,
    carry_shares_in_pieces,
    jacobian_sizes_in_pieces,
)
from playground.analysis.reach import HEARD
from playground.batch import Batch
from playground.cells import CELLS
from playground.figures.axes import number
from playground.figures.decay import (
    buildup_over_time,
    carry_over_distance,
    decay_over_distance,
    jacobian_parts,
    norm_over_length,
)
from playground.figures.influence import contributions_matrix, influence_matrix
from playground.models.network import Network
from playground.passes.autograd import autograd_gradients_in_pieces
from playground.passes.replica import copy_of
from playground.passes.unroll import Unrolled, unroll
from playground.pieces import Pieces, share
from playground.ui import lesson, picture, state, widgets
from playground.ui.figure_words import look
from playground.ui.gradients import headline, subject, titles
from playground.ui.gradients.subject import Subject
from playground.ui.progress import computed
from playground.ui.words import _, plain

TABLE_BYTES = 100  # of a row of a table of two timesteps, while it is made
Gradients = dict[str, torch.Tensor]
SMALLEST_NORMAL = {torch.float32: 2.0**-126, torch.float64: 2.0**-1022}  # below it digits are lost


@dataclass(frozen=True, slots=True)
class Findings:
    """All that is measured of one subject, whichever loss is chosen."""

    done: Backpropagation
    # Of each layer; in 64 bits always, for the smallest have few digits in 32.
    sizes: tuple[JacobianSizes, ...]
    influence: pd.DataFrame


def show() -> None:
    """Draw the three panels."""
    looked_at = subject.choose()
    length = looked_at.reading.length
    findings = computed(
        "findings",
        looked_at.key,
        partial(_find, looked_at.network, looked_at.batch, looked_at.reading, looked_at.dtype),
        _("Sending every loss back through time …"),
        needs=_finding_bytes(looked_at),
    )

    t = state.fitted("loss_at", 1, length, default=length)
    network = looked_at.network.config
    cell, layers = CELLS[network.cell], network.layers
    layer, quantity = state.fitted("layer", 1, layers, default=layers), "h"
    with widgets.row():
        tokens, targets = looked_at.reading.tokens, looked_at.reading.targets
        widgets.pick(
            "loss_at",
            range(1, length + 1),
            width=340,
            drawn=lambda t: f"{t}: {plain(str(tokens[t - 1]))} → {plain(str(targets[t - 1]))}",
        )
        if layers > 1:
            layer = widgets.segments("layer", range(1, layers + 1))
        else:
            widgets.complaint("layer")
        if len(cell.states) > 1:
            quantity = widgets.segments("state", cell.states)
        fitted = (
            widgets.segments(
                "colours",
                help=_(
                    "Of both matrices. With the same colours a picture can be compared with any other; fitted ones "
                    "show more of one."
                ),
            )
            == "fitted"
        )
    carried = None
    if (
        cell.carry is not None and length > 1
    ):  # before anything is drawn, for it may take some runs of the page
        carried = computed(
            "carry",
            (looked_at.key, layer, t),
            partial(_carried, looked_at.network, looked_at.batch, layer, t),
            _("Computing …"),
            needs=2 * looked_at.pass_bytes,
        )
    _influence(looked_at, findings, layer, quantity, t, fitted)
    _sum(looked_at, findings, layer, t, fitted)
    _why(looked_at, findings, layer, quantity, t, carried)


def _unrolled(network: Network, batch: Batch, dtype: torch.dtype) -> Unrolled:
    with torch.inference_mode():
        return unroll(copy_of(network, dtype), batch)


def _finding_bytes(looked_at: Subject) -> int:
    """Memory that `_find` takes: the steps, a block of losses with its sums, and the matrices, also as a table."""
    config, length = looked_at.network.config, looked_at.reading.length
    cell, size = CELLS[config.cell], config.hidden_size
    rows = cell.blocks * size
    block = min(BLOCK_BYTES, 8 * length * (length * (rows + 2 * size) + 2 * rows * size))
    matrices = config.layers * (len(cell.states) + 1) * length**2
    return looked_at.pass_bytes + 2 * block + matrices * (8 + TABLE_BYTES)


def _find(network: Network, batch: Batch, reading: Reading, dtype: torch.dtype) -> Pieces[Findings]:
    """What needs every step of the sequence; then the steps, thousands of tensors, may go."""
    unrolled = _unrolled(network, batch, dtype)
    yield 0.02
    done = Backpropagation(unrolled)
    yield from share(0.02, 0.7, done.pieces())
    exact = unrolled if dtype == torch.float64 else _unrolled(network, batch, torch.float64)
    yield 0.7
    sizes, layers = [], exact.config.layers
    for layer in range(layers):
        low, high = (0.7 + 0.3 * number / layers for number in (layer, layer + 1))
        sizes.append((yield from share(low, high, jacobian_sizes_in_pieces(exact, layer))))
    done.unrolled = replace(unrolled, steps=())
    return Findings(done, tuple(sizes), reading.influence(done))


def _carried(network: Network, batch: Batch, layer: int, t: int) -> Pieces[CarryShares]:
    """In 64 bits: the product of many small Jacobians leaves the range of 32. layer, t: counted from 1."""
    unrolled = _unrolled(network, batch, torch.float64)
    yield 0.1
    return (yield from share(0.1, 1.0, carry_shares_in_pieces(unrolled, layer - 1, t - 1)))


def _by_autograd(network: Network, batch: Batch, dtype: torch.dtype, reduction: str) -> Pieces[Gradients]:
    return autograd_gradients_in_pieces(copy_of(network, dtype), batch, reduction=reduction)


def _influence(
    looked_at: Subject, findings: Findings, layer: int, quantity: str, t: int, fitted: bool
) -> None:
    """Panel 1: the influence matrix, and what it says of the chosen loss in three numbers."""
    lesson.heading("gradients", "influence")
    table = findings.influence
    shown = _of(table, layer).query("quantity == @quantity")
    lesson.text("gradients", "influence")
    left, right = st.columns([3, 2], gap="large")
    with left:
        headline.say(titles.influence(shown, t))
        with state.viewer().turn():
            figure = influence_matrix(shown, look(), selected=t, fitted=fitted)
        title = _("Influence of every state on every loss")
        _draw(looked_at, (figure, table), "influence", title, on_pick=state.pick_loss)
    with right:
        st.caption(
            _("Heard: at least {share:g} % of the gradient at the loss’s own timestep is left.").format(
                share=100 * HEARD
            )
        )
        row = shown.query("t == @t").sort_values("k")["value"].to_numpy()
        if len(row):
            first, last = st.columns(2)
            dtype = looked_at.dtype
            last.metric(_("At the loss, k = {k}").format(k=t), known_digits(row[-1], dtype))
            first.metric(_("At the start, k = 1"), known_digits(row[0], dtype))
        _small_numbers("influence", shown["value"].to_numpy(), looked_at.dtype)


def _small_numbers(matrix: str, values: np.ndarray, dtype: torch.dtype) -> None:
    """Say what the precision has swallowed of a matrix, and what it could not hold."""
    zeros, other = int((values == 0).sum()), int((~np.isfinite(values)).sum())
    denormal = int(((values > 0) & (values < SMALLEST_NORMAL[dtype])).sum())
    if zeros or denormal:
        st.info(
            _(
                "{zeros:,} of {count:,} values are exactly 0 and {denormal:,} are below {smallest}, where digits are "
                "lost: too small for {bits}-bit numbers, or stopped by a slope of 0."
            ).format(
                zeros=zeros,
                count=len(values),
                denormal=denormal,
                smallest=number(SMALLEST_NORMAL[dtype]),
                bits=32 if dtype == torch.float32 else 64,
            ),
            icon=":material/low_priority:",
        )
        if dtype == torch.float32:
            st.button(
                _("Compute in 64 bits"),
                key=f"use_64_{matrix}",
                on_click=state.set_values,
                kwargs=state.keyed(bits="64"),
            )
    if other:
        st.warning(
            _("{other:,} of {count:,} values are infinite or not a number.").format(
                other=other, count=len(values)
            ),
            icon=":material/error:",
        )


def _sum(looked_at: Subject, findings: Findings, layer: int, t: int, fitted: bool) -> None:
    """Panel 2: the gradient of W_hh as a sum over losses and uses, beside autograd's."""
    job = findings.done
    lesson.heading("gradients", "sum")
    lesson.text("gradients", "sum")
    reduction = (
        state.viewer().config.training.reduction
    )  # as it is trained, until the reader asks for the other
    state.one_of("total", ("mean", "sum"), default=reduction)
    total = widgets.segments("total")
    scale = 1 / max(1, job.unrolled.predictions) if total == "mean" else 1.0
    by_hand = job.layers[layer - 1].gradient * scale
    autograd = computed(
        "autograd",
        (looked_at.key, total),
        partial(_by_autograd, looked_at.network, looked_at.batch, looked_at.dtype, total),
        _("Computing …"),
        needs=3 * looked_at.pass_bytes,
    )[f"rnn.weight_hh_l{layer - 1}"]
    one, two, three = st.columns(3)
    one.metric(_("‖∂L/∂Wₕₕ‖, sum of all terms"), _norm(by_hand))
    two.metric(_("the same from torch's autograd"), _norm(autograd))
    three.metric(_("largest difference of an entry"), number((by_hand - autograd).abs().max().item()))
    contributions = looked_at.reading.contributions(job, scale=scale)
    buildup = looked_at.reading.buildup(job, t=t, scale=scale)
    lengths = looked_at.reading.lengths(job)
    left, right = st.columns(2, gap="large")
    with left:
        headline.say(titles.contributions(_of(contributions, layer)))
        with state.viewer().turn():
            figure = contributions_matrix(_of(contributions, layer), look(), selected=t, fitted=fitted)
        _draw(looked_at, (figure, contributions), "contributions", _("The gradient of W_hh, term by term"))
        # The first use meets h = 0.
        terms = _of(contributions, layer).query("part == 'cell' and i > 1")["value"].to_numpy()
        _small_numbers("contributions", terms, looked_at.dtype)
    with right:
        headline.say(titles.buildup(_of(buildup, layer), t))
        figure = buildup_over_time(_of(buildup, layer), look())
        _draw(looked_at, (figure, buildup), "buildup", _("One term at a time, and all of them gathered"))
    left, right = st.columns(2, gap="large")
    with left:
        headline.say(titles.lengths(_of(lengths, layer)))
        figure = norm_over_length(_of(lengths, layer), look())
        _draw(looked_at, (figure, lengths), "lengths", _("Norm of the gradient against the length"))
    with right:
        lesson.note("gradients", "length")


def _why(
    looked_at: Subject, findings: Findings, layer: int, quantity: str, t: int, carried: CarryShares | None
) -> None:
    """Panel 3: the chosen loss against distance, and each step's Jacobian with its parts.

    quantity: the state that is spoken of. carried: of a cell with a way round the matrix.
    """
    job, reading = findings.done, looked_at.reading
    cell = CELLS[job.unrolled.config.cell]
    lesson.heading("gradients", f"why-{cell.name}")
    if reading.length < 2:
        st.info(
            _("This sequence has one prediction only, so there is no step back in time. Take a longer text.")
        )
        return
    lesson.text("gradients", f"why-{cell.name}")
    decay = reading.decay(job, findings.sizes, layer=layer, t=t)
    jacobians = reading.jacobians(findings.sizes, has_carry=cell.carries("h"))
    left, right = st.columns(2, gap="large")
    with left:
        headline.say(titles.decay(decay, quantity))
        figure = decay_over_distance(decay, look())
        _draw(looked_at, (figure, decay), "decay", _("What is left of the gradient at a distance"))
    with right:
        headline.say(titles.jacobians(_of(jacobians, layer)))
        figure = jacobian_parts(_of(jacobians, layer), look(cell.name))
        _draw(looked_at, (figure, jacobians), "jacobians", _("Each step's Jacobian and its parts"))
    if cell.carry is not None and carried is not None:
        carry = reading.carry(carried, layer=layer, t=t)
        left, right = st.columns(2, gap="large")
        with left:
            road, gate = cell.carry.state, cell.carry.gate
            headline.say(titles.carry(carry))
            figure = carry_over_distance(carry, look(cell.name), state=road, gate=gate)
            _draw(looked_at, (figure, carry), "carry", _("What the gates carry, and what takes other ways"))
        with right:
            lesson.note("gradients", f"carry-{cell.name}")


def known_digits(value: float, dtype: torch.dtype) -> str:
    """A number with four digits, or with one where it is so small that its precision has hardly more."""
    return number(float(f"{value:.0e}") if 0 < value < SMALLEST_NORMAL[dtype] else value)


def _of(table: pd.DataFrame, layer: int) -> pd.DataFrame:
    return table.query("layer == @layer")


def _norm(gradient: torch.Tensor) -> str:
    """Its length in six digits: enough to see where two ways to the same number part."""
    return number(torch.linalg.vector_norm(gradient.double()).item(), 6)


def _draw(
    looked_at: Subject,
    shown: picture.Picture,
    name: str,
    title: str,
    *,
    on_pick: Callable[[str], None] | None = None,
) -> None:
    file = f"{name}-step-{looked_at.step}"
    picture.show(shown, name=name, title=title, file=file, on_pick=on_pick)
