"""The proxy of one environment: HAProxy in a container, steered through its runtime API.

Every decision is written to its configuration before it is carried out, so that a proxy that is started anew,
and a program that takes over from one that was killed, go on from there.
"""

from __future__ import annotations

import io
import tarfile
import time
from collections.abc import Callable, Mapping

from docker.errors import NotFound
from docker.models.containers import Container

from days_to_sell.errors import TargetError
from days_to_sell.release.docker.containers import (
    CONFIGURATION,
    GRACE_SECONDS,
    PROXY,
    Containers,
    is_running,
    role_of,
)
from days_to_sell.release.docker.proxy.configuration import RUNTIME_PORT, configuration
from days_to_sell.release.docker.proxy.routing import COLOURS, Colour, Routing, read_header, slots
from days_to_sell.release.docker.proxy.runtime import (
    SHOW,
    Place,
    busy,
    checked,
    read_places,
    refusals,
    set_state,
    states,
)
from days_to_sell.release.engine import engine_errors
from days_to_sell.release.site import Site

FILE, DRAFT = "haproxy.cfg", "haproxy.cfg.draft"
# HAProxy's images have no socat, but bash opens connections by itself.
ASK = 'exec 3<>"/dev/tcp/127.0.0.1/$1" && printf "%s\\n" "$2" >&3 && cat <&3'
POLL_SECONDS = 0.1


class Proxy:
    """The proxy of one model in one environment.

    Args:
        containers: Containers of the workspace.
        site: Settings and addresses.
        model: Name of the registered model.
        environment: Which environment.
    """

    def __init__(self, containers: Containers, site: Site, model: str, environment: str) -> None:
        self._containers, self._site = containers, site
        self._model, self._environment = model, environment

    @property
    def container(self) -> Container | None:
        """The container, running or not; one of an earlier toolkit that has its name is none."""
        found = self._containers.find(self._model, self._environment)
        return found if found is not None and role_of(found) == PROXY else None

    def routing(self) -> Routing:
        """Read what was decided last; nothing where there is no proxy.

        A proxy whose container was removed by hand is made again over the configuration that it left.
        """
        with engine_errors(f"read the proxy's configuration in {self._environment}"):
            container = self.container
            if container is None:
                if not self._containers.has_volume(self._model, self._environment):
                    return Routing()
                container = self._create()
            try:
                chunks, _ = container.get_archive(f"{CONFIGURATION}/{FILE}")
            except NotFound:
                return Routing()
            return read_header(_unpack(b"".join(chunks)))

    def is_running(self) -> bool:
        """Whether the proxy runs."""
        container = self.container
        return container is not None and is_running(container)

    def start(self, routing: Routing) -> Container:
        """Start the proxy, made first where there is none, with a routing."""
        with engine_errors(f"start the proxy in {self._environment}"):
            container = self.container or self._create()
            container.put_archive(CONFIGURATION, _pack(FILE, configuration(routing)))
            # One that the engine keeps starting in vain counts as started.
            container.restart(timeout=GRACE_SECONDS)
        return container

    def admit(self, colour: Colour, addresses: Mapping[str, str]) -> None:
        """Let the proxy find and check replicas, without any request for those that get none yet.

        Args:
            colour: The set.
            addresses: IP address of each of them, by its name in the network.

        Raises:
            TargetError: It cannot reach them in time.
        """
        places = self._places()
        self._tell(*set_state((each for each in slots(colour) if not places[each].gets_requests()), "drain"))
        seconds = self._site.ready_seconds
        if not _within(seconds, lambda: checked(self._places(), addresses)):
            raise TargetError(
                f"the proxy in {self._environment} finds no ready replica at {', '.join(addresses.values())} "
                f"within {seconds:g} seconds; it tells {dict(self._places())}"
            )

    def does(self, routing: Routing) -> bool:
        """Whether just those replicas get requests that are to; asking is quicker than telling again."""
        places = self._places()
        return all(
            places[each].gets_requests() == routing.gets_requests(colour)
            for colour in COLOURS
            for each in slots(colour)
        )

    def apply(self, routing: Routing) -> None:
        """Write a routing down, then carry it out; again does no harm."""
        with engine_errors(f"write the proxy's configuration in {self._environment}"):
            container = self._running()
            container.put_archive(CONFIGURATION, _pack(DRAFT, configuration(routing)))
            # Renamed, so that a proxy which starts in this moment reads the one or the other.
            self._run(container, ["mv", f"{CONFIGURATION}/{DRAFT}", f"{CONFIGURATION}/{FILE}"], user="0")
        self._tell(*states(routing))

    def wait_until_idle(self, colour: Colour) -> None:
        """Wait, for a while, until replicas that get no more requests have answered those they had."""
        if not _within(GRACE_SECONDS, lambda: busy(self._places(), colour) == 0):
            self._site.report(f"{self._environment}: requests are still under way after {GRACE_SECONDS} s")

    def lost(self) -> Mapping[str, int]:
        """Count the requests that each place was given and never answered, since the proxy was started."""
        return {name: place.lost for name, place in self._places().items()}

    def _create(self) -> Container:
        addresses = self._site.addresses
        return self._containers.create_proxy(
            self._site.settings.proxy_image,
            self._model,
            self._environment,
            addresses.url(self._environment),
            (addresses.host, addresses.port(self._environment)),
        )

    def _running(self) -> Container:
        container = self.container
        if container is None:
            raise TargetError(f"there is no proxy in {self._environment}; release again")
        return container

    def _places(self) -> Mapping[str, Place]:
        return read_places(self._ask(SHOW))

    def _tell(self, *commands: str) -> None:
        refused = refusals(self._ask(*commands)) if commands else ()
        if refused:
            raise TargetError(f"the proxy in {self._environment} refuses {commands[0]!r}: {refused[0]}")

    def _ask(self, *commands: str) -> str:
        with engine_errors(f"ask the proxy in {self._environment}"):
            line = "; ".join(commands)
            return self._run(self._running(), ["bash", "-c", ASK, "ask", str(RUNTIME_PORT), line])

    def _run(self, container: Container, command: list[str], user: str = "") -> str:
        code, output = container.exec_run(command, user=user)
        # It is an iterator only where that was asked for.
        told = (output if isinstance(output, bytes) else b"".join(output)).decode("utf-8", errors="replace")
        if code != 0:
            raise TargetError(
                f"`{command[0]}` fails in container {container.name} ({told.strip()[-300:]}); is "
                f"{self._site.settings.proxy_image} an image of HAProxy with bash?"
            )
        return told


def _pack(name: str, text: str) -> bytes:
    content, packed = text.encode(), io.BytesIO()
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), 0o644
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def _unpack(packed: bytes) -> str:
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        member = archive.extractfile(archive.getmembers()[0])
        return "" if member is None else member.read().decode("utf-8", errors="replace")


def _within(seconds: float, condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True
