"""The constant load, and what is said of swaps."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bench.steady import Question, Tally, steady
from bench.swaps import Swapped, findings

QUESTION = Question(b"{}", {"m/1": 7.5, "m/2": 8.5})


def reply(body: object, *, model: str = "m/1", status: str = "200 OK", headers: str = "") -> bytes:
    """A reply of a scoring service."""
    content = json.dumps(body).encode()
    return (
        f"HTTP/1.1 {status}\r\nX-Model: {model}\r\n{headers}Content-Length: {len(content)}\r\n\r\n".encode()
        + content
    )


@contextmanager
def answering_with(content: bytes) -> Iterator[int]:
    """Give the same bytes to every request; a connection is closed where they say so, or are none."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_accept, args=(server, content), daemon=True).start()
        yield server.getsockname()[1]


def _accept(server: socket.socket, content: bytes) -> None:
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        threading.Thread(target=_answer, args=(connection, content), daemon=True).start()


def _answer(connection: socket.socket, content: bytes) -> None:
    with connection:
        while connection.recv(65_536):
            connection.sendall(content)
            if not content or b"close" in content:
                return


def load(content: bytes, requests: int = 20) -> Tally:
    """Ask until so many requests were sent."""
    with answering_with(content) as port, steady(port, [QUESTION], 400) as tally:
        deadline = time.monotonic() + 30
        while tally.requests < requests and time.monotonic() < deadline:
            time.sleep(0.01)
    return tally


def test_right_answers_are_counted_by_the_version_that_gave_them() -> None:
    """Half of the requests share connections, the others have one each."""
    tally = load(reply({"predictions": [8.5]}, model="m/2"))
    assert tally.failures == []
    assert tally.by_model == {"m/2": tally.requests}
    assert len(tally.seconds) == tally.requests
    assert tally.requests / 2 <= tally.connections < tally.requests


def test_a_connection_that_the_service_closes_is_not_used_again() -> None:
    """It says so in its reply, as one does that is about to end."""
    tally = load(reply({"predictions": [7.5]}, headers="Connection: close\r\n"))
    assert tally.failures == []
    assert tally.connections == tally.requests


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (reply({"predictions": [8.5]}), "m/1 answered 8.5, its scorer 7.5"),
        (reply({"predictions": [7.5]}, model="m/3"), "X-Model names 'm/3'"),
        (reply({}, status="503 Service Unavailable"), "HTTP 503"),
        (reply({"error": "?"}), "KeyError"),
        (b"", "IncompleteReadError"),
    ],
)
def test_every_other_outcome_is_a_failure(content: bytes, told: str) -> None:
    """Nothing is asked twice, and nothing is overlooked."""
    tally = load(content)
    assert len(tally.failures) == tally.requests
    assert told in tally.failures[0]


def test_a_port_that_nobody_answers_fails_every_request() -> None:
    """A refused connection is a lost request."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with steady(port, [QUESTION], 400) as tally:
        deadline = time.monotonic() + 30
        while not tally.failures and time.monotonic() < deadline:
            time.sleep(0.01)
    assert len(tally.failures) == tally.requests > 0
    assert "Refused" in tally.failures[0]


def test_swaps_fail_on_one_lost_request_or_where_one_version_answered_all() -> None:
    """The last line counts, and what was lost is named."""
    tally = Tally(requests=3, seconds=[0.1, 0.2], failures=["request 1: lost"])
    tally.by_model.update({"m/1": 1, "m/2": 1})
    found = findings([Swapped("docker", tally, [1.0, 2.0])])
    assert found.lines[-1] == "swaps: 2 swaps, 3 requests, 1 failed"
    assert found.missed == ["docker: request 1: lost"]

    tally = Tally(requests=2, seconds=[0.1, 0.2])
    tally.by_model.update({"m/1": 2})
    assert findings([Swapped("docker", tally, [1.0])]).missed == ["docker: only ['m/1'] answered"]
