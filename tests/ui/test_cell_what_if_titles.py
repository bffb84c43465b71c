"""The sentences above the figures of a reading with edits say numbers that differ where something has changed."""

import pandas as pd
import pytest

from playground.ui.cell import whatif_titles

BEFORE, AFTER = 1.271234, 1.271239  # alike in the first five digits


def compared(**columns: object) -> pd.DataFrame:
    return pd.DataFrame({"step": 0, "t": [4], "token": ["a"]} | columns)


@pytest.mark.parametrize(
    ("title", "digits"),
    [
        (
            lambda: whatif_titles.values(
                compared(unit=[2], original=BEFORE, changed=AFTER, difference=AFTER - BEFORE), "h"
            ),
            "from 1.27123 to 1.27124.",
        ),
        (
            lambda: whatif_titles.losses(
                compared(loss_original=BEFORE, loss_changed=AFTER, answer_original="b", answer_changed="b")
            ),
            "from 1.27123 to 1.27124 nats.",
        ),
        (
            lambda: whatif_titles.odds(compared(symbol=["b"], original=0.8, changed=0.80049)),
            "from 0.8 to 0.8005.",
        ),
    ],
)
def test_what_has_changed_reads_otherwise(title, digits: str) -> None:
    assert title().endswith(digits)


def test_three_digits_are_enough_where_they_differ() -> None:
    told = whatif_titles.odds(compared(symbol=["b"], original=0.123456, changed=0.654321))
    assert told.endswith("from 0.123 to 0.654.")
