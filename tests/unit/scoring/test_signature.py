"""Signatures of packages: what a trusted key signed is known, and nothing else is taken for it."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from days_to_sell.errors import SignatureError
from days_to_sell.scoring.package import ModelPackage, open_package
from days_to_sell.scoring.signature import PAYLOAD_TYPE, SIGNATURE, encode, require_signature, sign_package
from days_to_sell.scoring.signing_keys import make_key, read_signing_key, read_trusted_keys
from tests.packages import make_package, rewrite


@pytest.fixture
def package(tmp_path: Path) -> ModelPackage:
    """A package that nobody signed yet."""
    return make_package(tmp_path / "package")


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """A private key, with the public one beside it."""
    make_key(tmp_path / "release.pem")
    return tmp_path / "release.pem"


@pytest.fixture
def public(key: Path) -> Path:
    """The public key."""
    return key.with_name("release.pub.pem")


def envelope(package: ModelPackage) -> dict[str, Any]:
    """The envelope beside a package."""
    read: dict[str, Any] = json.loads((package.root / SIGNATURE).read_text(encoding="utf-8"))
    return read


def change(package: ModelPackage, how: Callable[[dict[str, Any]], object]) -> None:
    """Change the envelope beside a package."""
    raw = envelope(package)
    how(raw)
    (package.root / SIGNATURE).write_text(json.dumps(raw), encoding="utf-8")


def resign(package: ModelPackage, key: Path, statement: bytes) -> None:
    """Sign another statement than a package's own, with a true signature."""
    made = read_signing_key(key).sign(encode(statement))
    change(
        package,
        lambda raw: (
            raw.update(payload=base64.b64encode(statement).decode()),
            raw["signatures"][0].update(sig=base64.b64encode(made).decode()),
        ),
    )


def test_a_signed_package_is_known_by_its_signer(package: ModelPackage, key: Path, public: Path) -> None:
    """And its digest is the one that it had."""
    signer = sign_package(package, key)
    assert require_signature(open_package(package.root), public) == signer
    assert open_package(package.root) == package
    assert require_signature(package, None) is None


def test_the_statement_is_provenance_of_the_manifest(package: ModelPackage, key: Path) -> None:
    """An in-toto statement in a DSSE envelope: digest of the file, commit, run and whatever else is known."""
    sign_package(package, key)
    raw = envelope(package)
    said = json.loads(base64.b64decode(raw["payload"]))
    digest = hashlib.sha256((package.root / "package.json").read_bytes()).hexdigest()
    assert raw["payloadType"] == PAYLOAD_TYPE
    assert said["subject"] == [{"name": "package.json", "digest": {"sha256": digest}}]
    assert said["predicate"]["runDetails"]["metadata"]["invocationId"] == "a1b2c3"
    assert said["predicate"]["buildDefinition"]["internalParameters"] == package.provenance


def test_the_same_package_gives_the_same_signature(package: ModelPackage, key: Path) -> None:
    """So an image of the same inputs stays the same."""
    sign_package(package, key)
    first = (package.root / SIGNATURE).read_bytes()
    sign_package(package, key)
    assert (package.root / SIGNATURE).read_bytes() == first


def test_an_unsigned_package_is_refused(package: ModelPackage, public: Path) -> None:
    """With the setting that would have signed it."""
    with pytest.raises(SignatureError, match=r"is not signed; DAYS_TO_SELL_SIGNING_KEY"):
        require_signature(package, public)


def test_a_key_that_is_not_trusted_counts_for_nothing(
    package: ModelPackage, key: Path, tmp_path: Path
) -> None:
    """Both keys are named, and a claimed id of a trusted one helps nobody."""
    signer = sign_package(package, key)
    other, trusted = make_key(tmp_path / "other.pem")
    with pytest.raises(SignatureError, match=rf"it says {signer[:12]} did; trusted are {trusted[:12]}"):
        require_signature(package, other)
    change(package, lambda raw: raw["signatures"][0].update(keyid=trusted))
    with pytest.raises(SignatureError, match="no trusted key signed"):
        require_signature(package, other)


def test_a_signature_of_another_package_is_refused(
    package: ModelPackage, key: Path, public: Path, tmp_path: Path
) -> None:
    """Though it is a true one."""
    sign_package(package, key)
    other = make_package(tmp_path / "other", intercept=13.0)
    shutil.copyfile(package.root / SIGNATURE, other.root / SIGNATURE)
    with pytest.raises(SignatureError, match="is about another package"):
        require_signature(other, public)


def test_a_package_that_was_changed_with_its_manifest_is_refused(
    package: ModelPackage, key: Path, public: Path
) -> None:
    """Its own digests fit one another again; the signature is of the digest that it had."""
    sign_package(package, key)
    changed = rewrite(package.root, "golden.jsonl", lambda text: text.replace('"sample"', '"edge"'))
    with pytest.raises(SignatureError, match="is about another package"):
        require_signature(changed, public)


@pytest.mark.parametrize("statement", [b"not json", b"[]", b'{"_type": 1}'])
def test_a_signed_text_that_is_no_statement_is_refused(
    package: ModelPackage, key: Path, public: Path, statement: bytes
) -> None:
    """The key may have signed other things."""
    sign_package(package, key)
    resign(package, key, statement)
    with pytest.raises(SignatureError, match="no in-toto statement"):
        require_signature(package, public)


def test_another_kind_of_statement_about_the_package_is_refused(
    package: ModelPackage, key: Path, public: Path
) -> None:
    """A key that signs findings of a scan has not thereby said where a package comes from."""
    sign_package(package, key)
    said = json.loads(base64.b64decode(envelope(package)["payload"]))
    resign(package, key, json.dumps(said | {"predicateType": "https://example.org/scan"}).encode())
    with pytest.raises(SignatureError, match="not where the package comes from"):
        require_signature(package, public)


@pytest.mark.parametrize(
    "how",
    [
        lambda raw: raw.update(payloadType="text/plain"),
        lambda raw: raw.update(payload="%%%"),
        lambda raw: raw.update(signatures=[]),
        lambda raw: raw.update(signatures=[raw["signatures"][0]] * 17),
        lambda raw: raw["signatures"][0].update(sig="AAAA"),
        lambda raw: raw["signatures"][0].pop("sig"),
        lambda raw: raw.pop("payload"),
        lambda raw: raw.update(signatures=["x"]),
    ],
)
def test_a_damaged_envelope_is_refused(
    package: ModelPackage, key: Path, public: Path, how: Callable[[dict[str, Any]], object]
) -> None:
    """Whatever is wrong with it."""
    sign_package(package, key)
    change(package, how)
    with pytest.raises(SignatureError):
        require_signature(package, public)


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b"[" * 100_000, b" " * 1_000_001])
def test_what_is_no_envelope_is_refused(package: ModelPackage, public: Path, content: bytes) -> None:
    """However long or deep it is."""
    (package.root / SIGNATURE).write_bytes(content)
    with pytest.raises(SignatureError, match="no DSSE envelope"):
        require_signature(package, public)


def test_a_new_key_takes_over_while_both_are_trusted(
    package: ModelPackage, key: Path, tmp_path: Path
) -> None:
    """A package signed by both stays good when the old key goes; trusted keys are in a folder or a file."""
    trusted = tmp_path / "trusted"
    trusted.mkdir()
    new, name = make_key(tmp_path / "new.pem")
    old = sign_package(package, key)
    shutil.copy(key.with_name("release.pub.pem"), trusted)
    shutil.copy(new, trusted)
    assert set(read_trusted_keys(trusted)) == {old, name}
    both = tmp_path / "both.pem"
    both.write_bytes(b"".join(file.read_bytes() for file in sorted(trusted.iterdir())))
    assert set(read_trusted_keys(both)) == {old, name}
    with pytest.raises(SignatureError):
        require_signature(package, new)
    sign_package(package, tmp_path / "new.pem")
    assert require_signature(package, new) == name
    assert require_signature(package, key.with_name("release.pub.pem")) == old


def test_a_private_key_is_for_its_owner_alone_and_never_written_over(key: Path, public: Path) -> None:
    """Neither is the public one."""
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    before = key.read_bytes(), public.read_bytes()
    with pytest.raises(SignatureError, match="choose another file"):
        make_key(key)
    key.unlink()
    with pytest.raises(SignatureError, match="choose another file"):
        make_key(key)
    assert public.read_bytes() == before[1]


def test_the_id_of_a_key_is_what_openssl_tells(key: Path, public: Path) -> None:
    """SHA-256 of the public key as DER."""
    if shutil.which("openssl") is None:
        pytest.skip("needs the program openssl")
    asked = ["openssl", "pkey", "-pubin", "-in", public, "-outform", "DER"]
    written = subprocess.run(asked, capture_output=True, check=True, timeout=30).stdout
    assert list(read_trusted_keys(public)) == [hashlib.sha256(written).hexdigest()]


def test_keys_that_cannot_be_used_are_refused(key: Path, public: Path, tmp_path: Path) -> None:
    """Absent, of another kind, private where a public one belongs, and public where a private one does."""
    curve = ec.generate_private_key(ec.SECP256R1())
    pem = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "curve.pem").write_bytes(curve.private_bytes(*pem))
    shown = curve.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "curve.pub.pem").write_bytes(shown)
    (tmp_path / "empty.pem").write_bytes(b"")
    for path, said in (
        ("none.pem", "cannot be read"),
        ("release.pub.pem", "no private key"),
        ("curve.pem", "kind"),
    ):
        with pytest.raises(SignatureError, match=said):
            read_signing_key(tmp_path / path)
    for path, said in (
        ("release.pem", "PRIVATE KEY"),
        ("curve.pub.pem", "kind"),
        ("empty.pem", "no public key"),
    ):
        with pytest.raises(SignatureError, match=said):
            read_trusted_keys(tmp_path / path)


def test_what_is_signed_is_encoded_as_dsse_says() -> None:
    """The example of its protocol: lengths count bytes, not characters."""
    assert encode(b"hello world", "http://example.com/HelloWorld") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )
    assert encode("ä".encode(), "ä") == "DSSEv1 2 ä 2 ä".encode()
