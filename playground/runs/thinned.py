"""A record of a process of unknown length in bounded memory: when it is full, every second entry goes."""

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Thinned(Generic[Item]):
    """Items by training step, evenly spaced: those of steps 0, stride, 2·stride, …

    When there are more than `max_items`, or together more than `max_bytes`, the stride doubles and every second
    item is dropped. What is kept is therefore a function of the newest step alone, however fast it was reached.

    Args:
        max_items: most items kept.
        max_bytes: most bytes kept, measured by `size`; the item of step 0 always stays.
        size: bytes of one item.
    """

    def __init__(
        self, max_items: int, max_bytes: int | None = None, size: Callable[[Item], int] = lambda item: 0
    ):
        self.stride = 1
        self.nbytes = 0
        self._max_items = max_items
        self._max_bytes = max_bytes
        self._size = size
        self._items: dict[int, Item] = {}

    def wants(self, step: int) -> bool:
        """Whether the item of `step` belongs to the record and is not in it yet."""
        return step % self.stride == 0 and step not in self._items

    def add(self, step: int, item: Item) -> None:
        """Add the item of `step`, newer than all others; ignored if the record does not want it."""
        if not self.wants(step):
            return
        self._items[step] = item
        self.nbytes += self._size(item)
        while len(self._items) > 1 and self._is_full():
            self.stride *= 2
            self._items = {kept: item for kept, item in self._items.items() if kept % self.stride == 0}
            self.nbytes = sum(map(self._size, self._items.values()))

    def _is_full(self) -> bool:
        too_heavy = self._max_bytes is not None and self.nbytes > self._max_bytes
        return too_heavy or len(self._items) > self._max_items

    def latest(self, step: int) -> tuple[int, Item]:
        """The newest item at or before `step`, with its own step."""
        if step in self._items:
            return step, self._items[step]
        kept = max(candidate for candidate in self._items if candidate <= step)
        return kept, self._items[kept]

    def until(self, step: int) -> "Thinned[Item]":
        """A new record with the items of this one up to `step`; the items themselves are shared."""
        copy: Thinned[Item] = Thinned(self._max_items, self._max_bytes, self._size)
        copy.stride = self.stride
        copy._items = {kept: item for kept, item in self._items.items() if kept <= step}
        copy.nbytes = sum(map(self._size, copy._items.values()))
        return copy

    def __contains__(self, step: int) -> bool:
        return step in self._items

    def __getitem__(self, step: int) -> Item:
        return self._items[step]

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[int]:
        return iter(self._items)

    def between(self, first: int, last: int) -> list[Item]:
        """Items of the steps first … last, oldest first."""
        return [item for step, item in self._items.items() if first <= step <= last]
