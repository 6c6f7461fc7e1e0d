"""The MLflow server of a team, started by the very script that a team starts it with."""

from __future__ import annotations

import os
import secrets
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import requests

from days_to_sell.errors import EnvironmentProblem
from stack.ports import free_port
from stack.program import Program

SCRIPT = Path(__file__).parents[1] / "mlflow_server" / "start.sh"
ADMIN = "admin"
READY_SECONDS = 300.0
TAIL = 2000
# What would lead the server, or a client of it, to another place than the one it is told.
_FOREIGN = ("MLFLOW_", "AWS_", "PG", "DAYS_TO_SELL_")


@dataclass
class TeamMlflow:
    """A server with PostgreSQL, artifacts on S3, the gated registry and logins.

    Args:
        folder: Of its log, and of the files that hold its secrets.
        database: Address of the database, without the password.
        password: Password of the database.
        artifacts: ``s3://bucket/prefix``.
        s3: Variables that lead to the S3 server: endpoint, keys and region.
        variables: Further variables of the server.
        port: Where it listens.
        workers: Processes that answer.
    """

    folder: Path
    database: str
    password: str
    artifacts: str
    s3: Mapping[str, str]
    variables: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    workers: int = 2
    admin_password: str = field(default_factory=lambda: secrets.token_urlsafe(18), repr=False)
    _program: Program | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """What it says."""
        return self.folder / "mlflow.log"

    def environment(self) -> dict[str, str]:
        """What it is started with; its secrets are in files."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
        here = Path(sys.executable).parent
        return {
            **clean,
            "PATH": f"{here}{os.pathsep}{os.environ['PATH']}",
            "MLFLOW_DATABASE": self.database,
            "MLFLOW_ARTIFACTS": self.artifacts,
            "MLFLOW_PORT": str(self.port),
            "MLFLOW_WORKERS": str(self.workers),
            "PGPASSWORD_FILE": self._secret("database", self.password),
            "MLFLOW_FLASK_SERVER_SECRET_KEY_FILE": self._secret("session", secrets.token_hex(32)),
            "MLFLOW_AUTH_ADMIN_PASSWORD_FILE": self._secret("admin", self.admin_password),
            **self.s3,
            **self.variables,
        }

    def start(self) -> None:
        """Start it, and wait until it answers.

        Raises:
            EnvironmentProblem: It ended, or does not answer in time; the message has the end of its log.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        if self._program is None:
            self._program = Program("mlflow", [str(SCRIPT)], self.folder, self.environment())
        self._program.start()
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline and self._program.runs:
            try:
                if requests.get(f"{self.url}/health", timeout=5).ok:
                    return
            except requests.RequestException:
                time.sleep(0.2)
        self.stop()
        said = self.log.read_text(encoding="utf-8", errors="replace")[-TAIL:]
        raise EnvironmentProblem(f"the MLflow server did not get ready at {self.url}: {said}")

    def stop(self) -> None:
        """End it with all its processes."""
        if self._program is not None:
            self._program.end()

    def client_variables(self, user: str = ADMIN, password: str | None = None) -> dict[str, str]:
        """Variables that lead MLflow's client here, as one user."""
        return {
            "MLFLOW_TRACKING_URI": self.url,
            "MLFLOW_TRACKING_USERNAME": user,
            "MLFLOW_TRACKING_PASSWORD": self.admin_password if password is None else password,
        }

    def add_user(self, name: str, password: str) -> None:
        """Make a user, as the administrator.

        Raises:
            EnvironmentProblem: The server refused.
        """
        self._ask("2.0/mlflow/users/create", {"username": name, "password": password})

    def grant(self, user: str, kind: str, name: str, permission: str) -> None:
        """Give a user a permission on a thing of MLflow's, such as a ``registered_model``.

        Raises:
            EnvironmentProblem: The server refused.
        """
        wanted = {"resource_type": kind, "resource_id": name, "permission": permission}
        self._ask("3.0/mlflow/users/permissions/grant", {"username": user, **wanted})

    def _ask(self, path: str, body: Mapping[str, str]) -> None:
        answer = requests.post(
            f"{self.url}/api/{path}", json=body, auth=(ADMIN, self.admin_password), timeout=30
        )
        if not answer.ok:
            raise EnvironmentProblem(f"MLflow refused {path}: {answer.status_code} {answer.text[:300]}")

    def _secret(self, name: str, content: str) -> str:
        path = self.folder / f"{name}.secret"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.write_text(content, encoding="utf-8")
        return str(path)
