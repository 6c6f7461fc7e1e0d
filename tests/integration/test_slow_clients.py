"""Callers who are slow, send too much or send nonsense on the wire: told so, cut off, and in nobody's way."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.packages import CAR, make_package
from tests.service import Service, serving, wait_until

STALLED = 50
HEAD = b"POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
BODY = json.dumps({"instances": [CAR]}).encode()
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
GET = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One worker, which waits two seconds for a body of at most a thousand bytes."""
    folder = tmp_path_factory.mktemp("slow")
    make_package(folder / "package")
    limits = {"DAYS_TO_SELL_BODY_SECONDS": "2", "DAYS_TO_SELL_MAX_BODY_BYTES": "1000"}
    with serving(folder, **limits) as service:
        yield service


def whole(request: bytes) -> bytes:
    """A request with the length of its body."""
    return HEAD + b"Content-Length: %d\r\n\r\n" % len(request) + request


def everything(connection: socket.socket) -> bytes:
    """What comes until the service closes."""
    found = b""
    while True:
        try:
            data = connection.recv(65_536)
        except ConnectionResetError:
            return found
        if not data:
            return found
        found += data


def problem(reply: bytes) -> dict[str, Any]:
    """The document of a reply, which is the last of its connection."""
    document: dict[str, Any] = json.loads(reply.split(b"\r\n\r\n")[-1])
    return document


def test_fifty_stalled_connections_starve_nobody(service: Service) -> None:
    """Stalled in headers, in bodies and in reading replies: the only worker answers everybody else."""
    starts = (HEAD[:40], HEAD + b"Content-Length: 900\r\n\r\n{", CHUNKED + b"5\r\n{", GET * 2_000)
    with ExitStack() as stack:
        for number in range(STALLED):
            connection = stack.enter_context(service.connect())
            start = starts[number % len(starts)]
            # A caller who does not read is not written to either, once it is blocked.
            connection.setblocking(False)
            connection.send(start)
        for _ in range(20):
            assert service.ask("POST", "/invocations", {"instances": [CAR]})[0] == 200
        assert service.ask("GET", "/livez")[0] == 200


@pytest.mark.parametrize(
    "start", [HEAD + b"Content-Length: 900\r\n\r\n{", CHUNKED + b"5\r\n{"], ids=["of known length", "chunked"]
)
def test_a_body_that_does_not_arrive_is_given_up(service: Service, start: bytes) -> None:
    """After the deadline there is 408, and the connection is closed."""
    with service.connect() as slow:
        slow.sendall(start)
        reply = everything(slow)
    assert reply.startswith(b"HTTP/1.1 408 ")
    assert b"\r\nConnection: close\r\n" in reply
    assert problem(reply)["type"].endswith("/TooSlow")


def test_a_body_that_trickles_is_given_up_too(service: Service) -> None:
    """The deadline is for the whole body: a byte now and then does not move it."""
    with service.connect() as slow:
        slow.sendall(HEAD + b"Content-Length: 900\r\n\r\n")
        slow.settimeout(0.1)
        reply = b""
        # At most nine times as long as the deadline.
        for _ in range(180):
            slow.send(b" ")
            try:
                reply = slow.recv(65_536)
                break
            except TimeoutError:
                continue
    assert reply.startswith(b"HTTP/1.1 408 ")


def test_requests_in_one_packet_are_answered_in_turn(service: Service) -> None:
    """Pipelined, of known length and chunked, scored and read."""
    chunks = b"%x\r\n%b\r\n%x;name=value\r\n%b\r\n0\r\nX-Sum: 1\r\n\r\n" % (
        *(10, BODY[:10]),
        *(len(BODY) - 10, BODY[10:]),
    )
    last = b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with service.connect() as connection:
        connection.sendall(whole(BODY) + CHUNKED + chunks + whole(b"{}") + last)
        replies = everything(connection)
    assert re.findall(rb"HTTP/1.1 (\d+) ", replies) == [b"200", b"200", b"400", b"200"]


@pytest.mark.parametrize(
    "chunks",
    [
        b"zz\r\n{}\r\n0\r\n\r\n",
        b"2\r\n{}XX0\r\n\r\n",
        b"-2\r\n{}\r\n0\r\n\r\n",
        b"2\r\n{}\r\n0\r\nno header\r\n\r\n",
    ],
    ids=["no size", "no end", "a negative size", "a trailer that is none"],
)
def test_broken_chunks_are_refused_and_end_the_connection(service: Service, chunks: bytes) -> None:
    """What follows could be anybody's request, so nothing after them is read."""
    with service.connect() as connection:
        connection.sendall(CHUNKED + chunks + GET)
        reply = everything(connection)
    assert reply.startswith(b"HTTP/1.1 400 ")
    assert reply.count(b"HTTP/1.1 ") == 1
    assert problem(reply)["type"].endswith("/MalformedRequest")


def test_a_body_of_unannounced_length_is_limited_too(service: Service) -> None:
    """A chunked body is refused where it passes the limit, and the connection can be used again."""
    with service.connect() as connection:
        connection.sendall(CHUNKED + b"258\r\n" + b" " * 600 + b"\r\n258\r\n" + b" " * 600 + b"\r\n0\r\n\r\n")
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        reply = everything(connection)
    assert reply.startswith(b"HTTP/1.1 413 ")
    assert b"HTTP/1.1 200 OK" in reply


@pytest.mark.parametrize(
    "piece",
    [b"258\r\n" + b" " * 600 + b"\r\n", b"1" * 4096, b"0\r\n" + b"x" * 4096],
    ids=["chunks", "size", "trailers"],
)
def test_a_body_without_end_is_cut_off(service: Service, piece: bytes) -> None:
    """Chunks, the size of one, or trailers that go on and on are refused and then not listened to."""
    with service.connect() as connection:
        connection.sendall(CHUNKED)
        sent = 0
        try:
            while sent < 1 << 28:
                sent += connection.send(piece)
        except (ConnectionError, TimeoutError):
            pass
        assert sent < 1 << 28
    assert service.ask("GET", "/livez")[0] == 200


def test_a_caller_who_sends_too_much_still_reads_why(service: Service) -> None:
    """A long body is taken and dropped before the connection closes, so that the refusal arrives."""
    with service.connect() as connection:
        connection.sendall(HEAD + b"Connection: close\r\nContent-Length: 3000000\r\n\r\n" + b" " * 3_000_000)
        assert problem(everything(connection))["type"].endswith("/TooLarge")


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"Content-Length: 5\r\nContent-Length: 6\r\n", 400),
        (b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", 400),
        (b"Content-Length: -5\r\n", 400),
        (b"Content-Length: 0x5\r\n", 400),
        (b"Content-Length: " + b"9" * 5_000 + b"\r\n", 400),
        (b"Content-Length: " + b"9" * 30 + b"\r\n", 400),
        (b"X: " + b"x" * 9_000 + b"\r\n", 431),
        (b"".join(b"X-%d: 1\r\n" % number for number in range(200)), 431),
        (b"X: \x00\r\n", 400),
        (b"Authorization: Bearer " + b"\xff" * 99 + b"\r\n", 400),
    ],
    ids=lambda value: repr(value)[2:30] if isinstance(value, bytes) else "",
)
def test_odd_headers_are_the_callers_fault(service: Service, head: bytes, status: int) -> None:
    """Framing that could be read in two ways is refused before the service sees it, and nothing fails."""
    with service.connect() as connection:
        connection.sendall(HEAD + head + b"\r\n")
        # So that what is left out is missing and not awaited.
        connection.shutdown(socket.SHUT_WR)
        assert everything(connection).startswith(b"HTTP/1.1 %d " % status)


def test_a_body_that_ends_early_is_refused(service: Service) -> None:
    """A caller who announced more than it sent is told how much came."""
    with service.connect() as connection:
        connection.sendall(HEAD + b"Content-Length: 900\r\n\r\n" + BODY)
        connection.shutdown(socket.SHUT_WR)
        assert f"after {len(BODY)} of 900 bytes" in problem(everything(connection))["detail"]


@pytest.mark.parts
def test_who_does_not_read_and_who_never_ends_a_header_are_let_go(tmp_path: Path) -> None:
    """Both have a deadline too, here of a second or two, after which their connections are free again."""
    make_package(tmp_path / "package")
    short = {"DAYS_TO_SELL_BODY_SECONDS": "1", "GUNICORN_CMD_ARGS": "--keep-alive 1"}
    with serving(tmp_path, **short) as service, service.connect() as deaf, service.connect() as header:
        header.sendall(HEAD[:40])
        deaf.setblocking(False)
        deaf.send(GET * 2_000)
        wait_until(lambda: "was not taken" in service.log.read_text(), "the reader is given up")
        assert everything(header) == b""
        assert service.ask("POST", "/invocations", {"instances": [CAR]})[0] == 200
        assert "Traceback" not in service.log.read_text()


def test_nothing_of_all_this_was_a_fault_of_the_service(service: Service) -> None:
    """No stack, no 5xx and no new worker, after every other test of this file."""
    log = service.log.read_text()
    assert "Traceback" not in log
    assert len(service.workers()) == 1
    assert all(each["status"] < 500 for each in service.told())
