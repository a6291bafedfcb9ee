"""Why a usage file cannot be loaded."""

from loopctl_pipelines.errors import PipelinesError


class UsageFileError(PipelinesError):
    """A usage file lacks a column or has an unreadable row.

    The message names the line, and quotes the cell: it is printed for the person whose file it is,
    and stored nowhere.
    """
