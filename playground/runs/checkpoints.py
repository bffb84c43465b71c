"""States of a training to go back to, in bounded memory: they only save time, so they may be dropped."""

from playground.training import Snapshot

FEWEST = 4  # snapshots there is room for, however heavy; and those that stay, or about, when memory is short
SNAPSHOT_BYTES = 2_500  # what Python and torch keep of a snapshot besides its numbers (measured)


class Checkpoints:
    """Snapshots of the steps 0, d, 2·d, …; d doubles whenever they are more than `most` or weigh more than `max_bytes`.

    There is room for a few even where these weigh more. All snapshots of a run weigh the same, so d follows from the
    newest step. That of step 0 always stays.
    """

    def __init__(self, most: int, max_bytes: int) -> None:
        self._most, self._max_bytes = most, max_bytes
        self._capacity = most
        self._weight = 0  # bytes of one snapshot
        self._snapshots: dict[int, Snapshot] = {}
        self._distance = 1

    def wants(self, step: int) -> bool:
        """Whether the snapshot of `step`, the newest, is to be kept and is not there yet."""
        return step % self._distance_at(step) == 0 and step not in self._snapshots

    def add(self, snapshot: Snapshot) -> None:
        """Add the snapshot of the newest step; ignored if it is not wanted."""
        step = snapshot.step
        self._weight = snapshot.nbytes + SNAPSHOT_BYTES
        self._capacity = min(self._most, max(FEWEST, self._max_bytes // self._weight))
        if not self.wants(step):
            return
        self._snapshots[step] = snapshot
        if self._distance_at(step) != self._distance:
            self._drop_between(step)

    def thin(self) -> bool:
        """Let go of every second snapshot, from now on; whether there was anything to let go of.

        Of those for which there is room only because they are few, step 0 alone may stay.
        """
        fewest = FEWEST if FEWEST * self._weight <= self._max_bytes else 1
        if len(self._snapshots) <= fewest:
            return False
        self._most = max(fewest, min(self._most, self._capacity) // 2)
        self._capacity = min(self._capacity, self._most)
        self._drop_between(max(self._snapshots))
        return True

    def _drop_between(self, newest: int) -> None:
        """Keep the snapshots whose distance fits the newest step."""
        self._distance = self._distance_at(newest)
        self._snapshots = {kept: each for kept, each in self._snapshots.items() if kept % self._distance == 0}

    def _distance_at(self, step: int) -> int:
        """The smallest power of two of whose multiples 0 … step there are not too many."""
        return 1 << (step // self._capacity).bit_length()

    def latest(self, step: int) -> Snapshot:
        """The newest snapshot at or before `step`."""
        snapshots = self._snapshots.copy()  # another thread may add one, or thin them
        if step in snapshots:
            return snapshots[step]
        return snapshots[max(kept for kept in snapshots if kept <= step)]

    def until(self, step: int) -> "Checkpoints":
        """A new record with the snapshots up to `step`; the snapshots themselves are shared."""
        other = Checkpoints(self._most, self._max_bytes)
        other._capacity, other._weight = self._capacity, self._weight
        other._snapshots = {kept: each for kept, each in self._snapshots.items() if kept <= step}
        return other

    def __len__(self) -> int:
        return len(self._snapshots)

    def __iter__(self):
        return iter(tuple(self._snapshots))

    @property
    def nbytes(self) -> int:
        return len(self._snapshots) * self._weight
