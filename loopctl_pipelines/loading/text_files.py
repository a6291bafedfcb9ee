"""Opens a text file: packed or not, in the encoding that its bytes show. Pure."""

import bz2
import codecs
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, TextIO, cast

from loopctl_pipelines.loading.errors import UsageFileError

_CHUNK: Final = 2**20
# the marks of UTF-32 begin with those of UTF-16
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_PLAIN: Final = "not packed"
_PACKED: Final = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\0": "xz",
    b"PK\x03\x04": "zip",
}
# what programs write that do not write Unicode: Latin-1 with more signs, such as the euro's
_NOT_UNICODE: Final = "windows-1252"


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file and how to read it.

    Attributes:
        packing: `gzip`, `bzip2`, `xz`, `zip`, or `not packed`.
        encoding: as Python names it.
    """

    path: Path
    packing: str
    encoding: str

    @contextmanager
    def lines(self) -> Iterator[TextIO]:
        """Open the file as text; line ends stay as they are.

        Raises:
            UsageFileError: if it cannot be opened, unpacked or decoded.
        """
        with (
            _refusals(self.encoding),
            _unpacked(self.path, self.packing) as file,
            io.TextIOWrapper(file, encoding=self.encoding, newline="") as lines,
        ):
            yield lines


def inspect(path: Path, encoding: str | None = None) -> TextFile:
    """Find out how a file is packed and encoded.

    Without `encoding` its byte order mark decides, then whether all of it is UTF-8; what is not is
    Windows-1252.

    Raises:
        UsageFileError: if it cannot be opened or unpacked, or there is no such encoding.
    """
    with _refusals(encoding):
        with path.open("rb") as file:
            start = file.read(8)
        packing = next((_PACKED[magic] for magic in _PACKED if start.startswith(magic)), _PLAIN)
        if encoding is None:
            with _unpacked(path, packing) as content:
                return TextFile(path, packing, _encoding(content))
        return TextFile(path, packing, codecs.lookup(encoding).name)


def _encoding(content: IO[bytes]) -> str:
    chunk = content.read(_CHUNK)
    for mark, name in _MARKS:
        if chunk.startswith(mark):
            return name
    if b"\0" in chunk[:2]:
        return "utf-16-be" if chunk.startswith(b"\0") else "utf-16-le"
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while chunk:
            decoder.decode(chunk)
            chunk = content.read(_CHUNK)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return _NOT_UNICODE
    return "utf-8"


@contextmanager
def _unpacked(path: Path, packing: str) -> Iterator[IO[bytes]]:
    with ExitStack() as files:
        file: IO[bytes] = files.enter_context(path.open("rb"))
        if packing == "gzip":
            # typeshed knows it as no IO[bytes]
            yield cast("IO[bytes]", files.enter_context(gzip.open(file)))
        elif packing == "bzip2":
            yield files.enter_context(bz2.open(file))
        elif packing == "xz":
            yield files.enter_context(lzma.open(file))
        elif packing == "zip":
            yield files.enter_context(_only_member(files.enter_context(zipfile.ZipFile(file))))
        else:
            yield file


def _only_member(archive: zipfile.ZipFile) -> IO[bytes]:
    if len(archive.namelist()) != 1:
        raise UsageFileError(
            "The zip archive does not hold exactly one file. Unpack it, and load its files one by "
            "one. Nothing was loaded."
        )
    return archive.open(archive.namelist()[0])


@contextmanager
def _refusals(encoding: str | None) -> Iterator[None]:
    try:
        yield
    except (
        OSError,
        EOFError,
        zlib.error,
        lzma.LZMAError,
        zipfile.BadZipFile,
        NotImplementedError,
        RuntimeError,
    ):
        raise UsageFileError(
            "The usage file cannot be opened or unpacked. Check its path, and that it is plain, "
            "gzip, bzip2, xz, or a zip without a password. Nothing was loaded."
        ) from None
    except UnicodeError:
        raise UsageFileError(
            f"The usage file is not text in {encoding}. Name its encoding, such as "
            "--encoding latin-1. Nothing was loaded."
        ) from None
    except LookupError:
        raise UsageFileError(
            f"There is no encoding {encoding!r}. Name one that Python knows, such as latin-1, "
            "utf-16 or shift_jis. Nothing was loaded."
        ) from None
