"""Modules of a live component as one script, for a page that no server stands behind.

Every module becomes a function that is called once, in an order in which each finds what it imports. Our modules use
nothing else of what the language offers them; what this file does not understand is refused when it is read.
"""

import re
from functools import cache
from pathlib import Path, PurePosixPath

from playground.ui.assets import WEB

_IMPORT = re.compile(r'^import (?:(?P<names>\{[^}]*\}) from )?"(?P<path>\.[^"]+)";\n', re.MULTILINE)
_EXPORT = re.compile(
    r"^export (?P<default>default )?(?P<kind>(?:async )?function|class|const) ?(?P<name>\w+)", re.MULTILINE
)
_RENAMED, _PROPERTY = re.compile(r"(\w+) as (\w+)"), r"\1: \2"
_CAST = re.compile(r"/\*\* @(?:type|template)[^\n]*?\*/ ?")
_COMMENT = re.compile(r"^[ \t]*/\*\*?(?:[^*]|\*(?!/))*\*/[ \t]*\n", re.MULTILINE)
# What would mean something else, or nothing, inside a function of a script.
_REFUSED = re.compile(r"^(?:import|export)\b.*|\bimport\.meta\b|\bimport\(|^await\b", re.MULTILINE)


class NotBundled(ValueError):
    """A module uses what cannot be bundled."""


@cache
def bundle(entry: str, directory: Path = WEB) -> str:
    """A script that runs a module and all that it imports, and then calls the module's default export.

    entry: the module's path in `directory`. Comments in blocks are left out.

    Raises:
        NotBundled: if modules import one another in a circle, or use what has no place in a script.
    """
    order: list[str] = []
    _visit(entry, directory, order, ())
    parts = [_as_function(name, directory, order) for name in order]
    script = '"use strict";\n' + "\n".join(parts) + f"\n{_variable(order.index(entry))}.default();\n"
    if re.search(r"</script|<!--", script, re.IGNORECASE):
        raise NotBundled("a module holds what would end the script that it is part of")
    return script


def _visit(name: str, directory: Path, order: list[str], on_the_way: tuple[str, ...]) -> None:
    """Put a module behind all that it imports."""
    if name in order:
        return
    if name in on_the_way:
        raise NotBundled(f"modules import one another in a circle: {' → '.join((*on_the_way, name))}")
    for found in _IMPORT.finditer(_source(name, directory)):
        _visit(_resolved(name, found["path"]), directory, order, (*on_the_way, name))
    order.append(name)


def _as_function(name: str, directory: Path, order: list[str]) -> str:
    """A module as a call that gives what it exports."""
    source = _source(name, directory)

    def taken(found: re.Match[str]) -> str:
        if found["names"] is None:
            return ""
        given = _variable(order.index(_resolved(name, found["path"])))
        return f"const {_RENAMED.sub(_PROPERTY, found['names'])} = {given};\n"

    exported: list[str] = []

    def local(found: re.Match[str]) -> str:
        exported.append(f"default: {found['name']}" if found["default"] else found["name"])
        return f"{found['kind']} {found['name']}"

    body = _EXPORT.sub(local, _IMPORT.sub(taken, source))
    if refused := _REFUSED.search(body):
        raise NotBundled(f"{name} has {refused[0]!r}, which cannot stand in a script")
    variable = _variable(order.index(name))
    return f"// {name}\nconst {variable} = (() => {{\n{body}return {{ {', '.join(exported)} }};\n}})();"


def _source(name: str, directory: Path) -> str:
    """A module without its comments in blocks: types and docstrings, which nobody runs."""
    return _CAST.sub("", _COMMENT.sub("", (directory / name).read_text(encoding="utf-8")))


def _resolved(importer: str, path: str) -> str:
    """Which module is imported, by its path in the directory."""
    parts: list[str] = []
    for part in (*PurePosixPath(importer).parent.parts, *PurePosixPath(path).parts):
        if part == "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


def _variable(number: int) -> str:
    return f"$module{number}"
