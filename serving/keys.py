"""Who may ask: keys that the service knows by their digest alone, from a file that may change."""

from __future__ import annotations

import hmac
import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from days_to_sell.errors import SettingsError
from days_to_sell.scoring.keys import digest_of, read_keys
from serving.problems import UNAUTHENTICATED, RequestError

CHALLENGE = (("WWW-Authenticate", 'Bearer realm="scoring"'),)
# How often the file is looked at, in seconds.
GLANCE = 1.0
Stamp = tuple[int, int, int]
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
        path: The file, or a link to it.
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
        self._look_again()
        return tuple(dict.fromkeys(self._keys.values()))

    def client_of(self, environ: Mapping[str, Any]) -> str:
        """Give the label of the key that a request shows, as a bearer token or as ``X-API-Key``.

        Raises:
            RequestError: It shows none, or one that is not known.
        """
        self._look_again()
        shown = _key_of(environ)
        if not shown:
            raise RequestError(
                UNAUTHENTICATED, "the request has no key; send it as Authorization: Bearer KEY", CHALLENGE
            )
        # Servers decode headers as Latin-1; a client without a server may have sent anything.
        digest, label = digest_of(shown.encode("latin-1", "replace")), None
        # Every key is compared, so that time tells nothing of which one came close.
        for known, name in self._keys.items():
            if hmac.compare_digest(known, digest):
                label = name
        if label is None:
            raise RequestError(UNAUTHENTICATED, "the key is not known; ask who runs the service", CHALLENGE)
        return label

    def _look_again(self) -> None:
        now = self._clock()
        if now - self._looked < GLANCE:
            return
        self._looked = now
        stamp = _stamp(self._path)
        if stamp == self._seen:
            return
        # Remembered before it is read: a broken file is told of once, not every second.
        self._seen = stamp
        try:
            self._keys = read_keys(self._path)
        except SettingsError as error:
            _logger.error("%s; the keys that were known before stay", error)
        else:
            _logger.info("%s was read again: %d keys", self._path, len(self._keys))


def _stamp(path: Path) -> Stamp | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _key_of(environ: Mapping[str, Any]) -> str:
    scheme, _, token = str(environ.get("HTTP_AUTHORIZATION", "")).partition(" ")
    bearer = token.strip() if scheme.lower() == "bearer" else ""
    return bearer or str(environ.get("HTTP_X_API_KEY", ""))
