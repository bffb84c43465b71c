"""Imports run downwards only: read with `ast`, so that an arrow that runs up fails before it runs."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# From the top down. A module may import from lower rows and, in its own package, from its own row.
LAYERS = (
    ("app",),
    ("pages",),
    ("playground.ui",),
    ("playground.studies", "playground.figures"),
    ("playground.analysis",),
    ("playground.runs", "playground.jobs"),
    ("playground.training",),
    ("playground.updates", "playground.records"),
    ("playground.passes",),
    ("playground.models",),
    ("playground.tasks",),
    (
        "playground.cells",
        "playground.trace",
        "playground.projection",
        "playground.config",
        "playground.corpus",
        "playground.pairs",
        "playground.tokens",
        "playground.presets",
        "playground.variations",
        "playground.optimizers",
        "playground.norms",
        "playground.limits",
    ),
    ("playground.kernels",),
    ("playground.refusal",),
    (
        "playground.batch",
        "playground.catalogue",
        "playground.characters",
        "playground.named_locks",
        "playground.pieces",
        "playground.private_torch",
        "playground.seeding",
    ),
)
ROW = {part: row for row, parts in enumerate(LAYERS) for part in parts}
PARTS = ROW[
    "playground.config"
]  # the modules of this row may read each other: a corpus is built from a config
ALONE = ("playground.cells", "playground.trace", "playground.projection", "playground.figures")
SPEAKING = ("app", "pages", "playground.ui")
OURS = ("app", "pages", "playground", "tests", "benchmarks")


def part_of(module: str) -> str | None:
    """The entry of LAYERS a module belongs to: `playground.ui.stage` belongs to `playground.ui`."""
    return next((part for part in ROW if module == part or module.startswith(part + ".")), None)


def module_of(file: Path, root: Path) -> str:
    """The dotted name of a file: `playground/ui/__init__.py` is `playground.ui`."""
    parts = file.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(file: Path, module: str) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything a file imports, wherever in the file, relative imports resolved."""
    package = module.split(".") if file.name == "__init__.py" else module.split(".")[:-1]
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join([*base, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{origin}.{alias.name}") for alias in node.names)


def forbidden(module: str, imported: str) -> str | None:
    """Why `module` may not import `imported`; None when it may."""
    part, library = part_of(module), imported.split(".")[0]
    if library == "streamlit" and part not in SPEAKING:
        return "streamlit belongs to app.py, pages/ and ui/"
    if library == "plotly" and part != "playground.figures":
        return "plotly belongs to figures/"
    if library == "torch" and part == "pages":
        return "a page computes nothing itself"
    if library not in OURS:
        return None
    target = part_of(imported)
    if target is None:
        return None if imported == "playground" else f"{imported} has no place in the layers"
    if part == target:
        return None
    if part in ALONE:
        return f"{part} imports nothing of ours"
    if part is None or ROW[target] < ROW[part] or (ROW[target] == ROW[part] != PARTS):
        return f"{target} is not below {part or module}"
    return None


def violations(root: Path) -> list[str]:
    """Every forbidden import under `root`, as `file:line: module: why`."""
    files = [root / "app.py", *(root / "pages").rglob("*.py"), *(root / "playground").rglob("*.py")]
    found = []
    for file in sorted(file for file in files if file.is_file()):
        module = module_of(file, root)
        if module != "playground" and part_of(module) is None:
            found.append(f"{file.relative_to(root)}: has no place in the layers")
            continue
        for line, imported in imports(file, module):
            if why := forbidden(module, imported):
                found.append(f"{file.relative_to(root)}:{line}: {imported}: {why}")
    return found


def test_imports_run_downwards() -> None:
    assert violations(ROOT) == []


# What a library does not promise to keep is used in one file, beside which a test says what is relied on.
PRIVATE = {"torch": "playground/private_torch.py", "streamlit": "playground/ui/private_streamlit.py"}
HIDDEN = re.compile(
    r"(torch|st)\.(.*\.)?_[A-Za-z]|streamlit\.(?!components\.v2)"
)  # `import streamlit as st` is enough


def private_uses(file: Path) -> list[str]:
    """Every name in a file that torch or Streamlit does not promise: `_name`, or what is in a module of Streamlit's."""
    tree = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    read = [ast.unparse(node) for node in tree if isinstance(node, ast.Attribute)]
    imported = [name for _, name in imports(file, "app")]
    return [name for name in read + imported if HIDDEN.match(name)]


def test_private_names_of_libraries_stay_in_one_file_each() -> None:
    files = [ROOT / "app.py", *(ROOT / "pages").rglob("*.py"), *(ROOT / "playground").rglob("*.py")]
    found = {file.relative_to(ROOT).as_posix() for file in files if private_uses(file)}
    assert found == set(PRIVATE.values())


@pytest.mark.parametrize(
    "code",
    [
        "import torch\ntorch._foreach_add(a, b)",
        "import torch\ntorch._C._get_tracing_state()",
        "from torch import _fused_adam_",
        "from streamlit.runtime.scriptrunner import get_script_run_ctx",
        "import streamlit.emojis",
        "from streamlit import file_util",
        "import streamlit as st\nst._main.write()",
    ],
)
def test_a_private_name_is_seen(tmp_path: Path, code: str) -> None:
    write(tmp_path, "pages/train.py", code)
    assert private_uses(tmp_path / "pages/train.py")


@pytest.mark.parametrize(
    ("file", "code"),
    [
        ("playground/models/network.py", "from playground.training import Trainer"),
        ("playground/models/network.py", "from .. import training"),
        ("playground/runs/run.py", "from ..ui import state"),
        ("playground/passes/unroll.py", "from playground.training import Trainer"),
        ("playground/training.py", "def late():\n    import streamlit as st"),
        ("playground/config.py", "from streamlit import config"),
        ("playground/analysis/tidy.py", "import plotly.express"),
        ("playground/ui/shell.py", "import plotly.graph_objects as go"),
        ("playground/cells/lstm.py", "from playground.config import NetworkConfig"),
        ("playground/trace.py", "from playground.refusal import Refusal"),
        ("playground/projection.py", "import playground.cells.lstm"),
        ("playground/figures/units.py", "from playground.models.network import Network"),
        ("playground/figures/units.py", "from playground.ui.words import _"),
        ("playground/refusal.py", "import playground.config"),
        ("playground/characters.py", "from playground.refusal import visible"),
        ("playground/runs/run.py", "from tests.serving import serve"),
        ("playground/stray.py", ""),
        ("pages/train.py", "import torch.nn"),
        ("pages/train.py", "import app"),
    ],
)
def test_checker_catches(tmp_path: Path, file: str, code: str) -> None:
    write(tmp_path, file, code)
    assert len(violations(tmp_path)) == 1


@pytest.mark.parametrize(
    ("file", "code"),
    [
        ("app.py", "import streamlit\nfrom playground.ui.launch import warm_up"),
        ("pages/train.py", "import streamlit as st\nfrom playground.ui import controls\nimport playground"),
        ("playground/ui/shell.py", "import torch\nfrom playground.figures import units\nfrom . import words"),
        ("playground/cells/lstm.py", "import torch\nfrom playground.cells.weights import Weights"),
        (
            "playground/corpus.py",
            "from playground.config import TextConfig\nfrom playground.refusal import Refusal",
        ),
        ("playground/figures/units.py", "import plotly.graph_objects as go\nfrom .theme import styled"),
    ],
)
def test_checker_allows(tmp_path: Path, file: str, code: str) -> None:
    write(tmp_path, file, code)
    assert violations(tmp_path) == []


def write(root: Path, file: str, code: str) -> None:
    (root / file).parent.mkdir(parents=True, exist_ok=True)
    (root / file).write_text(code, encoding="utf-8")
