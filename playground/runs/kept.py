"""Which training steps a record keeps: a rule of the step alone, so that nothing depends on who trained how fast.

All steps up to `first` are kept, then every second one up to 2·`first`, every fourth up to 4·`first`, and so on.
Nothing that was kept is ever dropped, and the record grows with the logarithm of the training length. Up to any step
beyond `first`, the record holds at least `first` / 2 evenly spaced steps.
"""

from collections.abc import Iterator
from typing import Generic, TypeVar

import numpy as np

Item = TypeVar("Item")


def stride(step: int, first: int) -> int:
    """Distance between kept steps just below `step`: the smallest power of two of which `first` reach as far."""
    return 1 << ((step - 1) // first).bit_length() if step > first else 1


def is_kept(step: int, first: int) -> bool:
    """Whether a record that keeps the `first` steps whole keeps this one."""
    return step <= first or step % stride(step, first) == 0


def kept_of(step: int, count: int, first: int) -> np.ndarray:
    """Of `count` steps from one on, whether each is kept, (count,) bool."""
    each = stride(step, first)
    if each == stride(step + count - 1, first):
        return np.arange(step, step + count) % each == 0
    return np.array([is_kept(number, first) for number in range(step, step + count)], np.bool_)


def next_kept(step: int, first: int) -> int:
    """The first kept step beyond this one, for an even `first`."""
    each = stride(step + 1, first)
    return step - step % each + each


def last_kept(step: int, first: int) -> int:
    """The last kept step that is not beyond `step`, for an even `first`."""
    return step - step % stride(step, first)


class Kept(Generic[Item]):
    """Items by training step, added in ascending order, kept by the rule of this module."""

    def __init__(self, first: int) -> None:
        self.first = first
        self._items: dict[int, Item] = {}

    def wants(self, step: int) -> bool:
        """Whether the item of `step` belongs to the record and is not in it yet."""
        return is_kept(step, self.first) and step not in self._items

    def add(self, step: int, item: Item) -> None:
        """Add an item, newer than all others; ignored if the record does not want it."""
        if self.wants(step):
            self._items[step] = item

    def after(self, step: int) -> int:
        """The first step beyond this one whose item belongs to the record."""
        return next_kept(step, self.first)

    def between(self, first: int, last: int) -> list[Item]:
        """Items of the steps first … last, oldest first."""
        return [item for step, item in tuple(self._items.items()) if first <= step <= last]

    def until(self, step: int) -> "Kept[Item]":
        """A new record with the items up to `step`."""
        other: Kept[Item] = Kept(self.first)
        other._items = {kept: item for kept, item in self._items.items() if kept <= step}
        return other

    def thinned(self, first: int) -> "Kept[Item]":
        """A new record with those items that one with a smaller `first` keeps."""
        other: Kept[Item] = Kept(first)
        other._items = {kept: item for kept, item in self._items.items() if is_kept(kept, first)}
        return other

    def values(self) -> list[Item]:
        """All items, oldest first."""
        return list(self._items.values())

    def get(self, step: int) -> Item | None:
        return self._items.get(step)

    def __contains__(self, step: int) -> bool:
        return step in self._items

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[int]:
        return iter(tuple(self._items))
