"""How many updates to make by one call, before the clock is looked at again."""

from playground.updates import LINES


def fitting(seconds: float, step_seconds: float) -> int:
    """Half of those for which so many seconds are left, if each takes as long as the last ones did; at least one.

    So time that was reckoned too short is noticed in time.
    """
    half = seconds / 2
    return LINES if LINES * step_seconds <= half else max(1, int(half / step_seconds))
