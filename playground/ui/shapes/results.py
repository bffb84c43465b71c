"""What a lesson came to, below its picture: how many held-out answers are right, what was taken for what, mistakes."""

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from playground.figures.axes import number, percent
from playground.figures.results import MOST_CLASSES, confusion, drawn_classes, progress
from playground.studies.judged import Judged
from playground.studies.lesson_run import LessonRun
from playground.tasks.task import NOT_A_NUMBER, Success, Task
from playground.ui import picture
from playground.ui.figure_words import look
from playground.ui.words import N_, _

MEASURED = {
    "accuracy": N_("of {n} held-out answers are right"),
    "exact": N_("of {n} held-out outputs are without a mistake"),
    "error": N_("mean squared error of {n} held-out answers"),
}
ALL = {
    "accuracy": N_("of all {n} answers are right; nothing is held out of so few"),
    "exact": N_("of all {n} outputs are without a mistake; nothing is held out of so few"),
    "error": N_("mean squared error of all {n} answers; nothing is held out of so few"),
}


ALONE = "lesson"  # the variant of a lesson that has no other
HEADS = {
    "example": N_("example"),
    "read": N_("read"),
    "asked": N_("asked"),
    "answered": N_("answered"),
}


def show(run: LessonRun) -> None:
    """Draw the results of the newest recorded step."""
    found = run.results()
    if found is None:
        return
    task = run.task
    _numbers(run, found)
    left, right = st.columns(2, gap="large")
    with left:
        curves({ALONE: run}, name="lesson_curve")
    with right:
        _confusion(translated(task, found.confusion))
    _mistakes(translated(task, found.table))


def curves(runs: Mapping[str, LessonRun], *, name: str) -> None:
    """How well what is held out is answered while learning, for lessons of one task by their variants."""
    table = pd.concat(
        [run.curve().assign(variant=variant) for variant, run in runs.items()], ignore_index=True
    )
    task = next(iter(runs.values())).task
    figure = progress(
        table, look(), chance=task.chance, error=task.measure == "error", is_held_out=task.disjoint
    )
    title = _("Held-out examples while learning") if task.disjoint else _("All examples while learning")
    picture.show((figure, table), name=name, title=title, file="shapes-learning")


def success_in_words(success: Success) -> str:
    """A share in per cent, or an error."""
    (value,) = success.values
    if success.measure == "error" or value != value:  # NaN: it has not answered
        return number(value)
    return f"{percent(value)} %"


def translated(task: Task, table: pd.DataFrame) -> pd.DataFrame:
    """A table in which answers that are words of ours are in the reader's language."""
    own = {name: table[name].map(lambda text: said(task, text)) for name in ("asked", "answered")}
    return table.assign(**own)


def said(task: Task, text: str) -> str:
    """Answers, apart by spaces if there are several, in the reader's language as far as they are words of ours."""
    if text == NOT_A_NUMBER:
        return _(text)
    return " ".join(_(word) if word else "" for word in text.split(" ")) if task.named else text


def _numbers(run: LessonRun, found: Judged) -> None:
    """How many answers are right, beside who always says the same, and what the network is."""
    task, success = run.task, found.success
    one, two, three = st.columns(3)
    words = MEASURED if task.disjoint else ALL
    one.metric(_(words[success.measure]).format(n=f"{success.n:,}"), success_in_words(success))
    chance = number(task.chance) if success.measure == "error" else f"{percent(task.chance)} %"
    two.metric(_("by always giving the best constant answer"), chance)
    three.metric(_("numbers learned"), f"{sum(run.parameters.values()):,}")
    if run.explosion is not None:
        st.warning(
            _("At step {step:,} a number was no longer finite, so the training ended there.").format(
                step=run.explosion.step
            ),
            icon=":material/healing:",
        )


def _confusion(table: pd.DataFrame) -> None:
    """What was taken for what."""
    figure = confusion(table, look())
    picture.show(
        (figure, table), name="confusion", title=_("What was answered for what"), file="shapes-confusion"
    )
    if len(set(table["asked"]) | set(table["answered"])) > len(drawn_classes(table)):
        st.caption(
            _("Drawn are the {count} most frequent ones; the file has all.").format(count=MOST_CLASSES)
        )


def _mistakes(table: pd.DataFrame) -> None:
    """Every example of those judged that was not answered right, and all of them as a file."""
    wrong = table.loc[~table["right"]]
    if wrong.empty:
        st.markdown(_("**Mistakes**: none."))
    else:
        st.markdown(
            _("**Mistakes**: {wrong:,} of {count:,} examples.").format(wrong=len(wrong), count=len(table))
        )
        shown = picture.harmless(wrong.drop(columns="right"))
        st.dataframe(
            shown, hide_index=True, height="auto", column_config={name: _(HEADS[name]) for name in HEADS}
        )
    picture.download(table, name="examples", file="shapes-examples")
