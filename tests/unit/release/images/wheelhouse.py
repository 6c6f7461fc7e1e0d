"""Small real wheels with a lock of their own, for tests that need no index."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from collections.abc import Mapping
from pathlib import Path


def make_wheel(
    folder: Path, name: str, version: str, *, said: str = "", files: Mapping[str, bytes] | None = None
) -> Path:
    """Write a wheel.

    Args:
        folder: Where to write it.
        name: Name of the distribution.
        version: Its version.
        said: More lines of its metadata.
        files: What it installs beside its metadata.
    """
    folder.mkdir(parents=True, exist_ok=True)
    info = f"{name}-{version}.dist-info"
    members = {
        **(files or {f"{name}/__init__.py": b""}),
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{said}\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},{_hash(content)},{len(content)}\n" for path, content in members.items())
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for member, content in (members | {f"{info}/RECORD": f"{record}{info}/RECORD,,\n".encode()}).items():
            archive.writestr(zipfile.ZipInfo(member), content)
    return path


def lock_of(*wheels: Path) -> str:
    """Write the requirements file that pins wheels with their hashes, and with one of another platform."""
    lines = []
    for wheel in wheels:
        name, version, *_ = wheel.name.split("-")
        hashes = ("0" * 64, hashlib.sha256(wheel.read_bytes()).hexdigest())
        lines.append(f"{name}=={version}" + "".join(f" \\\n    --hash=sha256:{each}" for each in hashes))
    return "\n".join(lines) + "\n"


def _hash(content: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    return f"sha256={digest}"
