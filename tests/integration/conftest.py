"""What the tests of this ring share: a real S3 server."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from days_to_sell.settings import Settings
from stack.ports import free_port

ACCESS, SECRET, REGION = "tests", "a-secret-key-of-tests", "us-east-1"
START_SECONDS = 30


@dataclass(frozen=True)
class S3:
    """A running server, its buckets' folder and a client of it."""

    endpoint: str
    folder: Path
    client: Any

    @property
    def settings(self) -> Settings:
        """Settings that lead to the server."""
        return Settings(s3_endpoint=self.endpoint)

    @property
    def environment(self) -> dict[str, str]:
        """Variables that lead a process to the server."""
        return os.environ | {"DAYS_TO_SELL_S3_ENDPOINT": self.endpoint}


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    """A versitygw over a temporary folder with the buckets ``lake`` and ``models``."""
    binary = os.environ.get("VERSITYGW") or shutil.which("versitygw")
    if not binary:
        pytest.skip("needs an S3 server: versitygw, on PATH or named by VERSITYGW")
    folder = tmp_path_factory.mktemp("s3")
    for bucket in ("lake", "models"):
        (folder / bucket).mkdir()
    port = free_port()
    server = subprocess.Popen(
        [binary, "--quiet", "--port", f"127.0.0.1:{port}", "posix", str(folder)],
        env=os.environ | {"ROOT_ACCESS_KEY": ACCESS, "ROOT_SECRET_KEY": SECRET},
        stdout=subprocess.DEVNULL,
    )
    endpoint = f"http://127.0.0.1:{port}"
    try:
        _wait_for(port, server)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("AWS_ACCESS_KEY_ID", ACCESS)
            patch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
            patch.setenv("AWS_DEFAULT_REGION", REGION)
            patch.delenv("AWS_SESSION_TOKEN", raising=False)
            yield S3(endpoint, folder, boto3.session.Session().client("s3", endpoint_url=endpoint))
    finally:
        server.terminate()
        server.wait(timeout=START_SECONDS)


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert server.poll() is None, f"the S3 server ended with {server.returncode}"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
    pytest.fail(f"the S3 server did not listen on port {port} within {START_SECONDS} seconds")


def upload(s3: S3, local: Path, prefix: str) -> None:
    """Put a folder under a prefix of the bucket ``lake``."""
    for file in (found for found in local.rglob("*") if found.is_file()):
        s3.client.upload_file(str(file), "lake", f"{prefix}/{file.relative_to(local)}")
