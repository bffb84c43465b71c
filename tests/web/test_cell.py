"""The sheet of the Cell page, run by Node on messages that Python wrote."""

import json
from pathlib import Path
from typing import Any

import pytest

from playground.cells.examples import EXAMPLES
from playground.ui.cell.words import WORDS
from tests.ui.pages import Visitor
from tests.web.node import node

TESTS = Path(__file__).parent / "js" / "cell"


def told(**query: Any) -> str:
    """What the sheet is told on a page with these choices."""
    return Visitor(page="cell", **query).widget("sheet").proto.json


@pytest.fixture
def messages(tmp_path: Path) -> Path:
    """A folder with a message for each example, and one of a step of a run."""
    for name in EXAMPLES:
        (tmp_path / f"{name}.json").write_text(told(example=name), encoding="utf-8")
    run = told(source="run", at=5, t=3, units="2,7")
    (tmp_path / "run.json").write_text(run, encoding="utf-8")
    (tmp_path / "cells.json").write_text(json.dumps([*EXAMPLES, "run"]), encoding="utf-8")
    (tmp_path / "words.json").write_text(json.dumps(WORDS), encoding="utf-8")
    return tmp_path


def test_the_sheet_in_node(messages: Path) -> None:
    """Every test in js/cell; what it prints is shown when one fails."""
    done = node("--test", *sorted(TESTS.glob("*.test.js")), env={"PLAYGROUND_MESSAGES": str(messages)})
    assert done.returncode == 0, done.stdout
