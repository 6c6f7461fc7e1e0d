"""Ports: who holds them, and what a person can do about it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from days_to_sell.errors import TargetError
from days_to_sell.release.addresses import Addresses
from days_to_sell.release.target import Deployment
from days_to_sell.settings import Settings
from serving.app import create_app
from stack.ports import free_port
from tests.packages import make_package


@pytest.fixture
def listener() -> Iterator[int]:
    """Port of a program that closes every connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            while True:
                try:
                    server.accept()[0].close()
                except OSError:
                    return

        threading.Thread(target=hang_up, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


def deployment(port: int, model: str) -> Deployment:
    """Version 3 of a model in production on a port."""
    return Deployment("production", f"http://127.0.0.1:{port}", model, "3", "sha256:aa")


def test_a_free_port_is_given() -> None:
    """Nobody listens, so nothing is refused."""
    Addresses(ports={"production": free_port()}).reserve("tiny-model", "production", [])


def test_a_port_held_by_a_stranger_is_refused_with_the_way_out(listener: int) -> None:
    """The message names the port and another one to take."""
    with pytest.raises(TargetError) as refused:
        Addresses(ports={"production": listener}).reserve("tiny-model", "production", [])
    assert f"port {listener} of 127.0.0.1 is taken by a program that is no scoring service" in str(
        refused.value
    )
    assert f"make demo PORT={listener + 10}" in str(refused.value)


def test_a_scoring_service_from_elsewhere_is_named(tmp_path: Path) -> None:
    """What answers GET /version is told by its own name, and where to stop it."""
    app = create_app(
        make_package(tmp_path / "package"), Settings(environment="production", model_version="7")
    )
    server = make_server("127.0.0.1", free_port(), app)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        with pytest.raises(
            TargetError, match=r"by tiny-model version 7 \(production\), which this target did not"
        ):
            Addresses(ports={"production": server.port}).reserve("tiny-model", "production", [])
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_another_model_from_here_is_named_and_can_be_stopped(listener: int) -> None:
    """The workspace's own deployment of another model holds the port: `make stop` ends it."""
    with pytest.raises(
        TargetError, match=r"by dealer-stock version 3 \(production\).*from here.*`make stop`"
    ):
        Addresses(ports={"production": listener}).reserve(
            "tiny-model", "production", [deployment(listener, "dealer-stock")]
        )


def test_a_model_may_take_over_its_own_port(listener: int) -> None:
    """Replacing itself is what a release does."""
    started = [deployment(listener, "tiny-model")]
    Addresses(ports={"production": listener}).reserve("tiny-model", "production", started)


def test_an_environment_without_a_port_is_refused() -> None:
    """The message lists those that have one."""
    with pytest.raises(TargetError, match="no port for environment 'staging'; known are production, preprod"):
        Addresses().url("staging")
