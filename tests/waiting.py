"""Waiting in a test for what another thread is about to do."""

import time
from collections.abc import Callable


def wait_until(is_so: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait until something is so; the test fails where it does not come to be within `seconds`."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.001)
