"""A body's bytes, decompressed as they arrive and never beyond a limit. Pure."""

import zlib
from typing import Final

_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
_COMPRESSIONS: Final = frozenset({"gzip", "x-gzip", "deflate"})


class TooLargeError(Exception):
    """The body exceeds the limit."""


class BrokenCompressionError(Exception):
    """The body is not what its Content-Encoding says, or ends early."""


class LimitedBody:
    """Collects a body. At most `most_bytes` are ever held, decompression included."""

    def __init__(self, encoding: str, most_bytes: int) -> None:
        """Take the lower-case Content-Encoding, one of those that `is_supported` names."""
        self._most_bytes = most_bytes
        self._body = bytearray()
        self._decompressor = None
        if encoding in _COMPRESSIONS:
            self._decompressor = zlib.decompressobj(_GZIP_OR_ZLIB)

    @staticmethod
    def is_supported(encoding: str) -> bool:
        """Return whether this Content-Encoding can be read: none, gzip or deflate, once."""
        return encoding in {"", "identity"} | _COMPRESSIONS

    def add(self, chunk: bytes) -> None:
        """Add bytes as they were received.

        Raises:
            TooLargeError: as soon as the limit is exceeded.
            BrokenCompressionError: if they cannot be decompressed.
        """
        if self._decompressor is not None:
            try:
                # one byte more than may be kept tells that there is more
                chunk = self._decompressor.decompress(chunk, self._most_bytes + 1 - len(self._body))
            except zlib.error:
                raise BrokenCompressionError from None
        self._body += chunk
        if len(self._body) > self._most_bytes:
            raise TooLargeError

    def finished(self) -> bytes:
        """Return the whole body.

        Raises:
            BrokenCompressionError: if it ended early, or has something after its end.
        """
        end = self._decompressor
        if end is not None and (not end.eof or end.unused_data):
            raise BrokenCompressionError
        return bytes(self._body)
