"""Authenticates the caller and checks their role; every route runs these checks in this order.

Order and messages are loopctl's, because existing clients rely on them.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Request, Security
from fastapi.security import HTTPBearer

from loopctl_pipelines.actor import Actor
from loopctl_pipelines.api.access.api_key import ApiKey, key_hash
from loopctl_pipelines.api.access.keys import ASSUMABLE_ROLES, Role, presented_key
from loopctl_pipelines.api.access.operator_queries import find_api_key
from loopctl_pipelines.api.errors import RequestRefusedError, refused
from loopctl_pipelines.api.query_values import each_given_once, parse_uuid
from loopctl_pipelines.api.request_log import RequestFacts
from loopctl_pipelines.api.service import Service, service_of

_bearer = HTTPBearer(
    scheme_name="API key",
    description="`Authorization: Bearer lc_...`. Roles: superadmin > user > orchestrator > agent.",
    auto_error=False,
)
_IMPERSONATE = Header(
    description="UUID of the tenant that a superadmin's key acts for. Ignored for other keys.",
)
_ACT_AS = Header(
    description="Role that a superadmin's key acts in: user, orchestrator or agent. "
    "Ignored for other keys.",
)


@dataclass(frozen=True, slots=True)
class Caller:
    """A caller with a valid key.

    Attributes:
        key: the key.
        role: the role they act in; a superadmin may choose a lower one.
        tenant_id: the tenant whose data they see; None for a superadmin who impersonates nobody.
    """

    key: ApiKey
    role: Role
    tenant_id: UUID | None


@dataclass(frozen=True, slots=True)
class TenantCaller:
    """A caller who acts for a tenant, in a role that admits them.

    Attributes:
        tenant_id: the tenant whose data they see.
        actor: the caller as the audit log names them.
        role: the role they act in.
        agent_id: the agent that their key belongs to; None: none.
    """

    tenant_id: UUID
    actor: Actor
    role: Role
    agent_id: UUID | None


def identify(key: ApiKey | None, impersonate: str | None, act_as: str | None) -> Caller:
    """Return the caller.

    Args:
        key: the presented key; None if it is unknown.
        impersonate: the header X-Impersonate-Tenant; `key.impersonated_id` is its tenant.
        act_as: the header X-Effective-Role.

    Raises:
        RequestRefusedError: 401, 403, 404 or 400.
    """
    if key is None:
        raise _unauthorized("Invalid API key")
    role = Role.named(key.role)
    if role is not Role.SUPERADMIN:
        if key.tenant_status != "active":
            raise refused(403, "Access denied")
        return Caller(key, role, key.tenant_id)
    if impersonate is not None and key.impersonated_id is None:
        raise refused(404, "Tenant not found")
    if act_as is not None:
        role = Role.named(act_as)
        if role not in ASSUMABLE_ROLES:
            known = ", ".join(assumable.label for assumable in ASSUMABLE_ROLES)
            raise refused(400, f"X-Effective-Role must be one of {known}")
    return Caller(key, role, key.impersonated_id)


async def authenticate(
    request: Request,
    _: Annotated[object, Security(_bearer)],
    x_impersonate_tenant: Annotated[str | None, _IMPERSONATE] = None,
    x_effective_role: Annotated[str | None, _ACT_AS] = None,
) -> Caller:
    """Find the caller, record the use of the key, and count the request.

    Raises:
        RequestRefusedError: 401, 403, 404, 400, 429 or 503.
    """
    service, facts = service_of(request), _facts(request)
    authorization = [value for name, value in request.headers.raw if name == b"authorization"]
    raw_key = presented_key(authorization)
    if raw_key is None:
        raise _unauthorized("Unauthorized")
    key = await service.threads.run(
        partial(
            find_api_key,
            key_hash=key_hash(raw_key),
            impersonate=parse_uuid(x_impersonate_tenant or ""),
        )
    )
    if key is not None:
        facts.key_id = key.id
        service.key_uses.note(key)
    caller = identify(key, x_impersonate_tenant, x_effective_role)
    facts.tenant_id = caller.tenant_id
    _count(service, caller, facts)
    return caller


async def reader(
    request: Request, caller: Annotated[Caller, Depends(authenticate)]
) -> TenantCaller:
    """Return a caller who may read costs."""
    return _admit(request, caller, Role.named(service_of(request).settings.api_read_role))


def _in_role(required: Role) -> Callable[..., Awaitable[TenantCaller]]:
    async def admitted(
        request: Request, caller: Annotated[Caller, Depends(authenticate)]
    ) -> TenantCaller:
        return _admit(request, caller, required)

    return admitted


Reader = Annotated[TenantCaller, Depends(reader)]
"""A caller who may read costs, which is a setting."""

AgentCaller = Annotated[TenantCaller, Depends(_in_role(Role.AGENT))]
OrchestratorCaller = Annotated[TenantCaller, Depends(_in_role(Role.ORCHESTRATOR))]
UserCaller = Annotated[TenantCaller, Depends(_in_role(Role.USER))]


def _count(service: Service, caller: Caller, facts: RequestFacts) -> None:
    key = caller.key
    if key.tenant_id is None:
        return
    status = service.rate_limits.count(key.id, key.tenant_id, key.requests_per_minute)
    facts.headers.update(status.headers)
    if not status.admitted:
        raise refused(429, "Rate limit exceeded")


def _admit(request: Request, caller: Caller, required: Role) -> TenantCaller:
    if caller.role < required:
        raise refused(403, f"Insufficient permissions. Required role: {required.label}")
    if caller.tenant_id is None:
        raise refused(
            400, "Name a tenant in X-Impersonate-Tenant: a superadmin's key belongs to none"
        )
    each_given_once(request.query_params)
    own = caller.key.tenant_id is not None
    actor = (Actor.api_key if own else Actor.superadmin)(caller.key.id, caller.key.name)
    return TenantCaller(caller.tenant_id, actor, caller.role, caller.key.agent_id)


def _unauthorized(message: str) -> RequestRefusedError:
    return RequestRefusedError(401, message, headers={"www-authenticate": "Bearer"})


def _facts(request: Request) -> RequestFacts:
    facts = request.scope["state"]["facts"]
    assert isinstance(facts, RequestFacts)  # noqa: S101
    return facts
