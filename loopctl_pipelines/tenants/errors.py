"""A tenant that cannot be selected."""

from loopctl_pipelines.errors import SelectionError


class UnknownTenantError(SelectionError):
    """No tenant has this slug."""

    def __init__(self, slug: str) -> None:
        super().__init__(f"No tenant has the slug {slug!r}. See `loopctl-pipelines tenants sync`.")


class InactiveTenantError(SelectionError):
    """The tenant exists, but is suspended, deactivated or pending enrollment."""

    def __init__(self, slug: str, status: str) -> None:
        super().__init__(
            f"Tenant {slug!r} is {status}: only active tenants are computed. "
            "What was computed for it before stays as it is."
        )
