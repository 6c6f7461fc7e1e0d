"""Addresses of the environments on this machine, and who holds their ports."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from days_to_sell.errors import TargetError
from days_to_sell.release.service import answering
from days_to_sell.release.target import PREPROD, PRODUCTION, Deployment


@dataclass(frozen=True)
class Addresses:
    """One port of one host for each environment.

    Args:
        host: Address that services are published on.
        ports: Environment to its port.
    """

    host: str = "127.0.0.1"
    ports: Mapping[str, int] = field(default_factory=lambda: {PRODUCTION: 8080, PREPROD: 8081})

    def port(self, environment: str) -> int:
        """Port of an environment.

        Raises:
            TargetError: The environment has none.
        """
        if environment not in self.ports:
            raise TargetError(f"no port for environment {environment!r}; known are {', '.join(self.ports)}")
        return self.ports[environment]

    def url(self, environment: str) -> str:
        """Address of the service of an environment, as seen from this machine."""
        return self.url_of(self.port(environment))

    def url_of(self, port: int) -> str:
        """Address of the service on a port, as seen from this machine."""
        host = "127.0.0.1" if self.host == "0.0.0.0" else self.host  # noqa: S104 - compared, not bound
        return f"http://{host}:{port}"

    def reserve(self, model: str, environment: str, started: Iterable[Deployment]) -> None:
        """Refuse when anything but this model's own deployment holds the environment's port.

        Args:
            model: The model to be deployed.
            environment: Where to.
            started: What runs and was started from here.

        Raises:
            TargetError: The port is taken; the message says by whom, and the way out.
        """
        port, url = self.port(environment), self.url(environment)
        holders = [deployment for deployment in started if deployment.url == url]
        if any(holder.model == model and holder.environment == environment for holder in holders):
            return
        if not holders and is_free(self.host, port):
            return
        raise TargetError(f"port {port} of {self.host} is taken {_by_whom(holders, url)}{_way_out(port)}")


def is_free(host: str, port: int) -> bool:
    """Whether a server could listen on a port now.

    Raises:
        TargetError: The address itself cannot be had.
    """
    with socket.socket() as probe:
        # Without it, connections that a stopped service left in TIME_WAIT would count as a holder.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise TargetError(f"cannot listen on {host}:{port}: {error.strerror}") from error
    return True


def _by_whom(holders: list[Deployment], url: str) -> str:
    if holders:
        return f"by {holders[0]}, which was started from here; end it with `make stop`"
    stranger = answering(url)
    if stranger is not None:
        return f"by {stranger}, which this target did not start; end it with `make stop` where it was started"
    return "by a program that is no scoring service; end that program"


def _way_out(port: int) -> str:
    return f", or choose another port, as in `make demo PORT={port + 10}`"
