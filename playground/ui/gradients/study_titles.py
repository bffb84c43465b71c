"""The sentence above each figure of networks drawn or trained for it, measured from the figure's own table."""

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd

from playground.analysis.reach import GROWS, HEARD, crossing
from playground.figures.axes import QUANTILE_DIGITS, floats, number
from playground.ui.fields import option_label
from playground.ui.gradients.titles import DIGITS
from playground.ui.words import _

TURNED = 0.01  # degrees: a smaller angle is rounding


def draws(table: pd.DataFrame) -> str:
    """What the median network keeps. table: that of `knob_band`; of the first variant, h at the largest distance."""
    rows = table.loc[(table["variant"] == table["variant"].iloc[0]) & (table["quantity"] == "h")]
    distances = floats(rows, "distance")
    median = floats(rows, "median")[distances.argmax()]
    if not np.isfinite(median):
        sentence = _("In the median network the gradient at a distance of {count} is no finite number.")
    elif median == 0:
        sentence = _(
            "In the median network exactly nothing of the gradient is left at a distance of {count}."
        )
    elif median < HEARD:
        sentence = _(
            "It vanishes: at a distance of {count} the median network has {median} of the gradient left."
        )
    elif median >= GROWS:
        sentence = _(
            "It explodes: at a distance of {count} the median gradient is {median} times that at the loss."
        )
    else:
        sentence = _(
            "It lasts: at a distance of {count} the median gradient is {median} times that at the loss."
        )
    return sentence.format(count=int(distances.max()), median=number(median, QUANTILE_DIGITS))


def radii(table: pd.DataFrame) -> str:
    """Where the median comes up to 1. table: that of `radius_sweep`; of the first variant."""
    variant = str(table["variant"].iloc[0])
    rows = table.loc[table["variant"] == variant].sort_values("radius")
    before, at = crossing(floats(rows, "radius"), floats(rows, "median"))
    name = option_label(variant)
    if at is None:
        return _("{variant}: up to a radius of {radius} the median stays below 1.").format(
            variant=name, radius=number(floats(rows, "radius")[-1])
        )
    if before is None:
        return _("{variant}: at a radius of {radius} already the median is not below 1.").format(
            variant=name, radius=number(at)
        )
    return _("{variant}: between the radii {before} and {at} the median crosses 1.").format(
        variant=name, before=number(before), at=number(at)
    )


def norms(table: pd.DataFrame) -> str:
    """The largest gradient without clipping and what the optimiser gets with it. table: that of `clipped_norms`."""
    free, clipped = _runs(table)
    raw, got = floats(free, "gradient_norm"), floats(clipped, "clipped_norm")
    raw, steps, got = raw[np.isfinite(raw)], floats(free, "step")[np.isfinite(raw)], got[np.isfinite(got)]
    if not len(raw) or not len(got):
        return _("From the first step on the gradient is no finite number.")
    return _(
        "Without clipping the gradient’s norm reaches {highest} (step {step}); "
        "with it the optimiser gets {got} at most."
    ).format(
        highest=number(raw.max(), DIGITS),
        step=int(steps[raw.argmax()]),
        got=number(got.max(), DIGITS),
    )


def angles(table: pd.DataFrame) -> str:
    """How far clipping turns the gradient. table: that of `clipping_angles`."""
    rows = _runs(table)[1]
    angle = floats(rows, "angle")
    known = np.isfinite(angle)
    if not known.any():
        return _("There is no finite gradient to turn.")
    if not rows["clipped"].to_numpy(dtype=bool)[known].any():
        return _("Nothing was clipped, so nothing was turned.")
    most = angle[known].max()
    if most < TURNED:
        return _("Clipping only shortens here: the direction stays as it is.")
    step = floats(rows, "step")[known][angle[known].argmax()]
    return _("Clipping turns the gradient by up to {angle}°, at step {step}.").format(
        angle=number(most, DIGITS), step=int(step)
    )


def losses(table: pd.DataFrame) -> str:
    """Where both runs end. table: that of `clipping_losses`."""
    (free, free_step), (clipped, clipped_step) = map(_end, _runs(table))
    said: Mapping[str, object] = {
        "free": number(free, DIGITS),
        "clipped": number(clipped, DIGITS),
        "step": free_step,
        "other": clipped_step,
    }
    match math.isfinite(free), math.isfinite(clipped):
        case (True, True) if free == clipped:
            sentence = _("With and without clipping the loss ends at the same number: {clipped}.")
        case (True, True):
            sentence = _("The loss ends at {clipped} with clipping and at {free} without it.")
        case (False, True):
            sentence = _(
                "Without clipping the run diverges at step {step}; with it the loss is {clipped} at step {other}."
            )
        case (True, False):
            sentence = _(
                "With clipping the run diverges at step {other}; without it the loss is {free} at step {step}."
            )
        case _both:
            sentence = _("Both runs diverge: without clipping at step {step}, with it at step {other}.")
    return sentence.format(**said)


def _end(run: pd.DataFrame) -> tuple[float, int]:
    """The last loss, NaN of a run that diverged, and its step."""
    loss, norm, step = (floats(run, name)[-1] for name in ("loss", "gradient_norm", "step"))
    return (float(loss) if np.isfinite([loss, norm]).all() else math.nan), int(step)


def grid(table: pd.DataFrame) -> str:
    """How many learning rates work without clipping, and with the best threshold. table: that of `clipping_grid`."""
    thresholds, learned = floats(table, "threshold"), table["outcome"].to_numpy() == "learned"
    counts = {float(value): int(learned[thresholds == value].sum()) for value in np.unique(thresholds)}
    free, count = counts.pop(np.inf, None), len(np.unique(floats(table, "learning_rate")))
    if free is None or not counts:
        return _("{learned} of {count} runs learn.").format(learned=int(learned.sum()), count=len(table))
    best = max(counts, key=lambda threshold: (counts[threshold], threshold))  # of equals, what clips least
    return _(
        "Without clipping {free} of {count} learning rates learn; "
        "with a threshold of {threshold} it is {best} of {count}."
    ).format(free=free, count=count, threshold=number(best), best=counts[best])


def _runs(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The run without clipping, and the one with it."""
    return table.loc[table["variant"] == "free"], table.loc[table["variant"] == "clipped"]
