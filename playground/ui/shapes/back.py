"""Where the gradient starts: the picture of a lesson backwards, and what another read-out or decoder input changes."""

import numpy as np
import pandas as pd
import streamlit as st

from playground.figures.axes import number, percent
from playground.figures.results import gradient_over_time
from playground.studies.lesson_frame import LessonFrame
from playground.studies.lessons import Lesson, variants
from playground.studies.side_by_side import SideBySide
from playground.ui import apart, progress, widgets
from playground.ui import lesson as words
from playground.ui import picture as pictures
from playground.ui.figure_words import LABELS, look
from playground.ui.shapes import chosen
from playground.ui.shapes.five import draw_lesson
from playground.ui.shapes.results import ALONE, curves, success_in_words
from playground.ui.words import N_, _

COLUMNS = {
    "variant": N_("network"),
    "success": N_("held-out success"),
    "taught": N_("symbols right, the right ones before"),
    "own": N_("symbols right, its own before"),
    "loss": N_("loss of the next batch"),
    "start": N_("first ÷ last gradient, untrained"),
    "end": N_("first ÷ last gradient, at the end"),
}
OF_ALL = {"success": N_("success on all examples")}  # where nothing is held out


def show() -> None:
    """Draw the choice of a lesson, its picture backwards, and its variants side by side."""
    apart.put_away()
    words.opening("shapes", "gradient")
    with st.container():  # as in `five`
        # Of a single timestep there is nothing to see.
        made = chosen.choose(begins_with="many-to-one", has_variants=True)
    if made is not None:
        _side_by_side(*made)
    apart.say()


@st.fragment
def _side_by_side(lesson: Lesson, column: int) -> None:
    """All variants learn from one seed, in turns."""
    lessons = variants(lesson) or {ALONE: lesson}
    shown = next((name for name, each in lessons.items() if each == lesson), ALONE)

    def draw(work: SideBySide) -> None:
        draw_lesson(work.runs[shown], lesson, column, back=True, key="variants_picture")

    job = progress.job(
        "lesson variants",
        tuple(lessons.items()),
        lambda: SideBySide({name: each.run() for name, each in lessons.items()}),
        _("Learning …"),
        live=draw,
    )
    if job is None or not all(run.frames for run in job.work.runs.values()):
        return
    draw(job.work)
    left, right = st.columns(2, gap="large")
    with left:
        _gradients({name: run.frames_of(column) for name, run in job.work.runs.items()})
    with right:
        curves(job.work.runs, name="variants_curve")
    _measured(job.work, column)


def _gradients(frames: dict[str, tuple[LessonFrame, ...]]) -> None:
    """How much gradient comes to each timestep, untrained or at the end."""
    with widgets.row():
        place = 0 if widgets.segments("moment") == "start" else -1
    tables = [gradient_table(name, of_it[place]) for name, of_it in frames.items()]
    table = pd.concat(tables, ignore_index=True)
    figure = gradient_over_time(table, look())
    title = _("How much gradient comes to each timestep")
    pictures.show((figure, table), name="gradient_over_time", title=title, file="shapes-gradient")
    layers, directions, _time = next(iter(frames.values()))[0].gradients.shape
    if layers * directions > 1:
        st.caption(
            _(
                "Drawn is the gradient of the highest layer, of both directions together √(a² + b²); the picture "
                "above shows each."
            )
            if directions > 1
            else _("Drawn is the gradient of the highest layer; the picture above shows each.")
        )


def gradient_table(variant: str, frame: LessonFrame) -> pd.DataFrame:
    """A row a timestep that reads or asks something: variant, step, t (from 1), token, gradient.

    Of the highest layer; of two directions both together, √(a² + b²).
    """
    gradient = np.linalg.norm(frame.gradients[-1].astype(np.float64), axis=0)
    there = np.flatnonzero(frame.reads | frame.mask)
    return pd.DataFrame(
        {
            "variant": variant,
            "step": frame.step,
            "t": there + 1,
            "token": [frame.shown.read[t] or "0" for t in there],
            "gradient": gradient[there],
        }
    )


def _measured(work: SideBySide, column: int) -> None:
    """What each variant came to, in numbers."""
    rows = []
    for name, run in work.runs.items():
        found, frames, symbols = run.results(), run.frames_of(column), run.symbols_right()
        assert found is not None
        taught, own = (None, None) if symbols is None else (f"{percent(share)} %" for share in symbols)
        rows.append(
            {
                "variant": _(LABELS[f"variant_{name}"]),
                "success": success_in_words(found.success),
                "taught": taught,
                "own": own,
                "loss": frames[-1].loss,
                "start": _ratio(frames[0]),
                "end": _ratio(frames[-1]),
            }
        )
    table = pd.DataFrame(rows)
    shown = table.dropna(axis="columns", how="all")
    drawn = shown.style.format(dict.fromkeys(shown.select_dtypes("float"), number))
    is_held_out = all(run.task.disjoint for run in work.runs.values())
    heads = COLUMNS if is_held_out else COLUMNS | OF_ALL
    st.dataframe(drawn, hide_index=True, column_config={name: _(word) for name, word in heads.items()})
    pictures.download(table, name="variants", file="shapes-variants")


def _ratio(frame: LessonFrame) -> float:
    """How much gradient comes to the first timestep, by how much comes to the last one."""
    gradient = gradient_table("", frame)["gradient"].to_numpy()
    return float(gradient[0] / gradient[-1]) if gradient[-1] else np.nan
