"""Locks of texts: one that two documents of a tenant share is asked for once. Pure."""

from threading import Lock


class TextLocks:
    """A lock for each text of a tenant's run. Threads share it."""

    def __init__(self) -> None:
        """Begin without a text."""
        self._guard = Lock()
        self._locks: dict[str, Lock] = {}

    def of(self, text_hash: str) -> Lock:
        """Return the lock of a text; who holds it looks for its result, or asks and stores it."""
        with self._guard:
            return self._locks.setdefault(text_hash, Lock())
