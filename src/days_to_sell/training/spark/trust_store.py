"""A Java trust store made of the certificate authorities that Python trusts."""

from __future__ import annotations

import hashlib
import re
import ssl
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path

import certifi
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import PrivateFormat, pkcs12
from cryptography.utils import CryptographyDeprecationWarning

from days_to_sell.errors import EnvironmentProblem
from days_to_sell.settings import PREFIX

# Java wants a password on every store; this one holds public certificates only.
PASSWORD = "changeit"  # noqa: S105

SYSTEM_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


def trust_store(folder: Path, environ: Mapping[str, str]) -> Path:
    """The PKCS#12 trust store of this machine's authorities, written once for each content of their bundle.

    Args:
        folder: Where stores are kept; made when missing.
        environ: Environment variables; ``SSL_CERT_FILE`` names the bundle when it is set.

    Raises:
        EnvironmentProblem: The bundle cannot be read or holds no certificate, or the store cannot be
            written.
    """
    bundle = _bundle(environ)
    try:
        content = bundle.read_bytes()
    except OSError as error:
        raise EnvironmentProblem(
            f"the certificate bundle {bundle} cannot be read ({error.strerror}); "
            "point SSL_CERT_FILE to a PEM file, or unset it to use the system's"
        ) from error
    store = folder / f"authorities-{hashlib.sha256(content).hexdigest()[:16]}.p12"
    if not store.exists():
        _write(store, _encode(content, bundle))
    return store


def jvm_options(store: Path) -> tuple[str, ...]:
    """The options that make a JVM trust the authorities in ``store``."""
    return (
        f"-Djavax.net.ssl.trustStore={store}",
        "-Djavax.net.ssl.trustStoreType=PKCS12",
        f"-Djavax.net.ssl.trustStorePassword={PASSWORD}",
    )


def _bundle(environ: Mapping[str, str]) -> Path:
    if named := environ.get("SSL_CERT_FILE"):
        return Path(named)
    candidates = (ssl.get_default_verify_paths().openssl_cafile, *SYSTEM_BUNDLES)
    return next((Path(each) for each in candidates if Path(each).is_file()), Path(certifi.where()))


def _encode(content: bytes, bundle: Path) -> bytes:
    certificates = [each for each in map(_parse, _CERTIFICATE.findall(content)) if each]
    if not certificates:
        raise EnvironmentProblem(
            f"the certificate bundle {bundle} holds no certificate that can be read; "
            "point SSL_CERT_FILE to a PEM file of authorities, or unset it to use the system's"
        )
    encryption = (
        PrivateFormat.PKCS12.encryption_builder()
        .key_cert_algorithm(pkcs12.PBES.PBESv2SHA256AndAES256CBC)
        .hmac_hash(SHA256())
        .build(PASSWORD.encode())
    )
    # Java keys its entries by name: equal names would leave one authority of many.
    entries = [
        pkcs12.PKCS12Certificate(certificate, f"authority-{number}".encode())
        for number, certificate in enumerate(certificates)
    ]
    return pkcs12.serialize_java_truststore(entries, encryption)


def _parse(block: bytes) -> x509.Certificate | None:
    # One old authority that does not parse, or only just, must not cost the others.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        try:
            return x509.load_pem_x509_certificate(block)
        except ValueError:
            return None


def _write(store: Path, content: bytes) -> None:
    try:
        store.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=store.parent, delete=False) as temporary:
            temporary.write(content)
        Path(temporary.name).replace(store)
    except OSError as error:
        raise EnvironmentProblem(
            f"Java's trust store cannot be written to {store.parent} ({error.strerror}); "
            f"set {PREFIX}CACHE_DIR to a folder that can be written"
        ) from error
