"""What long work is called: each kind once, for its name holds for all pages."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.messages import sources

ASKING = ("job", "computed")  # of `playground.ui.progress`


def kinds(file: Path) -> Iterator[object]:
    """The kind of every job that a file asks for; the syntax itself where it is not written out."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    bare = {
        alias.asname or alias.name: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "playground.ui.progress"
        for alias in node.names
    }
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        match call.func:
            case ast.Attribute(value=ast.Name(id="progress"), attr=name) if name in ASKING:
                pass
            case ast.Name(id=name) if bare.get(name) in ASKING:
                pass
            case _:
                continue
        kind = call.args[0] if call.args else None
        yield kind.value if isinstance(kind, ast.Constant) else f"{file.name}: {ast.unparse(call)}"


def test_no_two_computations_have_a_kind_in_common() -> None:
    found = Counter(kind for file in sources() for kind in kinds(file))
    assert found.keys() >= {"grid", "comparison", "knobs", "findings", "generated"}, "the code is not read"
    assert [kind for kind, count in found.items() if count > 1] == []
    assert [kind for kind in found if ": " in str(kind)] == [], "a kind is written where it is asked for"


def test_kinds_are_found_however_they_are_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "page.py"
    file.write_text(
        "from playground.ui import progress\n"
        "from playground.ui.progress import computed as given, job\n"
        "progress.job('one', 1, make, '')\ngiven('two', 1, make, '')\njob(name, 1, make, '')\nother('three')\n"
    )
    assert list(kinds(file)) == ["one", "two", "page.py: job(name, 1, make, '')"]
