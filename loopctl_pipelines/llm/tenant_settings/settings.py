"""Reads and changes a tenant's settings; keys leave only as hints."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID, uuid4

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from loopctl_pipelines.actor import Actor
from loopctl_pipelines.database.connection import TenantConnection
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.llm.cloak import decrypt, encrypt
from loopctl_pipelines.llm.tenant_settings.errors import NoCloakKeyError
from loopctl_pipelines.llm.tenant_settings.fields import (
    KEY_FIELDS,
    MODEL_FIELDS,
    Changes,
    KeyField,
    hint,
)


@dataclass(frozen=True, slots=True)
class StoredKey:
    """What may be known of a stored key.

    Attributes:
        is_set: the tenant has a key; one that cannot be decrypted is a key.
        hint: its end; None: it is short, or cannot be decrypted.
    """

    is_set: bool = False
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class StoredSettings:
    """A row of `tenant_llm_settings`; keys are encrypted, see `llm.cloak`."""

    id: UUID | None = None
    api_key: bytes | None = field(default=None, repr=False)
    embedding_api_key: bytes | None = field(default=None, repr=False)
    extraction_model: str | None = None
    classification_model: str | None = None
    merge_model: str | None = None
    embedding_model: str | None = None

    def key(self, name: KeyField, cloak_key: bytes | None) -> StoredKey:
        """Return what may be known of a key; without a cloak key that is little."""
        encrypted: bytes | None = getattr(self, name)
        if encrypted is None:
            return StoredKey()
        secret = decrypt(encrypted, cloak_key) if cloak_key else None
        if secret is None:
            return StoredKey(is_set=True)
        text = secret.reveal().strip()
        return StoredKey(is_set=bool(text), hint=hint(text))


def read_settings(connection: TenantConnection, tenant_id: UUID) -> StoredSettings:
    """Return the tenant's settings; nothing is set if it never set any."""
    return _row(connection, "read_settings", tenant_id)


def change_settings(
    connection: TenantConnection,
    tenant_id: UUID,
    changes: Changes,
    cloak_key: bytes | None,
    actor: Actor,
) -> StoredSettings:
    """Change a tenant's settings and audit what has changed, in the same transaction.

    Args:
        connection: in a transaction of the tenant.
        tenant_id: the tenant.
        changes: new values, validated; a field that is not among them is not changed.
        cloak_key: LOOPCTL_CLOAK_KEY; None: it is not set.
        actor: who changes them.

    Returns:
        The settings afterwards.

    Raises:
        NoCloakKeyError: if a key is to be set without a cloak key.
    """
    if not changes:
        return read_settings(connection, tenant_id)
    new_values = dict(_stored(changes, cloak_key))
    parameters = {"id": uuid4(), "tenant_id": tenant_id}
    connection.execute(statement(__package__, "add_settings"), parameters)
    before = _row(connection, "lock_settings", tenant_id)
    after = replace(before, **new_values)
    if after == before:
        return after
    written: dict[str, object] = {"tenant_id": tenant_id}
    written |= {name: getattr(after, name) for name in (*KEY_FIELDS, *MODEL_FIELDS)}
    connection.execute(statement(__package__, "write_settings"), written)
    for action, new_state in _audited(before, after, changes):
        audit = {
            "tenant_id": tenant_id,
            "settings_id": after.id,
            "action": f"llm_config.{action}",
            "actor_type": actor.actor_type,
            "actor_id": actor.actor_id,
            "actor_label": actor.actor_label,
            "new_state": Jsonb(new_state),
        }
        connection.execute(statement(__package__, "audit_change"), audit)
    return after


def _row(connection: TenantConnection, name: str, tenant_id: UUID) -> StoredSettings:
    cursor = connection.cursor(row_factory=class_row(StoredSettings))
    found = cursor.execute(statement(__package__, name), {"tenant_id": tenant_id}).fetchone()
    return found or StoredSettings()


def _stored(changes: Changes, cloak_key: bytes | None) -> Iterator[tuple[str, Any]]:
    for name, value in changes.items():
        if name not in KEY_FIELDS or value is None:
            yield name, value
        elif cloak_key is None:
            raise NoCloakKeyError
        else:
            yield name, encrypt(value, cloak_key)


def _audited(
    before: StoredSettings, after: StoredSettings, changes: Changes
) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Yield each action with the state that the audit log shows; of a key, its hint at most."""
    is_set = {name: changes.get(name) is not None for name in KEY_FIELDS}
    models = [name for name in MODEL_FIELDS if getattr(before, name) != getattr(after, name)]
    yield (
        "updated",
        {"changed_models": models, **{f"{name}_set": is_set[name] for name in KEY_FIELDS}},
    )
    for name in KEY_FIELDS:
        label = "key" if name == "api_key" else "embedding_key"
        key = changes.get(name)
        if key is not None:
            yield f"{label}_set", {"hint": hint(key)}
        elif getattr(before, name) is not None and getattr(after, name) is None:
            yield f"{label}_removed", {}
