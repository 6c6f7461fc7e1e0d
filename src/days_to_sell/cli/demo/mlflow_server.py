"""The demo's MLflow server: a real one on SQLite with a gated registry, kept running between demos."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import requests

from days_to_sell.errors import TargetError
from days_to_sell.registry.events.log import GATED
from days_to_sell.release.addresses import is_free
from days_to_sell.release.process.processes import identity, stop_process

HOST = "127.0.0.1"
START_SECONDS = 90.0
GRACE_SECONDS = 10.0


@dataclass(frozen=True)
class _State:
    """The process that was started, and what tells it from a later one with the same number."""

    pid: int
    identity: str
    port: int


@dataclass(frozen=True)
class MlflowServer:
    """An MLflow server with its store in one folder.

    Args:
        home: Folder of the database, the artifacts, the log and the state file.
        port: Port on this machine.
    """

    home: Path
    port: int

    @property
    def url(self) -> str:
        """Address of the UI and of the tracking server."""
        return f"http://{HOST}:{self.port}"

    @property
    def database(self) -> str:
        """Address of its database, in which the event log is too."""
        return f"sqlite:///{self.home.resolve() / 'mlflow.db'}"

    def start(self, report: Callable[[str], None]) -> None:
        """Start the server, unless it runs already on this port, and wait until it is ready.

        Raises:
            TargetError: The port is taken, or the server did not get ready.
        """
        self.launch(report)()

    def launch(self, report: Callable[[str], None]) -> Callable[[], None]:
        """Start the server, unless it runs already on this port, and give what waits until it is ready.

        Raises:
            TargetError: The port is taken; or, while waiting, the server did not get ready.
        """
        state = self._read()
        if state and identity(state.pid) == state.identity:
            if state.port == self.port:
                report(f"MLflow runs already at {self.url}")
                return lambda: None
            self.stop()
        self._require_port()
        self.home.mkdir(parents=True, exist_ok=True)
        report("starting MLflow")
        with (self.home / "server.log").open("ab") as log:
            child = subprocess.Popen(
                [
                    *(sys.executable, "-m", "mlflow", "server", "--host", HOST, "--port", str(self.port)),
                    *(
                        "--backend-store-uri",
                        self.database,
                        "--registry-store-uri",
                        f"{GATED}{self.database}",
                    ),
                    *("--workers", "1"),
                    *("--artifacts-destination", str(self.home / "artifacts")),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                # Its jobs evaluate language models; they would be seven more processes.
                env={
                    **os.environ,
                    "MLFLOW_DISABLE_TELEMETRY": "true",
                    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
                },
            )
        self._write(_State(child.pid, identity(child.pid) or "", self.port))
        return partial(self._wait, child)

    def stop(self) -> bool:
        """End the server that was started from this folder, and say whether one ran."""
        state = self._read()
        if state is None:
            return False
        ran = stop_process(state.pid, state.identity, grace_seconds=GRACE_SECONDS)
        self._state_file.unlink(missing_ok=True)
        return ran

    @property
    def _state_file(self) -> Path:
        return self.home / "server.json"

    def _read(self) -> _State | None:
        if not self._state_file.exists():
            return None
        return _State(**json.loads(self._state_file.read_text(encoding="utf-8")))

    def _write(self, state: _State) -> None:
        draft = self._state_file.with_suffix(".part")
        draft.write_text(json.dumps(asdict(state)), encoding="utf-8")
        draft.rename(self._state_file)

    def _require_port(self) -> None:
        if not is_free(HOST, self.port):
            raise TargetError(
                f"port {self.port} for MLflow is taken by another program; end it, "
                f"or choose another port: make demo MLFLOW_PORT={self.port + 10}"
            )

    def _wait(self, child: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and child.poll() is None:
            try:
                if requests.get(f"{self.url}/health", timeout=5).ok:
                    return
            except requests.RequestException:
                time.sleep(0.2)
        self.stop()
        raise TargetError(f"MLflow did not get ready at {self.url}; see {self.home / 'server.log'}")
