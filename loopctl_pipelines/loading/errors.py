"""Why a usage file cannot be loaded."""

from loopctl_pipelines.errors import PipelinesError


class UsageFileError(PipelinesError):
    """A usage file has no such column, or a row that cannot be read. The message names the line."""
