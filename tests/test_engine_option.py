"""Benchmarks by one engine or both: each is measured by the one it names, and a ratio is that of its two numbers."""

import argparse
import os

import pytest
import torch

from benchmarks.engines import add_option, by_engines
from benchmarks.table import Table, Target
from playground.kernels import engine
from playground.kernels.engine import SETTING, are_compiled


def look() -> list[Table]:
    """What a server that is started now would be told, and whether this process has compiled loops."""
    table = Table("pace")
    is_torch = os.environ.get(SETTING) == "torch"
    table.add("steps", 10.0 if is_torch else 40.0, "/s")
    table.add("compiled", float(are_compiled(torch.float32)))
    table.add("unknown", None if is_torch else 1.0)
    return [table]


def numbers(table: Table) -> dict[str, float | None]:
    return {row.name: row.value for row in table.rows}


@pytest.fixture
def has_loops(monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setenv(SETTING, "")
    return are_compiled(torch.float32)


def test_without_the_option_the_environment_decides(has_loops: bool) -> None:
    (table,) = by_engines(None, look, {})
    assert table.title == "pace" and numbers(table)["compiled"] == has_loops


@pytest.mark.parametrize(("name", "steps"), [("torch", 10), ("auto", 40)])
def test_one_engine_computes_here_and_in_servers(name: str, steps: int, has_loops: bool) -> None:
    (table,) = by_engines(name, look, {})
    assert table.title == f"pace (engine {name})"
    assert numbers(table)["steps"] == steps
    assert numbers(table)["compiled"] == (has_loops and name == "auto")
    assert os.environ[SETTING] == "" and are_compiled(torch.float32) == has_loops


def test_both_are_measured_and_compared_row_by_row(has_loops: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_loops", None)  # nobody has asked for them yet, as in a fresh process
    auto, torch_alone, compared = by_engines("both", look, {"steps": Target("≥", 5)})
    assert [numbers(each)["steps"] for each in (auto, torch_alone, compared)] == [40, 10, 4]
    assert numbers(auto)["compiled"] == has_loops and numbers(torch_alone)["compiled"] == 0
    assert numbers(compared)["unknown"] is None
    assert [row.verdict for row in compared.rows] == ["missed", "", ""]


def test_the_setting_is_put_back_where_there_was_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SETTING, raising=False)
    by_engines("torch", look, {})
    assert SETTING not in os.environ


def test_an_engine_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    add_option(parser)
    with pytest.raises(SystemExit):
        parser.parse_args(["--engine", "jax"])
    assert "'both'" in capsys.readouterr().err
