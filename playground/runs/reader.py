"""Who answers one viewer's question about the training steps of what is watched: finds the weights, and reads."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from playground.refusal import Refusal
from playground.runs.album import Frame
from playground.runs.darkroom import Exposure
from playground.runs.left_out import left_out
from playground.runs.reading import Question, Reading, Watched, read
from playground.runs.replay import Replay
from playground.runs.run import Run
from playground.runs.tape import of_replica
from playground.runs.track import Track
from playground.runs.viewer import Viewer

SHARE = (
    6  # while playing, as many times as long as a reading took passes until the next that nobody asked for
)
NOTHING = Question()
Moment = Sequence[tuple[Run, int] | None]  # run and replica of each track; None where the run was dropped


def moment(tracks: Sequence[Track]) -> Moment:
    """What is watched now. The page may go over to other runs at any time, a moment stays what it was."""
    return [_watched(track) for track in tracks]


def _watched(track: Track) -> tuple[Run, int] | None:
    try:
        return track.run, track.replica
    except Refusal:
        return None


@dataclass(slots=True)
class _Last:
    """What was looked up last for one track: where its past was walked through, and the weights of one step."""

    run: Run
    replica: int
    walk: Replay | None = None
    exposure: Exposure | None = None


class Reader:
    """Answers what one viewer asks, one answer at a time; any thread may ask.

    Args:
        viewer: whose tracks are read.

    Attributes:
        question: what is asked just now. It must fit the network and the text of every track.
    """

    def __init__(self, viewer: Viewer) -> None:
        self.question = NOTHING
        self._viewer = viewer
        self._lasts: list[_Last] = []
        self._lock = threading.Lock()
        self._rests_until = 0.0

    def at(self, question: Question, step: int, watched: Moment | None = None) -> list[Reading | None]:
        """The answers at a training step, one a track; of a track that ends before it, at its end.

        watched: what is read, if it is not what is watched by now.

        In the line of all who compute. None where nothing is asked, or to be asked again: there was no time to find its
        weights, or no memory.
        """
        watched = moment(self._viewer.tracks) if watched is None else watched
        if not question.is_asked:
            return [None] * len(watched)
        with self._lock:
            lasts = self._look_up(watched)
            return [self._answer(question, last, step) for last in lasts]

    def _answer(self, question: Question, last: _Last | None, step: int) -> Reading | None:
        if last is None:
            return None
        try:
            with self._viewer.turn() as budget:
                exposure = _found(last, step, budget)
                return None if exposure is None else _read(question, last, exposure)
        except Refusal:  # no memory to walk, or the run has just become another
            return None

    def newest(
        self, question: Question, watched: Moment, frames: Sequence[Sequence[Frame]], *, playing: bool
    ) -> list[Reading | None]:
        """The answers at the newest of some frames of each track, as far as their weights are at hand.

        watched: when the frames were taken. playing: whether more frames follow; then not each of them is answered,
        only so many as cost little.
        """
        nothing = list[Reading | None]([None] * len(watched))
        is_resting = playing and time.monotonic() < self._rests_until
        if is_resting or not self._lock.acquire(blocking=False):
            return nothing
        began = time.monotonic()
        try:
            return [
                None if last is None or not of_track else _of_frame(question, last, of_track[-1])
                for last, of_track in zip(self._look_up(watched), frames, strict=True)
            ]
        except Refusal:
            return nothing
        finally:
            now = time.monotonic()
            self._rests_until = now + SHARE * (now - began)
            self._lock.release()

    def _look_up(self, watched: Moment) -> list[_Last | None]:
        """What was looked up before, as far as it is of the same runs."""
        found = [None if each is None else _last_of(*each, self._lasts) for each in watched]
        self._lasts = [last for last in found if last is not None]
        return found


def _last_of(run: Run, replica: int, lasts: Sequence[_Last]) -> _Last:
    """What was looked up of a replica before."""
    same = (last for last in lasts if last.run is run and last.replica == replica)
    return next(same, None) or _Last(run, replica)


def _found(last: _Last, step: int, budget: float) -> Exposure | None:
    """The weights of a step with what it measured, trained again if need be; None if there was no time."""
    run, tape = last.run, last.run.tapes[last.replica]
    step = min(step, tape.step)
    if last.exposure is not None and last.exposure.update.step == step:
        return last.exposure
    if step == tape.step:
        snapshot, newest = run.snapshot_at(step, budget=budget), tape.newest
        if snapshot is None or newest.step != step:
            return None
        last.exposure = Exposure(snapshot.parameters[last.replica], newest)
        return last.exposure
    last.walk = run.replay(last.walk)
    trainer = last.walk.go_to(step, budget=budget)
    if trainer is None or trainer.step != step:
        return None
    update = of_replica(trainer.preview(), last.replica)
    last.exposure = Exposure(trainer.network.parameters[last.replica].clone(), update)
    return last.exposure


def _of_frame(question: Question, last: _Last, frame: Frame) -> Reading | None:
    """The answer at the step of a frame, if its weights are at hand."""
    exposure = frame.exposure or _found(last, frame.step, 0.0)
    return None if exposure is None else _read(question, last, exposure)


def _read(question: Question, last: _Last, exposure: Exposure) -> Reading:
    run, album = last.run, last.run.tapes[last.replica].album
    step = exposure.update.step
    draws = left_out(run.config.network, run.corpus, run.seeds[last.replica])
    watched = Watched(
        run.layout,
        run.config.network,
        run.corpus.signature,
        run.watched,
        run.config.training.reduction,
    )
    return read(
        question,
        watched,
        exposure.weights,
        exposure.update,
        draw=None if draws is None else draws(step),
        axes=album.axes_at(step),
    )
