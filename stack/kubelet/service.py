"""A Service: connections go to the endpoints in turn, and stay where they went."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count

CHUNK = 65_536
Endpoint = tuple[str, int]


class Service:
    """One address before several endpoints, as kube-proxy is: it knows connections and no requests.

    A connection whose endpoint does not take it fails; nothing is tried again. One that was made stays with
    its endpoint, even if that is taken out.
    """

    def __init__(self) -> None:
        self.port = 0
        self._endpoints: tuple[Endpoint, ...] = ()
        self._lock, self._turn = threading.Lock(), count()

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """Who gets connections now."""
        return self._endpoints

    def add(self, endpoint: Endpoint) -> None:
        """Send connections there too."""
        with self._lock:
            self._endpoints = (*(each for each in self._endpoints if each != endpoint), endpoint)

    def remove(self, endpoint: Endpoint) -> None:
        """Send no new connection there."""
        with self._lock:
            self._endpoints = tuple(each for each in self._endpoints if each != endpoint)

    @contextmanager
    def listening(self) -> Iterator[Service]:
        """Take connections on a free port of the loopback address while the block runs."""
        started, ended = threading.Event(), threading.Event()
        thread = threading.Thread(target=lambda: asyncio.run(self._serve(started, ended)))
        thread.start()
        started.wait()
        try:
            yield self
        finally:
            ended.set()
            thread.join()

    async def _serve(self, started: threading.Event, ended: threading.Event) -> None:
        server = await asyncio.start_server(self._connection, "127.0.0.1", 0, backlog=1024)
        self.port = server.sockets[0].getsockname()[1]
        started.set()
        await asyncio.get_running_loop().run_in_executor(None, ended.wait)
        server.close()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        endpoints = self._endpoints
        try:
            host, port = endpoints[next(self._turn) % len(endpoints)]
            to_reader, to_writer = await asyncio.open_connection(host, port)
        except (OSError, ZeroDivisionError):
            writer.transport.abort()
            return
        await asyncio.gather(_copy(reader, to_writer), _copy(to_reader, writer))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on what comes, and its end; a reset becomes one."""
    try:
        while chunk := await reader.read(CHUNK):
            writer.write(chunk)
            await writer.drain()
    except OSError:
        writer.transport.abort()
        return
    with suppress(OSError):
        writer.close()
