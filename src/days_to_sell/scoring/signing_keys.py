"""Ed25519 keys in PEM files: one signs model packages, others are trusted to have signed them.

A key is known by its id, the SHA-256 of the public key as DER, which OpenSSL tells as well:

    openssl pkey -pubin -in release.pub.pem -outform DER | sha256sum

`cryptography` is imported where it is used, for the scoring image has none.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from days_to_sell.errors import SignatureError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

    TrustedKeys = Mapping[str, Ed25519PublicKey]

SUFFIX = ".pem"
PUBLIC_SUFFIX = ".pub.pem"
MAX_BYTES = 1_000_000
_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----", re.DOTALL)


def key_id(key: Ed25519PublicKey) -> str:
    """Name a key: SHA-256 of the public key as DER (SubjectPublicKeyInfo), in hexadecimal digits."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    written = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(written).hexdigest()


def make_key(path: Path) -> tuple[Path, str]:
    """Write a new private key that its owner alone may read, and the public one beside it.

    Args:
        path: File of the private key, ``NAME.pem``; the public one becomes ``NAME.pub.pem``.

    Returns:
        File of the public key, and the id of the key.

    Raises:
        SignatureError: One of the files exists or cannot be written; a key is never written over.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
        PublicFormat,
    )

    key = Ed25519PrivateKey.generate()
    public = path.with_name(path.name.removesuffix(SUFFIX) + PUBLIC_SUFFIX)
    shown = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    try:
        if public.exists():
            raise FileExistsError(17, "it exists", str(public))
        _write_new(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), 0o600)
        _write_new(public, shown, 0o644)
    except OSError as error:
        raise SignatureError(f"no key is written to {path}: {error}; choose another file") from error
    return public, key_id(key.public_key())


def read_signing_key(path: Path) -> Ed25519PrivateKey:
    """Read the key that signs.

    Raises:
        SignatureError: The file cannot be read, is locked by a password, or holds no Ed25519 private key.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(_read(path), password=None)
    except (TypeError, ValueError, UnsupportedAlgorithm) as error:
        # What is in the file is a secret, and an error may quote it.
        raise SignatureError(
            f"{path} holds no private key in PEM without a password; make one: days-to-sell signing-key FILE"
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise SignatureError(
            f"{path} holds a key of another kind than Ed25519; make one: days-to-sell signing-key"
        )
    return key


def read_trusted_keys(path: Path) -> TrustedKeys:
    """Read the keys that are trusted, by their ids.

    Args:
        path: A file with one public key or several, or a folder with such files named ``*.pem``.

    Raises:
        SignatureError: There is no key, or something else beside them.
    """
    files = sorted(path.glob(f"*{SUFFIX}")) if path.is_dir() else [path]
    keys = [key for file in files for key in _public_keys(file)]
    if not keys:
        raise SignatureError(
            f"{path} holds no public key in PEM; DAYS_TO_SELL_TRUSTED_KEYS names those to trust"
        )
    return {key_id(key): key for key in keys}


def _public_keys(path: Path) -> list[Ed25519PublicKey]:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    keys: list[Ed25519PublicKey] = []
    for block in _BLOCK.finditer(_read(path)):
        label = block[1].decode("ascii")
        if label != "PUBLIC KEY":
            raise SignatureError(
                f"{path} holds a {label}; only public keys belong among those that are trusted"
            )
        try:
            key = load_pem_public_key(block[0])
        except (ValueError, UnsupportedAlgorithm) as error:
            raise SignatureError(f"{path} holds a public key that cannot be read: {error}") from error
        if not isinstance(key, Ed25519PublicKey):
            raise SignatureError(f"{path} holds a key of another kind than Ed25519; take it out")
        keys.append(key)
    return keys


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES)
    except OSError as error:
        raise SignatureError(f"the key file {path} cannot be read: {error.strerror}") from error


def _write_new(path: Path, content: bytes, mode: int) -> None:
    # Created with its mode: between a creation and a change of mode, others could read the key.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
