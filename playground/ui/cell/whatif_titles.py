"""The sentence above each figure of a reading with edits, measured from the figure's own table."""

import numpy as np
import pandas as pd

from playground.figures.axes import floats, number
from playground.ui.words import _, plain

DIGITS = 3  # of a number that a sentence says; the figure has the others
MOST_DIGITS = 15  # that all numbers of 64 bits have


def values(table: pd.DataFrame, quantity: str) -> str:
    """Where a state or gate changes. table: that of `compared_values`."""
    difference = np.abs(floats(table, "difference"))
    if not np.isfinite(difference).all():
        return _("Not all values of {quantity} are finite numbers.").format(quantity=quantity)
    if not difference.any():
        return _("{quantity} stays as it is, to the last digit.").format(quantity=quantity)
    most = table.iloc[int(difference.argmax())]
    return _("{quantity} changes most at t = {t}, unit {u}: from {before} to {after}.").format(
        quantity=quantity, t=most["t"], u=most["unit"], **_apart(most["original"], most["changed"])
    )


def losses(table: pd.DataFrame) -> str:
    """Whether another symbol is answered, and what becomes of the mean loss. table: that of `compared_losses`."""
    before, after = floats(table, "loss_original"), floats(table, "loss_changed")
    if not (np.isfinite(before).all() and np.isfinite(after).all()):
        return _("Read so, a number is not finite at this step: nothing can be compared.")
    if (before == after).all():
        return _("Every loss stays as it is, to the last digit.")
    means = _apart(before.mean(), after.mean())
    others = table.loc[table["answer_original"] != table["answer_changed"]]
    if others.empty:
        return _("Every answer stays; the mean loss goes from {before} to {after} nats.").format(**means)
    first = others.iloc[0]
    return _(
        "At t = {t} the network answers {now}, no longer {old}; the mean loss goes from {before} to {after} nats."
    ).format(t=first["t"], now=plain(first["answer_changed"]), old=plain(first["answer_original"]), **means)


def odds(table: pd.DataFrame) -> str:
    """Which probability changes most. table: that of `compared_odds`."""
    difference = np.abs(floats(table, "changed") - floats(table, "original"))
    t = table["t"].iloc[0]
    if not np.isfinite(difference).all():
        return _("Read so, a number is not finite at this step: nothing can be compared.")
    if not difference.any():
        return _("What is expected after t = {t} stays as it is, to the last digit.").format(t=t)
    most = table.iloc[int(difference.argmax())]
    return _("After t = {t}, the probability of {symbol} goes from {before} to {after}.").format(
        t=t, symbol=plain(most["symbol"]), **_apart(most["original"], most["changed"])
    )


def _apart(before: float, after: float) -> dict[str, str]:
    """Both numbers with as many digits as tell them apart: what goes from 1.27 to 1.27 has not gone anywhere."""
    texts = ("", "")
    for digits in range(DIGITS, MOST_DIGITS + 1):
        texts = number(before, digits), number(after, digits)
        if texts[0] != texts[1]:
            break
    return dict(zip(("before", "after"), texts, strict=True))
