"""The stage's JavaScript, run by Node: on messages made by hand, and on those of real runs beside what the trace says."""

import json
from pathlib import Path

from playground.ui.stage.words import WORDS
from tests.web.node import node

TESTS = Path(__file__).parent / "js"


def test_the_modules_in_node(tmp_path: Path) -> None:
    (tmp_path / "words.json").write_text(json.dumps(WORDS), encoding="utf-8")
    done = node("--test", *sorted(TESTS.glob("*.test.js")), env={"PLAYGROUND_MESSAGES": str(tmp_path)})
    assert done.returncode == 0, done.stdout
