"""The stage: the live picture. A component of the page that receives recordings as bytes and plays them by itself."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import isfinite
from typing import Any

from playground.analysis.floors import LONGEST, Floor, uniform_perplexity
from playground.analysis.learned import floors_of
from playground.cells import CELLS
from playground.cells.wires import described
from playground.config import ExperimentConfig, TextConfig
from playground.corpus import Corpus
from playground.models.dropout import leaves_out
from playground.runs.run import Run
from playground.runs.viewer import Ghost, Viewer
from playground.ui import state, what_if
from playground.ui.explosion import sentence
from playground.ui.fields import value_label
from playground.ui.live import mounted
from playground.ui.private_streamlit import connection
from playground.ui.settings import file_name, in_short
from playground.ui.stage.feed import Feed
from playground.ui.stage.message import Heard, Scene
from playground.ui.stage.message import message as encoded
from playground.ui.stage.words import words
from playground.ui.tour.scenes import NUMBER, lit
from playground.ui.words import language

LABELLED = 5  # differences that a ghost's label names

# Room for a stage that is still to come, about as high as it will be: the page below it must not jump. With its style
# sheet the stage appears, and the room goes.
_ROOM = """
.mount { container-type: inline-size; }
.room { height: 1014px; }
@container (min-width: 1400px) { .room { height: 1169px; } }
@container (max-width: 899px) { .room { height: 1456px; } }
@container (max-width: 599px) { .room { height: 2890px; } }
"""
_mount = mounted("stage", html='<div class="mount"><div class="room"></div></div>', css=_ROOM)


def show(
    viewer: Viewer,
    *,
    on_toggle: Callable[[], None],
    on_study: Callable[[], None],
    on_ghost: Callable[[], None],
    on_resume: Callable[[], None],
    on_edits: Callable[[], None],
    on_loss: Callable[[], None],
    on_present: Callable[[], None],
):
    """Draw the stage for a viewer: everything recorded when paused, the latest frames while playing."""
    _mount(
        key="stage",
        data=message(viewer),
        on_tick_change=_answer,
        on_reading_change=_answer,
        on_toggle_change=on_toggle,
        on_study_change=on_study,
        on_ghost_change=on_ghost,
        on_resume_change=on_resume,
        on_edits_change=on_edits,
        on_loss_change=on_loss,
        on_present_change=on_present,
    )


def _answer() -> None:
    """The stage has asked for the next message; that the page runs again is the answer."""


def message(viewer: Viewer) -> bytes:
    """What the stage is told by a run of the page."""
    made = None
    while made is None:  # a second run of the page may go over to something else meanwhile
        viewer.reopen()
        feed = tell(viewer)
        feed.reader.question = what_if.question(viewer)
        made = encoded(
            viewer, feed.scenes, _heard(), feed=feed.token, reader=feed.reader, step=_asked_about()
        )
    return made


def tell(viewer: Viewer) -> Feed:
    """Have the feed of a viewer say what there is to say of what is watched now."""
    feed = feed_of(viewer)
    feed.scenes = _scenes(viewer)
    return feed


def feed_of(viewer: Viewer) -> Feed:
    """The feed of a viewer, which knows what the page last said of what is watched."""
    return state.remembered("feed", viewer.id, lambda: Feed(viewer, connection()))


def _scenes(viewer: Viewer) -> tuple[Scene, ...]:
    """Of what is watched now, each with what there is to say of its explosion."""
    with viewer.held():
        watched = [(track.recording, track.config, track.run, track.explosion) for track in viewer.tracks]
        bright = lit(state.value(NUMBER))
        key = [(recording, config) for recording, config, _, _ in watched], viewer.ghosts, language(), bright
    names = names_apart([config.values() for _, config, _, _ in watched])
    described = state.remembered(
        "scenes",
        key,
        lambda: [
            Scene.of(scene(viewer, run, name=name, config=config) | {"lit": bright}, recording)
            for name, (recording, config, run, _) in zip(names, watched, strict=True)
        ],
    )
    return tuple(
        replace(each, sentence="" if explosion is None else sentence(explosion, config))
        for each, (_, config, _, explosion) in zip(described, watched, strict=True)
    )


def names_apart(experiments: Sequence[dict[str, Any]]) -> list[str]:
    """What each of several experiments is called: values in which not all are equal; "" for one that is alone."""
    first = experiments[0]
    different = [name for name in first if any(each[name] != first[name] for each in experiments)]
    if "clip" in different:  # how and from where on is told where gradients are shown
        different = [name for name in different if name not in ("clip_threshold", "clip_from")]
    return [_label(each, different) for each in experiments]


def _heard() -> Heard:
    """What the stage has, as it says with its question; nothing, if that is not why the page runs."""
    match state.stage_event("tick"):
        case {"serial": int(serial), "scene": str(scene_id)}:
            return Heard(serial, scene_id)
    return Heard()


def _asked_about() -> int | None:
    """The training step that the stage asks the page about; None if that is not why the page runs."""
    match state.stage_event("reading"):
        case {"step": int(step)} if not isinstance(step, bool) and 0 <= step <= state.viewer().playhead:
            return step
    return None


def scene(
    viewer: Viewer, run: Run, *, name: str = "", config: ExperimentConfig | None = None
) -> dict[str, Any]:
    """What stays the same from frame to frame: labels, sizes, floors, ghosts, words.

    name: of the run, where several are shown side by side. config: of the track, if it is not that of the whole run.
    """
    corpus, layout = run.corpus, run.layout
    inputs = run.watched.inputs[:, 0, 0].tolist()
    targets = run.watched.targets[:, 0, 0].tolist()
    config = config or run.config
    return {
        "name": name,
        "caption": in_short(config),
        "file": file_name(config),
        "cell": layout.cell,
        "layers": layout.layers,
        "hidden_size": config.network.hidden_size,
        "units": layout.units,
        "inputs": [corpus.labels[i] for i in inputs],
        "targets": [corpus.labels[i] for i in targets],
        "input_ids": inputs,
        "target_ids": targets,
        "vocabulary": list(corpus.labels),
        "states": list(CELLS[layout.cell].states),
        "gates": [{"name": gate.name, "low": gate.low, "high": gate.high} for gate in layout.gates],
        "wires": described(CELLS[layout.cell].wires),
        "frame": layout.fields,
        "windows": len(corpus.windows),
        "whole_batch": corpus.steps_per_epoch == 1,
        "reduction": config.training.reduction,
        "uniform": uniform_perplexity(corpus),
        "floors": drawn_floors(corpus),
        "clipping": _clipping(config),
        "parted": len({tuple(_clipping(track.config).values()) for track in viewer.tracks}) > 1,
        "remembers": below_which_it_remembers(config, corpus),
        "pairs": [{"a": pair.a, "b": pair.b} for pair in layout.pairs],
        "loss_at": layout.loss_at,
        "ghosts": [_ghost(ghost, viewer) for ghost in viewer.ghosts],
        "lit": (),
        "words": words(config.network),
    }


def _clipping(config: ExperimentConfig) -> dict[str, Any]:
    """How gradients are clipped, and from which step on; what a training without clipping says of it does not count."""
    training = config.training
    if training.clip == "off":
        return {"kind": "off", "threshold": 0, "from": 0}
    return {"kind": training.clip, "threshold": training.clip_threshold, "from": training.clip_from}


def drawn_floors(corpus: Corpus) -> list[Floor]:
    """The floors of little memory, and the lowest one, wherever it begins."""
    *floors, lowest = floors_of(corpus.config)
    return [*(floor for floor in floors if floor.first <= LONGEST), lowest]


def below_which_it_remembers(config: ExperimentConfig, corpus: Corpus) -> float | None:
    """The perplexity that the learning curve of an experiment is below only if the network remembers.

    It is what those reach that see the current symbol alone. None where memory is of no use, or where the curve is not
    of the whole text: that of a batch, or of a pass which leaves numbers out, may lie below any line.
    """
    floors = floors_of(corpus.config)
    of_whole_text = corpus.steps_per_epoch == 1 and not leaves_out(config.network)
    if floors[-1].first < 2 or not of_whole_text:
        return None
    return next(floor.perplexity for floor in reversed(floors) if floor.first <= 1)


def _ghost(ghost: Ghost, viewer: Viewer) -> dict[str, Any]:
    """An earlier run. Beside the floors of this text, the curve of another would say what is not so: it stays away."""
    other_text = not _same_predictions(ghost.config.text, viewer.config.text)
    steps, losses = ((), ()) if other_text else (ghost.steps, ghost.losses)
    return {
        "id": ghost.id,
        "label": ghost_label(ghost.config.values(), viewer.config.values()),
        "other_text": other_text,
        "steps": steps,
        "loss": [loss if isfinite(loss) else None for loss in losses],
    }


def _same_predictions(one: TextConfig, other: TextConfig) -> bool:
    """Whether two texts ask for the same predictions, in whatever batches."""
    return replace(one, batch_size=other.batch_size) == other


def ghost_label(ghost: dict[str, Any], present: dict[str, Any]) -> str:
    """An earlier run in a few words: its cell, and everything else in which it differs from the present one."""
    different = [name for name in ghost if ghost[name] != present[name] and name != "cell"]
    if ghost["rates"] and "rates" in different and "learning_rate" not in different:
        different.insert(
            different.index("rates"), "learning_rate"
        )  # the changes alone do not say where it began
    return _label(ghost, ["cell", *different])


def _label(values: dict[str, Any], names: Sequence[str]) -> str:
    """Some values of an experiment in a few words."""
    labels = [value_label(name, values[name]) for name in names]
    return " · ".join(labels[:LABELLED]) + (" · …" if len(labels) > LABELLED else "")
