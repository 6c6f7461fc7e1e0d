"""What the tests of this ring share: a real S3 server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stack.s3 import S3Server, find_server, s3_server


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """A versitygw over a temporary folder with the buckets ``lake``, ``models`` and ``packages``."""
    if not find_server():
        pytest.skip("needs an S3 server: versitygw, on PATH or named by VERSITYGW")
    with s3_server(tmp_path_factory.mktemp("s3")) as server, pytest.MonkeyPatch.context() as patch:
        for name, value in server.credentials.items():
            patch.setenv(name, value)
        patch.delenv("AWS_SESSION_TOKEN", raising=False)
        yield server


def upload(s3: S3Server, local: Path, prefix: str) -> None:
    """Put a folder under a prefix of the bucket ``lake``."""
    client = s3.client
    for file in (found for found in local.rglob("*") if found.is_file()):
        client.upload_file(str(file), "lake", f"{prefix}/{file.relative_to(local)}")
