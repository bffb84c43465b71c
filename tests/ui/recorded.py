"""Recordings of runs as files, without a page."""

from dataclasses import replace
from typing import Any

import pytest

from playground.runs.viewer import Viewer
from playground.ui import keep, stage, words
from playground.ui import recording as made
from playground.ui.recording import Captions
from playground.ui.settings import all_settings

LINK = "http://localhost:8501/?cell=lstm&text=hello&train.at=30"


def without_a_page(monkeypatch: pytest.MonkeyPatch, language: str = "en") -> None:
    """Let what a session remembers be remembered here, and speak a language."""
    memory: dict[str, tuple[object, Any]] = {}

    def remembered(name: str, key: object, make: Any) -> Any:
        if name not in memory or memory[name][0] != key:
            memory[name] = key, make()
        return memory[name][1]

    monkeypatch.setattr(stage.state, "remembered", remembered)
    for module in (stage, words, keep):
        monkeypatch.setattr(module, "language", lambda: language)


def recorded(viewer: Viewer, link: str = LINK) -> str:
    """The file of what a viewer has watched."""
    feed = made.Feed(viewer, lambda: True)
    feed.scenes = stage._scenes(viewer)  # as a run of the page tells it
    return made.recording(viewer, feed, captions(viewer, link))


def captions(viewer: Viewer, link: str = LINK) -> Captions:
    """What the page would say around it."""
    return replace(keep.captions(viewer), link=link)


def settings_of(viewer: Viewer) -> list[tuple[str, str]]:
    return all_settings(viewer.config)
