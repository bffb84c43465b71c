"""Tables that people take home: what a spreadsheet would run is text in them."""

import io

import pandas as pd
import pytest

from playground.ui.picture import harmless
from tests.ui.pages import Visitor

DANGEROUS = [
    "-2",
    "=1+1",
    "@SUM(A1)",
    "+3",
    "＝1+1",
    "－2",
    "＋3",
    "＠A1",
    "﹦1",
    "\t=1",
    "\r=1",
    " =1",
    "'=1",
    "=",
    "-",
]
INNOCENT = ["hello", "1-2", "a=1", "'tis", "⇥", "␣", "안녕", "", "−2", "3.5"]


@pytest.mark.parametrize("kind", ["str", "object", "category"])
def test_a_cell_that_would_be_run_gets_an_apostrophe(kind: str) -> None:
    table = pd.DataFrame({"token": pd.Series(DANGEROUS + INNOCENT, dtype=kind)})
    expected = [f"'{cell}" for cell in DANGEROUS] + INNOCENT
    assert harmless(table)["token"].tolist() == expected
    assert table["token"].tolist() == DANGEROUS + INNOCENT, "the table given is left alone"
    assert len(set(expected)) == len(expected), "texts that differ still do"


def test_numbers_stay_numbers_and_gaps_stay_gaps() -> None:
    table = pd.DataFrame(
        {
            "t": [1, 2],
            "value": [-0.5, float("nan")],
            "on": [True, False],
            "token": pd.Series([None, "-"], dtype="str"),
        }
    )
    safe = harmless(table)
    assert safe[["t", "value", "on"]].equals(table[["t", "value", "on"]])
    assert safe["token"].isna().tolist() == [True, False]
    assert safe.to_csv(index=False).splitlines()[1:] == ["1,-0.5,True,", "2,,False,'-"]


def test_a_mixed_column_keeps_its_numbers() -> None:
    table = pd.DataFrame({"value": pd.Series([-1.5, "-1.5"], dtype="object")})
    assert harmless(table)["value"].tolist() == [-1.5, "'-1.5"]


def test_symbols_that_look_like_formulas_in_every_download() -> None:
    symbols = ["-2", "=1+1", "@SUM(A1)", "+3", "－2"]
    visitor = Visitor("en", text=" ".join([*symbols, "end"]), tokens="word", seed="90")
    for view in ("trajectory", "states", "gates", "gradients", "odds"):
        visitor.set("view", view)
        (stored,) = visitor.files.values()
        tokens = pd.read_csv(io.BytesIO(stored), encoding="utf-8-sig")["token"].dropna()
        assert set(tokens) == {f"'{symbol}" for symbol in symbols}, view
    (shown,) = visitor.app.dataframe
    assert set(shown.value["token"].dropna()) == {f"'{symbol}" for symbol in symbols}, (
        "it has a download of its own"
    )
