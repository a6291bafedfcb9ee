"""Documents that are not taken. Pure."""

from enum import StrEnum, unique

from loopctl_pipelines.errors import PipelinesError


@unique
class Refusal(StrEnum):
    """Why a document is not taken, besides the codes of `DocumentFailure`."""

    URL_OR_CONTENT = "url_or_content"
    INVALID_TYPE = "invalid_type"
    UNKNOWN_SOURCE_TYPE = "unknown_source_type"
    UNKNOWN_PROJECT = "unknown_project"
    UNKNOWN_FIELD = "unknown_field"
    NO_CLOAK_KEY = "no_cloak_key"
    UNREADABLE_FILE = "unreadable_file"


class IngestionRefusedError(PipelinesError):
    """A document that is not taken. Nothing was stored.

    Attributes:
        code: of `Refusal` or of `DocumentFailure`.
        field: the part of the request that is wrong.
        problem: what is wrong, in a sentence.
    """

    def __init__(self, code: str, field: str, problem: str) -> None:
        super().__init__(f"{problem} ({code})")
        self.code = code
        self.field = field
        self.problem = problem
