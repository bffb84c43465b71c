"""A run as one file: the stage with all that it shows of this run, which needs no server and asks none."""

import base64
import hashlib
import html
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from operator import mul
from string import Template
from typing import Any

import streamlit as st

from playground.refusal import Refusal
from playground.runs import wire
from playground.runs.album import Frame
from playground.runs.track import Track
from playground.runs.viewer import Viewer
from playground.ui.assets import WEB
from playground.ui.bundle import bundle
from playground.ui.stage.feed import Feed
from playground.ui.stage.message import Heard, Scene, digest, told_of

MOST_BYTES = 3_000_000  # of the pictures of all tracks; as text they take a third more
MOST_FRAMES = 720  # of a track; a browser keeps no more
MOST_POINTS = 4096  # of a curve
STYLES = ("stage/stage.css", "recording/recording.css")
# Variables of the stage's style sheet, by what the theme of the page calls them.
COLOURS = {
    "--st-background-color": "backgroundColor",
    "--st-text-color": "textColor",
    "--st-primary-color": "primaryColor",
    "--st-red-text-color": "redColor",
}
FONTS = "--st-font: system-ui, sans-serif; --st-code-font: ui-monospace, monospace; --st-button-radius: 8px;"


@dataclass(frozen=True)
class Captions:
    """What the file says around the stage, in the language of the reader who asks for it.

    Attributes:
        language: its code.
        link: the address that leads to this experiment.
        words: of the stage, where a recording says something else than a page.
        settings: of each track, names and values; above each, where there are several, the name of the track.
    """

    language: str
    title: str
    link: str
    made_by: str
    needs_script: str
    words: dict[str, str]
    settings: Sequence[tuple[str, Sequence[tuple[str, str]]]]


def recording(viewer: Viewer, feed: Feed, captions: Captions) -> str:
    """The file, as an HTML document: everything up to the playhead, of one moment.

    Raises:
        Refusal: if the run was dropped, or is another by now than what the page has described.
    """
    with viewer.held():
        tracks, scenes = viewer.tracks, feed.scenes
        if len(scenes) != len(tracks) or not all(map(Scene.fits, scenes, tracks)):
            raise Refusal("run", "This run has just changed. Please ask for its recording once more.")
        told = _tracks(tracks, scenes, captions.words)
        header: dict[str, Any] = {
            "run": "+".join(track.recording for track in tracks),
            "digest": "+".join(digest(track.config) for track in tracks),
            "fresh": False,
            "serial": 1,
            "playing": False,
            "playhead": viewer.playhead,
            "rate": 0,
            "others": 0,
            "tick": 1,
            "feed": "",
            "recorded": True,
        }
    return document(wire.encode(header, told), captions)


def document(message: bytes, captions: Captions) -> str:
    """A page that shows a message. Whatever a reader has written stands in it as text."""
    style, script = _style(), bundle("recording/main.js")
    policy = (
        f"default-src 'none'; script-src '{_hashed(script)}'; style-src '{_hashed(style)}'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )
    page = (WEB / "recording" / "page.html").read_text(encoding="utf-8")
    return Template(page).substitute(
        policy=policy,
        style=style,
        script=script,
        message=base64.b64encode(message).decode(),
        settings="".join(_settings_told(*each) for each in captions.settings),
        **{
            name: html.escape(getattr(captions, name))
            for name in ("language", "title", "link", "made_by", "needs_script")
        },
    )


def _tracks(tracks: Sequence[Track], scenes: Sequence[Scene], words: dict[str, str]) -> list[wire.Track]:
    """What the message brings of each track, with as many pictures as there is room for: of the same steps on all."""
    told = [told_of(*each, Heard(), playing=False, repeat=True) for each in zip(tracks, scenes, strict=True)]
    frames = [each.frames for each in told]
    every = stride([len(pictures) for pictures in frames], [track.run.layout.nbytes for track in tracks])
    recorded = []
    for each, scene, pictures, track in zip(told, scenes, frames, tracks, strict=True):
        own = each.told | {
            "forks": [],
            "scene": scene.described | {"words": scene.described["words"] | words},
        }
        recorded.append(
            replace(each, told=own, curve=track.curve_points(MOST_POINTS), frames=thinned(pictures, every))
        )
    return recorded


def stride(counts: Sequence[int], sizes: Sequence[int]) -> int:
    """Of how many pictures each track keeps one, so that all of them fit into the file.

    counts: of the pictures of each track; sizes: of one of them, in bytes.
    """
    every = 1
    while every < max(counts):
        kept = [-(-count // every) + 1 for count in counts]  # the last one may be beyond the stride
        if max(kept) <= MOST_FRAMES and sum(map(mul, kept, sizes)) <= MOST_BYTES:
            break
        every += 1
    return every


def thinned(frames: Sequence[Frame], every: int) -> list[Frame]:
    """One of so many, the first and the last in any case."""
    kept = list(frames[::every])
    return kept if not frames or kept[-1] is frames[-1] else [*kept, frames[-1]]


@cache
def _style() -> str:
    """The style sheets of stage and page, and the colours of the app's themes, as the reader's system asks for them."""
    sheets = "\n".join((WEB / name).read_text(encoding="utf-8") for name in STYLES)
    light, dark = f":root {{ {_colours('light')} {FONTS} }}", f":root {{ {_colours('dark')} }}"
    return f"{light}\n@media (prefers-color-scheme: dark) {{ {dark} }}\n{sheets}"


def _colours(theme: str) -> str:
    return " ".join(
        f"{name}: {st.get_option(f'theme.{theme}.{option}')};" for name, option in COLOURS.items()
    )


def _hashed(text: str) -> str:
    """By which a policy allows an element with this text, and none other."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _settings_told(name: str, settings: Sequence[tuple[str, str]]) -> str:
    """A track's settings as HTML; its name above them, if it has one."""
    above = f"<h2>{html.escape(name)}</h2>" if name else ""
    pairs = "".join(
        f"<div><dt>{html.escape(label)}</dt><dd><bdi>{html.escape(value)}</bdi></dd></div>"
        for label, value in settings
    )
    return f"{above}<dl>{pairs}</dl>"
