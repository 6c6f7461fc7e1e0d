"""Signatures of model packages, in formats that others read: a DSSE envelope around an in-toto statement.

    package.intoto.json     beside the package's files, and no part of its digest

The statement is SLSA provenance of ``package.json``, whose SHA-256 is the package's digest: which commit,
data and run it comes from. The envelope may hold signatures of several keys, so that a new key can take over
from an old one. Formats: https://github.com/secure-systems-lab/dsse, https://in-toto.io/Statement/v1,
https://slsa.dev/provenance/v1.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from days_to_sell.errors import SignatureError
from days_to_sell.scoring.package import MANIFEST, ModelPackage
from days_to_sell.scoring.signing_keys import key_id, read_signing_key, read_trusted_keys

if TYPE_CHECKING:
    from days_to_sell.scoring.signing_keys import TrustedKeys

SIGNATURE = "package.intoto.json"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://slsa.dev/provenance/v1"
BUILD_TYPE, BUILDER = "urn:days-to-sell:training:v1", "urn:days-to-sell:toolkit"
# An envelope is untrusted until one of its signatures holds.
MAX_BYTES, MAX_SIGNATURES = 1_000_000, 16
_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?", re.ASCII)


def sign_package(package: ModelPackage, key_file: Path) -> str:
    """Sign a package, beside the signatures that it has already.

    Args:
        package: A verified package.
        key_file: PEM file of the private key.

    Returns:
        The id of the key.

    Raises:
        SignatureError: The key cannot be used, or what the package has is no envelope.
    """
    key = read_signing_key(key_file)
    signer, payload = key_id(key.public_key()), _statement(package)
    signatures: list[dict[str, str]] = []
    if (package.root / SIGNATURE).exists():
        old, had = _read_envelope(package)
        # Signatures under another statement, as an older toolkit wrote it, do not hold under this one.
        signatures = [each for each in had if old == payload and each.get("keyid") != signer]
    made = base64.b64encode(key.sign(encode(payload))).decode("ascii")
    signatures.append({"keyid": signer, "sig": made})
    envelope = {
        "payload": base64.b64encode(payload).decode("ascii"),
        "payloadType": PAYLOAD_TYPE,
        "signatures": signatures,
    }
    _write(package.root / SIGNATURE, json.dumps(envelope, indent=1, sort_keys=True) + "\n")
    return signer


def require_signature(package: ModelPackage, trusted: Path | None) -> str | None:
    """Make sure that somebody who is trusted signed a package.

    Args:
        package: A verified package.
        trusted: File or folder of the keys that are trusted; None asks for no signature.

    Returns:
        The id of a trusted key that signed it; None where no signature is asked for.

    Raises:
        SignatureError: None of them did, the statement is about something else, or the keys cannot be read.
    """
    return None if trusted is None else signer_of(package, read_trusted_keys(trusted))


def signer_of(package: ModelPackage, keys: TrustedKeys) -> str:
    """Name the first trusted key that signed a package.

    Raises:
        SignatureError: None did, or the statement is about something else.
    """
    from cryptography.exceptions import InvalidSignature

    payload, signatures = _read_envelope(package)
    signed = encode(payload)
    for each in signatures:
        made = _decode(each.get("sig"), package)
        # The envelope's key id is a hint that anybody can write; the keys themselves decide.
        for name, key in keys.items():
            try:
                key.verify(made, signed)
            except InvalidSignature:
                continue
            _require_about(package, payload)
            return name
    claimed = ", ".join(str(each.get("keyid"))[:12] for each in signatures) or "nobody"
    raise SignatureError(
        f"no trusted key signed {package.root} ({package.digest}): it says {claimed} did; trusted are "
        f"{', '.join(name[:12] for name in keys)}"
    )


def encode(payload: bytes, payload_type: str = PAYLOAD_TYPE) -> bytes:
    """Encode what is signed, as DSSE's pre-authentication encoding.

    >>> encode(b"hello world", "http://example.com/HelloWorld")
    b'DSSEv1 29 http://example.com/HelloWorld 11 hello world'
    """
    kind = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def _statement(package: ModelPackage) -> bytes:
    """Write what is signed; the same package gives the same bytes."""
    said = dict(package.provenance)
    commit = said.get("code_commit", "")
    code = [{"name": "code", "digest": {"gitCommit": commit}}] if _COMMIT.fullmatch(commit) else []
    statement = {
        "_type": STATEMENT,
        "subject": [{"name": MANIFEST, "digest": {"sha256": package.digest.removeprefix("sha256:")}}],
        "predicateType": PREDICATE,
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": {"model": package.model},
                "internalParameters": said,
                "resolvedDependencies": code,
            },
            "runDetails": {
                "builder": {"id": BUILDER},
                "metadata": {"invocationId": said.get("run_id", "")},
            },
        },
    }
    return json.dumps(statement, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _require_about(package: ModelPackage, payload: bytes) -> None:
    """Make sure that a statement is the provenance of this package, and not another one of the same key."""
    try:
        said: Any = json.loads(payload)
        kind = (said["_type"], said["predicateType"])
        subjects = {str(each["digest"]["sha256"]) for each in said["subject"]}
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise SignatureError(
            f"{package.root / SIGNATURE} holds no in-toto statement: {error!r:.80}"
        ) from error
    if kind != (STATEMENT, PREDICATE):
        raise SignatureError(
            f"{package.root / SIGNATURE} states {kind[1]!s:.80}, not where the package comes from"
        )
    if package.digest.removeprefix("sha256:") not in subjects:
        raise SignatureError(
            f"{package.root / SIGNATURE} is about another package, not {package.digest}; sign this one, or "
            "fetch the one that was signed"
        )


def _read_envelope(package: ModelPackage) -> tuple[bytes, list[dict[str, Any]]]:
    path = package.root / SIGNATURE
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise SignatureError(
            f"{package.root} ({package.digest}) is not signed; DAYS_TO_SELL_SIGNING_KEY signs what "
            "is published"
        ) from error
    except OSError as error:
        raise SignatureError(f"{path} cannot be read: {error}") from error
    try:
        raw: Any = json.loads(content) if len(content) <= MAX_BYTES else None
        kind, payload, signatures = raw["payloadType"], raw["payload"], raw["signatures"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise SignatureError(f"{path} is no DSSE envelope; sign the package again") from error
    fits = isinstance(signatures, list) and 0 < len(signatures) <= MAX_SIGNATURES
    if kind != PAYLOAD_TYPE or not fits or not all(isinstance(each, dict) for each in signatures):
        raise SignatureError(f"{path} is no DSSE envelope of an in-toto statement; sign the package again")
    return _decode(payload, package), signatures


def _decode(text: object, package: ModelPackage) -> bytes:
    """Decode Base64, in either alphabet, as DSSE wants."""
    try:
        return base64.b64decode(str(text).translate(str.maketrans("-_", "+/")), validate=True)
    except (binascii.Error, ValueError) as error:
        raise SignatureError(
            f"{package.root / SIGNATURE} holds what is no Base64; sign the package again"
        ) from error


def _write(path: Path, text: str) -> None:
    descriptor, draft = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).chmod(0o644)
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
