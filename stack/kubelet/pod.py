"""A pod on its node: started, probed, killed and started again, and ended as a kubelet does."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
from docker.errors import APIError, NotFound
from docker.models.containers import Container

from days_to_sell.errors import TargetError
from stack.kubelet.manifest import PodSpec, Probe

LABEL = "io.github.days-to-sell.kubelet"
LOG_LINES = 40
MOMENT = 0.02


@dataclass(frozen=True)
class Ending:
    """How a container ended that was to go.

    Args:
        seconds: From when it was asked by SIGTERM.
        killed: Whether the grace period was over first.
        code: What it ended with.
    """

    seconds: float
    killed: bool
    code: int


class Pod:
    """One pod; a thread of its own looks after it.

    Args:
        engine: Client of the Docker engine.
        spec: What it is.
        run: Name of the run that it belongs to.
        secrets: Folders by name of the Secret whose files they hold.
        changed: Called with the pod and whether it is ready, when that changes.
    """

    def __init__(
        self,
        engine: docker.DockerClient,
        spec: PodSpec,
        run: str,
        secrets: Mapping[str, Path],
        changed: Callable[[Pod, bool], None],
    ) -> None:
        self.spec = spec
        self.restarts, self.start_seconds = 0, 0.0
        self.ready = threading.Event()
        self._engine, self._run, self._secrets, self._changed = engine, run, secrets, changed
        self._going, self._address = threading.Event(), ""
        self.container = self._start()
        self._keeper = threading.Thread(target=self._keep, daemon=True)
        self._keeper.start()

    @property
    def endpoint(self) -> tuple[str, int]:
        """Where it takes connections."""
        return self._address, self.spec.port

    def wait(self, seconds: float) -> None:
        """Wait until it is ready.

        Raises:
            TargetError: It is not in time; the message holds its log.
        """
        if not self.ready.wait(seconds):
            said = self.container.logs(tail=LOG_LINES).decode(errors="replace")
            raise TargetError(f"a pod was not ready within {seconds:g} seconds; its log ends with:\n{said}")

    def end(self) -> Ending:
        """Let it go: preStop, SIGTERM, and SIGKILL when the grace period, which holds both, is over."""
        deadline = time.monotonic() + self.spec.grace
        self._going.set()
        ending = self._stop(deadline)
        self._keeper.join()
        self._remove()
        return ending

    def remove(self) -> None:
        """Remove it at once, whatever it does."""
        self._going.set()
        self._keeper.join()
        self._remove()

    def _start(self) -> Container:
        spec = self.spec
        container = self._engine.containers.run(
            spec.image,
            detach=True,
            labels={LABEL: self._run},
            environment=dict(spec.environment),
            user=spec.user,
            group_add=list(spec.groups),
            read_only=spec.read_only,
            cap_drop=list(spec.dropped),
            security_opt=["no-new-privileges:true"] if spec.confined else [],
            mem_limit=spec.memory,
            memswap_limit=spec.memory,
            nano_cpus=int(min(spec.processors, self._engine.info()["NCPU"]) * 1e9),
            # A kubelet leaves the directories open to all, and what they hold may be executed.
            tmpfs={path: f"rw,exec,mode=1777,size={limit}" for path, limit in spec.folders.items()},
            volumes={
                str(self._secrets[name]): {"bind": path, "mode": "ro"} for path, name in spec.secrets.items()
            },
            # The kubelet's own probes take its place.
            healthcheck={"test": ["NONE"]},
        )
        container.reload()
        networks: Mapping[str, Any] = container.attrs["NetworkSettings"]["Networks"]
        self._address = next((str(each["IPAddress"]) for each in networks.values()), "")
        return container

    def _keep(self) -> None:
        while not self._going.is_set():
            began = time.monotonic()
            if self._starts_up():
                self.start_seconds = time.monotonic() - began
                self._watch()
            self._tell(ready=False)
            if not self._going.is_set():
                self._restart()

    def _starts_up(self) -> bool:
        failed = 0
        while not self._going.is_set() and failed < self.spec.startup.failures:
            if self._asks(self.spec.startup):
                return True
            failed += 1
            self._going.wait(self.spec.startup.period)
        return False

    def _watch(self) -> None:
        """Look after a container that has started, until it is not alive or is to go."""
        ready, live = self.spec.readiness, self.spec.liveness
        next_ready, next_live = time.monotonic(), time.monotonic() + live.period
        not_ready = dead = 0
        while not self._going.is_set():
            now = time.monotonic()
            if now >= next_ready:
                not_ready = 0 if self._asks(ready) else not_ready + 1
                next_ready = now + ready.period
                if not_ready in (0, ready.failures):
                    self._tell(ready=not_ready == 0)
            if now >= next_live:
                dead = 0 if self._asks(live) else dead + 1
                next_live = now + live.period
                if dead == live.failures:
                    return
            self._going.wait(MOMENT)

    def _tell(self, *, ready: bool) -> None:
        if ready != self.ready.is_set() and not (ready and self._going.is_set()):
            (self.ready.set if ready else self.ready.clear)()
            self._changed(self, ready)

    def _restart(self) -> None:
        self._stop(time.monotonic() + self.spec.grace)
        self._remove()
        self.restarts += 1
        self.container = self._start()

    def _stop(self, deadline: float) -> Ending:
        time.sleep(self.spec.pre_stop)
        began = time.monotonic()
        self._signal("SIGTERM")
        while (running := self._runs()) and time.monotonic() < deadline:
            time.sleep(MOMENT)
        if running:
            self._signal("SIGKILL")
        code = int(self.container.wait()["StatusCode"])
        return Ending(time.monotonic() - began, running, code)

    def _signal(self, name: str) -> None:
        # It may have ended by itself.
        with suppress(APIError):
            self.container.kill(signal=name)

    def _runs(self) -> bool:
        self.container.reload()
        return self.container.status in ("running", "paused")

    def _remove(self) -> None:
        with suppress(NotFound):
            self.container.remove(force=True, v=True)

    def _asks(self, probe: Probe) -> bool:
        connection = http.client.HTTPConnection(self._address, probe.port, timeout=probe.timeout)
        try:
            connection.request("GET", probe.path, headers={"Connection": "close", "User-Agent": "kube-probe"})
            return 200 <= connection.getresponse().status < 400
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
