"""Long work on a page: a part of it in each turn, a bar only where one run of the page is not enough, and done once."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import streamlit as st
from streamlit.proto.WidgetStates_pb2 import WidgetState

from playground.analysis import differences
from playground.runs.registry import Registry
from playground.runs.run import Run
from playground.studies import knobs, untrained
from playground.studies.clipping import ClippingGrid
from playground.ui import picture, study
from playground.ui.server import JOBS
from tests.ui.pages import Visitor
from tests.ui.reading import HANGUL

pytestmark = pytest.mark.slow

PANELS: dict[str, dict[str, str]] = {
    "where": {"cell": "lstm", "text": "abcabd"},
    "knobs": {"knob_length": "3"},
    "check": {"text": "abcabd"},
    "clipping": {"case": "experiment", "text": "ab", "hidden_size": "2"},
}


@pytest.fixture
def crowded(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """As if everybody wanted the server: a turn lasts for one piece, and a run of the page for one turn."""
    forget()
    with monkeypatch.context() as held:
        held.setattr("playground.ui.progress.come_back", st.stop)
        for shortest in ("ui.progress.TURN", "runs.turns.LONGEST_TURN", "runs.turns.SHORTEST_TURN"):
            held.setattr(f"playground.{shortest}", 0.0)
        yield held


def forget() -> None:
    """As after a restart of the server: all jobs are gone."""
    JOBS.let_go(math.inf)


def visit(panel: str, **more: str) -> Visitor:
    return Visitor("en", page="gradients", panel=panel, **(PANELS[panel] | more))


def count(visitor: Visitor, kind: str) -> int:
    assert not visitor.app.exception
    return [element.type for element in visitor.elements()].count(kind)


@pytest.mark.parametrize("panel", PANELS)
def test_a_bar_stands_from_the_second_run_of_the_page_until_all_is_done(
    panel: str, crowded: pytest.MonkeyPatch
) -> None:
    visitor = visit(panel, seed="301")
    assert (count(visitor, "progress"), count(visitor, "plotly_chart")) == (0, 0)
    seen = []
    for _ in range(3):
        visitor.run()
        (bar,) = [element for element in visitor.elements() if element.type == "progress"]
        seen.append(bar.proto.value)
        assert count(visitor, "plotly_chart") == 0
    assert seen == sorted(seen) and seen[-1] < 100
    crowded.undo()
    visitor.run()
    assert count(visitor, "progress") == 0 and count(visitor, "plotly_chart") > 0


@pytest.mark.parametrize("panel", PANELS)
def test_what_is_computed_in_many_runs_of_the_page_is_what_one_run_computes(
    panel: str, crowded: pytest.MonkeyPatch
) -> None:
    cut = visit(panel, seed="302")
    for _ in range(5):
        cut.run()
    crowded.undo()
    cut.run()
    forget()
    whole = visit(panel, seed="302")
    assert cut.files == whole.files and len(whole.files) > 0


# A job is the server's: found again, shared, paused and stopped

GRID = {"panel": "clipping", "case": "experiment", "text": "abab", "hidden_size": "2", "case_grid": "1"}


def training(visitor: Visitor) -> int:
    """Per cent of the grid, as its bar says."""
    assert not visitor.app.exception and visitor.has("stop_grid")
    (bar,) = [element for element in visitor.elements() if element.type == "progress"]
    return bar.proto.value


def half_of_a_grid(seed: str, patch: pytest.MonkeyPatch) -> Visitor:
    """Somebody whose grid is on its way, the comparison above it done."""
    with patch.context() as quick:
        quick.setattr("playground.ui.progress.TURN", 60.0)
        visitor = Visitor("en", page="gradients", seed=seed, **(GRID | {"case_grid": "0"}))
    visitor.set("case_grid", True)
    for _ in range(20):
        visitor.run()
    assert training(visitor) > 0
    return visitor


def job_of_the_grid() -> ClippingGrid:
    (entry,) = [entry for (kind, _), entry in JOBS._entries.items() if kind == "grid"]
    return entry.job.work


def test_a_grid_goes_on_where_it_was_after_another_page(crowded: pytest.MonkeyPatch) -> None:
    visitor = half_of_a_grid("311", crowded)
    job, before = job_of_the_grid(), job_of_the_grid().progress
    visitor.visit("train").run()
    assert job.progress == before, "nobody looks, so nothing is computed"
    visitor.visit("gradients")
    assert job_of_the_grid() is job and before < job.progress < 1
    crowded.undo()
    assert "clipping-grid.csv" in visitor.run().files and job.progress == 1


def test_a_new_session_with_the_same_address_finds_the_same_job(crowded: pytest.MonkeyPatch) -> None:
    visitor = half_of_a_grid("312", crowded)
    job, before = job_of_the_grid(), job_of_the_grid().progress
    again = Visitor(page="gradients", **(visitor.address | {"lang": "en"}))
    assert job_of_the_grid() is job and job.progress > before
    crowded.undo()
    files = again.run().files
    forget()
    recomputed = Visitor(page="gradients", **(visitor.address | {"lang": "en"}))  # after a restart
    assert recomputed.files == files and "clipping-grid.csv" in files and job_of_the_grid() is not job


def test_what_is_paused_is_found_paused_after_a_reload(crowded: pytest.MonkeyPatch) -> None:
    visitor = half_of_a_grid("313", crowded).click("pause_grid")
    before = job_of_the_grid().progress
    again = Visitor(page="gradients", **(visitor.address | {"lang": "en"})).run()
    assert again.has("go_on_grid") and again.has("stop_grid") and job_of_the_grid().progress == before
    again.click("go_on_grid")
    assert job_of_the_grid().progress > before


def test_one_tab_stops_and_the_other_goes_on(crowded: pytest.MonkeyPatch) -> None:
    visitor = half_of_a_grid("314", crowded)
    other = Visitor(page="gradients", **(visitor.address | {"lang": "en"}))
    job = job_of_the_grid()
    visitor.click("stop_grid")
    assert not visitor.has("stop_grid") and len(job.frame()) == 36
    before = job.progress
    assert visitor.run().has("again_grid") and job.progress == before
    assert training(other.run()) > 0 and job.progress > before
    crowded.undo()
    assert "clipping-grid.csv" in other.run().files and job.progress == 1
    assert not visitor.run().has("again_grid"), "it is done for both"


@pytest.mark.parametrize("buttons", [("pause", "stop"), ("go_on", "stop")])
@pytest.mark.parametrize("is_newest_first", [True, False])
def test_what_is_stopped_stays_stopped_whatever_is_pressed_with_it(
    buttons: tuple[str, str], is_newest_first: bool, crowded: pytest.MonkeyPatch
) -> None:
    """Streamlit names presses of one message in their order, those of two that have met the newest first."""
    visitor = half_of_a_grid("319", crowded)
    if "go_on" in buttons:
        visitor.click("pause_grid")
    pressed = buttons if is_newest_first else reversed(buttons)
    visitor.press(*(f"{button}_grid" for button in pressed))
    assert visitor.has("again_grid") and not visitor.has("stop_grid")
    before = job_of_the_grid().progress
    assert visitor.run().has("again_grid") and job_of_the_grid().progress == before > 0


def test_a_button_pressed_twice_means_what_it_said(crowded: pytest.MonkeyPatch) -> None:
    """The second time, the browser has not heard yet what became of the first."""
    visitor = half_of_a_grid("320", crowded).click("pause_grid")
    said = WidgetState(id=visitor.widget("go_on_grid").id, trigger_value=True)
    before = training(visitor.run(said))
    assert training(visitor.run(said)) >= before and not visitor.widget("pause_grid").disabled


def test_with_other_settings_the_grid_of_before_is_not_computed_on(crowded: pytest.MonkeyPatch) -> None:
    visitor = half_of_a_grid("315", crowded)
    before, progress = job_of_the_grid(), job_of_the_grid().progress
    crowded.undo()
    assert "clipping-grid.csv" in visitor.set("case_clip", "value").files
    works = [entry.job.work for (kind, _), entry in JOBS._entries.items() if kind == "grid"]
    assert works[0] is before and before.progress == progress
    assert len(works) == 2 and works[1].progress == 1


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_mistake_in_a_job_is_a_sentence_and_one_entry_of_the_log(
    language: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    forget()

    def breaks(*_: Any) -> Any:
        raise KeyError("the visitor's own <b>text</b>")

    with monkeypatch.context() as broken:
        broken.setattr("playground.studies.clipping._whole_text", breaks)
        visitor = Visitor(language, page="gradients", seed="316", **GRID)
        for _ in range(3):
            visitor.run()
            (sentence,) = visitor.errors
            assert not visitor.app.exception and "visitor" not in sentence and "Traceback" not in sentence
            assert bool(HANGUL.search(sentence)) is (language == "ko")
        assert "clipping.csv" in visitor.files, "the rest of the page is there"
    logged = [record for record in caplog.records if record.levelname == "ERROR"]
    assert len(logged) == 1 and "in a job: KeyError" in logged[0].message and logged[0].exc_info
    assert logged[0].message.split()[1] in sentence
    assert "clipping-grid.csv" in visitor.click("again_grid").files and visitor.errors == []


def test_what_the_page_cannot_do_without_says_what_broke_and_begins_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    forget()

    def breaks(*_: Any) -> Any:
        raise KeyError("x")

    with monkeypatch.context() as broken:
        broken.setattr("playground.ui.gradients.where.Backpropagation", breaks)
        visitor = visit("where", seed="317")
        assert not visitor.app.exception and "on our side" in visitor.errors[0]
    assert visitor.run().errors, "until somebody asks for it"
    assert visitor.click("again_findings").errors == [] and count(visitor, "plotly_chart") > 0


def test_a_grid_without_room_for_it_is_refused_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    forget()
    values = GRID | {"case_grid": "0", "hidden_size": "32"}
    visitor = Visitor("en", page="gradients", seed="318", **values)
    monkeypatch.setattr(JOBS, "_free", lambda: -1)
    (sentence,) = visitor.set("case_grid", True).errors
    assert "This needs" in sentence and "clipping.csv" in visitor.files
    assert count(visitor, "plotly_chart") == 3
    monkeypatch.setattr(JOBS, "_free", lambda: 0)
    assert visitor.run().errors == [] and "clipping-grid.csv" in visitor.files


# In turns


class Turns:
    """Counts turns, and what is done in them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.units: list[int] = []  # of each turn
        self.outside = 0
        self._is_in = False
        original = Registry.turn

        @contextmanager
        def turn(registry: Registry, run: Run | None = None) -> Iterator[float]:
            with original(registry, run) as budget:
                self._is_in = True
                self.units.append(0)
                try:
                    yield budget
                finally:
                    self._is_in = False

        monkeypatch.setattr(Registry, "turn", turn)

    def count(self, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> None:
        """Count the calls of a function."""
        original = getattr(owner, name)

        def counted(*args: Any, **options: Any) -> Any:
            if self._is_in:
                self.units[-1] += 1
            else:
                self.outside += 1
            return original(*args, **options)

        monkeypatch.setattr(owner, name, counted)


def test_a_crowded_server_gives_the_sweep_a_turn_for_each_part_of_the_networks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The longest sequence: 300 networks of ten radii, which took a second and a half in one turn."""
    forget()
    monkeypatch.setattr("playground.runs.turns.LONGEST_TURN", 0.0)
    monkeypatch.setattr("playground.runs.turns.SHORTEST_TURN", 0.0)
    turns = Turns(monkeypatch)
    turns.count(monkeypatch, untrained._Pass, "norms")
    visit("knobs", knob_length="200", knob_cell="lstm")
    assert sum(turns.units) > 11 * 10 and turns.outside == 0
    assert max(turns.units) == 1


def test_the_numbers_of_the_knobs_are_there_for_the_next_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    forget()
    first = visit("knobs")
    turns = Turns(monkeypatch)
    turns.count(monkeypatch, knobs, "untrained")
    assert visit("knobs").files == first.files and turns.units == [] and turns.outside == 0


def test_everything_of_a_check_is_in_turns_and_done_once(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = Turns(monkeypatch)
    turns.count(monkeypatch, differences.WeightCheck, "_difference")
    visitor = visit("check", seed="303")
    assert sum(turns.units) == len(differences.EPSILONS) + 1 and turns.outside == 0
    visitor.set("epsilon", 3)
    assert sum(turns.units) == len(differences.EPSILONS) + 2, "of another ε the curve is the same"


def test_weights_of_a_step_are_trained_again_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    original = Run.network_at

    def network_at(run: Run, step: int, **options: Any) -> Any:
        asked.append(step)
        return original(run, step, **options)

    monkeypatch.setattr(Run, "network_at", network_at)
    visitor = visit("where", at="30", seed="304").set("at", 7).set("loss_at", 2).set("total", "sum")
    assert asked == [30, 7]
    visitor.set("at", 30)
    assert asked == [30, 7, 30]


def test_a_text_is_generated_once_for_each_temperature(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = Turns(monkeypatch)
    visitor = Visitor("en", seed="305").click("step")
    turns.count(monkeypatch, study, "generate_in_pieces")
    visitor.set("temperature", 0.5)
    assert turns.outside == 1
    written = [element.value for element in visitor.app.text]
    visitor.set("view", "odds")
    assert turns.outside == 1 and [element.value for element in visitor.app.text] == written
    visitor.set("temperature", 0.0)
    assert turns.outside == 2


def test_a_long_table_is_written_part_by_part(monkeypatch: pytest.MonkeyPatch) -> None:
    visitor = visit("where", seed="306")
    (whole,) = [data for name, data in visitor.files.items() if name.startswith("influence")]
    monkeypatch.setattr(picture, "ROWS_A_TURN", 7)
    (cut,) = [data for name, data in visitor.run().files.items() if name.startswith("influence")]
    assert cut == whole and cut.count(b"\n") > 3 * 7
