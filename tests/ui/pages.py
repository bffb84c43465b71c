"""A visitor without a browser: the page as Streamlit's AppTest runs it, and the stage's messages taken apart."""

import json
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import parse_qsl

import numpy as np
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.testing.v1 import AppTest

from playground.config import DEFAULTS, FIELDS, ExperimentConfig
from playground.corpus import Corpus
from playground.training import Trainer
from playground.ui import choices, words

ROOT = Path(__file__).resolve().parents[2]
SHELL, PAGES = ROOT / "playground/ui/shell.py", ROOT / "pages"
SIGNS = re.compile(r"\\([^\w\s]|_)")  # Markdown's escapes


@dataclass(frozen=True)
class Stage:
    """One message to the stage, read as `playground/runs/wire.py` describes it."""

    header: dict[str, Any]
    steps: list[int]  # of the frames
    frames: tuple[bytes, ...]
    curve: dict[str, np.ndarray]

    @classmethod
    def read(cls, payload: bytes, fields: list[Any]) -> "Stage":
        """fields: those of a frame, as the scene describes them."""
        header = header_of(payload)
        at = 4 + struct.unpack_from("<I", payload)[0]
        count, curve = header["curve"]["count"], {}
        for name, kind in header["curve"]["columns"]:
            curve[name] = np.frombuffer(payload, f"<{kind}", count, at)
            at += -(-curve[name].nbytes // 8) * 8
        with np.errstate(over="ignore"):
            curve["perplexity"] = np.exp(curve["loss"].astype(float))
        count, size = header["frames"]["count"], header["frames"]["size"]
        frames = tuple(payload[at + size * i : at + size * (i + 1)] for i in range(count))
        is_all = len(payload) == at + size * count
        is_more = header["beside"] or header["reading"]
        assert is_all or is_more, "a message has nothing after its last frame but a reading"
        return cls(header, [int(read_frame(frame, fields)["step"]) for frame in frames], frames, curve)

    @property
    def scene(self) -> dict[str, Any]:
        return self.header["scene"]

    @property
    def playhead(self) -> int:
        return self.header["playhead"]

    @property
    def ghosts(self) -> list[dict[str, Any]]:
        return self.scene["ghosts"]


def read_frame(frame: bytes, fields: list[Any]) -> dict[str, np.ndarray]:
    """The parts of a frame by name."""
    parts, at = {}, 0
    for name, kind, shape in fields:
        parts[name] = np.frombuffer(frame, f"<{kind}", int(np.prod(shape)), at).reshape(shape)
        at += parts[name].nbytes
    return parts


def header_of(payload: bytes) -> dict[str, Any]:
    """The header of a message to the stage, what belongs to its first track among the rest; the others `beside`."""
    (size,) = struct.unpack_from("<I", payload)
    header = json.loads(payload[4 : 4 + size])
    first, *beside = header.pop("tracks")
    return header | first | {"beside": beside}


class Visitor:
    """Somebody who has opened a page at an address; `**query` is what stands after the question mark.

    A choice of the page may be given by its name: `layer="2"` on the Gradients page is `gradients.layer=2`.
    """

    def __init__(self, language: str = "en", page: str = "train", **query: Any) -> None:
        own = choices.PAGES.get(page, {}).keys() - FIELDS.keys()
        keyed = {choices.key(page, name) if name in own else name: value for name, value in query.items()}
        self._arrive(language, page, keyed)

    @classmethod
    def following(cls, link: str) -> "Visitor":
        """Somebody who opens a link, read as it stands: `/gradients?layer=2&lang=en`."""
        path, _, query = link.partition("?")
        visitor = cls.__new__(cls)
        visitor._arrive("en", path.strip("/") or "train", dict(parse_qsl(query, keep_blank_values=True)))
        return visitor

    def _arrive(self, language: str, page: str, query: dict[str, Any]) -> None:
        self.language, self.page = query.get("lang", language), page
        self.files: dict[str, bytes] = {}  # what the last run offers for download, by name
        self.fields: list[Any] = []  # of a frame
        self.app = AppTest.from_file(str(SHELL), default_timeout=60)
        if page != "train":
            self.app.switch_page(str(PAGES / f"{page}.py"))
        self.app.query_params.update({"lang": language, **query})
        self.run()

    def visit(self, page: str) -> "Visitor":
        """Go over to another page. AppTest then knows what is there, but not what its widgets say: look only."""
        self.page = page
        self.app.query_params.clear()
        self.app.switch_page(str(PAGES / f"{page}.py"))
        return self.run()

    def run(self, *sent: WidgetState) -> "Visitor":
        """Run the page once more, with what the widgets say; `sent` overrules them, as a hostile browser might."""
        # AppTest asks format functions for labels outside of any session, where no language is chosen.
        inside, chosen = words.language, self.language
        files = self.files = {}

        def language() -> str:
            return inside() if get_script_run_ctx(suppress_warning=True) else chosen

        class Storage(MemoryMediaFileStorage):
            def load_and_get_id(self, path_or_data, mimetype, kind, filename=None) -> str:
                files[filename] = path_or_data
                return super().load_and_get_id(path_or_data, mimetype, kind, filename)

        with (
            patch.object(words, "language", language),
            patch("streamlit.testing.v1.app_test.MemoryMediaFileStorage", Storage),
        ):
            states = self.app._tree.get_widget_states() if self.app._tree.children else None
            if states is not None:
                overruled = {state.id for state in sent}
                kept = [state for state in states.widgets if state.id not in overruled]
                del states.widgets[:]
                states.widgets.extend([*kept, *sent])
            self.app._run(states)
        if self.has("stage"):  # while playing, the scene comes only now and then
            self.fields = header_of(self.payload).get("scene", {}).get("frame", self.fields)
        return self

    def widget(self, key: str) -> Any:
        """The widget of that key; of a choice of the page, its name is enough."""
        found = [element for element in self.elements() if element.key in self._keys(key)]
        assert len(found) == 1, f"{len(found)} widgets have the key {key!r}"
        return found[0]

    def has(self, key: str) -> bool:
        return any(element.key in self._keys(key) for element in self.elements())

    def _keys(self, key: str) -> tuple[str, str]:
        return key, choices.key(self.page, key)

    def elements(self) -> list[Any]:
        return [element for element in self.app._tree if not hasattr(element, "children")]

    def set(self, key: str, value: Any) -> "Visitor":
        """Change a widget and run."""
        self.widget(key).set_value(value)
        self.run()
        if key == "lang":
            self.language = value
        return self

    def send(self, key: str, **state: Any) -> "Visitor":
        """Send a raw widget state, whatever the widget would allow."""
        return self.run(raw_state(self.widget(key).id, **state))

    def click(self, key: str) -> "Visitor":
        self.widget(key).click()
        return self.run()

    def press(self, *keys: str) -> "Visitor":
        """Click buttons one after the other, faster than the server answers: they come in one message.

        Streamlit then names what was pressed last first, see `_coalesce_widget_states` there.
        """
        return self.run(*(WidgetState(id=self.widget(key).id, trigger_value=True) for key in reversed(keys)))

    def go(self, address: dict[str, str]) -> "Visitor":
        """What the browser's back and forward buttons do."""
        self.app.query_params.clear()
        self.app.query_params.update(address)
        return self.run()

    def signal(self, event: str, value: Any) -> "Visitor":
        """What the stage sends: "toggle", "study", "ghost" or "resume"."""
        identifier = f"$$STREAMLIT_INTERNAL_KEY_{self.widget('stage').proto.id}__events"
        return self.run(
            WidgetState(id=identifier, json_trigger_value=json.dumps([{"event": event, "value": value}]))
        )

    def header(self) -> dict[str, Any]:
        """What the stage is told of all tracks, and of the scene of the first."""
        (size,) = struct.unpack_from("<I", self.payload)
        header = json.loads(self.payload[4 : 4 + size])
        return header["tracks"][0].get("scene", {}) | header

    @property
    def payload(self) -> bytes:
        return self.widget("stage").proto.bytes

    @property
    def stage(self) -> Stage:
        return Stage.read(self.payload, self.fields)

    @property
    def picture(self) -> tuple:
        """What the stage shows, without what merely counts messages: the same run at the same step is equal."""
        stage = self.stage
        shown = {name: stage.header[name] for name in ("run", "playing", "playhead", "explosion", "scene")}
        return shown, stage.frames, {name: column.tolist() for name, column in stage.curve.items()}

    @property
    def address(self) -> dict[str, Any]:
        return dict(self.app.query_params)

    @property
    def choices(self) -> dict[str, str]:
        """What the address says of the page's choices, by their names."""
        before = choices.key(self.page, "")
        return {
            name.removeprefix(before): text for name, text in self.address.items() if name.startswith(before)
        }

    @property
    def errors(self) -> list[str]:
        return [readable(error.value) for error in self.app.error]

    def beside(self, key: str) -> str:
        """The complaint directly below a widget, or below the row it stands in; "" when there is none."""
        for siblings in families(self.app._tree):
            for place, element in enumerate(siblings):
                if place + 1 < len(siblings) and any(holds_last(element, name) for name in self._keys(key)):
                    below = siblings[place + 1]
                    return readable(below.value) if getattr(below, "type", "") == "error" else ""
        return ""


def trainer(steps: int, **values: object) -> Trainer:
    """Plain training of the same experiment, without runs, tapes and pages."""
    config = ExperimentConfig.from_values(DEFAULTS | values)
    made = Trainer(config, Corpus(config.text))
    made.advance(steps)
    return made


def corpus_of(made: Trainer) -> Corpus:
    """The text that plain training reads."""
    assert isinstance(made.source, Corpus)
    return made.source


def holds_last(part: Any, key: str) -> bool:
    """Whether a part of the page is the widget, or a row of columns one of which ends with it."""
    if not hasattr(part, "children"):
        return part.key == key
    for column in part.children.values():
        inside = list(column.children.values()) if hasattr(column, "children") else []
        if inside and holds_last(inside[-1], key):
            return True
    return False


def raw_state(identifier: str, **state: Any) -> WidgetState:
    """A widget state with any field of the protocol, lists included: `string_array_value=["tanh"]`."""
    made = WidgetState(id=identifier)
    for name, value in state.items():
        if name.endswith("array_value"):
            getattr(made, name).data.extend(value)
        else:
            setattr(made, name, value)
    return made


def readable(markdown: str) -> str:
    """Markdown without its escapes: what a person reads."""
    return SIGNS.sub(r"\1", markdown)


def families(block: Any) -> Iterator[list[Any]]:
    """The children of every block, in order."""
    children = list(block.children.values())
    yield children
    for child in children:
        if hasattr(child, "children"):
            yield from families(child)


def strings(message: Any) -> Iterator[tuple[str, str]]:
    """Every string in a protobuf message with the name of its field."""
    for field, value in message.ListFields():
        for one in (
            value if isinstance(value, list) or hasattr(value, "append") or hasattr(value, "add") else [value]
        ):
            if isinstance(one, str):
                yield field.name, one
            elif hasattr(one, "ListFields"):
                yield from strings(one)
