"""Changes that cannot be made. Pure."""

from loopctl_pipelines.errors import PipelinesError


class NoCloakKeyError(PipelinesError):
    """A key cannot be encrypted. Nothing was changed."""

    def __init__(self) -> None:
        super().__init__(
            "Keys cannot be stored: this server has no LOOPCTL_CLOAK_KEY, which its operator sets"
        )
