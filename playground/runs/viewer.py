"""A viewer: one person's playhead, and which experiments it is on. Knows nothing of the page."""

from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

from playground.config import ExperimentConfig
from playground.refusal import Refusal
from playground.runs.playhead import Playhead
from playground.runs.registry import Registry
from playground.runs.track import Ghost, Track, with_rate

MAX_GHOSTS = 3
MAX_TRACKS = 4


class Viewer(Playhead):
    """One person's playhead, which goes over to other experiments, one or several side by side.

    What goes over to another run makes it first, one after the other, while ticks stand still.

    Attributes:
        ghosts: earlier experiments of this person, as curves.
        messages: how many messages the stage has been sent.
    """

    def __init__(self, registry: Registry, config: ExperimentConfig, *, finished_at: int = 0) -> None:
        super().__init__(registry, config, finished_at=finished_at)
        self.ghosts: tuple[Ghost, ...] = ()
        self.messages = 0

    def reset(self) -> None:
        """Back to step 0 with the same seed and the present learning rate. No ghost: it would be the same curve.

        Raises:
            Refusal: if there is no memory; then it only pauses.
        """
        with self._leaving():
            self.pause()
            acts = self._acts
            opened = self._opened([track.shown for track in self.tracks])
            with self._lock:
                self._go_over(opened)
                self._begin(None, acts)

    def change(self, shown: ExperimentConfig, *, beside: Sequence[ExperimentConfig] | None = None) -> None:
        """Go over to what the widgets say.

        Another learning rate alone goes on from the playhead, on all tracks, and the change belongs to the experiments;
        anything else starts new runs, all from step 0, and leaves the old one of the page as a ghost.

        beside: what they say of the other tracks, one for each; None: they stay what they are, but for the rate.

        Raises:
            Refusal: if the text cannot be trained on, or the rate has been changed too often; then nothing has changed.
        """
        with self._moving:
            rate, before = shown.training.learning_rate, [track.shown for track in self.tracks]
            others = before[1:] if beside is None else beside
            if beside is None and rate != self.rate:
                others = [with_rate(each, rate) for each in others]
            wanted = [shown, *others]
            if wanted == before:
                return
            is_of_rate = wanted == [with_rate(track.config, rate) for track in self.tracks]
            if is_of_rate and self.playhead > 0 and not self.shows_finished:
                self._fork(rate)
            else:
                self._start_over(wanted)

    def open(self, config: ExperimentConfig) -> None:
        """Go over to exactly this experiment as that of the page, at step 0; the one before stays as a ghost.

        Raises:
            Refusal: if the text cannot be trained on; then nothing has changed.
        """
        with self._moving:
            if config != self.config:
                self._start_over([config, *(track.config for track in self.tracks[1:])])

    def _start_over(self, configs: Sequence[ExperimentConfig]) -> None:
        """Go over to these experiments, one a track, at step 0; that of the page stays as a ghost if it is another."""
        with self._leaving() as acts:
            ghost = self.tracks[0].ghost() if configs[0] != self.config else None
            opened = self._opened(configs)
            with self._lock:
                self._go_over(opened)
                self._begin(ghost, acts)

    @contextmanager
    def _leaving(self) -> Generator[int]:
        """Make other runs to go over to: ticks stand still, and nobody else goes elsewhere. Gives the acts so far."""
        with self._moving:
            with self._lock:
                self._is_leaving, acts = True, self._acts
            try:
                yield acts
            finally:
                with self._lock:
                    self._is_leaving = False

    def _begin(self, ghost: Ghost | None, acts: int) -> None:
        """Stand at step 0 of what is watched now; what was watched before may stay as a ghost.

        acts: before it was made. A button pressed since then was pressed later, and counts.
        """
        plays_on = self.playing and self._acts != acts
        self.pause()
        self._rest(0)
        if ghost is not None:
            self.ghosts = (*self.ghosts, ghost)[-MAX_GHOSTS:]
        if plays_on:
            self.play()

    def _opened(self, configs: Sequence[ExperimentConfig]) -> list[tuple[Track, ExperimentConfig, str]]:
        """Hold the runs of these experiments, one a track; all or, where one is refused, none."""
        pairs = list(zip(self.tracks, configs, strict=True))
        opened = self._leases.all_or_none(partial(track.opened, config) for track, config in pairs)
        return [(track, config, run_id) for (track, config), run_id in zip(pairs, opened, strict=True)]

    def _go_over(self, opened: Iterable[tuple[Track, ExperimentConfig, str]]) -> None:
        """Show what has been opened."""
        for track, config, run_id in opened:
            track.go_over(config, run_id)

    def _fork(self, learning_rate: float) -> None:
        """Go on from the playhead with another learning rate, all tracks or, where one is refused, none."""
        with self._leaving():
            pairs = [(track, track.changed(learning_rate)) for track in self.tracks]
            forked = self._leases.all_or_none(partial(track.forked, config) for track, config in pairs)
            with self._lock:
                for (track, config), run_id in zip(pairs, forked, strict=True):
                    track.fork(config, run_id)
                self._act()

    def race(self, configs: Sequence[ExperimentConfig], *, arrives: bool = False) -> None:
        """Watch these experiments side by side, from step 0; the first becomes that of the page.

        arrives: whether a link asks for it, so that the person has still done nothing.

        Raises:
            Refusal: if they are too many, or there is no memory for all; then nothing has changed.
        """
        self._watch([(config, None, 0) for config in configs])
        if arrives:
            self._acts_at_arrival = self._acts

    def part(self, other: ExperimentConfig, step: int) -> None:
        """Watch an experiment beside that of the page alone, both from a step up to which they are the same.

        To be followed by `settle`.

        Raises:
            Refusal: if there is no memory for both; then nothing has changed.
        """
        with self._leaving():
            first, *others = self.tracks
            forked = self._leases.fork(first.run_id, other, step, stays=True)
            with self._lock:
                self.pause()
                self.tracks = (first, self._track(forked, other))
                for track in others:
                    track.leave()
                self._rest(step)

    def sow(self, seeds: Sequence[int]) -> None:
        """Watch the experiment of the page from several seeds, trained as replicas of one run, from step 0.

        Raises:
            Refusal: if they are too many, or there is no memory for all; then nothing has changed.
        """
        config = self.config
        self._watch([(replace(config, seed=seed), tuple(seeds), at) for at, seed in enumerate(seeds)])

    def alone(self) -> None:
        """Watch the experiment of the page alone, from where it is."""
        with self._moving, self._lock:
            self._act()
            first, *others = self.tracks
            self.tracks = (first,)
            for track in others:
                track.leave()
            self.playing = self.playing and not self.has_ended

    def _watch(self, wanted: Sequence[tuple[ExperimentConfig, tuple[int, ...] | None, int]]) -> None:
        """Watch experiments, each with the seeds of its run and the number of its replica."""
        if not 1 <= len(wanted) <= MAX_TRACKS:
            raise Refusal(
                "tracks",
                "From 1 to {most} experiments can be watched side by side; got {count}.",
                most=MAX_TRACKS,
                count=len(wanted),
            )
        with self._leaving() as acts:
            before = self.tracks
            ghost = before[0].ghost() if wanted[0][0] != before[0].config else None
            going = [track.run_id for track in before]
            opened = self._leases.all_or_none(
                partial(self._leases.open, config, seeds=seeds, instead_of=going)
                for config, seeds, _ in wanted
            )
            with self._lock:
                self.tracks = tuple(
                    self._track(run_id, *each) for run_id, each in zip(opened, wanted, strict=True)
                )
                for track in before:
                    track.leave()
                self._begin(ghost, acts)

    def remove_ghost(self, identifier: str) -> None:
        with self._lock:
            self.ghosts = tuple(ghost for ghost in self.ghosts if ghost.id != identifier)
