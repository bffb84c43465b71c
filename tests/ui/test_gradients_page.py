"""The Gradients page as a visitor meets it: its numbers, its address, its words, and what a hostile link may send."""

import io
import json
import math
import re
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from typing import Any

import pandas as pd
import pytest
import streamlit as st
import torch
from pandas.testing import assert_frame_equal

from benchmarks.reference import TorchModel, loss_of, masked_targets
from playground.analysis.backpropagation import Backpropagation
from playground.analysis.differences import weight_check
from playground.analysis.gradient_tables import Reading
from playground.analysis.jacobians import carry_shares, jacobian_sizes
from playground.cells import CELLS
from playground.config import DEFAULTS, Choice, ExperimentConfig, Flag, Range, to_query
from playground.figures.axes import QUANTILE_DIGITS, number
from playground.passes.replica import copy_of
from playground.passes.unroll import unroll
from playground.studies import knobs as untrained
from playground.studies.clipping import CASES, ClippingComparison, ClippingGrid
from playground.studies.knobs import Knobs
from playground.training import Trainer
from playground.ui.choices import GRADIENTS, ONCE_BARE, from_link, key
from playground.ui.gradients import study_titles, titles
from playground.ui.gradients.where import known_digits
from playground.ui.server import FINISHED_STEPS
from tests.ui.pages import Visitor, corpus_of, raw_state, strings, trainer
from tests.ui.reading import HANGUL, english, korean, words_of

pytestmark = pytest.mark.slow

LANGUAGES = ("en", "ko")
FIGURES = {
    "where": {"influence", "contributions", "buildup", "lengths", "decay", "jacobians"},
    "knobs": {"draws", "radii"},
    "check": {"differences"},
    "clipping": {"norms", "angles", "losses"},
}
EXPERIMENT: dict[str, Any] = {"text": "abcabd", "hidden_size": 6, "layers": 2, "seed": 81}
LENGTH = 5  # predictions in that text


def link(**values: object) -> dict[str, str]:
    return {name: str(value) for name, value in values.items()}


def visit(language: str = "en", **values: object) -> Visitor:
    """Somebody who opens the Gradients page by a link."""
    return Visitor(language, page="gradients", **link(**values))


def table(files: dict[str, bytes], name: str) -> pd.DataFrame:
    """A download, by the beginning of its name."""
    (data,) = [data for file, data in files.items() if re.fullmatch(rf"{name}(-step-\d+)?\.csv", file)]
    return pd.read_csv(io.BytesIO(data), encoding="utf-8-sig", keep_default_na=False, na_values=["", "nan"])


def saved(frame: pd.DataFrame) -> pd.DataFrame:
    """A table as it comes back from a file."""
    return table({"it.csv": frame.to_csv(index=False).encode("utf-8-sig")}, "it")


def specs(visitor: Visitor) -> dict[str, dict]:
    """The figures of a page by name, without `figure_`."""
    charts = [element for element in visitor.elements() if element.type == "plotly_chart"]
    return {chart.key.removeprefix("figure_"): json.loads(chart.proto.spec) for chart in charts}


def metrics(visitor: Visitor) -> list[str]:
    return [metric.value for metric in visitor.app.metric]


def whole(visitor: Visitor) -> None:
    """Nothing is broken, and nobody has been told off."""
    assert not visitor.app.exception, visitor.app.exception[0].stack_trace[-3:]
    assert visitor.errors == []


@dataclass(frozen=True)
class Seen:
    """What one panel showed."""

    files: dict[str, bytes]
    figures: dict[str, dict]
    alts: dict[str, str]
    metrics: list[str]
    markdown: frozenset[str]
    words: frozenset[str]


@cache
def seen(language: str, cell: str) -> dict[str, Seen]:
    """All panels after 30 updates, with two layers."""
    visitor = visit(language, cell=cell, at=30, knob_cell=cell, knob_length=9, **EXPERIMENT)
    found = {}
    for panel in FIGURES:
        visitor.set("panel", panel)
        whole(visitor)
        charts = [element for element in visitor.elements() if element.type == "plotly_chart"]
        found[panel] = Seen(
            dict(visitor.files),
            specs(visitor),
            {chart.key: chart.proto.alt for chart in charts},
            metrics(visitor),
            frozenset(element.value for element in visitor.app.markdown),
            frozenset(words_of(visitor)),
        )
    return found


class Expected:
    """The numbers of the same network, trained without runs and pages."""

    def __init__(self, steps: int, **values: object) -> None:
        self.made: Trainer = trainer(steps, **values)
        self.batch = corpus_of(self.made).window_batch(0)
        self.config = self.made.config.network
        with torch.inference_mode():
            self.job = Backpropagation(self.unrolled(torch.float32))
            self.job.advance(60)
            exact = self.unrolled(torch.float64)
            self.sizes = [jacobian_sizes(exact, layer) for layer in range(self.config.layers)]
        self.reading = Reading(self.batch, corpus_of(self.made).labels, step=steps)

    def unrolled(self, dtype: torch.dtype):
        return unroll(copy_of(self.made.network, dtype), self.batch)

    def decay(self, layer: int, t: int) -> pd.DataFrame:
        return self.reading.decay(self.job, self.sizes, layer=layer, t=t)

    def torch_gradients(self, dtype: torch.dtype) -> dict[str, torch.Tensor]:
        """∂L/∂ every parameter, mean over time, by torch.nn and autograd alone."""
        model = TorchModel(self.config, self.made.source.signature, dtype)
        model.load_state_dict(self.made.network.state_dict(), strict=True)
        loss_of(model(model.encode(self.batch.inputs[:, 0])), masked_targets(self.batch)).backward()
        return {name: value.grad for name, value in model.named_parameters() if value.grad is not None}


@cache
def expected(cell: str) -> Expected:
    return Expected(30, cell=cell, **EXPERIMENT)


def near(value: float) -> Any:
    return pytest.approx(value, rel=6e-4, abs=1e-12)


def shown(text: str) -> float:
    """A number as a page writes it: 0.0123, −1,234, 1.5·10⁻⁷."""
    text = re.sub(r"(?:(.*)·)?10([⁻⁰¹²³⁴-⁹]+)$", lambda parts: f"{parts[1] or 1}e{parts[2]}", text)
    return float(text.translate(str.maketrans("−⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "--0123456789", ",")))


# What is there


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("cell", CELLS)
def test_every_panel_draws_all_its_figures(language: str, cell: str) -> None:
    for panel, found in seen(language, cell).items():
        wanted = FIGURES[panel] | ({"carry"} if panel == "where" and CELLS[cell].carry else set())
        assert found.figures.keys() == wanted
        assert len(set(found.alts.values())) == len(wanted)
        for alt in found.alts.values():
            assert len(alt) > 10 and bool(HANGUL.search(alt)) is (language == "ko")
        for name, spec in found.figures.items():
            check_figure(name, spec, language)
        downloads = {re.sub(r"(-step-30)?\.csv", "", file) for file in found.files}
        assert downloads == ({"clipping"} if panel == "clipping" else wanted)


def check_figure(name: str, spec: dict, language: str) -> None:
    """Something is drawn, and either axis says what it is, in the reader's language."""
    assert spec["data"], f"{name} is empty"
    for letter in "xy":
        axes = [axis for key, axis in spec["layout"].items() if re.fullmatch(rf"{letter}axis\d*", key)]
        titles = [axis["title"]["text"] for axis in axes if axis.get("title", {}).get("text")]
        assert titles, f"no {letter} axis of {name} has a title"
        assert not (language == "ko" and any(map(english, titles))), titles


def test_an_lstms_cell_state_is_a_matrix_of_its_own() -> None:
    visitor = visit(cell="lstm", at=30, **EXPERIMENT)
    h = specs(visitor)["influence"]
    visitor.set("state", "c")
    whole(visitor)
    assert specs(visitor)["influence"]["data"] != h["data"]
    frame = expected("lstm").reading.influence(expected("lstm").job)
    values = frame.query(f"layer == 2 and quantity == 'c' and t == {LENGTH}").set_index("k")["value"]
    assert [shown(text) for text in metrics(visitor)[:2]] == [near(values[1]), near(values[LENGTH])]


# Where it goes: the numbers


@pytest.mark.parametrize("cell", CELLS)
def test_tables_are_those_of_a_plainly_trained_network(cell: str) -> None:
    files, wanted = seen("en", cell)["where"].files, expected(cell)
    tables = {
        "influence": wanted.reading.influence(wanted.job),
        "contributions": wanted.reading.contributions(wanted.job, scale=1 / LENGTH),
        "buildup": wanted.reading.buildup(wanted.job, t=LENGTH, scale=1 / LENGTH),
        "lengths": wanted.reading.lengths(wanted.job),
        "decay": wanted.decay(layer=2, t=LENGTH),
        "jacobians": wanted.reading.jacobians(wanted.sizes, has_carry=CELLS[cell].carries("h")),
    }
    if CELLS[cell].carry:
        shares = carry_shares(wanted.unrolled(torch.float64), 1, LENGTH - 1)
        tables["carry"] = wanted.reading.carry(shares, layer=2, t=LENGTH)
    for name, frame in tables.items():
        assert_frame_equal(table(files, name), saved(frame), rtol=1e-5, atol=1e-12, obj=name)
    assert table(files, "influence")["step"].unique().tolist() == [30]


@pytest.mark.parametrize("cell", CELLS)
def test_the_sum_is_the_gradient_that_torch_finds(cell: str) -> None:
    by_hand, autograd, difference = map(shown, seen("en", cell)["where"].metrics[2:5])
    truth = expected(cell).torch_gradients(torch.float32)["rnn.weight_hh_l1"].norm().item()
    assert by_hand == pytest.approx(truth, rel=1e-5) and autograd == pytest.approx(truth, rel=1e-5)
    assert 0 <= difference < 1e-6


def test_sum_layer_and_loss_are_chosen() -> None:
    visitor, wanted = visit(cell="gru", at=30, **EXPERIMENT), expected("gru")
    visitor.set("total", "sum")
    whole(visitor)
    mean = wanted.torch_gradients(torch.float32)
    for value in metrics(visitor)[2:4]:
        assert shown(value) == pytest.approx(LENGTH * mean["rnn.weight_hh_l1"].norm().item(), rel=1e-5)
    frame = wanted.reading.contributions(wanted.job, scale=1)
    assert_frame_equal(table(visitor.files, "contributions"), saved(frame), rtol=1e-5, atol=1e-12)

    before = specs(visitor)
    visitor.set("layer", 1).set("loss_at", 3)
    whole(visitor)
    assert shown(metrics(visitor)[2]) == pytest.approx(
        LENGTH * mean["rnn.weight_hh_l0"].norm().item(), rel=1e-5
    )
    assert_frame_equal(
        table(visitor.files, "decay"), saved(wanted.decay(layer=1, t=3)), rtol=1e-5, atol=1e-12
    )
    assert all(after["data"] != before[name]["data"] for name, after in specs(visitor).items())
    row = wanted.reading.influence(wanted.job).query("layer == 1 and t == 3").set_index("k")["value"]
    assert [shown(text) for text in metrics(visitor)[:2]] == [near(row[1]), near(row[3])]
    assert visitor.choices["loss_at"] == "3" and visitor.choices["layer"] == "1"


# Before training, checking, clipping: the numbers


@pytest.mark.parametrize("cell", CELLS)
def test_draws_are_those_of_the_knobs(cell: str) -> None:
    files, knobs = seen("en", cell)["knobs"].files, Knobs(cell, length=9)
    assert_frame_equal(table(files, "draws"), saved(untrained.draw(knobs, compare=("linear",))))
    assert_frame_equal(table(files, "radii"), saved(untrained.sweep(knobs)))


def test_knobs_of_the_link_reach_the_draws() -> None:
    turned = {"nonlinearity": "relu", "radius": 1.35, "length": 7}
    visitor = visit(panel="knobs", **{f"knob_{name}": value for name, value in turned.items()})
    whole(visitor)
    frame = untrained.draw(Knobs(**turned), compare=("linear",))
    assert_frame_equal(table(visitor.files, "draws"), saved(frame))
    first = frame.query("variant == 'relu' and distance == 6").iloc[0]
    assert any(number(first["median"], QUANTILE_DIGITS) in element.value for element in visitor.app.markdown)


def test_a_weight_is_checked_three_ways() -> None:
    wanted = expected("lstm")
    check = weight_check(wanted.made.network, wanted.batch)
    visitor = visit(panel="check", cell="lstm", at=30, **EXPERIMENT)
    visitor.set("parameter", "rnn.weight_ih_l1").set("row", 20).set("column", 3).set("epsilon", 4)
    whole(visitor)
    found = check.at("rnn.weight_ih_l1", (19, 2), epsilon=1e-4)
    weight, by_hand, autograd, difference = map(shown, metrics(visitor))
    exact = {"rel": 1e-9, "abs": 0}
    assert weight == pytest.approx(found.weight, **exact)
    assert by_hand == pytest.approx(found.by_hand, **exact)
    truth = wanted.torch_gradients(torch.float64)["rnn.weight_ih_l1"][19, 2].item()
    assert autograd == pytest.approx(truth, rel=1e-8)
    assert difference == pytest.approx(truth, rel=1e-4)
    frame = saved(check.step_sizes("rnn.weight_ih_l1", (19, 2)))
    assert_frame_equal(table(visitor.files, "differences"), frame)

    visitor.set("parameter", "readout.bias")
    whole(visitor)
    assert not visitor.has("column") and visitor.widget("row").value == 4, (
        "a bias of four symbols has no row 20"
    )
    truth = wanted.torch_gradients(torch.float64)["readout.bias"][3].item()
    assert shown(metrics(visitor)[2]) == pytest.approx(truth, rel=1e-8)
    assert visitor.choices["row"] == "4"


def test_clipping_trains_the_case_with_and_without() -> None:
    case = CASES["exploding"]
    job = ClippingComparison(case)
    job.advance(60)
    found = seen("en", "lstm")["clipping"]
    assert_frame_equal(table(found.files, "clipping"), saved(job.frame()))
    clipped = job.frame().query("variant == 'clipped'").iloc[:-1]
    assert found.metrics[0] == "diverged at step 52"
    assert found.metrics[2] == f"{clipped['clipped'].sum()} of 300"


def test_clipping_of_the_own_experiment_and_its_grid() -> None:
    config = ExperimentConfig.from_values(EXPERIMENT | {"cell": "rnn", "learning_rate": 0.1})
    visitor = visit(
        panel="clipping", case="experiment", case_clip="value", case_threshold=0.001, **to_query(config)
    )
    whole(visitor)
    config = replace(config, training=replace(config.training, clip="value", clip_threshold=0.001))
    job = ClippingComparison(config)
    job.advance(60)
    assert_frame_equal(table(visitor.files, "clipping"), saved(job.frame()))
    clipped = job.frame().query("variant == 'clipped'").iloc[:-1]
    assert metrics(visitor)[2] == f"{clipped['clipped'].sum()} of 300"

    visitor.set("case_grid", True)
    whole(visitor)
    assert visitor.choices["case_grid"] == "1"
    grid = ClippingGrid(config)
    grid.advance(60)
    assert_frame_equal(table(visitor.files, "clipping-grid"), saved(grid.frame()), rtol=1e-6)
    check_figure("grid", specs(visitor)["grid"], "en")
    assert not visitor.has("stop_grid") and not visitor.has("go_on_grid")
    visitor.set("case_clip", "norm")
    whole(visitor)
    other = ClippingGrid(replace(config, training=replace(config.training, clip="norm")))
    other.advance(60)
    assert_frame_equal(table(visitor.files, "clipping-grid"), saved(other.frame()), rtol=1e-6)
    visitor.set("case_grid", False)
    whole(visitor)
    assert "grid" not in specs(visitor) and "case_grid" not in visitor.choices


def test_the_own_experiment_is_trained_with_its_changes_of_rate() -> None:
    config = ExperimentConfig.from_values(EXPERIMENT | {"cell": "rnn", "rates": ((3, 0.1),)})
    visitor = visit(panel="clipping", case="experiment", **to_query(config))
    whole(visitor)
    rates = table(visitor.files, "clipping").query("variant == 'free'")["learning_rate"]
    assert rates.tolist() == [0.01] * 3 + [0.1] * 298
    assert any("0.01, learning rate 0.1 from step 3," in caption.value for caption in visitor.app.caption)


@pytest.mark.parametrize(("batch_size", "lines"), [(2, 1), (1, 0)])
def test_the_floor_without_memory_is_of_the_whole_text(batch_size: int, lines: int) -> None:
    """A batch that is only a part of the text may have a lower floor."""
    visitor = visit(
        panel="clipping", case="experiment", text="abcabd\nxyzxyzx", batch_size=batch_size, hidden_size=4
    )
    whole(visitor)
    floors = [shape["y0"] for shape in specs(visitor)["losses"]["layout"].get("shapes", ())]
    # Only b has two successors, c and d: ln 2 each, of 11 predictions.
    assert floors == pytest.approx([2 * math.log(2) / 11] * lines)


def test_gradients_at_the_end_of_64_bits_have_all_their_figures() -> None:
    """The last weights before the loss stops being a number: 10³⁰⁰ beside ∞."""
    case = CASES["exploding"]
    config = replace(case, training=replace(case.training, clip="off"))
    visitor = visit(at=52, bits="64", **to_query(config))
    whole(visitor)
    assert visitor.widget("at").value == 52 and specs(visitor).keys() == FIGURES["where"]
    assert float(table(visitor.files, "influence")["value"].max()) > 1e200


@pytest.mark.parametrize("cell", CELLS)
def test_what_is_said_of_the_radius_is_of_the_cell(cell: str) -> None:
    words = " ".join(words_of(visit(panel="knobs", knob_cell=cell, knob_length=2)))
    assert ("tanh" in words and "explode" in words) is (cell == "rnn")
    assert ("In a gated cell this is the radius" in words) is (cell != "rnn")


def test_what_is_stopped_stays_as_it_is_and_can_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as held:
        held.setattr("playground.ui.progress.come_back", st.stop)
        for shortest in ("ui.progress.TURN", "runs.turns.LONGEST_TURN", "runs.turns.SHORTEST_TURN"):
            held.setattr(
                f"playground.{shortest}", 0.0
            )  # one update in each turn, however fast this machine is
        visitor = visit(panel="clipping", case="vanishing", case_threshold=0.25)
        whole(visitor)
        assert not visitor.has("stop_comparison"), "what is done in one turn needs no bar"
        visitor.run().click("pause_comparison")
        whole(visitor)
        assert len(table(visitor.files, "clipping")) == 2 and visitor.widget("pause_comparison").disabled
        assert len(table(visitor.run().files, "clipping")) == 2
        visitor.set("case_grid", True).run()
        assert visitor.has("stop_grid") and "grid" not in specs(visitor)
        visitor.click("stop_grid")
        whole(visitor)
        assert not visitor.has("stop_grid") and not visitor.has("pause_grid")
        assert len(table(visitor.files, "clipping-grid")) == 36
    visitor.click("go_on_comparison")
    whole(visitor)
    assert len(table(visitor.files, "clipping")) == 602
    visitor.click("again_grid")
    whole(visitor)
    assert len(table(visitor.files, "clipping-grid")) == 36 and not visitor.has("again_grid")


def test_an_example_is_taken_over_and_the_own_experiment_comes_back() -> None:
    mine = {"seed": "82", "text": "hello", "rates": "2:0.1", "cell": "gru"}
    visitor = visit(panel="clipping", case="vanishing", **mine)
    before = visitor.address
    assert not visitor.has("give_back")
    for case in ("vanishing", "exploding"):  # of two examples, neither is the reader's own
        visitor.set("case", case).click("take_case")
        whole(visitor)
        config = CASES[case].values() | {"clip": "off"}
        for name in ("cell", "text", "optimizer", "learning_rate", "hidden_size", "clip", "clip_threshold"):
            assert visitor.widget(name).value == config[name]
        assert visitor.choices["panel"] == "clipping" and visitor.address["seed"] == "1"
    visitor.set("panel", "knobs").click("give_back")
    whole(visitor)
    assert not visitor.has("give_back") and visitor.widget("text").value == "hello"
    visitor.set("panel", "clipping").set("case", "vanishing")
    assert visitor.address == before, "with the changes of its learning rate"


def test_an_example_does_not_race() -> None:
    visitor = Visitor("en", text="hello", cell="rnn", race="gru", seed="83")
    assert len(visitor.app.session_state["session"].viewer.tracks) == 2
    visitor.visit("gradients").set("panel", "clipping").click("take_case")
    whole(visitor)
    assert [
        track.config.network.nonlinearity for track in visitor.app.session_state["session"].viewer.tracks
    ] == ["relu"]


def test_the_example_that_explodes_does_so_in_the_experiment() -> None:
    visitor = visit(panel="clipping").click("take_case")
    visitor.set("panel", "where").click("train_more")
    assert not visitor.app.exception and visitor.widget("at").value == 52
    assert any("52" in warning.value for warning in visitor.app.warning)


def test_another_cell_is_trained_to_the_same_step() -> None:
    visitor = visit(cell="rnn", at=30, **EXPERIMENT).set("cell", "gru")
    whole(visitor)
    assert visitor.widget("at").value == 30 and visitor.choices["at"] == "30"
    frame = expected("gru").reading.influence(expected("gru").job)
    assert_frame_equal(table(visitor.files, "influence"), saved(frame), rtol=1e-5, atol=1e-12)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("cell", CELLS)
def test_every_figure_has_a_title_that_its_own_table_gives(
    language: str, cell: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sentences themselves are in test_titles.py."""
    found = seen(language, cell)
    monkeypatch.setattr("playground.ui.words.language", lambda: language)

    def of(panel: str, name: str) -> pd.DataFrame:
        frame = table(found[panel].files, name)
        return frame.query("layer == 2") if "layer" in frame else frame

    runs = of("clipping", "clipping")
    wanted = {
        "influence": titles.influence(of("where", "influence").query("quantity == 'h'"), LENGTH),
        "contributions": titles.contributions(of("where", "contributions")),
        "buildup": titles.buildup(of("where", "buildup"), LENGTH),
        "lengths": titles.lengths(of("where", "lengths")),
        "decay": titles.decay(of("where", "decay"), "h"),
        "jacobians": titles.jacobians(of("where", "jacobians")),
        "draws": study_titles.draws(of("knobs", "draws")),
        "radii": study_titles.radii(of("knobs", "radii")),
        "differences": titles.differences(of("check", "differences")),
        "norms": study_titles.norms(runs),
        "angles": study_titles.angles(runs),
        "losses": study_titles.losses(runs),
    }
    if CELLS[cell].carry:
        wanted["carry"] = titles.carry(of("where", "carry"))
    for panel, names in FIGURES.items():
        told = {
            f"##### {wanted[name]}"
            for name in (names | {"carry"} if panel == "where" else names) & wanted.keys()
        }
        assert told <= found[panel].markdown, panel
        assert len(told) == len(found[panel].figures)


# The run and its steps


def test_run_and_step_come_along_from_train() -> None:
    visitor = Visitor("en", **link(cell="rnn", **EXPERIMENT))
    for _ in range(3):
        visitor.click("step")
    visitor.visit("gradients")
    whole(visitor)
    assert visitor.choices["at"] == "3" and visitor.address["text"] == "abcabd"
    wanted = Expected(3, cell="rnn", **EXPERIMENT)
    frame = table(visitor.files, "influence")
    assert_frame_equal(frame, saved(wanted.reading.influence(wanted.job)), rtol=1e-5, atol=1e-12)


def test_the_page_goes_on_and_back_in_training() -> None:
    visitor = visit(cell="rnn", at=12, **(EXPERIMENT | {"seed": 83}))
    assert visitor.widget("at").value == 12
    visitor.click("train_more")
    whole(visitor)
    assert visitor.widget("at").value == 112 and visitor.choices["at"] == "112"
    for step in (112, 7, 0):
        visitor.set("at", step)
        whole(visitor)
        wanted = Expected(step, cell="rnn", **(EXPERIMENT | {"seed": 83}))
        frame = table({k: v for k, v in visitor.files.items() if f"step-{step}." in k}, "influence")
        assert_frame_equal(frame, saved(wanted.reading.influence(wanted.job)), rtol=1e-5, atol=1e-12)
    assert "at" in visitor.choices or visitor.widget("at").value == 0


def test_training_up_to_a_far_step_can_be_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as held:
        held.setattr("playground.ui.progress.come_back", st.stop)
        held.setattr("playground.ui.progress.TURN", 0.0)
        visitor = visit(at=9_999_999, **EXPERIMENT).run()
        assert not visitor.app.exception and visitor.has("stop_training")
        assert [element.type for element in visitor.elements()].count("plotly_chart") == 0
    visitor.click("stop_training")
    whole(visitor)
    step = visitor.widget("at").value
    assert 0 < step < 9_999_999 and visitor.choices["at"] == str(step)
    assert f"influence-step-{step}.csv" in visitor.files


DIVERGED = {
    "text": "hello hello hello",
    "cell": "rnn",
    "nonlinearity": "relu",
    "optimizer": "sgd",
    "clip": "off",
    "learning_rate": 10,
    "reduction": "sum",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_run_that_exploded_shows_its_last_weights(language: str) -> None:
    visitor = visit(language, at=500, **DIVERGED)
    assert not visitor.app.exception
    (error,) = visitor.errors
    last = visitor.widget("at").value
    assert last < 20 and "500" in error and visitor.beside("at") == error, (
        "the link is told how far the run goes"
    )
    warnings = [warning.value for warning in visitor.app.warning]
    assert str(last) in warnings.pop(0)
    terms = table(visitor.files, "contributions").query("part == 'cell' and i > 1")
    for frame, sentence in zip((table(visitor.files, "influence"), terms), warnings, strict=True):
        strange = int((~frame["value"].abs().lt(float("inf"))).sum())
        assert strange > 0 and str(strange) in sentence
    assert all(bool(HANGUL.search(text)) is (language == "ko") for text in [error, *warnings])
    assert not visitor.has("train_more") and visitor.choices["at"] == str(last)
    visitor.set("bits", "64")
    assert not visitor.app.exception
    for panel in ("check", "clipping"):
        visitor.set("panel", panel)
        whole(visitor)
    visitor.set("case", "experiment")
    whole(visitor)
    assert re.search(r"\d", metrics(visitor)[0]) and "nan" not in " ".join(metrics(visitor)).lower()
    visitor.set("panel", "where").set("at", 0)
    whole(visitor)
    assert not visitor.app.warning


# The address


ROUND_TRIPS: dict[str, dict[str, Any]] = {
    "where": {
        "at": 4, "sequence": 2, "bits": "64", "loss_at": 2, "layer": 1, "state": "c", "total": "sum",
        "colours": "fitted",
    },
    "knobs": {
        "knob_cell": "rnn", "knob_nonlinearity": "sigmoid", "knob_initialization": "spectral",
        "knob_radius": 0.35, "knob_length": 3,
    },
    "knobs of an LSTM": {"knob_cell": "lstm", "knob_initialization": "default", "knob_forget_bias": -1.25,
                         "knob_length": 3},
    "knobs of a GRU": {"knob_cell": "gru", "knob_initialization": "orthogonal", "knob_update_bias": 2.5,
                       "knob_length": 3},
    "check": {"at": 4, "parameter": "embedding.weight", "row": 5, "column": 2, "epsilon": 11},
    "clipping": {"case": "vanishing", "case_clip": "value", "case_threshold": 0.0123, "case_grid": True},
}  # fmt: skip
MANY = {
    "cell": "lstm",
    "text": "abcabd\nxyzxyzx",
    "layers": "2",
    "hidden_size": "4",
    "embedding": "3",
    "seed": "84",
}


def test_the_round_trips_are_of_all_choices() -> None:
    assert {name for choices in ROUND_TRIPS.values() for name in choices} | {"panel"} == GRADIENTS.keys()


@pytest.mark.parametrize("name", ROUND_TRIPS)
def test_every_choice_is_in_the_address_and_comes_back(name: str) -> None:
    panel, choices = name.split()[0], ROUND_TRIPS[name]
    shown = {field: GRADIENTS[field].kind.show(value) for field, value in choices.items()}
    wanted = {field: shown[field] for field, v in choices.items() if GRADIENTS[field].default != v}
    wanted |= {"panel": panel} if panel != "where" else {}
    wanted = {key("gradients", field): text for field, text in wanted.items()}
    visitor = visit(**MANY, panel=panel, **shown)
    whole(visitor)
    address = visitor.address
    assert address == MANY | wanted | {"lang": "en"}
    again = Visitor(page="gradients", **(address | {"lang": "en"}))
    for field, value in choices.items():
        assert visitor.widget(field).value == again.widget(field).value == value, field
    assert again.address == address
    assert again.files == visitor.files
    again.set("panel", "check" if panel != "check" else "knobs")
    assert again.address.items() >= (wanted | MANY | {"gradients.panel": again.choices["panel"]}).items()

    again.visit("train")
    assert again.address.keys() <= {*MANY, "lang"} and again.address.items() >= MANY.items()


def test_choices_are_kept_while_their_panel_is_away() -> None:
    """Also when the page was opened with another panel: Streamlit would bring back what a widget was first given."""
    visitor = visit(**MANY, panel="knobs").set("panel", "where").set("loss_at", 2).set("state", "c")
    address = visitor.address
    visitor.set("panel", "check").set("panel", "where")
    whole(visitor)
    assert visitor.address == address and visitor.choices["state"] == "c"
    assert visitor.widget("loss_at").value == 2 and visitor.widget("state").value == "c"


@pytest.mark.parametrize("panel", ["where", "check"])
def test_moving_widgets_writes_the_address_and_defaults_leave_it(panel: str) -> None:
    visitor = visit(**MANY, panel=panel)
    fresh = visitor.address
    assert fresh == MANY | {"lang": "en"} | ({"gradients.panel": panel} if panel != "where" else {})
    moves = {"where": {"loss_at": 2, "bits": "64", "state": "c"}, "check": {"row": 3, "epsilon": 1}}[panel]
    before = {field: visitor.widget(field).value for field in moves}
    for field, value in moves.items():
        visitor.set(field, value)
        assert visitor.choices[field] == str(value)
    for field, value in before.items():
        visitor.set(field, value)
    whole(visitor)
    assert visitor.address == fresh


def test_choices_of_this_page_mean_nothing_to_train() -> None:
    both = {
        "panel": "check",
        "sequence": "3",
        "bits": "64",
        "gradients.at": "50",
        "gradients.knob_radius": "nan",
    }
    visitor = Visitor("en", text="abcabd", **both)
    whole(visitor)
    assert visitor.address == {"cell": "lstm", "text": "abcabd", "lang": "en"} and visitor.stage.playhead == 0


def test_the_untrained_network_of_a_finished_run_is_in_the_link() -> None:
    visitor = visit(at=0)
    assert visitor.choices["at"] == "0" and "influence-step-0.csv" in visitor.files
    visitor = visit()
    assert visitor.choices["at"] == str(FINISHED_STEPS) and visitor.widget("at").value == FINISHED_STEPS


def picked(visitor: Visitor, points: object) -> Visitor:
    """What a click into the influence matrix sends."""
    sent = {"selection": {"points": points, "point_indices": [], "box": [], "lasso": []}}
    chart = visitor.widget("figure_influence").proto
    return visitor.run(raw_state(chart.id, string_value=json.dumps(sent)))


def test_a_click_on_a_point_of_the_matrix_chooses_its_loss() -> None:
    visitor = visit(**EXPERIMENT)
    for t in (3, 1):
        picked(visitor, [{"customdata": t, "curve_number": 1}])
        assert visitor.choices["loss_at"] == str(t) and visitor.widget("loss_at").value == t
    picked(visitor, [])
    assert visitor.widget("loss_at").value == 1, "a click beside the points changes nothing"
    whole(visitor)


@pytest.mark.parametrize("t", ["x", None, True, -1, 0, 201, 1e300, float("nan"), [], [[]], {"t": 3}])
def test_a_forged_click_changes_nothing(t: object) -> None:
    visitor = visit(**EXPERIMENT, loss_at=2)
    for points in ([{"customdata": t}], [t], t):
        picked(visitor, points)
        whole(visitor)
        assert visitor.widget("loss_at").value == 2


def test_the_last_loss_is_followed_until_it_is_moved() -> None:
    visitor = visit(**EXPERIMENT)
    visitor.set("text", "abcabdabcabd")
    assert visitor.widget("loss_at").value == 11 and "loss_at" not in visitor.choices
    visitor.set("loss_at", 8).set("text", "abcabd")
    assert visitor.widget("loss_at").value == 5 and visitor.errors == []


def test_going_back_in_the_browser_brings_the_choices_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("playground.ui.address.URL_SETTLES", 0.0)
    visitor = visit(panel="check", **(EXPERIMENT | {"seed": 85}))
    before = visitor.address
    visitor.set("row", 4).set("epsilon", 9)
    go(visitor, before)
    assert visitor.widget("row").value == 1 and visitor.widget("epsilon").value == 5
    assert visitor.address == before
    # An address in other words than ours: it is left alone, and does not hold the widgets fast.
    unusual = before | {"gradients.epsilon": "7", "gradients.row": "1", "utm_source": "mail"}
    visitor.set("epsilon", 7)
    go(visitor, unusual)
    assert visitor.address == unusual and visitor.widget("epsilon").value == 7
    visitor.set("row", 6)
    assert visitor.widget("row").value == 6 and visitor.address == before | {
        "gradients.epsilon": "7",
        "gradients.row": "6",
    }
    whole(visitor)


def go(visitor: Visitor, address: dict[str, str]) -> None:
    visitor.go(address)
    whole(visitor)


# Bad input

NONSENSE = ("abc", "nan", "inf", "1e999", "-7", str(10**30), "", "x" * 5000, "<script>alert(1)</script>")


@pytest.mark.parametrize("field", GRADIENTS)
def test_nonsense_is_refused_field_by_field(field: str) -> None:
    kind = GRADIENTS[field].kind
    extreme = [str(kind.low - 1), str(kind.high + 1)] if isinstance(kind, Range) else ["WHERE", "NORM"]
    names = [key("gradients", field), *ONCE_BARE["gradients"] & {field}]
    for value, name in product((*NONSENSE, *extreme), names):
        values, refusals = from_link("gradients", {name: value})
        assert values == {each: other.default for each, other in GRADIENTS.items()}
        assert refusals.keys() == {field} and len(str(refusals[field])) < 600


PANELS: dict[str, tuple[dict[str, str], tuple[str, ...]]] = {
    "where": ({"cell": "lstm"}, ("at", "sequence", "bits", "loss_at", "layer", "state", "total")),
    "knobs": ({}, ("knob_cell", "knob_nonlinearity", "knob_initialization", "knob_radius", "knob_length")),
    "knobs of an LSTM": ({"knob_cell": "lstm"}, ("knob_forget_bias",)),
    "knobs of a GRU": ({"knob_cell": "gru"}, ("knob_update_bias",)),
    "check": ({}, ("at", "sequence", "parameter", "row", "column", "epsilon")),
    "clipping": ({}, ("case", "case_clip", "case_threshold", "case_grid")),
}


@pytest.mark.parametrize("name", PANELS)
def test_a_link_of_nonsense_gets_a_sentence_for_each_field(name: str) -> None:
    more, fields = PANELS[name]
    panel = name.split()[0]
    for language, turn in (("en", 0), ("ko", 3)):
        bad = {field: NONSENSE[(number + turn) % len(NONSENSE)] for number, field in enumerate(fields)}
        visitor = visit(language, **(EXPERIMENT | {"seed": 86}), panel=panel, **more, **bad)
        assert not visitor.app.exception
        assert len(visitor.errors) == len(set(visitor.errors)) == len(fields)
        for sentence in visitor.errors:
            assert bool(HANGUL.search(sentence)) is (language == "ko") and "{" not in sentence
        for field in fields:
            if visitor.has(field):  # of one sequence there is no choice
                assert visitor.beside(field), field
        assert not visitor.choices.keys() & {*fields}, "defaults are not in the address"
        sentences = visitor.errors
        assert visitor.run().errors == sentences, "a rerun is no answer to the reader"
    (first,) = [field for field in fields if visitor.has(field)][-1:]
    kind, moved = GRADIENTS[first].kind, visitor.widget(first).value
    options = {Choice: getattr(kind, "options", ()), Flag: (True, False)}.get(type(kind), (2, 3))
    visitor.set(first, next(option for option in options if option != moved))
    whole(visitor)


@pytest.mark.parametrize("value", ["", "x" * 5000, "<script>alert(1)</script>"])
def test_a_panel_that_does_not_exist(value: str) -> None:
    visitor = visit("ko", panel=value, text="aba", hidden_size=2)
    (sentence,) = visitor.errors
    assert not visitor.app.exception and visitor.beside("panel") == sentence and HANGUL.search(sentence)
    assert visitor.widget("panel").value == "where" and len(sentence) < 300 and "panel" not in visitor.choices


BEYOND: dict[str, tuple[str, dict[str, Any], object]] = {  # what is asked for, and what becomes of it
    "loss_at=200": ("where", {}, 4),
    "sequence=999": ("where", {}, 1),
    "layer=3": ("where", {}, 1),
    "sequence=3": ("where", {"text": "hello\nhallo"}, 2),
    "layer=3 ": ("where", {"layers": 2}, 2),
    "column=256": ("check", {}, 4),
    "row=512": ("check", {}, 16),
    "parameter=rnn.weight_hh_l2": ("check", {}, "rnn.weight_hh_l0"),
    "at=100000": ("check", DIVERGED | {"nonlinearity": "linear"}, 2),
}


@pytest.mark.parametrize("asked", BEYOND)
def test_what_this_text_does_not_have_becomes_the_nearest_and_is_said(asked: str) -> None:
    panel, more, nearest = BEYOND[asked]
    field, value = asked.strip().split("=")
    language = LANGUAGES[len(asked) % 2]
    values = {"text": "hello", "hidden_size": 4, "seed": 87} | more
    visitor = visit(language, **values, panel=panel, **{field: value})
    assert not visitor.app.exception
    (sentence,) = visitor.errors
    assert value in sentence and bool(HANGUL.search(sentence)) is (language == "ko")
    if visitor.has(field):
        assert visitor.widget(field).value == nearest and visitor.beside(field) == sentence
    assert visitor.choices.get(field) in (None, str(nearest))
    assert visitor.run().errors == [sentence]


def test_what_is_out_of_range_is_said_also_when_training_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("playground.ui.progress.TURN", 0.0)
    visitor = visit(at=1500, loss_at=200, **(EXPERIMENT | {"seed": 88}))
    (sentence,) = visitor.errors
    assert "200" in sentence and visitor.beside("loss_at") == sentence
    assert visitor.choices["at"] == "1500" and "loss_at" not in visitor.choices


def test_a_link_in_which_everything_is_wrong() -> None:
    wrong = dict.fromkeys([*GRADIENTS, *DEFAULTS], "\0")
    visitor = Visitor("ko", page="gradients", **wrong)
    assert not visitor.app.exception and len(visitor.errors) > 20
    assert visitor.widget("panel").value == "where" and visitor.widget("text").value == "hello"


FORGED: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "where": [
        ("panel", {"string_array_value": ["no such panel"]}),
        ("panel", {"string_array_value": []}),
        ("at", {"double_array_value": [1e300]}),
        ("at", {"double_array_value": [float("nan")]}),
        ("at", {"double_array_value": [-5.0]}),
        ("at", {"double_array_value": []}),
        ("bits", {"string_array_value": ["32 bits", "64 bits"]}),
        ("bits", {"string_array_value": []}),
        ("loss_at", {"string_array_value": ["999: a → b"]}),
        ("loss_at", {"string_array_value": []}),
        ("layer", {"string_array_value": ["9"]}),
        ("layer", {"string_array_value": []}),
        ("state", {"string_array_value": ["<script>"]}),
    ],
    "knobs": [
        ("knob_cell", {"string_array_value": []}),
        ("knob_nonlinearity", {"string_value": "no such"}),
        ("knob_initialization", {"string_value": ""}),
        ("knob_radius", {"double_array_value": [float("inf")]}),
        ("knob_radius", {"double_array_value": [99.0]}),
        ("knob_length", {"double_array_value": [1e15]}),
    ],
    "check": [
        ("parameter", {"string_value": "rnn.weight_hh_l9"}),
        ("row", {"string_array_value": ["513"]}),
        ("column", {"string_array_value": ["0"]}),
        ("epsilon", {"string_array_value": ["1e−13"]}),
    ],
    "clipping": [
        ("case", {"string_array_value": []}),
        ("case_clip", {"string_array_value": ["off"]}),
        ("case_threshold", {"string_array_value": ["1e9"]}),
        ("case_threshold", {"string_array_value": []}),
    ],
}


@pytest.mark.parametrize("panel", FORGED)
def test_what_only_a_forged_message_can_hold(panel: str) -> None:
    visitor = visit(panel=panel, at=2, **(EXPERIMENT | {"seed": 89}), knob_length=3)
    before: list[str] = []  # what is still said about the one before, where Streamlit itself drops a value
    for field, state in FORGED[panel]:
        visitor.send(field, **state)
        assert not visitor.app.exception, (field, state, visitor.app.exception[0].message)
        assert visitor.errors in ([], [visitor.beside(field)], before), (field, state)
        before = visitor.errors
        assert visitor.widget("panel").value == panel
    visitor.run()
    assert specs(visitor).keys() >= FIGURES[panel] - {"carry"}


@pytest.mark.parametrize("panel", FORGED)
def test_choices_of_the_wrong_kind_in_the_session(panel: str) -> None:
    visitor = visit(panel=panel, **(EXPERIMENT | {"seed": 90}), knob_length=3)
    before = visitor.address
    for value in (None, "x", float("nan"), ["a"], 10**30):
        for field in GRADIENTS:
            visitor.app.session_state[key("gradients", field)] = value
        visitor.app._run(None)
        assert not visitor.app.exception, (value, visitor.app.exception[0].message)
        assert visitor.widget("panel").value == panel
    visitor.run()
    assert visitor.address.items() >= before.items()


# Texts


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_prediction_has_no_way_back(language: str) -> None:
    visitor = visit(language, text="ab", at=3, cell="gru")
    whole(visitor)
    (sentence,) = visitor.app.info
    assert bool(HANGUL.search(sentence.value)) is (language == "ko")
    assert specs(visitor).keys() == {"influence", "contributions", "buildup", "lengths"}
    assert len(table(visitor.files, "influence")) == 1 and not visitor.has("loss_at")


def test_the_longest_sequence_answers() -> None:
    text = ("the quick brown fox jumps over the lazy dog " * 5)[:201]
    visitor = visit(text=text, sequence_length=200, cell="lstm")
    whole(visitor)
    assert (
        len(table(visitor.files, "influence")) == 2 * 200 * 201 / 2 and visitor.widget("loss_at").value == 200
    )


def test_what_32_bits_swallow_is_counted_and_64_bits_hold_it() -> None:
    radius = {"cell": "rnn", "initialization": "spectral", "spectral_radius": 0.05, "hidden_size": 4}
    visitor = visit(text="abcdefgh" * 6, **radius)
    whole(visitor)
    sentences = [info.value for info in visitor.app.info]
    terms = table(visitor.files, "contributions").query("part == 'cell' and i > 1")
    for frame, sentence in zip((table(visitor.files, "influence"), terms), sentences, strict=True):
        values = frame["value"]
        zeros, denormal = int((values == 0).sum()), int(((values > 0) & (values < 2.0**-126)).sum())
        assert zeros > 0 and denormal > 0
        assert f"{zeros:,} of {len(values):,} values are exactly 0 and {denormal:,} are below" in sentence
    visitor.click("use_64_contributions")
    whole(visitor)
    assert visitor.widget("bits").value == "64" and visitor.choices["bits"] == "64"
    assert float(table(visitor.files, "influence")["value"].min()) > 0 and not visitor.app.info
    assert not visitor.has("use_64_influence") and not visitor.has("use_64_contributions")


def test_a_number_below_the_normal_ones_has_no_digits_that_were_lost() -> None:
    assert known_digits(1.4012e-45, torch.float32) == "10⁻⁴⁵"
    assert known_digits(1.4012e-45, torch.float64) == "1.401·10⁻⁴⁵"
    assert known_digits(0.0, torch.float32) == "0" and known_digits(math.inf, torch.float32) == "∞"


HOSTILE = (
    "<img src=x onerror=alert(1)> ![x](https://example.org/x.png) [l](javascript:alert(1)) $\\frac{1}{2}$ "
    ":smile: :red[x] **b** `c` &lt;"
)
MARKDOWN = ("<img", "![", "](", "$\\", "$\\\\", ":smile:", ":red[", "**b", "`c", "&lt;")
IN_FIGURES = ("<img", "$")  # all that plotly reads
PLAIN = {
    ("text_area", "value"),
    ("text_area", "default"),
    ("selectbox", "options"),
    ("selectbox", "raw_value"),
}


@pytest.mark.parametrize("panel", ["where", "check", "clipping"])
def test_markup_in_a_text_is_never_markup_on_the_page(panel: str) -> None:
    """Markdown and HTML are escaped wherever they would be read; select boxes and text areas show plain text."""
    text = HOSTILE + "\n" + " ".join(reversed(HOSTILE.split()))
    visitor = visit(panel=panel, text=text, tokens="word", hidden_size=4, case="experiment", sequence=2)
    visitor.set("loss_at", 2) if panel == "where" else None
    whole(visitor)
    checked = 0
    for element in visitor.elements():
        assert not getattr(element.proto, "allow_html", False) or element.type == "html"
        for field, string in messages(element):
            if (element.type, field) in PLAIN or field in ("id", "element_id"):
                continue
            checked += 1
            in_figure = element.type == "plotly_chart"
            left = string if in_figure else re.sub(r"\\.", "", string)
            # Formulas are our own: a lesson's text has them, and it has no word of the reader's.
            if field == "body" and "\\frac{\\partial" in string:
                continue
            for markup in IN_FIGURES if in_figure else MARKDOWN:
                assert markup not in left, (element.type, field, string)
    assert checked > 50
    if panel == "where":
        (slider,) = [element for element in visitor.elements() if element.key == key("gradients", "loss_at")]
        assert any("smile" in option for option in slider.options), "what was read is there all the same"


def messages(element: Any) -> list[tuple[str, str]]:
    """The strings of an element; those of a figure without its JSON's own escapes."""
    found = []
    for field, string in strings(element.proto):
        if field == "spec":
            found += [(field, part) for part in every_string(json.loads(string))]
        else:
            found.append((field, string))
    return found


def every_string(part: Any) -> list[str]:
    if isinstance(part, str):
        return [part]
    parts = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    return [string for each in parts for string in every_string(each)]


# Words

QUOTED = {"hell", "ello", "abcab", "bcabd"}


@pytest.mark.parametrize("cell", CELLS)
def test_nothing_english_is_left_on_the_korean_page(cell: str) -> None:
    words = {text for found in seen("ko", cell).values() for text in found.words}
    assert len(words) > 100 and sum(bool(HANGUL.search(text)) for text in words) > 80
    assert [text for text in sorted(words) if text not in QUOTED and english(text)] == []


def test_the_korean_sentences_have_no_english_left() -> None:
    words = set(words_of(visit("ko", at=500, sequence="999", **DIVERGED)))
    words |= set(words_of(visit("ko", text="aa\nba", sequence=7, bits="x", panel="check", parameter="y")))
    assert [text for text in sorted(words) if text not in QUOTED and english(text)] == []


def test_the_english_page_has_no_korean() -> None:
    words = {text for found in seen("en", "lstm").values() for text in found.words}
    assert list(filter(korean, words)) == []
