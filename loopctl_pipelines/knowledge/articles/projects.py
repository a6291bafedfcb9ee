"""The projects that articles belong to."""

from uuid import UUID

from loopctl_pipelines.database.connection import TenantConnection
from loopctl_pipelines.database.statements import statement


def project_exists(connection: TenantConnection, tenant_id: UUID, project_id: UUID) -> bool:
    """Return whether the tenant has this project; the foreign key would take another tenant's."""
    parameters = {"tenant_id": tenant_id, "project_id": project_id}
    rows = connection.execute(statement(__package__, "project_exists"), parameters)
    return rows.fetchone() is not None
