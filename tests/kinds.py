"""Every cell with every nonlinearity it has."""

import sys
from types import MappingProxyType

import pytest

from benchmarks.equations import EQUATIONS, Equations
from playground.cells import CELLS, CellSpec
from playground.cells.nonlinearity import NONLINEARITIES
from playground.config import FIELDS, Choice

KINDS = [
    (name, nonlinearity)
    for name, cell in CELLS.items()
    for nonlinearity in (NONLINEARITIES if cell.has_nonlinearity else ("tanh",))
]


def register(patch: pytest.MonkeyPatch, spec: CellSpec, equations: Equations, phi: str = "tanh") -> None:
    """One more cell, for one test."""
    cells = MappingProxyType({**CELLS, spec.name: spec})
    for module in list(sys.modules.values()):
        if vars(module).get("CELLS") is CELLS and module.__name__ != __name__:
            patch.setattr(module, "CELLS", cells)
    patch.setitem(FIELDS, "cell", Choice(tuple(cells)))
    patch.setitem(EQUATIONS, (spec.name, phi), equations)
