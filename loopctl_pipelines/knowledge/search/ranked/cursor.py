"""The cursor of a list: a place in the order of its tenant's articles, signed. Pure."""

import base64
import binascii
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - loopctl's timestamps have no zone
_MICROSECOND: Final = timedelta(microseconds=1)
_PURPOSE: Final = b"loopctl_pipelines/cursor/1"
_TIME_BYTES: Final = 8
_PLACE_BYTES: Final = _TIME_BYTES + 16
_SIGNATURE_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the order of articles: after this one.

    Attributes:
        inserted_at: naive UTC.
        id: breaks ties.
    """

    inserted_at: datetime
    id: UUID


def sign(place: Place, tenant_id: UUID, key: bytes) -> str:
    """Return the cursor of a place, which is valid for the tenant only.

    Args:
        place: in the order of the tenant's articles.
        tenant_id: the tenant.
        key: shared by all processes of the API.
    """
    micros = (place.inserted_at - _EPOCH) // _MICROSECOND
    packed = micros.to_bytes(_TIME_BYTES, "big", signed=True) + place.id.bytes
    return base64.urlsafe_b64encode(packed + _signature(packed, tenant_id, key)).decode()


def place_of(cursor: str, tenant_id: UUID, key: bytes) -> Place | None:
    """Return the place of a cursor; None if it is not the tenant's, or was not made by `sign`."""
    try:
        signed = base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return None
    packed, signature = signed[:_PLACE_BYTES], signed[_PLACE_BYTES:]
    if not hmac.compare_digest(signature, _signature(packed, tenant_id, key)):
        return None
    micros = int.from_bytes(packed[:_TIME_BYTES], "big", signed=True)
    return Place(_EPOCH + micros * _MICROSECOND, UUID(bytes=packed[_TIME_BYTES:]))


def _signature(packed: bytes, tenant_id: UUID, key: bytes) -> bytes:
    return hmac.digest(key, _PURPOSE + tenant_id.bytes + packed, "sha256")[:_SIGNATURE_BYTES]
