"""A real S3 server on this machine: versitygw over a folder, of which each sub-folder is a bucket."""

from __future__ import annotations

import os
import shutil
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3

from days_to_sell.errors import EnvironmentProblem
from days_to_sell.settings import Settings
from stack.ports import free_port
from stack.program import Program

ACCESS, SECRET, REGION = "stack", "a-secret-key-of-the-stack", "us-east-1"
START_SECONDS = 30.0
LOG_CHARACTERS = 2_000


def find_server() -> str | None:
    """Find the server's program: named by ``VERSITYGW``, else on ``PATH``."""
    return os.environ.get("VERSITYGW") or shutil.which("versitygw")


@dataclass
class S3Server:
    """An S3 server that can be killed and started again, on the same port and over the same buckets.

    Args:
        home: Folder of its log, and of its buckets in ``buckets/``.
        buckets: Names of buckets to make.
        port: Port of the loopback address.
    """

    home: Path
    buckets: Sequence[str] = ("lake", "models", "packages")
    port: int = field(default_factory=free_port)
    _program: Program | None = field(default=None, repr=False)

    @property
    def endpoint(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def folder(self) -> Path:
        """The buckets, as folders."""
        return self.home / "buckets"

    @property
    def credentials(self) -> dict[str, str]:
        """Variables that open its buckets to a client."""
        return {
            "AWS_ACCESS_KEY_ID": ACCESS,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
        }

    @property
    def variables(self) -> dict[str, str]:
        """Variables that lead to it whoever goes by boto3, Spark or MLflow."""
        return {
            **self.credentials,
            "DAYS_TO_SELL_S3_ENDPOINT": self.endpoint,
            "MLFLOW_S3_ENDPOINT_URL": self.endpoint,
        }

    @property
    def settings(self) -> Settings:
        """Settings that lead to it."""
        return Settings(s3_endpoint=self.endpoint)

    @property
    def client(self) -> Any:
        """A client of its owner."""
        session = boto3.session.Session(ACCESS, SECRET, region_name=REGION)
        return session.client("s3", endpoint_url=self.endpoint)

    def start(self) -> None:
        """Start it, and wait until it answers.

        Raises:
            EnvironmentProblem: There is no such program, or it does not come up.
        """
        binary = find_server()
        if not binary:
            raise EnvironmentProblem("there is no S3 server: put versitygw on PATH, or name it by VERSITYGW")
        for bucket in self.buckets:
            (self.folder / bucket).mkdir(parents=True, exist_ok=True)
        if self._program is None:
            command = [binary, "--quiet", "--port", f"127.0.0.1:{self.port}", "posix", str(self.folder)]
            variables = {**os.environ, "ROOT_ACCESS_KEY": ACCESS, "ROOT_SECRET_KEY": SECRET}
            self._program = Program("s3", command, self.home, variables)
        self._program.start()
        self._wait(self._program)

    def kill(self) -> None:
        """Kill it as a machine that fails does."""
        if self._program:
            self._program.kill()

    def end(self) -> None:
        """End it."""
        if self._program:
            self._program.end()

    def _wait(self, program: Program) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and program.runs:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        said = program.log.read_text(encoding="utf-8", errors="replace")[-LOG_CHARACTERS:]
        raise EnvironmentProblem(
            f"the S3 server does not answer at {self.endpoint}; it said: {said or 'nothing'}"
        )


@contextmanager
def s3_server(home: Path, buckets: Sequence[str] = S3Server.buckets) -> Iterator[S3Server]:
    """Run an S3 server for a while.

    Raises:
        EnvironmentProblem: There is no such program, or it does not come up.
    """
    server = S3Server(home, buckets)
    try:
        server.start()
        yield server
    finally:
        server.end()
