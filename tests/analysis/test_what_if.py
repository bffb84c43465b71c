"""What edits change, beside the reading without them: held to the equations, and to the reading itself."""

# The types of pandas do not tell a column from a table.
# pyright: reportGeneralTypeIssues=false, reportArgumentType=false

import numpy as np
import pytest
import torch

from playground.analysis.what_if import WhatIf, what_if
from playground.config import NetworkConfig, TextConfig
from playground.corpus import Corpus
from playground.models.network import Network
from playground.passes.edit_list import EDITS
from playground.passes.replica import Replica, copy_of
from playground.refusal import Refusal

CORPUS = Corpus(TextConfig("abcabd"))
CELLS = ("rnn", "lstm", "gru")


def network(cell: str, layers: int = 1) -> Replica:
    config = NetworkConfig(cell=cell, hidden_size=3, layers=layers)
    return copy_of(Network(config, CORPUS.signature, seeds=[5]), torch.float64)


def read(cell: str, edits: str, layers: int = 1) -> WhatIf:
    batch = CORPUS.window_batch(0)
    parsed = EDITS.parse("edits", edits)
    return what_if(network(cell, layers), batch, parsed, labels=CORPUS.labels, step=7)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("edits", ["", "x@0=0,x@3=0"])
def test_an_edit_of_nothing_changes_nothing_to_the_last_bit(cell: str, edits: str) -> None:
    found = what_if(
        network(cell, 2), CORPUS.window_batch(0), EDITS.parse("edits", edits), labels=CORPUS.labels, step=0
    )
    for layer in (1, 2):
        for quantity in found.quantities:
            table = found.values(layer, quantity)
            assert (table["original"] == table["changed"]).all() and (table["difference"] == 0).all()
    losses = found.losses()
    assert (losses["loss_original"] == losses["loss_changed"]).all()
    assert (losses["answer_original"] == losses["answer_changed"]).all()


def test_what_is_computed_is_put_back_and_nothing_changes() -> None:
    """A gate held at the very values that it has, timestep by timestep, leaves every bit as it was."""
    plain = read("lstm", "").original["l0.f"][:, 0]  # (T, H)
    edits = ",".join(
        f"l0.f@{t}={':'.join(repr(value) for value in row)}" for t, row in enumerate(plain.tolist())
    )
    losses = read("lstm", edits).losses()
    assert (losses["loss_original"] == losses["loss_changed"]).all()


def test_a_held_gate_is_the_equation_of_the_lstm_worked_by_hand() -> None:
    """f = 1 at t = 3: c is c before and i·g, and h shows it; all before is as it was."""
    found = read("lstm", "l0.f@2=1")
    of = {name: found.values(1, name).pivot(index="t", columns="unit", values="changed") for name in "cfigoh"}
    c = of["c"].loc[2] + of["i"].loc[3] * of["g"].loc[3]
    assert (of["f"].loc[3] == 1).all()
    np.testing.assert_allclose(of["c"].loc[3], c, rtol=0, atol=1e-15)
    np.testing.assert_allclose(of["h"].loc[3], of["o"].loc[3] * np.tanh(c), rtol=0, atol=1e-15)
    table = found.values(1, "c")
    assert (table.query("t < 3")["difference"] == 0).all() and (
        table.query("t == 3")["difference"] != 0
    ).all()


def test_a_closed_update_gate_of_a_gru_keeps_h_or_takes_the_new() -> None:
    keeps = read("gru", "l0.z@1-=1").values(1, "h").pivot(index="t", columns="unit", values="changed")
    assert (keeps.loc[2:] == keeps.loc[1]).all(axis=None)
    takes = read("gru", "l0.z@1=0")
    h, n = (takes.values(1, name).query("t == 2")["changed"].to_numpy() for name in "hn")
    assert (h == n).all()


def test_a_zeroed_unit_a_replaced_symbol_and_a_cut() -> None:
    zeroed = read("rnn", "l0.h.1@0-=0").values(1, "h")
    assert (zeroed.query("unit == 2")["changed"] == 0).all()
    replaced = read("rnn", "x@0=3")
    assert list(replaced.losses()["token"]) == ["d", "b", "c", "a", "b"]
    assert list(replaced.losses()["target"]) == ["b", "c", "a", "b", "d"], "what is to be predicted stays"
    cut = read("lstm", "cut@3").values(1, "c")
    first = read("lstm", "").values(1, "c").query("t == 1")["changed"].to_numpy()
    assert (cut.query("t == 4")["changed"].to_numpy() == first).all(), "the same symbol, from the beginning"


def test_losses_and_odds_are_those_of_the_readings() -> None:
    found = read("gru", "cut@3", layers=2)
    losses = found.losses()
    for name, reading in (("original", found.original), ("changed", found.changed)):
        outputs = reading.outputs[:, 0]
        wanted = torch.nn.functional.cross_entropy(outputs, reading["targets"][:, 0], reduction="none")
        np.testing.assert_allclose(losses[f"loss_{name}"], wanted, rtol=0, atol=1e-14)
        np.testing.assert_allclose(losses[f"probability_{name}"], np.exp(-wanted.numpy()), rtol=0, atol=1e-14)
        odds = found.odds(4)
        assert odds[name].sum() == pytest.approx(1, abs=1e-14)
        target = odds.loc[odds["is_target"], ["symbol", name]].to_numpy().tolist()
        assert target == [["b", pytest.approx(losses[f"probability_{name}"][3], abs=1e-14)]]
    larger = np.maximum(odds["original"], odds["changed"])
    assert (np.diff(larger) <= 0).all() and set(odds["symbol"]) == set(CORPUS.labels)


def test_edits_that_do_not_fit_are_refused() -> None:
    with pytest.raises(Refusal, match=r"l0\.z"):
        read("lstm", "l0.z@1=1")


def test_what_an_edit_makes_likely_comes_first_too() -> None:
    odds = read("rnn", "l0.h@3=40").odds(4)
    larger = np.maximum(odds["original"], odds["changed"])
    assert (np.diff(larger) <= 0).all() and (np.diff(odds["original"]) > 0).any()
