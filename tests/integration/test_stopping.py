"""The service while it stops, and while a worker dies: what was taken is answered, and told truly."""

from __future__ import annotations

import http.client
import json
import os
import signal
import threading
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.packages import CAR, make_package
from tests.service import SECONDS, Service, serving, wait_until

CLIENTS = 6
BODY = json.dumps({"instances": [CAR]})


@dataclass
class Caller:
    """Asks on a connection that it keeps, until there is nobody to connect to.

    Args:
        name: Begins the names of its requests.
        answered: Names of the requests that got a whole reply.
        unanswered: Names of those that got none: nobody took the connection, or it closed first.
        broken: Names of those that got half a reply, or one that is no answer.
    """

    name: str
    answered: set[str] = field(default_factory=set)
    unanswered: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)

    def run(self, port: int) -> None:
        """Ask and ask."""
        number = 0
        refused = False
        while not refused:
            with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)) as connection:
                try:
                    connection.connect()
                except OSError:
                    refused = True
                while not refused:
                    number += 1
                    if not self._ask(connection, f"{self.name}-{number}"):
                        break

    def _ask(self, connection: http.client.HTTPConnection, request_id: str) -> bool:
        headers = {"Content-Type": "application/json", "X-Request-ID": request_id}
        try:
            connection.request("POST", "/invocations", BODY, headers)
            reply = connection.getresponse()
        except (OSError, http.client.HTTPException):
            self.unanswered.add(request_id)
            return False
        try:
            whole = reply.status == 200 and "predictions" in json.loads(reply.read())
        except (OSError, http.client.HTTPException, ValueError):
            whole = False
        (self.answered if whole else self.broken).add(request_id)
        return not reply.will_close


def load(service: Service) -> tuple[list[Caller], list[threading.Thread]]:
    """Start callers, and wait until each was answered often."""
    callers = [Caller(f"caller-{number}") for number in range(CLIENTS)]
    threads = [threading.Thread(target=each.run, args=(service.port,), daemon=True) for each in callers]
    for thread in threads:
        thread.start()
    wait_until(lambda: all(len(each.answered) > 20 for each in callers), "every caller was answered")
    return callers, threads


def test_a_stop_under_load_loses_no_request_that_was_taken(tmp_path: Path) -> None:
    """Each request that a worker took up is in the log and was answered in full; the others got no byte."""
    make_package(tmp_path / "package")
    with serving(tmp_path, WEB_CONCURRENCY="2") as service:
        callers, threads = load(service)
        service.process.send_signal(signal.SIGTERM)
        for thread in threads:
            thread.join(SECONDS)
        assert service.process.wait(SECONDS) == 0
    taken = {each["request_id"] for each in service.told()}
    for caller in callers:
        assert not caller.broken
        assert caller.answered <= taken
        assert not caller.unanswered & taken
    assert "Traceback" not in service.log.read_text()


def test_a_request_that_is_arriving_when_the_service_stops_is_answered(tmp_path: Path) -> None:
    """Its body comes after SIGTERM; so does a request on a connection that was idle."""
    make_package(tmp_path / "package")
    with serving(tmp_path) as service, service.connect() as arriving, service.connect() as idle:
        request = b"POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        request += b"Content-Length: %d\r\n\r\n%b" % (len(BODY), BODY.encode())
        idle.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        reply = b""
        while b'{"status": "live"}' not in reply:
            reply += idle.recv(65_536)
        arriving.sendall(request[:-20])
        service.process.send_signal(signal.SIGTERM)
        wait_until(lambda: not listens(service), "it takes no more connections")
        arriving.sendall(request[-20:])
        idle.sendall(request)
        assert b'{"predictions": [' in idle.makefile("rb").read()
        reply = b""
        while not reply.endswith(b"]}"):
            reply += arriving.recv(65_536)
        assert reply.startswith(b"HTTP/1.1 200 ")
        # What was told before SIGTERM that it may stay open is waited for.
        arriving.close()
        assert service.process.wait(SECONDS) == 0


def listens(service: Service) -> bool:
    """Whether a new connection is taken."""
    try:
        service.connect().close()
    except OSError:
        return False
    return True


@pytest.mark.parts
def test_a_killed_worker_comes_back_and_nothing_lies_meanwhile(tmp_path: Path) -> None:
    """Under load one of two workers dies: the other stays ready, and counts of requests are kept."""
    make_package(tmp_path / "package")
    with serving(tmp_path, WEB_CONCURRENCY="2") as service:
        callers, threads = load(service)
        os.kill(service.workers()[0], signal.SIGKILL)
        # Whoever takes the connection has verified its package first, so there is no other answer than this.
        statuses = set()
        while len(service.workers()) < 3:
            statuses |= ready(service)
        assert statuses <= {200}
        before = {each.name: len(each.answered) for each in callers}
        wait_until(
            lambda: all(len(each.answered) > before[each.name] + 20 for each in callers), "calls go on"
        )
        # Counted right before a reply goes out: each answer that was read is among them.
        answered = sum(len(each.answered) for each in callers)
        assert counted(service) >= answered
        service.process.send_signal(signal.SIGTERM)
        for thread in threads:
            thread.join(SECONDS)
        assert service.process.wait(SECONDS) == 0
    assert not any(each.broken for each in callers)


def ready(service: Service) -> set[int]:
    """What ``/readyz`` answers, unless the connection was the dying worker's."""
    try:
        return {service.ask("GET", "/readyz")[0]}
    except (OSError, http.client.HTTPException):
        return set()


def counted(service: Service) -> float:
    """Scoring requests that were answered, by ``/metrics``."""
    families = text_string_to_metric_families(service.ask("GET", "/metrics")[1].decode())
    labels = {"path": "/invocations", "code": "200"}
    return sum(
        sample.value
        for family in families
        for sample in family.samples
        if sample.name == "days_to_sell_requests_total" and sample.labels == labels
    )
