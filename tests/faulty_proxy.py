"""A proxy before a real HTTP server, which does to chosen requests what networks and busy servers do.

    with faulty(server.endpoint) as proxy:
        proxy.plan(Cut("bundle.zip", after=100))
        ...                        # the first answer to GET .../bundle.zip ends after 100 bytes of its body
        assert proxy.asked("bundle.zip") == 2

Everything else passes through untouched, signatures included.
"""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Protocol
from urllib.parse import urlsplit

SECONDS = 60
ANY = "*"
SLOW_DOWN = b"""<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"""


@dataclass(frozen=True)
class Answer:
    """An answer of the real server, read to its end."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


class Out(Protocol):
    """The connection to the client."""

    def send(self, answer: Answer, body: bytes) -> None:
        """Send the head of an answer, and as much of a body."""

    def drop(self) -> None:
        """Reset the connection."""


@dataclass
class Fault:
    """What happens to requests whose path ends with something, a number of times.

    Args:
        path: End of the path.
        times: How many of the requests it befalls.
        method: Method of the requests, or any.
        meanwhile: Called while the request is under way.
    """

    path: str
    times: int = 1
    method: str = "GET"
    meanwhile: Callable[[], None] = lambda: None

    def befall(self, out: Out, ask: Callable[[], Answer]) -> None:
        """Answer otherwise than the server would."""
        raise NotImplementedError


@dataclass
class Cut(Fault):
    """The connection ends after some bytes of the body."""

    after: int = 0

    def befall(self, out: Out, ask: Callable[[], Answer]) -> None:
        """Send so much, and reset."""
        answer = ask()
        out.send(answer, answer.body[: self.after])
        self.meanwhile()
        out.drop()


@dataclass
class Stall(Fault):
    """The server stops after some bytes, and keeps the connection."""

    after: int = 0
    until: threading.Event = field(default_factory=threading.Event)

    def befall(self, out: Out, ask: Callable[[], Answer]) -> None:
        """Send so much, and nothing more until the test is over."""
        answer = ask()
        out.send(answer, answer.body[: self.after])
        self.until.wait(SECONDS)
        out.drop()


@dataclass
class Flip(Fault):
    """A bit of the body changes on the way; with another seed, another one each time."""

    at: int = 0
    wander: bool = False

    def befall(self, out: Out, ask: Callable[[], Answer]) -> None:
        """Send the answer with one bit turned, without the digests by which the client could tell."""
        answer = ask()
        body = bytearray(answer.body)
        body[(self.at + (self.times if self.wander else 0)) % len(body)] ^= 1
        told = [(k, v) for k, v in answer.headers if not k.lower().startswith("x-amz-checksum")]
        out.send(Answer(answer.status, told, bytes(body)), bytes(body))


@dataclass
class Throttle(Fault):
    """The server asks for fewer requests."""

    def befall(self, out: Out, ask: Callable[[], Answer]) -> None:
        """Answer so, without asking the real one."""
        head = [("Content-Type", "application/xml"), ("Content-Length", str(len(SLOW_DOWN)))]
        out.send(Answer(503, head, SLOW_DOWN), SLOW_DOWN)


@dataclass
class Drop(Fault):
    """The connection ends before there is any answer, though the server had the request."""

    def befall(self, out: Out, ask: Callable[[], Answer]) -> None:
        """Let the server do it, and reset."""
        ask()
        out.drop()


class FaultyProxy(ThreadingHTTPServer):
    """The proxy; :func:`faulty` starts and ends it."""

    daemon_threads = True

    def __init__(self, target: str) -> None:
        self.target = urlsplit(target)
        self.faults: list[Fault] = []
        self.requests: list[tuple[str, str, Mapping[str, str]]] = []
        self.lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def endpoint(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.server_port}"

    def plan(self, *faults: Fault) -> None:
        """Let these happen from now on, and no others; forget what was asked."""
        with self.lock:
            self.faults, self.requests = list(faults), []

    def asked(self, path: str, method: str = "GET") -> list[Mapping[str, str]]:
        """Give the headers of each request to a path that ends so."""
        with self.lock:
            return [head for verb, asked, head in self.requests if verb == method and asked.endswith(path)]

    def next_fault(self, method: str, path: str, headers: Mapping[str, str]) -> Fault | None:
        """Note a request, and say what is to happen to it."""
        plain = urlsplit(path).path
        with self.lock:
            self.requests.append((method, plain, headers))
            for fault in self.faults:
                named = plain.endswith(fault.path)
                if fault.method in (method, ANY) and named and fault.times > 0:
                    fault.times -= 1
                    return fault
        return None

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients that go away are what this is for."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FaultyProxy

    def _serve(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        content = self.rfile.read(int(headers.get("content-length", 0)))

        def ask() -> Answer:
            target = self.server.target
            link = http.client.HTTPConnection(str(target.hostname), target.port, timeout=SECONDS)
            try:
                link.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
                for name, value in self.headers.items():
                    if name.lower() not in {"expect", "connection"}:
                        link.putheader(name, value)
                link.endheaders(content)
                reply = link.getresponse()
                return Answer(reply.status, reply.getheaders(), reply.read())
            finally:
                link.close()

        fault = self.server.next_fault(self.command, self.path, headers)
        if fault:
            fault.befall(self, ask)
            return
        try:
            answer = ask()
        except OSError:
            self.drop()
            return
        self.send(answer, answer.body)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _serve  # noqa: N815 - so http.server calls them

    def send(self, answer: Answer, body: bytes) -> None:
        self.send_response_only(answer.status)
        for name, value in answer.headers:
            if name.lower() not in {"connection", "transfer-encoding"}:
                self.send_header(name, value)
        if not any(name.lower() == "content-length" for name, _ in answer.headers):
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    def drop(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            # Nothing that was written is lost: the client reads it, and then finds the end.
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def faulty(target: str) -> Iterator[FaultyProxy]:
    """Run a proxy in front of a server for a while."""
    proxy = FaultyProxy(target)
    thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        for fault in proxy.faults:
            if isinstance(fault, Stall):
                fault.until.set()
        proxy.shutdown()
        proxy.server_close()
        thread.join(SECONDS)
