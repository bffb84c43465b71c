"""The sentence above each figure of one sequence's gradients, measured from the figure's own table."""

import numpy as np
import pandas as pd

from playground.analysis.reach import ALIKE, GROWS, HEARD, Fate, change, share_left, way_back
from playground.figures.axes import floats, number, whole_percent
from playground.figures.text import superscript
from playground.ui.words import _, plain

DIGITS = 2  # of a number that a sentence says; the figure has the others


def influence(rows: pd.DataFrame, t: int) -> str:
    """What the loss at t hears. rows: the table of `influence_matrix`, of one layer and state."""
    row = rows.loc[rows["t"] == t].sort_values("k", ascending=False)
    if row.empty:
        return _("There is no loss here.")
    loss = loss_name(t, row["token"].iloc[0], row["target"].iloc[0])
    way = way_back(row["value"].to_numpy())
    match way.fate:
        case Fate.ALONE:
            return _("The loss at {loss} has one state to listen to: its own.").format(loss=loss)
        case Fate.BROKEN:
            return _("What the loss at {loss} sends back is not all finite numbers.").format(loss=loss)
        case Fate.SILENT:
            return _("The loss at {loss} sends exactly nothing to the state at its own timestep.").format(
                loss=loss
            )
        case Fate.GROWS:
            return _(
                "The gradient of the loss at {loss} grows on its way back: {times}-fold at k = {k}."
            ).format(loss=loss, times=multiple(way.largest), k=t - way.at)
        case Fate.ARRIVES:
            return _("The loss at {loss} still hears the first symbol: {share} % arrives there.").format(
                loss=loss, share=whole_percent(way.share)
            )
    if way.farthest == 0:
        return _("The loss at {loss} hears nothing but its own symbol.").format(loss=loss)
    if way.farthest == 1:
        return _("Of the loss at {loss} nothing older than one symbol is heard.").format(loss=loss)
    return _("Of the loss at {loss} nothing older than {count} symbols is heard.").format(
        loss=loss, count=way.farthest
    )


def loss_name(t: int, token: object, target: object) -> str:
    """A loss in a sentence, as Markdown."""
    return _("t = {t} ({symbol} → {target})").format(t=t, symbol=plain(str(token)), target=plain(str(target)))


def contributions(rows: pd.DataFrame) -> str:
    """How much of the terms is left in their sum. rows: the table of `contributions_matrix`, of one layer."""
    terms = rows.loc[rows["part"] == "cell", "value"].to_numpy(dtype=np.float64)
    total = rows.loc[rows["part"] == "total", "value"].to_numpy(dtype=np.float64)
    if not (np.isfinite(terms).all() and np.isfinite(total).all()):
        return _("Not all terms of the gradient are finite numbers.")
    count = int((terms != 0).sum())
    if count == 0:
        return _("Every term is exactly 0, and so is the gradient.")
    if count == 1:
        return _("One term is not 0, and it is all of the gradient.")
    left = share_left(terms, float(total[0]))
    if left >= 0.995:
        return _("{count} terms make up the gradient, and they point the same way.").format(count=count)
    return _(
        "{count} terms make up the gradient; {share} % of their length is left, the rest cancels."
    ).format(count=count, share=whole_percent(left))


def buildup(rows: pd.DataFrame, t: int) -> str:
    """What all losses and one loss do towards the start. rows: the table of `buildup_over_time`, of one layer."""
    ordered = rows.sort_values("i")
    gathered = ordered.loc[ordered["quantity"] == "accumulated", "value"].to_numpy(dtype=np.float64)
    single = ordered.loc[ordered["quantity"] == "single", "value"].to_numpy(dtype=np.float64)
    sentences = [_gathered(change(gathered[-1], gathered[0]))]
    if len(single) > 2:  # the first use meets h = 0; of one other there is no change
        sentences.append(_single(change(single[-1], single[1]), t))
    return " ".join(sentences)


def _gathered(times: float) -> str:
    if np.isnan(times):
        return _("What all losses gather cannot be compared with where it began.")
    if times >= 1 + ALIKE:
        return _("What all losses gather grows {times}-fold towards the start.").format(times=multiple(times))
    if times > 1 - ALIKE:
        return _("What all losses gather hardly changes towards the start.")
    return _("What all losses gather shrinks to {share} % towards the start.").format(
        share=whole_percent(times)
    )


def _single(times: float, t: int) -> str:
    if np.isnan(times):
        return _("The loss at t = {t} alone has no term to compare with.").format(t=t)
    if times >= 1 + ALIKE:
        return _("The loss at t = {t} alone grows {times}-fold.").format(t=t, times=multiple(times))
    if times > 1 - ALIKE:
        return _("The loss at t = {t} alone hardly changes.").format(t=t)
    return _("The loss at t = {t} alone fades to {share} %.").format(t=t, share=whole_percent(times))


def lengths(rows: pd.DataFrame) -> str:
    """What more predictions do to sum and mean. rows: the table of `norm_over_length`, of one layer."""
    of_sum, of_mean = (
        rows.loc[rows["quantity"] == kind].sort_values("t")["value"].to_numpy(dtype=np.float64)
        for kind in ("sum", "mean")
    )
    if not (np.isfinite(of_sum).all() and np.isfinite(of_mean).all()):
        return _("From some length on the gradient is no finite number.")
    begun = np.flatnonzero(of_sum > 0)
    if len(begun) < 2:
        return _("With so few predictions there is no growth to see.")
    first, count = int(begun[0]), len(of_sum)
    return _(
        "From {first} to {last} predictions the summed gradient becomes {sum} times as large, the averaged one {mean}."
    ).format(
        first=first + 1,
        last=count,
        sum=multiple(change(of_sum[first], of_sum[-1])),
        mean=multiple(change(of_mean[first], of_mean[-1])),
    )


def decay(rows: pd.DataFrame, state: str) -> str:
    """What is left at the first timestep. rows: the table of `decay_over_distance`. state: "h" or "c"."""
    line = rows.loc[rows["quantity"] == state].sort_values("distance")
    way, count = way_back(floats(line, "value")), len(line) - 1
    if way.fate is Fate.BROKEN:
        return _("On its way back the gradient at {state} stops being a finite number.").format(state=state)
    if way.fate is Fate.SILENT:
        return _("The gradient at {state} is exactly 0 to begin with.").format(state=state)
    if count == 0:
        return _("From here there is no step back.")
    if way.share == 0:
        return _("Back at the first timestep, exactly nothing of the gradient at {state} is left.").format(
            state=state
        )
    if way.share < HEARD:
        return _(
            "It vanishes: back at the first timestep, less than {bound} of the gradient at {state} is left."
        ).format(bound=bound_above(way.share), state=state)
    if way.share >= GROWS:
        return _(
            "It explodes: back at the first timestep, the gradient at {state} is {times} times as large."
        ).format(times=multiple(way.share), state=state)
    return _("Back at the first timestep, {share} % of the gradient at {state} is left.").format(
        share=whole_percent(way.share), state=state
    )


def jacobians(rows: pd.DataFrame) -> str:
    """How many steps back can make a gradient grow. rows: the table of `jacobian_parts`, of one layer."""
    largest = rows.loc[rows["quantity"] == "largest", "value"].to_numpy(dtype=np.float64)
    if not np.isfinite(largest).all():
        return _("Some steps back have a Jacobian that is not all finite numbers.")
    growing, count = int((largest > 1).sum()), len(largest)
    if growing == 0:
        return _("No single step back can make a gradient grow.")
    if growing == count:
        return _("Every single step back can make a gradient grow, in some direction.")
    return _("{growing} of {count} steps back can make a gradient grow, in some direction.").format(
        growing=growing, count=count
    )


def carry(rows: pd.DataFrame) -> str:
    """Which way what arrives has come. rows: the table of `carry_over_distance`."""
    farthest = int(floats(rows, "distance").max())
    if farthest == 0:
        return _("From here there is no step back.")
    last = rows.loc[rows["distance"] == farthest]
    measured, gate, through, by_matrix = (
        floats(last.loc[last["quantity"] == name], "value")[0]
        for name in ("measured", "gate", "through", "share")
    )
    if not np.isfinite([measured, gate, through]).all():
        return _("On the way back to the first timestep the numbers stop being finite.")
    if gate + through == 0:
        return _("Neither way brings anything back to the first timestep.")
    return _(
        "Back to the first timestep, the gates alone account for {gate} %, ways through the matrix for {matrix} %."
    ).format(gate=whole_percent(1 - by_matrix), matrix=whole_percent(by_matrix))


def differences(table: pd.DataFrame) -> str:
    """With which ε nudging is closest. table: that of `error_over_epsilon`."""
    known = table.loc[np.isfinite(table["error"].to_numpy(dtype=np.float64))]
    if known.empty:
        return _("No nudge gives a number to compare.")
    best = known.loc[known["error"].idxmin()]
    if best["error"] == 0:
        return _("With ε = {epsilon} nudging finds the same number to the last digit.").format(
            epsilon=number(best["epsilon"], DIGITS)
        )
    return _("Nudging is closest with ε = {epsilon}: off by {error} of the gradient.").format(
        epsilon=number(best["epsilon"], DIGITS), error=number(best["error"], DIGITS)
    )


def multiple(times: float) -> str:
    """A factor in a sentence, also where it is beyond every number there is."""
    return "> 10³⁰⁸" if np.isinf(times) else number(times, DIGITS)


def bound_above(share: float) -> str:
    """The power of ten just above a share between 0 and `HEARD`."""
    power = int(np.floor(np.log10(share))) + 1
    return number(10.0**power) if power > -3 else f"10{superscript(power)}"
