"""Cloak's format: reads what loopctl encrypts, and nothing else."""

import base64

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from loopctl_pipelines.llm.cloak import decrypt, encrypt

KEY = bytes(range(32))
# "sk-test-1234" under KEY with the iv 0x00 to 0x0b, made by OpenSSL (through Node.js)
KNOWN = "AQpBRVMuR0NNLlYxAAECAwQFBgcICQoLIggXkPu5gAzP0dsRg/05YjRp+2+glrY2vHOkvw=="


@given(st.text())
def test_an_encrypted_text_is_decrypted(text: str) -> None:
    found = decrypt(encrypt(text, KEY), KEY)
    assert found is not None
    assert found.reveal() == text


def test_a_text_that_another_implementation_encrypted_is_decrypted() -> None:
    found = decrypt(base64.b64decode(KNOWN), KEY)
    assert found is not None
    assert found.reveal() == "sk-test-1234"


def test_the_layout_is_that_of_cloak() -> None:
    encrypted = encrypt("secret", KEY)
    assert encrypted.startswith(b"\x01\x0aAES.GCM.V1")
    assert len(encrypted) == 12 + 12 + 16 + len("secret")


def test_the_same_text_is_encrypted_differently_each_time() -> None:
    assert encrypt("secret", KEY) != encrypt("secret", KEY)


def test_another_key_reads_nothing() -> None:
    assert decrypt(encrypt("secret", KEY), bytes(32)) is None


@given(st.integers(0, 45), st.integers(1, 255))
def test_one_changed_byte_anywhere_reads_nothing(place: int, change: int) -> None:
    encrypted = bytearray(encrypt("secret", KEY))
    encrypted[place] ^= change
    assert decrypt(bytes(encrypted), KEY) is None


@pytest.mark.parametrize("length", [0, 1, 11, 12, 24, 39])
def test_a_truncated_value_reads_nothing(length: int) -> None:
    assert decrypt(encrypt("secret", KEY)[:length], KEY) is None


def test_bytes_that_are_no_text_read_nothing() -> None:
    iv = bytes(12)
    sealed = AESGCM(KEY).encrypt(iv, b"\xff\xfe", b"AES256GCM")
    assert decrypt(b"\x01\x0aAES.GCM.V1" + iv + sealed[-16:] + sealed[:-16], KEY) is None
