"""The access log: one JSON object a line for each request, and never a payload."""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress

from serving.edge import Handled

# Longer addresses and methods are somebody's attempt at something.
SHOWN = 200


class AccessLog:
    """Writes what became of requests.

    Args:
        version: Model version that answers.
        file: Descriptor to write to; lines of several workers do not mix there.
    """

    def __init__(self, version: str, file: int = 1) -> None:
        self._file, self._version = file, json.dumps(version)
        self._second, self._time = 0, ""

    def write(self, handled: Handled) -> None:
        """Write one line; a log that cannot be written fails no request."""
        with suppress(OSError):
            os.write(self._file, self.line(handled, time.time()))

    def line(self, handled: Handled, now: float) -> bytes:
        """Make the line of one request.

        Args:
            handled: What became of it.
            now: Seconds since 1970.
        """
        second = int(now)
        if second != self._second:
            self._second, self._time = second, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        # By hand, for json.dumps of the whole takes as long as the model. What came from a caller is quoted;
        # request ids and labels are of characters that need it not.
        return (
            f'{{"time": "{self._time}.{int(now * 1000) % 1000:03d}Z", "request_id": "{handled.request_id}", '
            f'"method": {_quoted(handled.method)}, "path": {_quoted(handled.path)}, '
            f'"status": {handled.status}, "ms": {handled.seconds * 1000:.3f}, "rows": {handled.rows}, '
            f'"bytes": {handled.sent}, "client": "{handled.client}", "remote": {_quoted(handled.remote)}, '
            f'"version": {self._version}}}\n'
        ).encode()


def _quoted(text: str) -> str:
    return json.dumps(text[:SHOWN])
