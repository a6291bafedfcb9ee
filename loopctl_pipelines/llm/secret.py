"""A tenant's secret in memory: no repr, log or traceback shows it, and it cannot be pickled."""

from typing import Final, NoReturn, final


@final
class Secret:
    """Text that only `reveal` returns."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text: Final = text

    def reveal(self) -> str:
        """Return the text itself."""
        return self._text

    def __repr__(self) -> str:
        return "Secret()"

    def __reduce__(self) -> NoReturn:
        raise TypeError("A secret cannot be pickled: read it again where it is needed.")
