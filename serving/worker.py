"""Gunicorn's gevent worker with deadlines: gunicorn itself waits for a body, and for a reader, for ever.

The deadline hangs on the socket, which is asked again only where a request did not come whole: a microsecond
for each request, where a timer would take five.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from socket import SHUT_WR
from time import monotonic
from typing import Any

from gunicorn.http.body import ChunkedReader
from gunicorn.http.errors import ParseException
from gunicorn.workers.ggevent import GeventWorker

from days_to_sell.settings import Settings

# Of a body that was refused so much more is taken, and for so long: closing on a caller who still sends would
# take the reply away from it.
LEFT_BYTES = 16 << 20
LEFT_SECONDS = 5.0
# What chunks may weigh for each byte that they carry, and beyond.
CHUNKS_FACTOR, CHUNKS_EXTRA = 4, 65_536


class DeadlineWorker(GeventWorker):  # type: ignore[misc]
    """Answers each connection in a greenlet, and gives up on callers who are too slow.

    The address line and headers, like an idle connection, have gunicorn's ``keepalive``.
    """

    def init_process(self) -> None:
        """Read the limits before the first request."""
        settings = Settings.from_env()
        self._seconds = float(settings.body_seconds)
        self._bytes = settings.max_body_bytes * CHUNKS_FACTOR + CHUNKS_EXTRA
        super().init_process()

    def handle(self, listener: Any, client: Any, addr: Any) -> None:
        """Answer the requests of one connection."""
        # For a reply that nobody takes; gunicorn's own method would set no end. Longer than an idle
        # connection has, which ends otherwise.
        client.settimeout(self.cfg.keepalive + self._seconds)
        super(GeventWorker, self).handle(listener, client, addr)

    def handle_request(self, listener_name: Any, req: Any, sock: Any, addr: Any) -> None:
        """Answer one request whose headers were read.

        Raises:
            StopIteration: The connection is to be closed.
        """
        timed = req.unreader.sock = _TimedSocket(sock, req, self._seconds, self._bytes)
        reader = req.body.reader
        if isinstance(reader, ChunkedReader):
            req.body.reader = _Chunks(reader, req)
        try:
            super().handle_request(listener_name, req, sock, addr)
            if getattr(reader, "length", 1):
                # So that the next request begins where this one ends.
                _drop(req.body.read, timed)
        except TimeoutError:
            self.log.info("a reply to %s was not taken; closing", addr)
            raise StopIteration from None
        except StopIteration:
            if getattr(reader, "length", 1):
                _end(sock, timed)
            raise
        finally:
            req.unreader.sock = sock


class _TimedSocket:
    """A socket that is read until a deadline and a number of bytes, whichever comes first."""

    def __init__(self, sock: Any, req: Any, seconds: float, limit: int) -> None:
        self._sock, self._req = sock, req
        self.renew(seconds, limit)

    def renew(self, seconds: float, limit: int) -> None:
        """Start anew."""
        self._deadline, self._limit = monotonic() + seconds, limit

    def recv(self, size: int) -> bytes:
        """Read what there is.

        Raises:
            TimeoutError: The deadline is over, or as many bytes came as may.
        """
        before = self._sock.gettimeout()
        # Zero would mean not to wait at all.
        self._sock.settimeout(max(self._deadline - monotonic(), 0.001))
        try:
            data: bytes = self._sock.recv(size)
        except OSError:
            self._req.force_close()
            raise
        finally:
            self._sock.settimeout(before)
        self._limit -= len(data)
        if self._limit < 0 or monotonic() > self._deadline:
            self._req.force_close()
            raise TimeoutError("the rest of the request did not come in time, or was too much")
        return data


class _Chunks:
    """A chunked body, behind which nothing can be read once it is broken."""

    def __init__(self, reader: Any, req: Any) -> None:
        self._reader, self._req = reader, req

    def read(self, size: int) -> bytes:
        """Read at most so many bytes."""
        try:
            data: bytes = self._reader.read(size)
        except (OSError, ParseException) as error:
            self._req.force_close()
            if isinstance(error, OSError):
                raise
            raise OSError(str(error)) from error
        return data


def _drop(read: Callable[[int], bytes], timed: _TimedSocket) -> None:
    """Read what nobody asked for."""
    timed.renew(LEFT_SECONDS, LEFT_BYTES)
    try:
        while read(65_536):
            pass
    except OSError:
        raise StopIteration from None


def _end(sock: Any, timed: _TimedSocket) -> None:
    """Say that nothing more is sent, and let the caller read that."""
    with suppress(OSError):
        sock.shutdown(SHUT_WR)
    with suppress(StopIteration):
        _drop(timed.recv, timed)
