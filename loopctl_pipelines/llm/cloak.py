"""loopctl's encrypted columns: the format of the Elixir library Cloak, AES-256-GCM. Pure.

    0x01, length of the tag, "AES.GCM.V1", iv (12 bytes), authentication tag (16), ciphertext

The additional authenticated data is "AES256GCM" (source: cloak 1.1, `Cloak.Ciphers.AES.GCM`).
"""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from loopctl_pipelines.llm.secret import Secret

_TAG = b"AES.GCM.V1"
_HEADER = bytes([1, len(_TAG)]) + _TAG
_AAD = b"AES256GCM"
_IV_BYTES = 12
_MAC_BYTES = 16


def decrypt(encrypted: bytes, key: bytes) -> Secret | None:
    """Return the secret in an encrypted column.

    None if the value is damaged, or was encrypted with another key or in another format.

    Args:
        encrypted: the column's bytes.
        key: 32 bytes, LOOPCTL_CLOAK_KEY.
    """
    head, rest = encrypted[: len(_HEADER)], encrypted[len(_HEADER) :]
    iv, rest = rest[:_IV_BYTES], rest[_IV_BYTES:]
    mac, ciphertext = rest[:_MAC_BYTES], rest[_MAC_BYTES:]
    if head != _HEADER or len(mac) < _MAC_BYTES:
        return None
    try:
        return Secret(AESGCM(key).decrypt(iv, ciphertext + mac, _AAD).decode())
    except (InvalidTag, UnicodeDecodeError):
        return None


def encrypt(text: str, key: bytes) -> bytes:
    """Return what loopctl would store for `text`; each call returns different bytes."""
    iv = os.urandom(_IV_BYTES)
    sealed = AESGCM(key).encrypt(iv, text.encode(), _AAD)
    ciphertext, mac = sealed[:-_MAC_BYTES], sealed[-_MAC_BYTES:]
    return _HEADER + iv + mac + ciphertext
