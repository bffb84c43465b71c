"""The playhead of one person on one run or several side by side: where it stands, how it plays, what it shows."""

import itertools
import secrets
import threading
import time
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext

from playground.config import ExperimentConfig
from playground.refusal import Refusal
from playground.runs.album import Frame
from playground.runs.curve import CurvePoints
from playground.runs.leases import Leases
from playground.runs.milestone import MilestoneOf
from playground.runs.move import Move, Stride
from playground.runs.pace import Pace
from playground.runs.registry import Registry
from playground.runs.run import Run
from playground.runs.track import Dropped, Track
from playground.training import Explosion

SPEEDS: dict[str, float | None] = {"watch": 5.0, "normal": 30.0, "fast": 300.0, "max": None}  # steps a second
MANY = 1_000_000  # more than there ever are
# By how many others train: frames a second at most, and seconds between two ticks. A picture costs more than the update
# it shows, and a message more than a picture.
PACES = ((4, 60.0, 0.2), (20, 30.0, 0.2), (50, 20.0, 0.4), (MANY, 12.0, 0.8))
SETTLING = 0.25  # seconds that a button may take


class Playhead:
    """The training step on screen: that of one track, or of several which move together, by the same steps.

    The first track is the experiment of the page; there is always one. A track that has exploded stands still where it
    did, and the others go on. How other tracks come to be watched is a viewer's doing (`viewer.py`).

    Several threads may use it: a person may press a button while a tick still trains. What a person does counts, and a
    tick that began before it moves nothing any more. No lock that a reader waits for is held while a run is built or
    trained.

    Args:
        registry: the server's runs.
        config: the experiment to open.
        finished_at: stand at this step if the run already has it (a first visit sees a finished run; the first play
            then starts from step 0).

    Attributes:
        tracks: what is watched.
        stop_when: a milestone at which playing stops, of several tracks when all have reached it that did not explode;
            whoever plays on from there is not stopped by it again.
        stops_at_first: whether of several tracks the first one to reach it stops all, and each that follows.
        refused: why it stands still, where there was no memory to train; until the person does something.

    Raises:
        Refusal: if the text cannot be trained on.
    """

    def __init__(self, registry: Registry, config: ExperimentConfig, *, finished_at: int = 0) -> None:
        self.id = identifier = secrets.token_hex(8)
        self.playing = False
        self.speed = "normal"
        self.stop_step: int | None = None
        self.stop_perplexity: float | None = None
        self.stop_when: MilestoneOf | None = None
        self.stops_at_first = False
        self.refused: Refusal | None = None
        self._lock = threading.RLock()
        self._plays_when_settled = False
        self._acts = 0  # what the person has done so far, counted
        self._acts_at_arrival = 0
        self._ticking = threading.Lock()
        # What goes elsewhere is done one after the other; taken before `_lock`.
        self._moving = threading.RLock()
        self._is_leaving = False  # it goes over to another run, which is being made
        self._recordings = (f"{identifier}-{number}" for number in itertools.count(1))
        self._registry = registry
        self._leases = Leases(registry, identifier)
        self._pace = Pace()
        self.tracks: tuple[Track, ...] = (self._track(self._leases.open(config), config),)
        self.shows_finished = self.run.step >= finished_at > 0
        if self.shows_finished:
            self.tracks[0].rest(finished_at)

    def _track(
        self, run_id: str, config: ExperimentConfig, seeds: Sequence[int] | None = None, replica: int = 0
    ) -> Track:
        return Track(self._leases, self._lock, self._recordings, run_id, config, seeds, replica)

    # The experiment of the page

    @property
    def config(self) -> ExperimentConfig:
        """The experiment of the page, changes of its learning rate included."""
        return self.tracks[0].config

    @property
    def run_id(self) -> str:
        """What the registry knows its run by."""
        return self.tracks[0].run_id

    @property
    def run(self) -> Run:
        """Its run. Raises Dropped if the server has dropped it; `tick`, `settle` and `reopen` have it begin anew."""
        return self.tracks[0].run

    @property
    def recording(self) -> str:
        """Names what the stage shows of it; another name means that nothing the stage has kept is of use."""
        return self.tracks[0].recording

    @property
    def forks(self) -> tuple[int, ...]:
        """The steps at which its learning rate was changed while this recording was watched."""
        return self.tracks[0].forks

    @property
    def rate(self) -> float:
        """Its learning rate after all changes: what the person has chosen last."""
        return self.tracks[0].rate

    @property
    def shown(self) -> ExperimentConfig:
        """As its widgets say it: with the rate that was chosen last, and without the way there."""
        return self.tracks[0].shown

    @property
    def explosion(self) -> Explosion | None:
        """What stopped being a finite number in it, once the playhead has reached it."""
        return self.tracks[0].explosion

    def curve_points(self, most: int | None = None) -> CurvePoints:
        """Its learning curve up to and including the playhead's step; through `most` points, if there are more."""
        return self.tracks[0].curve_points(most)

    def frames_to_send(self, *, repeat: bool = True) -> list[Frame]:
        """What the stage needs of it: all frames up to the playhead when paused, the newest ones while playing.

        repeat: while playing, those of the call before as well, because they may have been lost.
        """
        with self._lock:
            return self.tracks[0].frames_to_send(playing=self.playing, repeat=repeat)

    def held(self) -> AbstractContextManager[object]:
        """Keep everything as it is within the `with`, to read several things that belong together.

        Nothing that trains or builds is to be done meanwhile, and no other lock of a viewer to be waited for.
        """
        return self._lock

    def reopen(self) -> None:
        """Have the runs again that the server has dropped; they begin anew, behind the playhead.

        Raises:
            Refusal: if there is no memory for that.
        """
        for track in self.tracks:
            track.reopen()

    # The playhead

    @property
    def is_fresh(self) -> bool:
        """Whether the person has done nothing yet."""
        return self._acts == self._acts_at_arrival

    @property
    def playhead(self) -> int:
        """The training step on screen: that of all tracks, but for those that ended before it."""
        return max([track.playhead for track in self.tracks])

    @property
    def own_playhead(self) -> int:
        """The step on which the experiment of the page stands: that of the playhead, unless it ended before."""
        return self.tracks[0].playhead

    @property
    def has_ended(self) -> bool:
        """Whether no track can go on."""
        return all(track.explosion is not None for track in self.tracks)

    def play(self) -> None:
        """Go on; from the start if a finished run is being shown."""
        with self._lock:
            self._act()
            if self.shows_finished:
                self._rest(0)
            self.playing = not self.has_ended
            for track in self.tracks:
                track.start(self.stop_perplexity)
            self._pace.start()

    def pause(self) -> None:
        """Stand still."""
        with self._lock:
            self._act()
            self.playing = False

    def _act(self) -> None:
        """To be called, with the lock held, by everything that a person does."""
        self._acts += 1
        self._plays_when_settled = False
        self.refused = None

    def _rest(self, step: int) -> None:
        """Put the playhead somewhere, as a person's doing. A track that ends before is put there when it settles."""
        self._act()
        self.shows_finished = False
        self._pace.forget()
        for track in self.tracks:
            track.rest(step)

    def step_once(self) -> None:
        """One update, or one recorded step when the playhead is not at the end of the tape."""
        with self._moving, self._lock:
            self.pause()
            if self.shows_finished:
                self._rest(0)
            if not self.has_ended:
                self._rest(self.playhead + 1)
        self.settle(budget=SETTLING)

    def go_to(self, step: int, *, budget: float = float("inf")) -> bool:
        """Move the playhead to `step`, training for about `budget` seconds where the tape ends.

        Returns:
            Whether it has come as far as it can: there, or where a number is no longer finite or memory is short.
        """
        with self._lock:
            self.pause()
            acts = self._acts
        try:
            self.reopen()
            runs, tapes = [track.run for track in self.tracks], [track.tape for track in self.tracks]
        except Refusal as refusal:
            with self._lock:
                if acts == self._acts:
                    self._stand_still(refusal)
            return True
        refused = None
        for run, tape in zip(runs, tapes, strict=True):
            if tape.step < step and tape.explosion is None:
                try:
                    # Without the lock: whoever has the turn may want to look at this viewer.
                    with self._registry.turn(run):
                        run.advance(step - tape.step, budget=budget / len(runs))
                except Refusal as refusal:
                    refused = refusal
        going_on = [tape.step for tape in tapes if tape.explosion is None]
        with self._moving, self._lock:
            if acts == self._acts:
                self._rest(min(step, min(going_on, default=max(tape.step for tape in tapes))))
                self.refused = refused
            return self.playhead == step or not going_on or refused is not None

    def resume(self, step: int, *, playing: bool) -> None:
        """Go on from a step at which this person has been before; to be followed by `settle`, then it plays."""
        with self._moving, self._lock:
            self.pause()
            self._rest(step)
            self._plays_when_settled = playing

    # Playing

    def tick(self) -> bool:
        """One beat of playing: move the playhead by what is due, training where a tape ends.

        Returns:
            Whether it goes on playing: False once a stop condition is met, a number is no longer finite, or there is no
            memory to train (`refused` says so).
        """
        if not self._ticking.acquire(blocking=False):  # the beat before is still at it
            return self.playing
        try:
            with self._lock:
                if not self.playing or self._is_leaving:
                    return self.playing
                acts, before, tracks = self._acts, self.playhead, self.tracks
                elapsed, steps = self._steps_due()
            self._registry.trains(self.id, [track.run_id for track in tracks])
            moves, refused = list[tuple[Track, Move]](), None
            try:
                self.reopen()
                if steps != 0:
                    shots = max(1, round(self.pace[0] * elapsed))
                    moves = self._moves(tracks, before, steps, shots)
            except Dropped:  # again: the next tick has it anew
                moves = []
            except Refusal as refusal:
                refused = refusal
            with self._lock:
                if acts == self._acts and not self._is_leaving:
                    self._commit(moves) if refused is None else self._stand_still(refused)
                return self.playing
        finally:
            self._ticking.release()

    @property
    def pace(self) -> tuple[float, float]:
        """Frames a second at most, and seconds from one tick to the next."""
        others = self.others_training
        return next((drawn, tick) for fewer, drawn, tick in PACES if others < fewer)

    def _steps_due(self) -> tuple[float, int | None]:
        """Seconds since the last tick, and steps to make now; None for as many as fit into a turn."""
        return self._pace.steps_due(SPEEDS[self.speed])

    def _stand_still(self, refusal: Refusal) -> None:
        """Pause because there is no memory to train. What is recorded stays, and so does the playhead."""
        self.pause()
        self.refused = refusal

    def _moves(
        self, tracks: Iterable[Track], before: int, steps: int | None, shots: int
    ) -> list[tuple[Track, Move]]:
        """Where the tracks that go on come to by `steps`, or as far as a turn takes each: all to the same step."""
        limit = before + (MANY if steps is None else steps)
        if self.stop_step is not None and self.stop_step > before:
            limit = min(limit, self.stop_step)
        made = list[tuple[Track, Move]]()
        for track in tracks:
            if track.explosion is not None:
                continue
            goal = track.goal(self.stop_perplexity)
            move, has_ended = track.move(Stride(before, limit, steps is None, shots, goal))
            made.append((track, move))
            if not has_ended:
                limit = move.playhead
        limit = min([limit, *(step for step in self._milestones() if step > before)])
        return [(track, move.until(limit)) for track, move in made]

    def _commit(self, moves: Iterable[tuple[Track, Move]]) -> None:
        """Make moves true, and pause where there is a reason to."""
        before = self.playhead
        for track, move in moves:
            track.take(move)
        self._pace.note(self.playhead)
        going_on = [track for track in self.tracks if track.explosion is None]
        reached_step = before < self.playhead == self.stop_step
        reached = before < self.playhead in self._milestones()
        if (
            not going_on
            or reached_step
            or reached
            or any(track.is_at_goal(self.stop_perplexity) for track in going_on)
        ):
            self.pause()

    def _milestones(self) -> list[int]:
        """The steps at which playing is to stop because of what was reached, as far as that is known."""
        firsts = [track.first_at(self.stop_when) for track in self.tracks]
        reached = [step for step in firsts if step is not None]
        if self.stops_at_first or not reached:
            return reached
        done = [track.done_at(self.stop_when) for track in self.tracks]
        ended = [step for step in done if step is not None]
        return [max(ended)] if len(ended) == len(done) else []

    @property
    def at_milestone(self) -> tuple[tuple[Track, int], ...]:
        """Who has reached what playing is to stop at, and when, where the playhead is on the step at which it stops."""
        if self.playhead not in self._milestones():
            return ()
        firsts = [(track, track.first_at(self.stop_when)) for track in self.tracks]
        return tuple((track, step) for track, step in firsts if step is not None and step <= self.playhead)

    def settle(self, *, budget: float = float("inf")) -> bool:
        """See to it that the playhead stands on a step whose frame is there, on every track.

        A run that the server has dropped is trained again up to it, and the frame of a step that is not kept is taken
        from its weights, for about `budget` seconds. Where there is no memory for that, the playhead goes back to the
        last frame that is there, and `refused` says why; where a run cannot even begin anew, there is none.

        Returns:
            Whether that is done; if not, ask again.
        """
        deadline = time.thread_time() + budget
        while (track := self._unsettled()) is not None:
            acts = self._acts
            try:
                self.reopen()
                with self._lock:
                    if self._is_leaving:
                        return False
                    run, acts, playhead = track.run, self._acts, track.playhead
            except Refusal as refusal:
                with self._lock:
                    if acts == self._acts:
                        self._stand_still(refusal)
                return False
            refused = None
            try:
                frame = track.settle(run, playhead)
            except Refusal as refusal:
                frame, refused = run.tapes[track.replica].frames(0, playhead)[-1], refusal
            with self._lock:
                is_still_wanted = (acts, playhead) == (self._acts, track.playhead) and not self._is_leaving
                if frame is not None and is_still_wanted:
                    track.stand_on(frame)
                    if refused is not None:
                        self._go_back(frame.step)
                        self._stand_still(refused)
            if time.thread_time() >= deadline and not self.is_settled:
                return False
        with self._lock:
            if self._plays_when_settled:
                self.play()
        return True

    def _go_back(self, step: int) -> None:
        """Put tracks that stand beyond a step on it, where one cannot be shown there."""
        for track in self.tracks:
            if track.playhead > step:
                track.rest(step)

    def _unsettled(self) -> Track | None:
        """A track for which `settle` has something to do."""
        return next((track for track in self.tracks if not track.is_settled), None)

    @property
    def is_settled(self) -> bool:
        """Whether `settle` has nothing to do."""
        return self._unsettled() is None

    @property
    def steps_per_second(self) -> float:
        """Speed of the playhead over the last ticks, 0 when not playing."""
        with self._lock:
            return self._pace.steps_per_second if self.playing else 0.0

    @property
    def is_slow(self) -> bool:
        """Whether a run trains in the line of those of which one update takes longer than a turn. Takes no lock."""
        return any(track.is_slow for track in self.tracks)

    def asking(self) -> AbstractContextManager[object]:
        """From a question for what comes next to its answer: so it is known whether anybody waits."""
        return nullcontext() if self.is_slow else self._registry.asking()

    @property
    def others_training(self) -> int:
        return self._registry.others_training(self.id)

    def turn(self) -> AbstractContextManager[float]:
        """Wait for this viewer's turn to compute; gives the seconds it may last. A run that was dropped is had again.

        Raises:
            Refusal: if there is no memory for that.
        """
        self.reopen()
        return self._registry.turn(self.run)
