"""An API key for a trial on the embedded server; loopctl issues the real ones."""

import base64
import secrets
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from loopctl_pipelines.api.access.api_key import key_hash
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.tenants.tenant import Tenant

VALID = timedelta(days=1)


def make_trial_key(database: Database, tenant: Tenant) -> str:
    """Add a user key of the tenant, valid for a day, and return it; only its hash is stored."""
    raw = f"lc_{base64.urlsafe_b64encode(secrets.token_bytes(30)).decode()}"
    now = datetime.now(UTC).replace(tzinfo=None)
    row = {
        "id": uuid4(),
        "tenant_id": tenant.id,
        "key_hash": key_hash(raw.encode()),
        "key_prefix": raw[:8],
        "now": now,
        "expires_at": now + VALID,
    }
    with database.tenant_transaction(tenant.id) as connection:
        connection.execute(statement(__package__, "insert_trial_key"), row)
    return raw
