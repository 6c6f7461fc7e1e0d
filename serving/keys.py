"""Who may ask: keys that the service knows by their SHA-256 alone.

A file of keys has one line for each: a label, a blank, and what ``days-to-sell key`` printed for it:

    # who          key
    pricing-team   sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08

Keys are random and long, so a plain digest keeps them as well as a slow one would.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from days_to_sell.errors import SettingsError
from serving.problems import UNAUTHENTICATED, RequestError

LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}", re.ASCII)
DIGEST = re.compile(r"sha256:([0-9a-f]{64})", re.ASCII)
CHALLENGE = (("WWW-Authenticate", 'Bearer realm="scoring"'),)
# How often the file is looked at, in seconds.
GLANCE = 1.0
Labels = Mapping[bytes, str]
_logger = logging.getLogger(__name__)


class Keys(Protocol):
    """Decides who may ask."""

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels of the keys that are known."""

    def client_of(self, environ: Mapping[str, Any]) -> str:
        """Name who asks.

        Raises:
            RequestError: The request shows no known key.
        """


class NoKeys:
    """Everybody may ask."""

    labels: tuple[str, ...] = ()

    def client_of(self, _: Mapping[str, Any]) -> str:
        """Name nobody."""
        return ""


class KeyFile:
    """Whoever shows a key of a file may ask; the file is read again when it changes.

    Args:
        path: The file.
        clock: Tells seconds.

    Raises:
        SettingsError: The file cannot be read, or a line of it is no key.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._path, self._clock = path, clock
        self._seen, self._keys = _stamp(path), read_keys(path)
        self._looked = clock()

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels of the keys that are known now."""
        return tuple(dict.fromkeys(self._keys.values()))

    def client_of(self, environ: Mapping[str, Any]) -> str:
        """Give the label of the key that a request shows, as a bearer token or as ``X-API-Key``.

        Raises:
            RequestError: It shows none, or one that is not known.
        """
        if self._clock() - self._looked >= GLANCE:
            self._look_again()
        shown = _key_of(environ)
        if not shown:
            raise RequestError(
                UNAUTHENTICATED, "the request has no key; send it as Authorization: Bearer KEY", CHALLENGE
            )
        digest, label = hashlib.sha256(shown.encode("latin-1", "replace")).digest(), None
        # Every key is compared, so that time tells nothing of which one came close.
        for known, name in self._keys.items():
            if hmac.compare_digest(known, digest):
                label = name
        if label is None:
            raise RequestError(UNAUTHENTICATED, "the key is not known; ask who runs the service", CHALLENGE)
        return label

    def _look_again(self) -> None:
        self._looked = self._clock()
        try:
            stamp = _stamp(self._path)
            if stamp == self._seen:
                return
            self._keys, self._seen = read_keys(self._path), stamp
        except SettingsError as error:
            _logger.warning("%s; the keys that were known before stay", error)
        else:
            _logger.info("%s was read again: %d keys", self._path, len(self._keys))


def read_keys(path: Path) -> Labels:
    """Read a file of keys.

    Returns:
        Digest of each key to its label.

    Raises:
        SettingsError: The file cannot be read, holds no key, or a line of it is none.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"the file of keys {path} cannot be read: {error}") from error
    keys: dict[bytes, str] = {}
    for number, line in enumerate(lines, 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        digest = DIGEST.fullmatch(words[1]) if len(words) == 2 else None
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


def _stamp(path: Path) -> tuple[int, int, int]:
    try:
        found = path.stat()
    except OSError as error:
        raise SettingsError(f"the file of keys {path} cannot be read: {error}") from error
    return found.st_ino, found.st_mtime_ns, found.st_size


def _key_of(environ: Mapping[str, Any]) -> str:
    scheme, _, token = str(environ.get("HTTP_AUTHORIZATION", "")).partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    return str(environ.get("HTTP_X_API_KEY", ""))
