"""A tenant's secret in memory: shown by no repr, log or traceback, kept by no pickle."""

from typing import Final, NoReturn, final


@final
class Secret:
    """Text that leaves only through `reveal`."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text: Final = text

    def reveal(self) -> str:
        """Return the text itself."""
        return self._text

    def __repr__(self) -> str:
        return "Secret()"

    def __reduce__(self) -> NoReturn:
        raise TypeError("A secret is not pickled: read it again where it is needed.")
