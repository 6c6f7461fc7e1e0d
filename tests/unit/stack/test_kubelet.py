"""The kubelet in miniature, as far as it needs no engine: what it reads, and where connections go."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from days_to_sell.errors import TargetError
from stack.kubelet.manifest import read_deployment
from stack.kubelet.service import Endpoint, Service
from tests.unit.serving.k8s.rendered import needs_kubectl, of_kind, rendered


@contextmanager
def answering(name: bytes) -> Iterator[Endpoint]:
    """A server that answers each line of a connection with its name."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=echo, args=(connection,), daemon=True).start()

        def echo(connection: socket.socket) -> None:
            with connection:
                while connection.recv(100):
                    connection.sendall(name)

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()
        server.shutdown(socket.SHUT_RDWR)


def ask(connection: socket.socket) -> bytes:
    """Send something, and read the answer."""
    connection.sendall(b"who?")
    return connection.recv(100)


def connect(service: Service) -> socket.socket:
    """Open a connection to the service."""
    return socket.create_connection(("127.0.0.1", service.port), timeout=10)


def test_connections_go_to_the_endpoints_in_turn_and_stay() -> None:
    """An endpoint that is taken out keeps the connections that it has, and gets no other."""
    with ExitStack() as stack:
        one, two = stack.enter_context(answering(b"one")), stack.enter_context(answering(b"two"))
        service = stack.enter_context(Service().listening())
        service.add(one)
        service.add(two)
        service.add(two)
        kept = [stack.enter_context(connect(service)) for _ in range(4)]
        assert [ask(each) for each in kept] == [b"one", b"two", b"one", b"two"]
        service.remove(two)
        assert [ask(each) for each in kept] == [b"one", b"two", b"one", b"two"]
        for _ in range(3):
            with connect(service) as another:
                assert ask(another) == b"one"
        # Connections that are open hold the service up at its end.
        for each in kept:
            each.close()


def test_nothing_is_tried_again() -> None:
    """Without an endpoint, or with one that is gone, a connection fails, which a load has to notice."""
    with answering(b"one") as gone:
        pass
    with Service().listening() as service:
        for endpoints in ((), (gone,)):
            for each in endpoints:
                service.add(each)
            with connect(service) as connection, pytest.raises((ConnectionError, AssertionError)):
                assert ask(connection) == b"one"


@needs_kubectl
def test_the_numbers_are_those_of_the_manifests() -> None:
    """Replicas from the autoscaler, seconds and limits from the Deployment."""
    spec = read_deployment(rendered("prod"), "scoring")
    (found,) = of_kind(rendered("prod"), "Deployment")
    (container,) = found["spec"]["template"]["spec"]["containers"]
    assert spec.replicas == of_kind(rendered("prod"), "HorizontalPodAutoscaler")[0]["spec"]["minReplicas"]
    assert spec.pod.startup.failures == container["startupProbe"]["failureThreshold"]
    assert spec.pod.pre_stop == container["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert spec.pod.folders == {"/tmp": 64 * 2**20, "/dev/shm": 64 * 2**20}
    assert spec.pod.secrets == {"/etc/days-to-sell/keys": "scoring-keys"}
    assert (spec.pod.user, spec.pod.read_only, spec.pod.confined) == ("10001:10001", True, True)
    assert spec.pod.dropped == ("ALL",)


@needs_kubectl
def test_another_kind_of_update_is_refused() -> None:
    """It would prove something else than what happens."""
    wrong: list[Any] = []
    for each in rendered("prod"):
        spec = {**each["spec"], "strategy": {"type": "Recreate"}} if each["kind"] == "Deployment" else None
        wrong.append({**each, "spec": spec} if spec else each)
    with pytest.raises(TargetError, match="Recreate"):
        read_deployment(wrong, "scoring")
