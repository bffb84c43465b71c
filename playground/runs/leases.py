"""The runs that one viewer holds: one for each of its tracks, which may share one."""

import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import ExitStack

from playground.config import ExperimentConfig
from playground.runs.registry import Registry
from playground.runs.run import Run


class Leases:
    """What a viewer holds of a registry, counted: a run is released when no track holds it any more.

    Any thread may use it; no lock is held while a run is made.

    Args:
        registry: the server's runs.
        viewer: what the registry knows the viewer by.
    """

    def __init__(self, registry: Registry, viewer: str) -> None:
        self.registry = registry
        self._viewer = viewer
        self._held: Counter[str] = Counter()
        self._lock = threading.Lock()  # taken before that of the registry

    def get(self, identifier: str) -> Run | None:
        """A run that is held; None if the server has dropped it."""
        return self.registry.get(self._viewer, identifier)

    def open(
        self,
        config: ExperimentConfig,
        *,
        seeds: Sequence[int] | None = None,
        instead_of: Collection[str] = (),
    ) -> str:
        """Hold the run of an experiment, and of these seeds; its identifier.

        instead_of: runs that are held and will be released, each as often as that: it takes their place in memory.

        Raises:
            Refusal: if the text cannot be trained on, or there is no memory for the run.
        """
        beside = self._beside(instead_of)
        return self._hold(self.registry.open(self._viewer, config, seeds=seeds, beside=beside))

    def fork(
        self,
        identifier: str,
        config: ExperimentConfig,
        step: int,
        *,
        seeds: Sequence[int] | None = None,
        stays: bool = False,
    ) -> str:
        """Hold the run of `config`, which equals the one held up to `step`; that one is still to be released.

        stays: whether that one will not be released, but stay beside it.

        Raises:
            Refusal: if there is no memory for one trainer more.
        """
        beside = self._beside(() if stays else (identifier,))
        forked = self.registry.fork(self._viewer, identifier, config, step, seeds=seeds, beside=beside)
        return self._hold(forked)

    def all_or_none(self, ways: Iterable[Callable[[], str]]) -> list[str]:
        """Hold what each way opens; where one refuses, nothing is held that was not."""
        with ExitStack() as undo:
            opened = list[str]()
            for way in ways:
                opened.append(way())
                undo.callback(self.release, opened[-1])
            undo.pop_all()
        return opened

    def _beside(self, instead_of: Collection[str]) -> Collection[str]:
        """Runs that stay held once these are released, each as often as it is among them."""
        with self._lock:
            return (self._held - Counter(instead_of)).keys()

    def _hold(self, identifier: str) -> str:
        with self._lock:
            self._held[identifier] += 1
            self.registry.get(
                self._viewer, identifier
            )  # another track may have released it since it was opened
        return identifier

    def release(self, identifier: str) -> None:
        """A track lets go of a run."""
        with self._lock:
            self._held[identifier] -= 1
            if self._held[identifier] <= 0:
                del self._held[identifier]
                self.registry.release(self._viewer, identifier)
