"""A real Airflow on this machine: its four programs on a database of their own, in one folder."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stack.ports import free_port
from stack.program import Program

# Where `make airflow` makes the environment; AIRFLOW_VENV names another.
ENVIRONMENT = Path(__file__).parents[1] / "build" / "airflow-venv"
VARIABLE = "AIRFLOW_VENV"
START_SECONDS, ANSWER_SECONDS, POLL_SECONDS = 240.0, 30.0, 0.5
PROGRAMS = ("api-server", "scheduler", "dag-processor", "triggerer")


def find_airflow() -> Path | None:
    """Find the environment that Airflow was installed in; it is never the toolkit's."""
    home = Path(os.environ.get(VARIABLE) or ENVIRONMENT)
    return home if (home / "bin" / "airflow").exists() else None


@dataclass
class Airflow:
    """Airflow with a local executor on SQLite; everybody who reaches its port may do anything.

    Args:
        home: Folder of all that it writes.
        environment: Where it is installed.
        project: The project whose DAGs it runs.
        variables: What its programs get beside this process's environment.
        parallelism: How many tasks run at a time.
    """

    home: Path
    environment: Path
    project: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    parallelism: int = 2
    port: int = field(default_factory=free_port)
    _programs: list[Program] = field(default_factory=list)
    _token: str = ""

    @property
    def url(self) -> str:
        """Where its pages and its API answer."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Make its database, start its programs, and wait until its API answers.

        Raises:
            RuntimeError: It does not answer in time; the message ends with its last words.
        """
        self.home.mkdir(parents=True, exist_ok=True)
        variables = self._variables()
        airflow = str(self.environment / "bin" / "airflow")
        made = subprocess.run(
            [airflow, "db", "migrate"], env=variables, capture_output=True, text=True, check=False
        )
        if made.returncode:
            raise RuntimeError(f"Airflow's database was not made: {made.stderr[-2000:]}")
        api = ("--port", str(self.port), "--workers", "1")
        for name in PROGRAMS:
            more = api if name == "api-server" else ()
            program = Program(name, [airflow, name, *more], self.home, variables)
            program.start()
            self._programs.append(program)
        self._wait()

    def stop(self) -> None:
        """End its programs, the tasks that they run first."""
        for program in reversed(self._programs):
            program.end()
        self._programs.clear()

    def ask(self, verb: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Ask its API.

        Args:
            verb: Verb of HTTP.
            path: What follows ``/api/v2``.
            body: What is sent as JSON.

        Raises:
            RuntimeError: It refused; the message holds its answer.
        """
        if not self._token:
            self._token = str(self._send("GET", "/auth/token", None)["access_token"])
        return self._send(verb, f"/api/v2{path}", body)

    def unpause(self, dag: str) -> None:
        """Wait until a DAG was read, and switch it on."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                self.ask("PATCH", f"/dags/{dag}", {"is_paused": False})
                return
            except RuntimeError as error:
                if time.monotonic() > deadline:
                    raise RuntimeError(f"{error}; {self._last_words('dag-processor')}") from error
                time.sleep(POLL_SECONDS)

    def trigger(self, dag: str, day: str, params: Mapping[str, Any], run: str) -> None:
        """Start a run for the snapshot of a day."""
        body = {"dag_run_id": run, "logical_date": f"{day}T00:00:00Z", "conf": dict(params)}
        self.ask("POST", f"/dags/{dag}/dagRuns", body)

    def states(self, dag: str, run: str) -> dict[str, str]:
        """Give the state of each task of a run."""
        found = self.ask("GET", f"/dags/{dag}/dagRuns/{run}/taskInstances?limit=100")["task_instances"]
        return {task["task_id"]: str(task["state"]) for task in found}

    def run_state(self, dag: str, run: str) -> str:
        """Give the state of a run."""
        return str(self.ask("GET", f"/dags/{dag}/dagRuns/{run}")["state"])

    def log_of(self, dag: str, run: str, task: str, tries: int = 1) -> str:
        """Read what a task said at one of its tries."""
        folder = self.home / "logs" / f"dag_id={dag}" / f"run_id={run}" / f"task_id={task}"
        file = folder / f"attempt={tries}.log"
        return file.read_text(encoding="utf-8") if file.exists() else ""

    def _variables(self) -> dict[str, str]:
        passed = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
        return {
            **passed,
            "PATH": f"{self.environment / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}",
            "PYTHONPATH": os.pathsep.join([str(self.project), str(self.project / "src")]),
            "AIRFLOW_HOME": str(self.home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(self.project / "mlflow_project" / "dags"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
            "AIRFLOW__CORE__PARALLELISM": str(self.parallelism),
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "true",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{self.home / 'airflow.db'}",
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__BASE_URL": self.url,
            "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(32),
            # Its programs serve logs to other machines otherwise, on ports that they do not choose.
            "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(free_port()),
            "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(free_port()),
            "AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "1",
            "AIRFLOW__SCHEDULER__ENABLE_HEALTH_CHECK": "false",
            **self.variables,
        }

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            ended = [program.name for program in self._programs if not program.runs]
            if ended:
                raise RuntimeError(f"Airflow's {ended[0]} ended: {self._last_words(ended[0])}")
            try:
                self.ask("GET", "/version")
                return
            except (OSError, RuntimeError):
                time.sleep(POLL_SECONDS)
        raise RuntimeError(f"Airflow does not answer: {self._last_words('api-server')}")

    def _last_words(self, program: str) -> str:
        log = self.home / f"{program}.log"
        return (
            log.read_text(encoding="utf-8", errors="replace")[-3000:] if log.exists() else "it said nothing"
        )

    def _send(self, verb: str, path: str, body: Mapping[str, Any] | None) -> dict[str, Any]:
        headers = {"Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        content = None if body is None else json.dumps(body).encode()
        asked = urllib.request.Request(f"{self.url}{path}", content, headers, method=verb)  # noqa: S310 - ours
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(asked, timeout=ANSWER_SECONDS) as reply:
                found: dict[str, Any] = json.loads(reply.read() or b"{}")
                return found
        except urllib.error.HTTPError as error:
            said = error.read().decode(errors="replace")[:500]
            raise RuntimeError(f"Airflow answered {verb} {path} with {error.code}: {said}") from error


@contextmanager
def running(airflow: Airflow) -> Iterator[Airflow]:
    """Run an Airflow for a while."""
    try:
        airflow.start()
        yield airflow
    finally:
        airflow.stop()
