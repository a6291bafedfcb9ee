"""What a request to a vendor is for. Pure."""

from enum import StrEnum


class Operation(StrEnum):
    """What a request was for: loopctl's closed set."""

    EMBEDDING = "embedding"
    EXTRACTION = "extraction"
    CLASSIFICATION = "classification"
    MERGE = "merge"
