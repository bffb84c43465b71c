"""Long work on a page: a part of it in each turn, a bar only where one run of the page is not enough, and done once."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import streamlit as st

from playground.analysis import differences
from playground.runs.registry import Registry
from playground.runs.run import Run
from playground.studies import knobs, untrained
from playground.ui import picture, study
from playground.ui.server import JOBS
from tests.ui.pages import Visitor

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
        for shortest in ("ui.progress.TURN", "runs.registry.LONGEST_TURN", "runs.registry.SHORTEST_TURN"):
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
    monkeypatch.setattr("playground.runs.registry.LONGEST_TURN", 0.0)
    monkeypatch.setattr("playground.runs.registry.SHORTEST_TURN", 0.0)
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
