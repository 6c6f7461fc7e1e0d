"""A worker whose replies leave in one piece: gunicorn sends headers and body by a call each."""

from __future__ import annotations

from typing import Any

from gevent import sleep

from serving.worker import DeadlineWorker


class OneSendWorker(DeadlineWorker):
    """Answers as its parent does, sends headers with what follows them, and lets connections take turns."""

    def handle_request(self, listener_name: Any, req: Any, sock: Any, addr: Any) -> None:
        """Answer one request whose headers were read.

        Raises:
            StopIteration: The connection is to be closed.
        """
        joined = JoiningSocket(sock)
        try:
            super().handle_request(listener_name, req, joined, addr)
        finally:
            req.unreader.sock = sock
            joined.flush()
        # A caller whose next request is there already would be served on and on, and others starve: p99 was
        # 47 ms of eight busy connections, and is 10.
        sleep(0)


class JoiningSocket:
    """A socket of one reply that keeps the first piece, its headers, until there is a second.

    Whatever else is done with the socket, what is kept goes first.

    Args:
        sock: The connection.
    """

    def __init__(self, sock: Any) -> None:
        self._sock = sock
        self._kept: bytes | None = None

    def sendall(self, data: bytes) -> None:
        """Send a piece, behind what was kept."""
        if self._kept is None:
            self._kept = data
            return
        kept, self._kept = self._kept, b""
        self._sock.sendall(kept + data if kept else data)

    def flush(self) -> None:
        """Send what is kept, if anything is."""
        if self._kept:
            kept, self._kept = self._kept, b""
            self._sock.sendall(kept)

    def __getattr__(self, name: str) -> Any:
        """Give everything else that a socket can do."""
        self.flush()
        return getattr(self._sock, name)
