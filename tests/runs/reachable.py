"""What an object holds, directly or through others: what a garbage collector walks over, without a clock."""

import gc
from types import FunctionType, ModuleType


def reachable(root: object) -> list[object]:
    """All objects that `root` holds, whatever holds them; not what code holds, which all share."""
    found, new = dict[int, object](), [root]
    while new:
        each = new.pop()
        if id(each) not in found and not isinstance(each, (type, ModuleType, FunctionType)):
            found[id(each)] = each
            new += gc.get_referents(each)
    return list(found.values())


def watched_by_collector(root: object) -> int:
    """How many of these the garbage collector looks at in every full collection, while all stand still."""
    return sum(map(gc.is_tracked, reachable(root)))
