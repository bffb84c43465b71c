"""A lesson that is learned on the page: one job, whichever panel asks for it; and the recorded step that is shown."""

from collections.abc import Callable, Sequence

from playground.jobs.registry import Watch
from playground.studies.lesson_run import LessonRun
from playground.studies.lessons import Lesson
from playground.ui import progress, state, widgets
from playground.ui.words import _


def learned(lesson: Lesson, live: Callable[[LessonRun], None]) -> LessonRun | None:
    """The lesson, when it does not go on; None if nothing of it is recorded. live: draws it while it goes on."""
    job: Watch[LessonRun] | None = progress.job("lesson", lesson, lesson.run, _("Learning …"), live=live)
    return job.work if job is not None and job.work.frames else None


def recorded_step(steps: Sequence[int]) -> int:
    """Draw the choice of a recorded step; returns its place among them. One that is not recorded moves to the next."""
    wanted = state.fitted("frame", 0, steps[-1], default=steps[-1])
    step = min(steps, key=lambda each: abs(each - wanted))
    if step != wanted:
        state.set_values(**state.keyed(frame=step))
        state.shown().chosen["frame"] = step
    return steps.index(widgets.pick("frame", steps, width=340, drawn=lambda each: f"{each:,}"))
