"""What is written down twice says the same: requirements, versions, files that the README speaks of."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
REQUIREMENTS = ("requirements.txt", "requirements-fast.txt", "requirements-dev.txt")
OURS = {"app", "benchmarks", "pages", "playground", "tests"}


def requirements(name: str) -> list[str]:
    """The lines of a requirements file that name a package."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith(("#", "-r"))]


def names(lines: list[str]) -> set[str]:
    return {re.split(r"[=<>!~\[ ]", line)[0].lower() for line in lines}


def imported(*folders: str) -> set[str]:
    """The distributions that the Python files below these folders import, by name."""
    files = [
        file
        for folder in folders
        for file in ([ROOT / folder] if folder.endswith(".py") else (ROOT / folder).rglob("*.py"))
    ]
    modules = set()
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                modules |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules.add(node.module.split(".")[0])
    distributions = packages_distributions()
    foreign = modules - OURS - set(sys.stdlib_module_names)
    return {distributions[module][0].lower() for module in foreign}


def test_the_project_depends_on_what_requirements_pin() -> None:
    assert PROJECT["dependencies"] == requirements("requirements.txt")
    assert PROJECT["optional-dependencies"]["fast"] == requirements("requirements-fast.txt")
    assert PROJECT["requires-python"] == ">=3.11"


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_every_requirement_is_pinned(name: str) -> None:
    pin = r'[\w-]+==[\d.]+(; python_version < "3\.\d+")?'
    assert [line for line in requirements(name) if not re.fullmatch(pin, line)] == []


def test_what_the_app_imports_is_required_and_nothing_else() -> None:
    extra = names(requirements("requirements-fast.txt"))
    assert imported("app.py", "pages", "playground") == names(requirements("requirements.txt")) | extra


def test_only_the_compiled_loops_import_the_extra() -> None:
    extra = names(requirements("requirements-fast.txt"))
    others = [each for each in (ROOT / "playground").iterdir() if each.name not in ("kernels", "__pycache__")]
    assert imported(*(str(each.relative_to(ROOT)) for each in others)) & extra == set()


def test_what_tests_and_benchmarks_import_is_required() -> None:
    tools = {name for file in REQUIREMENTS for name in names(requirements(file))}
    assert imported("tests", "benchmarks") - tools == set()


def test_the_readme_says_what_every_requirement_is_for() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    table = readme.partition("| package | for |\n|---|---|\n")[2].partition("\n\n")[0]
    named = [name for row in table.splitlines() for name in row.split("|")[1].strip().split(", ")]
    assert set(named) == names(requirements("requirements.txt"))


def test_commits_are_linted_by_the_ruff_of_the_checks() -> None:
    (pinned,) = [line for line in requirements("requirements-dev.txt") if line.startswith("ruff==")]
    hooks = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    assert re.findall(r"rev: v([\d.]+)", hooks) == [pinned.removeprefix("ruff==")]


def test_the_newest_release_is_the_projects_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    unreleased, newest, *_ = re.findall(r"^## \[(.+?)\]", changelog, re.MULTILINE)
    assert (unreleased, newest) == ("Unreleased", PROJECT["version"])


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "docs/architecture.md"])
def test_what_our_papers_speak_of_is_there(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    paths = re.findall(r"`((?:playground|tests|pages|docs|\.github|\.ci|\.streamlit)/[\w./-]*)`", text)
    targets = re.findall(r"`make ([a-z-]+)", text) + re.findall(r"^make ([a-z-]+)", text, re.MULTILINE)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert [path for path in paths if not (ROOT / path).exists()] == []
    assert [name for name in targets if not re.search(rf"^{name}:", makefile, re.MULTILINE)] == []


def test_continuous_integration_tests_the_oldest_python_we_allow() -> None:
    workflow = (ROOT / ".github/workflows/tests.yml").read_text(encoding="utf-8")
    (listed,) = re.findall(r"python-version: \[(.+)\]", workflow)
    assert listed.split(", ")[0] == f'"{PROJECT["requires-python"].removeprefix(">=")}"'
    assert "run: .ci/run" in workflow
