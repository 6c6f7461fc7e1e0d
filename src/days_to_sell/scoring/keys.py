"""Keys of a service: what a file of them holds, which is never a key.

A file of keys has one line for each key: the label of its holder, a blank, and the digest of the key:

    # who          key
    pricing-team   sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08

Keys are random and long, so a plain digest keeps them as well as a slow one would. Several lines may have the
same label: while a key is being replaced, the old one and the new one both count for the same caller.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from days_to_sell.errors import SettingsError

LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}", re.ASCII)
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})", re.ASCII)
Labels = Mapping[bytes, str]


def digest_of(key: bytes) -> bytes:
    """What a file of keys knows of a key."""
    return hashlib.sha256(key).digest()


def key_line(label: str, key: str) -> str:
    """Write the line of a file that lets the holder of a key in.

    >>> key_line("pricing-team", "test")
    'pricing-team sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'

    Raises:
        SettingsError: The label is none.
    """
    if not LABEL.fullmatch(label):
        raise SettingsError(
            f"{label[:60]!r} is no label of a key; take up to 40 letters, digits, - and _, a letter or digit "
            "first"
        )
    return f"{label} sha256:{digest_of(key.encode()).hex()}"


def read_keys(path: Path) -> Labels:
    """Read a file of keys.

    Returns:
        Digest of each key to its label.

    Raises:
        SettingsError: The file cannot be read, holds no key, or a line of it is none.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"the file of keys {path} cannot be read: {error}") from error
    keys: dict[bytes, str] = {}
    for number, line in enumerate(lines, 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        digest = _DIGEST.fullmatch(words[1]) if len(words) == 2 else None
        if digest is None or not LABEL.fullmatch(words[0]):
            # Whoever wrote a key itself into the file would find it in the log.
            raise SettingsError(
                f"line {number} of the file of keys {path} is none; write a label and sha256:DIGEST, "
                "as `days-to-sell key` prints them"
            )
        keys[bytes.fromhex(digest[1])] = words[0]
    if not keys:
        raise SettingsError(f"the file of keys {path} holds no key; add one with `days-to-sell key`")
    return keys


def add_key(path: Path, label: str, key: str, *, rotate: bool) -> None:
    """Add a key to a file, which is made if there is none; a service sees the old file or the new one.

    Args:
        path: The file; where it is a link, the file behind it.
        label: Whom the key is for.
        key: The key.
        rotate: Whether the label may be there already, and both keys count.

    Raises:
        SettingsError: The label is taken, or the file cannot be read or written.
    """
    line = key_line(label, key)
    target = path.resolve()
    before = ""
    if target.exists():
        if label in read_keys(target).values() and not rotate:
            raise SettingsError(
                f"the file of keys {path} has a key of {label} already; give --rotate to add a second one, "
                "and take the first line out once nobody uses it"
            )
        before = target.read_text(encoding="utf-8-sig")
    if before and not before.endswith("\n"):
        before += "\n"
    try:
        # Made for the owner alone, who is the one who may read it.
        file, draft = tempfile.mkstemp(prefix=f".{target.name}-", dir=target.parent)
        try:
            with os.fdopen(file, "w", encoding="utf-8") as out:
                out.write(f"{before}{line}\n")
                out.flush()
                os.fsync(out.fileno())
            Path(draft).replace(target)
        except OSError:
            Path(draft).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise SettingsError(f"the file of keys {path} cannot be written: {error}") from error
