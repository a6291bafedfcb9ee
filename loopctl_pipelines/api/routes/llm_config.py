"""`/api/v1/tenants/me/llm-config`: a tenant's own keys and models. A key never leaves."""

from functools import partial
from typing import Annotated, Final, Self, cast
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from loopctl_pipelines.actor import Actor
from loopctl_pipelines.api.access.authentication import UserCaller
from loopctl_pipelines.api.errors import RequestRefusedError, documented
from loopctl_pipelines.api.query_values import NoQuery
from loopctl_pipelines.api.request_bodies import json_body, read_body
from loopctl_pipelines.api.service import service_of
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.llm.tenant_settings.errors import NoCloakKeyError
from loopctl_pipelines.llm.tenant_settings.fields import (
    MODEL_PATTERN,
    MOST_KEY_CHARACTERS,
    Changes,
    key_problem,
    model_problem,
)
from loopctl_pipelines.llm.tenant_settings.settings import (
    StoredSettings,
    change_settings,
    read_settings,
)

router = APIRouter(prefix="/api/v1/tenants/me/llm-config", tags=["LLM configuration"])

_ERRORS: Final = (400, 401, 403, 404, 422, 429, 503)
_HINT: Final = "Its last 4 characters; null for a key of less than 12, or one not readable here."
_MODEL: Final = "Null: the default."


class LlmConfig(BaseModel):
    """A tenant's settings."""

    has_api_key: bool = Field(description="A key for Anthropic.")
    api_key_hint: str | None = Field(description=_HINT, examples=["...a1B2"])
    extraction_model: str | None = Field(description=_MODEL, examples=["claude-sonnet-4-5"])
    classification_model: str | None = Field(description=_MODEL, examples=[None])
    merge_model: str | None = Field(description=_MODEL, examples=[None])
    has_embedding_key: bool = Field(description="A key for embeddings.")
    embedding_api_key_hint: str | None = Field(description=_HINT, examples=["...c3D4"])
    embedding_model: str | None = Field(description=_MODEL, examples=["text-embedding-3-large"])

    @classmethod
    def of(cls, stored: StoredSettings, cloak_key: bytes | None) -> Self:
        """Return stored settings as they are shown."""
        chat = stored.key("api_key", cloak_key)
        embedding = stored.key("embedding_api_key", cloak_key)
        return cls(
            has_api_key=chat.is_set,
            api_key_hint=chat.hint,
            extraction_model=stored.extraction_model,
            classification_model=stored.classification_model,
            merge_model=stored.merge_model,
            has_embedding_key=embedding.is_set,
            embedding_api_key_hint=embedding.hint,
            embedding_model=stored.embedding_model,
        )


def _key(value: object) -> object:
    if not isinstance(value, str):
        return value
    key = value.strip()
    if problem := key_problem(key):
        raise PydanticCustomError("key", "{problem}", {"problem": problem})
    return key


def _model(value: object) -> object:
    if not isinstance(value, str):
        return value
    if not value:
        return None
    if problem := model_problem(value):
        raise PydanticCustomError("model", "{problem}", {"problem": problem})
    return value


_KEY_SCHEMA: Final = {
    "type": ["string", "null"],
    "pattern": f"^[!-~]{{1,{MOST_KEY_CHARACTERS}}}$",
    "writeOnly": True,
}
_MODEL_SCHEMA: Final = {"type": ["string", "null"], "pattern": f"^({MODEL_PATTERN})?$"}

_Key = Annotated[str | None, BeforeValidator(_key), WithJsonSchema(_KEY_SCHEMA)]
_Model = Annotated[str | None, BeforeValidator(_model), WithJsonSchema(_MODEL_SCHEMA)]


class LlmConfigChanges(BaseModel):
    """What is to be changed. A key that is null is deleted, a model that is null or empty reset."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    api_key: _Key = Field(None, description="For Anthropic.", repr=False)
    embedding_api_key: _Key = Field(None, description="For embeddings.", repr=False)
    extraction_model: _Model = None
    classification_model: _Model = None
    merge_model: _Model = None
    embedding_model: _Model = None

    @property
    def given(self) -> Changes:
        """The fields that the client has sent."""
        return cast("Changes", self.model_dump(exclude_unset=True))


def _unstorable(error: NoCloakKeyError) -> RequestRefusedError:
    # the request is right, and is accepted once the server is set up: no fault of the client's
    return RequestRefusedError(503, str(error), code="no_cloak_key")


@router.get(
    "",
    operation_id="show_llm_config",
    summary="Show the tenant's keys and models",
    responses=documented(_ERRORS),
)
async def show(request: Request, caller: UserCaller, _: Annotated[NoQuery, Query()]) -> LlmConfig:
    """Keys are shown as hints only. Role: user."""
    service = service_of(request)
    stored = await service.threads.run(partial(_read, tenant_id=caller.tenant_id))
    return LlmConfig.of(stored, service.settings.cloak_key)


@router.patch(
    "",
    operation_id="update_llm_config",
    summary="Set or delete keys, choose models",
    responses=documented((*_ERRORS, 413, 415), _unstorable(NoCloakKeyError())),
    openapi_extra=json_body(LlmConfigChanges, {"extraction_model": "claude-sonnet-4-5"}),
)
async def update(request: Request, caller: UserCaller, _: Annotated[NoQuery, Query()]) -> LlmConfig:
    """Change the fields of the body, and no others; null deletes a key. Role: user.

    No vendor is asked whether a key is valid. A server without LOOPCTL_CLOAK_KEY answers 503 to a
    new key, with the code `no_cloak_key`.
    """
    changes = (await read_body(request, LlmConfigChanges)).given
    service = service_of(request)
    cloak_key = service.settings.cloak_key
    try:
        stored = await service.threads.run(
            partial(
                _change,
                tenant_id=caller.tenant_id,
                changes=changes,
                cloak_key=cloak_key,
                actor=caller.actor,
            )
        )
    except NoCloakKeyError as error:
        raise _unstorable(error) from None
    return LlmConfig.of(stored, cloak_key)


def _read(database: Database, tenant_id: UUID) -> StoredSettings:
    with database.tenant_transaction(tenant_id) as connection:
        return read_settings(connection, tenant_id)


def _change(
    database: Database,
    tenant_id: UUID,
    changes: Changes,
    cloak_key: bytes | None,
    actor: Actor,
) -> StoredSettings:
    with database.tenant_transaction(tenant_id) as connection:
        return change_settings(connection, tenant_id, changes, cloak_key, actor)
