"""States of a training to go back to, in bounded memory: they only save time, so they may be dropped."""

import threading

import torch
from torch import Tensor

from playground.training import Snapshot

FEWEST = 4  # snapshots there is room for, however heavy; and those that stay, or about, when memory is short
SNAPSHOT_BYTES = 300  # what Python keeps of a snapshot besides its numbers (measured)


class _Shelf:
    """The tensors of some snapshots, one a row: few blocks of memory instead of many that come and go.

    Blocks of a few kilobytes that live for some hundred steps each leave holes between what stays: of a class of a
    hundred, a fifth of all memory was such holes. A row takes memory from when it is first written.

    Args:
        like: whose tensors are as large as those of all others.
        rows: how many snapshots there is room for.
    """

    def __init__(self, like: Snapshot, rows: int) -> None:
        with torch.inference_mode(False):  # so that any thread may write, whatever its mode
            self._parameters = _rows_like(like.parameters, rows)
            self._optimizer = {name: _rows_like(tensor, rows) for name, tensor in like.optimizer.items()}
            self._exploded = torch.zeros(rows, len(like.clips), dtype=torch.bool)
            self._clips = torch.zeros(rows, len(like.clips), dtype=torch.int64)
        self._free = list(range(rows))[::-1]  # the last is taken next: a row already written, if there is one
        self.written = 0  # rows that take memory

    def put(self, snapshot: Snapshot) -> int:
        """Copy a snapshot to a free row; its number."""
        row = self._free.pop()
        self.written = max(self.written, row + 1)
        self._parameters[row].copy_(snapshot.parameters)
        for name, rows in self._optimizer.items():
            rows[row].copy_(snapshot.optimizer[name])
        self._clips.numpy()[row] = snapshot.clips
        exploded = self._exploded.numpy()[row]
        exploded[:] = False
        exploded[list(snapshot.exploded)] = True
        return row

    def take(self, step: int, row: int) -> Snapshot:
        """A copy of what was put into a row."""
        optimizer = {name: rows[row].clone() for name, rows in self._optimizer.items()}
        exploded = frozenset(self._exploded.numpy()[row].nonzero()[0].tolist())
        clips = tuple(self._clips.numpy()[row].tolist())
        return Snapshot(step, self._parameters[row].clone(), optimizer, exploded, clips)

    def clear(self, row: int) -> None:
        """Another snapshot may have a row."""
        self._free.append(row)


def _rows_like(tensor: Tensor, rows: int) -> Tensor:
    return torch.empty((rows, *tensor.shape), dtype=tensor.dtype)


class Checkpoints:
    """Snapshots of the steps 0, d, 2·d, …; d doubles whenever they are more than `most` or weigh more than `max_bytes`.

    There is room for a few even where these weigh more. All snapshots of a run weigh the same, so d follows from the
    newest step. That of step 0 always stays. Any thread may look for one.
    """

    def __init__(self, most: int, max_bytes: int) -> None:
        self._most, self._max_bytes = most, max_bytes
        self._capacity = most
        self._weight = 0  # bytes of one snapshot
        self._shelf: _Shelf | None = None
        self._rows: dict[int, int] = {}  # by step
        self._distance = 1
        self._lock = threading.Lock()

    def wants(self, step: int) -> bool:
        """Whether the snapshot of `step`, the newest, is to be kept and is not there yet."""
        return step % self._distance_at(step) == 0 and step not in self._rows

    def after(self, step: int) -> int:
        """The first step beyond this one whose snapshot is to be kept, as far as is known now."""
        each = self._distance_at(step + 1)
        return step - step % each + each

    def add(self, snapshot: Snapshot) -> None:
        """Add the snapshot of the newest step; ignored if it is not wanted."""
        step = snapshot.step
        if self._shelf is None:
            self._weight = snapshot.nbytes + SNAPSHOT_BYTES
            self._capacity = min(self._most, max(FEWEST, self._max_bytes // self._weight))
            self._shelf = _Shelf(snapshot, self._capacity)
        if not self.wants(step):
            return
        with self._lock:
            if self._distance_at(step) != self._distance:
                self._drop_between(step)
            self._rows[step] = self._shelf.put(snapshot)

    def thin(self) -> bool:
        """Let go of every second snapshot, from now on; whether there was anything to let go of.

        Of those for which there is room only because they are few, step 0 alone may stay.
        """
        fewest = FEWEST if FEWEST * self._weight <= self._max_bytes else 1
        if len(self._rows) <= fewest:
            return False
        with self._lock:
            self._most = max(fewest, min(self._most, self._capacity) // 2)
            self._capacity = min(self._capacity, self._most)
            self._drop_between(max(self._rows))
            self._move_to(self)
            return True

    def _drop_between(self, newest: int) -> None:
        """Keep the snapshots whose distance fits the newest step."""
        self._distance = self._distance_at(newest)
        for step in [step for step in self._rows if step % self._distance]:
            row = self._rows.pop(step)
            if self._shelf is not None:
                self._shelf.clear(row)

    def _move_to(self, other: "Checkpoints", last: float = float("inf")) -> None:
        """Let another record, or this one, have the snapshots up to a step on a shelf of its own."""
        shelf, kept = self._shelf, {step: each for step, each in self._rows.items() if step <= last}
        if shelf is None or not kept:
            return
        snapshots = (shelf.take(step, each) for step, each in kept.items())
        first = next(snapshots)
        other._shelf = _Shelf(first, other._capacity)
        other._rows = {first.step: other._shelf.put(first)}
        other._rows |= {each.step: other._shelf.put(each) for each in snapshots}

    def _distance_at(self, step: int) -> int:
        """The smallest power of two of whose multiples 0 … step there are not too many."""
        return 1 << (step // self._capacity).bit_length()

    def latest(self, step: int) -> Snapshot:
        """The newest snapshot at or before `step`, as a copy."""
        with self._lock:  # another thread may add one, or thin them
            found = step if step in self._rows else max(kept for kept in self._rows if kept <= step)
            assert self._shelf is not None
            return self._shelf.take(found, self._rows[found])

    def until(self, step: int) -> "Checkpoints":
        """A new record with the snapshots up to `step`."""
        other = Checkpoints(self._most, self._max_bytes)
        with self._lock:
            other._capacity, other._weight, other._distance = self._capacity, self._weight, self._distance
            self._move_to(other, step)
        return other

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self):
        return iter(tuple(self._rows))

    @property
    def nbytes(self) -> int:
        return 0 if self._shelf is None else self._shelf.written * self._weight
