"""Many visits in one process: together they may take more memory than one server gives to its class."""

from dataclasses import replace

import pytest

from playground.ui.server import REGISTRY


@pytest.fixture(autouse=True)
def room_for_all_visits(monkeypatch: pytest.MonkeyPatch) -> None:
    """No visit is refused because of those before it; what is refused for its own size still is."""
    monkeypatch.setattr(REGISTRY, "_limits", replace(REGISTRY._limits, memory_mb=1_000_000))
