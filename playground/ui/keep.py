"""What a reader takes along from the Train page: the recording as a file of its own."""

from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlencode

import streamlit as st

from playground.runs.viewer import Viewer
from playground.ui import address, stage, state
from playground.ui.fields import value_label
from playground.ui.recording import Captions, recording
from playground.ui.settings import all_settings, file_name
from playground.ui.words import N_, _, language

PRINT = Path(__file__).with_name("print.css")
# What a recording says in the words of the stage, and where it says something else than a page.
WORDS = {
    "recording_play": N_("Play"),
    "recording_pause": N_("Pause"),
    "recording_pace": N_("Pace"),
    "recording_slow": N_("slow"),
    "recording_normal": N_("medium"),
    "recording_fast": N_("fast"),
    "recording_kept": N_(
        "A recording: {kept} of the {steps} training steps from 0 on can be seen, each as it was measured."
    ),
    "scrubbed": N_("step {step} of {newest}"),
    "paused": N_("end of the recording"),
    "newest": N_("To the end"),
    "tiles_hint": N_(
        "Above: the [symbol](symbol) read. Below: the symbol to predict; the fainter, the smaller its [loss](loss). "
        "The strip between them is the [hidden state](state)."
    ),
}


@dataclass(slots=True)
class Told:
    """What the page has last said of what is watched."""

    captions: Captions
    url: str
    query: dict[str, str]

    def captions_at(self, step: int) -> Captions:
        """The captions, with a link to a training step."""
        return replace(self.captions, link=f"{self.url}?{urlencode(self.query | {'train.at': step})}")


def tell(viewer: Viewer) -> Told:
    """Have the file that may be asked for later say what there is to say now."""
    url, query = address.of_screen()
    key = language(), [track.config for track in viewer.tracks]
    said = state.remembered("captions", key, lambda: captions(viewer))
    told = state.remembered("told", viewer.id, lambda: Told(said, url, query))
    told.captions, told.url, told.query = said, url, query
    return told


def show() -> None:
    """Draw the button that downloads the recording. The file is made when it is pressed."""
    viewer = state.viewer()
    told, feed = tell(viewer), stage.feed_of(viewer)

    def made() -> bytes:
        """Called without a session, perhaps some time later: what is on screen by then is in the file."""
        return recording(viewer, feed, told.captions_at(viewer.playhead)).encode()

    st.html(PRINT)
    at = "" if viewer.playing else f"-{viewer.playhead}"
    st.download_button(
        _("Download this recording"),
        made,
        file_name=f"{file_name(viewer.config)}{at}.html",
        mime="text/html",
        icon=":material/download:",
        help=_("One HTML file that plays in every browser, without this server and without a network."),
        on_click="ignore",
        key="recording",
        type="tertiary",
    )


def captions(viewer: Viewer) -> Captions:
    """What the file says, in the language of now."""
    tracks = viewer.tracks
    names = stage.names_apart([track.config.values() for track in tracks])
    cells = dict.fromkeys(value_label("cell", track.config.network.cell) for track in tracks)
    return Captions(
        language=language(),
        title=f"{' | '.join(cells)} · {value_label('text', viewer.config.text.text)}",
        link="",
        made_by=_("Made with these settings; this link leads to them:"),
        needs_script=_("This page draws with JavaScript."),
        words={key: _(text) for key, text in WORDS.items()},
        settings=[(name, all_settings(track.config)) for name, track in zip(names, tracks, strict=True)],
    )
