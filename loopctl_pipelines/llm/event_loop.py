"""An asyncio event loop in its own thread, for callers that are ordinary threads."""

import asyncio
import contextlib
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

_Result = TypeVar("_Result")


class EventLoopThread:
    """Runs coroutines for any number of threads; starts at the first one."""

    def __init__(self, name: str) -> None:
        """Take the name of the thread."""
        self._name = name
        self._starting = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def run(self, coroutine: Coroutine[Any, Any, _Result], *, guard_seconds: float) -> _Result:
        """Return the coroutine's result.

        Raises:
            TimeoutError: after `guard_seconds`; the coroutine is then cancelled.
            Exception: what the coroutine raised.
        """
        future = asyncio.run_coroutine_threadsafe(coroutine, self._started())
        try:
            return future.result(guard_seconds)
        finally:
            future.cancel()

    def stop(self) -> None:
        """Cancel running coroutines and end the thread."""
        with self._starting:
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is not None and thread is not None:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()

    def _started(self) -> asyncio.AbstractEventLoop:
        with self._starting:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                # the default handler logs exceptions with their text
                self._loop.set_exception_handler(lambda _loop, _context: None)
                self._thread = threading.Thread(
                    target=_serve, args=(self._loop,), name=self._name, daemon=True
                )
                self._thread.start()
            return self._loop


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    loop.run_forever()
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
    loop.close()
