"""The stage's JavaScript, run by Node: on messages made by hand, and on real ones beside what the trace says."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from playground.analysis.backpropagation import Backpropagation
from playground.config import ExperimentConfig, NetworkConfig, TextConfig, TrainingConfig
from playground.passes.edit_list import EDITS
from playground.passes.replica import copy_of
from playground.passes.unroll import unroll
from playground.runs.reading import Question
from playground.runs.registry import Registry
from playground.runs.run import Run
from playground.runs.viewer import Viewer
from playground.runs.wire import Track, encode
from playground.ui import stage, words
from playground.ui.assets import WEB
from playground.ui.cell import unrolled
from playground.ui.stage.words import WORDS
from tests.web.node import node

TESTS = Path(__file__).parent / "js"
STEPS = (0, 5, 14)  # of all three the frames are kept, so their planes are those of their own paths
CASES = {
    "lstm": ExperimentConfig(text=TextConfig(text="hello world")),
    "gru": ExperimentConfig(
        text=TextConfig(text="abcabd"),
        network=NetworkConfig(cell="gru", hidden_size=5),
        training=TrainingConfig(reduction="sum", clip_threshold=0.5),
    ),
    "rnn": ExperimentConfig(
        text=TextConfig(text="abba\nhello"),
        network=NetworkConfig(layers=2, hidden_size=7, cell="rnn", nonlinearity="relu"),
        training=TrainingConfig(optimizer="sgd", learning_rate=0.05, clip="off"),
    ),
}

GAP = "a......A\nb......B"  # two lines of 8 symbols
RACE = {
    cell: ExperimentConfig(
        text=TextConfig(text="hello world"),
        network=NetworkConfig(cell=cell),
        training=TrainingConfig(clip_threshold=0.5),
    )
    for cell in ("rnn", "gru", "lstm")
}


def told(run: Run, step: int) -> dict[str, Any]:
    """What the trace of a training step says, and what taking apart its losses says of the one looked at."""
    trace, config = run.trace_at(step), run.config.network
    network = run.network_at(step)
    apart = Backpropagation(unroll(copy_of(network), run.watched))
    while not apart.advance():
        pass
    gates = {gate.name: "slope" if gate.name == "phi" else gate.name for gate in run.layout.gates}

    def one(name: str) -> torch.Tensor:
        return trace[name][:, 0, 0]

    def layer(number: int) -> dict[str, Any]:
        h = one(f"l{number}.h")
        left, lengths, _ = torch.linalg.svd((h - h.mean(dim=0)).double(), full_matrices=False)
        return {
            "states": {name: one(f"l{number}.{name}").T.tolist() for name in run.layout.states},
            "gates": {name: one(f"l{number}.{source}").T.tolist() for name, source in gates.items()},
            "total": {
                name: one(f"grad.l{number}.{name}").double().norm(dim=-1).tolist()
                for name in run.layout.states
            },
            "one": {
                name: apart.layers[number].influence[name][run.layout.loss_at].tolist()
                for name in run.layout.states
            },
            "share": float((lengths[:2] ** 2).sum() / (lengths**2).sum()),
            "points": (left * lengths)[:, :2].tolist(),
            "apart": [float((h[b] - h[a]).double().norm()) for a, b in run.layout.pairs],
        }

    return {
        "losses": one("loss").tolist(),
        "probabilities": one("probabilities").tolist(),
        "layers": [layer(number) for number in range(config.layers)],
    }


def write(folder: Path, name: str, config: ExperimentConfig) -> None:
    """The message of a run of 14 steps, and what is to be seen on the stage of its steps."""
    viewer = Viewer(Registry(), config)
    viewer.go_to(STEPS[-1])
    viewer.settle()
    (folder / f"{name}.bin").write_bytes(stage.message(viewer))
    points = viewer.run.curve_points(STEPS[-1])
    expected = {
        "steps": {step: told(viewer.run, step) for step in STEPS},
        "curve": {
            "step": points.step.tolist(),
            "loss": points.loss.tolist(),
            "gradient_norm": points.gradient_norm.tolist(),
            "clipped": points.clipped.tolist(),
        },
    }
    assert all(np.isfinite(points.loss))
    (folder / f"{name}.json").write_text(json.dumps(expected), encoding="utf-8")


def write_race(folder: Path) -> None:
    """One message with three runs of 14 steps, a message for each of them alone, and what is to be seen."""
    tracks, expected = [], []
    for cell, config in RACE.items():
        viewer = Viewer(Registry(), config)
        viewer.go_to(STEPS[-1])
        viewer.settle()
        shown = stage.scene(viewer, viewer.run, name=cell.upper())
        described = {"forks": [], "explosion": None, "scene_id": cell, "scene": shown, "samples": []}
        points = viewer.curve_points()
        tracks.append(Track(described, points, viewer.frames_to_send()))
        steps = {step: told(viewer.run, step) for step in STEPS}
        expected.append({"cell": cell, "steps": steps, "loss": points.loss.tolist()})
    header = {"run": "race-1", "serial": 1, "playing": False, "playhead": STEPS[-1], "feed": "", "tick": 0.2}
    (folder / "race.bin").write_bytes(encode(header, tracks))
    for number, track in enumerate(tracks):
        (folder / f"alone{number}.bin").write_bytes(encode(header, [track]))
    (folder / "race.json").write_text(json.dumps(expected), encoding="utf-8")


def write_earlier(folder: Path) -> None:
    """Three runs one after the other, the second of another text, and texts that need memory or write beyond it."""
    viewer = Viewer(Registry(), CASES["lstm"])
    for config in (CASES["gru"], replace(CASES["lstm"], network=NetworkConfig(cell="gru"))):
        viewer.go_to(STEPS[-1])
        viewer.change(config)
    viewer.go_to(3)
    viewer.settle()
    (folder / "earlier.bin").write_bytes(stage.message(viewer))
    first = Run(CASES["lstm"])
    first.advance(STEPS[-1])
    losses = first.curve_points(STEPS[-1]).loss.tolist()
    gap = Viewer(Registry(), ExperimentConfig(text=TextConfig(text=GAP)))
    gap.go_to(64)
    gap.settle()
    (folder / "gap.bin").write_bytes(stage.message(gap))
    samples = [
        {"prompt": sample.prompt, "text": sample.text + sample.beyond} for sample in gap.run.samples(64)
    ]
    (folder / "earlier.json").write_text(
        json.dumps({"losses": losses, "samples": samples, "reach": len(GAP) // 2})
    )


def write_return(folder: Path) -> None:
    """What a tab is told: its run at step 14; by a server that has lost it; on the way back there; there."""
    before, after = (Viewer(Registry(), CASES["lstm"]) for _ in range(2))
    before.go_to(STEPS[-1])
    before.settle()
    (folder / "return0.bin").write_bytes(stage.message(before))
    (folder / "return1.bin").write_bytes(stage.message(after))
    after.resume(STEPS[-1], playing=False)
    (folder / "return2.bin").write_bytes(stage.message(after))
    after.settle()
    (folder / "return3.bin").write_bytes(stage.message(after))


def write_edited(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is told of step 14 while edits are set, and what the reading with them is by torch's autograd-able cells."""
    viewer = Viewer(Registry(), CASES["lstm"])
    viewer.go_to(STEPS[-1])
    viewer.settle()
    edits = EDITS.parse("edits", "l0.f@1-=1,cut@3,l0.h.1@4=0.5")
    with monkeypatch.context() as patched:
        patched.setattr(stage.what_if, "question", lambda viewer: Question(edits))
        (folder / "edited.bin").write_bytes(stage.message(viewer))
    run = viewer.run
    read = unroll(copy_of(run.network_at(STEPS[-1]), torch.float64), run.watched, edits=edits)
    h = read["l0.h"][:, 0]
    expected = {
        "states": {name: read[f"l0.{name}"][:, 0].T.tolist() for name in run.layout.states},
        "gates": {gate.name: read[f"l0.{gate.name}"][:, 0].T.tolist() for gate in run.layout.gates},
        "apart": [float((h[b] - h[a]).norm()) for a, b in run.layout.pairs],
        "path": torch.cdist(h, h).tolist(),
    }
    (folder / "edited.json").write_text(json.dumps(expected), encoding="utf-8")


def write_overture(folder: Path) -> None:
    """What a first visit is told of a run of 14 steps that is there, what after it was asked to play, and all of it."""
    registry = Registry()
    config = ExperimentConfig(text=TextConfig(text="hello world"))
    Viewer(registry, config).go_to(STEPS[-1])
    visitor = Viewer(registry, config, finished_at=STEPS[-1])
    (folder / "overture.bin").write_bytes(stage.message(visitor))
    visitor.play()
    (folder / "overture_played.bin").write_bytes(stage.message(visitor))
    losses = visitor.run.curve_points(STEPS[-1]).loss.tolist()
    (folder / "overture.json").write_text(json.dumps(losses), encoding="utf-8")


def write_unrolled(folder: Path) -> None:
    """The message of the rolled and unrolled picture."""
    told = unrolled.message(Run(CASES["lstm"]))
    (folder / "unrolled.json").write_text(json.dumps(told), encoding="utf-8")


@pytest.fixture
def messages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a message for each case, what it should show, and the words of the stage."""
    monkeypatch.setattr(stage.state, "remembered", lambda name, key, make: make())
    monkeypatch.setattr(stage.what_if, "question", lambda viewer: Question())
    monkeypatch.setattr(stage, "_asked_about", lambda: None)
    for module in (stage, words):
        monkeypatch.setattr(module, "language", lambda: "en")
    for name, config in CASES.items():
        write(tmp_path, name, config)
    write_race(tmp_path)
    write_earlier(tmp_path)
    write_return(tmp_path)
    write_overture(tmp_path)
    write_edited(tmp_path, monkeypatch)
    write_unrolled(tmp_path)
    (tmp_path / "words.json").write_text(json.dumps(WORDS), encoding="utf-8")
    (tmp_path / "cases.json").write_text(json.dumps(list(CASES)), encoding="utf-8")
    return tmp_path


def test_the_stage_in_node(messages: Path) -> None:
    """Every test in js/*.test.js; what it prints is shown when one fails."""
    done = node("--test", *sorted(TESTS.glob("*.test.js")), env={"PLAYGROUND_MESSAGES": str(messages)})
    assert done.returncode == 0, done.stdout


def test_what_streamlit_does_not_promise_is_read_in_one_file() -> None:
    """The attribute that says whether a page is still running, and whatever else is Streamlit's own."""
    users = [file.name for file in WEB.rglob("*.js") if "data-test" in file.read_text(encoding="utf-8")]
    # layout.js gives the stage its own data-testid, and picture.js the shape.
    assert sorted(users) == ["dom.js", "layout.js", "picture.js"]
