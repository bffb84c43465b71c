"""The buffers of the last few shapes of batches: whoever trains and looks elsewhere now and then makes none anew."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, Protocol, TypeVar

import torch

WORKSPACES = 2  # shapes whose buffers are kept: the training batch's, and one for whoever looks elsewhere


class Sized(Protocol):
    """What knows how much memory it takes."""

    @property
    def nbytes(self) -> int:
        """In bytes."""
        ...


K = TypeVar("K", bound=Hashable)
W = TypeVar("W", bound=Sized)


class Recent(Generic[K, W]):
    """What was made for the keys asked for last."""

    def __init__(self) -> None:
        self._kept: OrderedDict[K, W] = OrderedDict()

    def get(self, key: K, make: Callable[[], W]) -> W:
        """What is kept for a key, made if it is not there."""
        found = self._kept.get(key)
        if found is None:
            while len(self._kept) >= WORKSPACES:
                self._kept.popitem(last=False)
            with torch.inference_mode(False):
                found = self._kept[key] = make()
        else:
            self._kept.move_to_end(key)
        return found

    @property
    def nbytes(self) -> int:
        """Bytes of all that is kept."""
        return sum(each.nbytes for each in self._kept.values())
