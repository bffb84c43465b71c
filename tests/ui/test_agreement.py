"""The same name means the same number on the stage, in the study below it and on the Gradients page."""

# pandas ships no types that say what an indexed object is.
# pyright: reportAttributeAccessIssue=false, reportGeneralTypeIssues=false

import io
from typing import Any

import numpy as np
import pandas as pd
import pytest

from playground.presets import PRESETS
from tests.ui.pages import Visitor, read_frame

GAP: dict[str, Any] = {"text": PRESETS["gap-20"].text, "hidden_size": "8", "seed": "61"}
LAST = 20  # predictions of a line


def csv(visitor: Visitor, name: str) -> pd.DataFrame:
    (data,) = [data for file, data in visitor.files.items() if file.startswith(name)]
    return pd.read_csv(io.BytesIO(data), encoding="utf-8-sig")


def shown(visitor: Visitor) -> dict[str, np.ndarray]:
    """The stage's frame at the playhead."""
    stage = visitor.stage
    return read_frame(stage.frames[stage.steps.index(stage.playhead)], stage.scene["frame"])


def studied(steps: int, view: str, **values: str) -> Visitor:
    visitor = Visitor("en", **(GAP | values))
    for _ in range(steps):
        visitor.click("step")
    return visitor.set("view", view)


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_the_gradient_of_the_last_loss_and_of_all(cell: str, reduction: str) -> None:
    visitor = studied(3, "gradients", cell=cell, reduction=reduction)
    table = csv(visitor, "gradients-step-3").set_index(["quantity", "t"])["value"]
    frame = shown(visitor)
    page = Visitor("en", page="gradients", cell=cell, reduction=reduction, at="3", **GAP)
    influence = csv(page, "influence-step-3").query(f"t == {LAST}").set_index(["quantity", "k"])["value"]
    for state in "hc" if cell == "lstm" else "h":
        last = table[f"loss.{state}"].to_numpy()
        assert len(last) == LAST
        np.testing.assert_allclose(last, frame[f"l0.one.{state}"], rtol=1e-4, atol=1e-30)
        np.testing.assert_allclose(last, influence[state], rtol=1e-4, atol=1e-30)
        of_all = table[f"{reduction}.{state}"].to_numpy()
        np.testing.assert_allclose(of_all, frame[f"l0.sum.{state}"], rtol=1e-4)


def test_another_loss_is_chosen_in_the_study() -> None:
    visitor = studied(0, "gradients", cell="gru")
    assert csv(visitor, "gradients")["loss_t"].max() == LAST
    visitor.set(f"study_loss_{LAST}", 5)
    alone = csv(visitor, "gradients").query("quantity == 'loss.h'")
    assert alone["loss_t"].unique().tolist() == [5] and alone["t"].tolist() == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("layers", ["1", "2"])
def test_the_path_of_the_study_is_that_of_the_stage(layers: str) -> None:
    """Also of a step whose frame is drawn along the axes of an earlier one, and of a step that has passed."""
    visitor = studied(4, "trajectory", cell="rnn", layers=layers, text="abcabd", speed="fast")
    for layer in range(1, int(layers) + 1):
        if layers != "1":
            visitor.set("study_layer", layer)
        table, frame = csv(visitor, "trajectory-step-4"), shown(visitor)
        points = (
            table.query("quantity == 'position'").pivot(index="t", columns="unit", values="value").to_numpy()
        )
        np.testing.assert_allclose(points, frame[f"l{layer - 1}.xy"].reshape(-1, 2), atol=1e-6)
        share = table.query("quantity == 'share'")["value"].sum()
        assert share == pytest.approx(float(frame[f"l{layer - 1}.share"]), abs=1e-6)
    visitor.set("view", "trajectory_3d")
    deeper = csv(visitor, "trajectory_3d-step-4").query("quantity == 'position' and unit <= 2")
    flat = deeper.pivot(index="t", columns="unit", values="value").to_numpy()
    np.testing.assert_allclose(flat, points, atol=1e-9)


def test_the_loss_at_the_playhead_is_the_curves() -> None:
    visitor = studied(5, "curve", cell="rnn")
    table, frame = csv(visitor, "curve"), shown(visitor)
    row = table[table["step"] == 5].iloc[0]
    assert row["loss"] == pytest.approx(float(frame["loss"]), rel=1e-9)
    assert row["perplexity"] == pytest.approx(np.exp(row["loss"]), rel=1e-12)
    assert row["learning_rate"] == float(frame["learning_rate"])


def test_units_chosen_for_states_are_not_those_of_gates() -> None:
    """Nor of another layer: each has units of its own that vary most."""

    def chosen() -> tuple[str, list[int]]:
        (element,) = [each for each in visitor.elements() if (each.key or "").startswith("units_")]
        return element.key, element.value

    visitor = studied(1, "states", cell="lstm", layers="2")
    states, _ = chosen()
    visitor.set(states, [1, 2])
    assert chosen() == (states, [1, 2])
    visitor.set("study_layer", 1)
    assert chosen()[0] != states and chosen()[1] != [1, 2]
    visitor.set("view", "gates")
    assert chosen()[0] != states and chosen()[1] != [1, 2]


def test_a_probe_of_one_symbol_has_a_table_with_columns_and_a_gradient_of_zero() -> None:
    visitor = studied(1, "odds", cell="rnn").set("probe", "a")
    (table,) = visitor.app.dataframe
    assert not visitor.app.exception and visitor.errors == []
    assert {"t", "token", "target", "probability", "loss"} <= set(table.value.columns) and table.value.empty
    visitor.set("view", "gradients")
    assert not visitor.app.exception and csv(visitor, "gradients")["value"].eq(0).all()
