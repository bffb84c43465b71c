"""Texts that are too long for an address, kept on the server for a while."""

import base64
import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable


class LongTexts:
    """Texts found again by a digest of theirs, which is all that an address holds of them.

    Nobody can guess the digest of a text he does not have: to read a text one must have been given its link.
    Kept are the texts asked for last, so many that all bounds hold.

    Args:
        count: how many texts.
        size: how many bytes of UTF-8 together.
        seconds: how long a text is kept since it was last asked for.
        clock: what the time is, in seconds.
    """

    def __init__(
        self,
        *,
        count: int = 256,
        size: int = 8_000_000,
        seconds: float = 24 * 60 * 60,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._count, self._size, self._seconds, self._clock = count, size, seconds, clock
        self._texts: OrderedDict[str, tuple[float, bytes]] = (
            OrderedDict()
        )  # the one asked for last is the last
        self._lock = threading.Lock()

    def keep(self, text: str) -> str:
        """Keep a text; returns its digest, 22 letters, digits, - and _."""
        data = text.encode()
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()[:16]).decode().rstrip("=")
        with self._lock:
            self._keep(digest, data)
        return digest

    def find(self, digest: str) -> str | None:
        """The text of a digest; None if it is not known, or not any more."""
        with self._lock:
            self._forget()
            if digest not in self._texts:
                return None
            _, data = self._texts[digest]
            self._keep(digest, data)
        return data.decode()

    def _keep(self, digest: str, data: bytes) -> None:
        self._texts[digest] = self._clock(), data
        self._texts.move_to_end(digest)
        self._forget()

    def _forget(self) -> None:
        """Let go of what is too old or too much, the longest unasked first."""
        oldest = self._clock() - self._seconds
        size = sum(len(data) for _, data in self._texts.values())
        while self._texts:
            since, data = next(iter(self._texts.values()))
            if since >= oldest and len(self._texts) <= self._count and size <= self._size:
                break
            size -= len(data)
            self._texts.popitem(last=False)


LONG_TEXTS = LongTexts()  # of this server
