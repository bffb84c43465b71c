"""Nobody but the cells asks which cell it is: what differs stands in its `CellSpec`, its words and its colour."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from playground.cells import CELLS

ROOT = Path(__file__).resolve().parents[2]
OWN = ("playground/cells/", "playground/presets.py")
TABLES = (
    "playground/ui/cell_words.py",
    "playground/figures/theme.py",
    "playground/kernels/orders.py",
)  # complete, say tests/ui/test_cell_words.py and the tests of the fast layers
QUOTED = re.compile(rf"""(["'`])({"|".join(CELLS)})\1""")


def names(part: ast.AST | None) -> bool:
    """Whether a cell's name is written there, by itself or in a list."""
    if isinstance(part, ast.Tuple | ast.List | ast.Set):
        return any(map(names, part.elts))
    return isinstance(part, ast.Constant) and part.value in tuple(CELLS)


def asks(code: str, *, is_table: bool = False) -> Iterator[int]:
    """The lines of Python that decide by the name of a cell."""
    for part in ast.walk(ast.parse(code)):
        match part:
            case ast.Compare(left, _, comparators):
                found = any(map(names, (left, *comparators)))
            case ast.Dict(keys):
                found = any(map(names, keys)) and not is_table
            case ast.Subscript(_, key) | ast.MatchValue(key):
                found = names(key)
            case _:
                found = False
        if found:
            yield getattr(part, "lineno", 0)


def test_no_python_asks() -> None:
    files = [ROOT / "app.py", *(ROOT / "pages").rglob("*.py"), *(ROOT / "playground").rglob("*.py")]
    found = [
        f"{path}:{line}"
        for file in sorted(files)
        if not (path := file.relative_to(ROOT).as_posix()).startswith(OWN)
        for line in asks(file.read_text(encoding="utf-8"), is_table=path in TABLES)
    ]
    assert found == []


def test_no_javascript_asks() -> None:
    files = sorted((ROOT / "playground" / "ui" / "static").rglob("*.js"))
    assert len(files) > 10
    assert [file.name for file in files if QUOTED.search(file.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize(
    "code",
    [
        "if cell == 'gru': pass",
        "x = 'lstm' != config.network.cell",
        "x = cell in ('lstm', 'gru')",
        "x = 'lstm' in cell",
        "SIZES = {'rnn': 4, 'gru': 16}",
        "x = CELLS['rnn']",
        "match cell:\n    case 'rnn' | 'gru':\n        pass",
    ],
)
def test_who_asks_is_found(code: str) -> None:
    assert list(asks(code))


@pytest.mark.parametrize(
    "code", ["cell: str = 'lstm'", "NetworkConfig('rnn', 16)", "if state == 'h': pass", "x = {'h': 1}"]
)
def test_who_names_one_is_not(code: str) -> None:
    assert not list(asks(code))


def test_a_table_of_words_or_colours_may_have_their_names() -> None:
    assert not list(asks("NAMES = {'rnn': 'RNN'}", is_table=True))
    assert list(asks("x = NAMES['rnn']", is_table=True))
    assert QUOTED.search('scene.cell === "rnn"') and not QUOTED.search('"rnn-playground"')
