"""How much memory a result holds."""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import torch

SHARED = frozenset(("numba", "llvmlite"))  # libraries whose objects, compiled functions, are the process's


def held_bytes(value: object) -> int:
    """Bytes of a value and of all it holds, each thing once: tensors, arrays, tables, containers, attributes.

    A tensor counts as all of the storage that it keeps alive. Of a table, texts are left out: its rows share a few.
    """
    seen: set[int] = set()
    waiting, total = [value], 0
    while waiting:
        each = waiting.pop()
        if isinstance(each, torch.Tensor):
            each = each.untyped_storage()
            identity = each.data_ptr() or id(each)
        else:
            identity = id(each)
        if identity in seen:
            continue
        seen.add(identity)
        total += _own_bytes(each)
        waiting.extend(_parts(each))
    return total


def _own_bytes(value: Any) -> int:
    """Bytes of one thing, without what it only refers to."""
    if isinstance(value, torch.UntypedStorage | np.ndarray):
        return value.nbytes() if isinstance(value, torch.UntypedStorage) else value.nbytes
    if isinstance(value, pd.DataFrame):
        return int(value.memory_usage().sum())
    return sys.getsizeof(value)


def _parts(value: Any) -> Iterable[Any]:
    """What a thing refers to, as far as that is its own."""
    if isinstance(value, str | bytes | type | ModuleType | torch.UntypedStorage | np.ndarray | pd.DataFrame):
        return ()
    if type(value).__module__.partition(".")[0] in SHARED:
        return ()
    if isinstance(value, Mapping):
        return (*value.keys(), *value.values())
    if isinstance(value, tuple | list | set | frozenset):
        return value
    if is_dataclass(value):
        return [getattr(value, each.name) for each in fields(value)]
    own = getattr(value, "__dict__", None)  # of a function of a library in C it is something else
    return list(own.values()) if isinstance(own, Mapping) else ()
