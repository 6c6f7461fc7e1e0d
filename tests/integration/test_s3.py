"""One round trip over a real S3 server: a lake read through s3a, a model package put and fetched."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import boto3
import pytest

from days_to_sell.errors import PackageError, RegistryError
from days_to_sell.registry.package_store import fetch_package_from_s3, put_package
from days_to_sell.scoring.package import BUNDLE, FILES, MANIFEST, ModelPackage, open_package
from days_to_sell.settings import Settings
from tests.lakes import DAY, small_lake
from tests.packages import make_package
from tests.ports import free_port

pytestmark = pytest.mark.parts

ACCESS, SECRET, REGION = "tests", "a-secret-key-of-tests", "us-east-1"
START_SECONDS = 30
BUILD_SECONDS = 500
"""The first build brings Spark's S3 file system from Maven, about 280 MB."""


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
    for file in local.rglob("*.parquet"):
        s3.client.upload_file(str(file), "lake", f"{prefix}/{file.relative_to(local)}")


def build(s3: S3, lake: str, target: str) -> subprocess.CompletedProcess[str]:
    """Build training data with the command line, in a process whose Spark can read S3."""
    return subprocess.run(
        [
            *(sys.executable, "-m", "days_to_sell.cli", "data", "build", "--master", "local[2]"),
            *("--lake", lake, "--training-data", target),
        ],
        env=s3.environment,
        capture_output=True,
        text=True,
        timeout=BUILD_SECONDS,
        check=False,
    )


@pytest.mark.timeout(2 * BUILD_SECONDS)
def test_training_data_is_built_from_a_lake_on_s3_and_kept_there(s3: S3, tmp_path: Path) -> None:
    """Sources are read and rows, report and manifest written through s3a; the second time they are found."""
    small_lake().write(tmp_path)
    upload(s3, tmp_path, "cars")
    first = build(s3, "s3a://lake/cars", "s3a://lake/sets")
    assert first.returncode == 0, first.stderr
    assert "training data: 6 rows, 50% censored, s3a://lake/sets/days_to_sell/" in first.stdout
    keys = [each["Key"] for each in s3.client.list_objects_v2(Bucket="lake", Prefix="sets/")["Contents"]]
    home = next(key.removesuffix("manifest.json") for key in keys if key.endswith("manifest.json"))
    assert {f"{home}{name}" for name in ("tables.json", "integrity.json", "integrity.txt")} <= set(keys)
    assert any(key.startswith(f"{home}rows/part-") for key in keys)
    assert not [key for key in keys if key.endswith(".part") or "_temporary" in key]
    manifest = json.loads(s3.client.get_object(Bucket="lake", Key=f"{home}manifest.json")["Body"].read())
    assert (manifest["lake"], manifest["snapshot"]) == ("s3a://lake/cars", DAY.isoformat())
    second = build(s3, "s3a://lake/cars/", "s3a://lake/sets")
    assert second.returncode == 0, second.stderr
    assert f"is there already: s3a://lake/{home.rstrip('/')}" in second.stdout


@pytest.mark.timeout(BUILD_SECONDS)
def test_a_lake_that_is_not_in_the_bucket_is_one_message(s3: S3) -> None:
    """What is not there is said with the place, without a stack trace."""
    absent = build(s3, "s3a://lake/vans", "s3a://lake/sets")
    assert absent.returncode == 1
    assert absent.stderr.splitlines()[-1].startswith(
        "error: source 'adverts' is not in the lake: expected s3a://lake/vans/adverts/"
    )
    assert "Traceback" not in absent.stderr


@pytest.mark.timeout(BUILD_SECONDS)
def test_a_bucket_that_is_not_there_is_one_message(s3: S3, tmp_path: Path) -> None:
    """Training data for a bucket that nobody made is refused before anything is read twice."""
    refused = build(s3, small_lake().write(tmp_path), "s3a://nowhere/sets")
    assert refused.returncode == 1
    assert refused.stderr.splitlines()[-1].startswith("error: s3a://nowhere/sets/days_to_sell/")
    assert "look at the bucket" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.timeout(BUILD_SECONDS)
def test_a_lake_whose_server_is_not_there_is_one_message(s3: S3) -> None:
    """A wrong address does not keep the command silent; the message names the setting that leads to it."""
    refused = build(
        replace(s3, endpoint=f"http://127.0.0.1:{free_port()}"), "s3a://lake/cars", "s3a://lake/sets"
    )
    assert refused.returncode == 1
    assert "error: s3a://lake/cars/adverts cannot be " in refused.stderr
    assert "at DAYS_TO_SELL_S3_ENDPOINT" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.fixture
def package(tmp_path: Path) -> ModelPackage:
    """A small model package."""
    return make_package(tmp_path / "package")


def test_a_package_comes_back_as_it_was_put(s3: S3, package: ModelPackage, tmp_path: Path) -> None:
    """Put, and put again, it lies under its digest; fetched, it is the same package to the byte."""
    uri = put_package(package, "s3://models/days-to-sell/", settings=s3.settings)
    assert put_package(package, "s3://models/days-to-sell", settings=s3.settings) == uri
    assert uri == f"s3://models/days-to-sell/{package.digest.removeprefix('sha256:')}"
    fetched = fetch_package_from_s3(uri, tmp_path / "fetched" / "package", settings=s3.settings)
    assert fetched.digest == package.digest
    for name in (MANIFEST, *FILES):
        assert (fetched.root / name).read_bytes() == (package.root / name).read_bytes()
    assert [found.name for found in fetched.root.parent.iterdir()] == ["package"]


def test_the_environment_leads_to_the_server(
    s3: S3, package: ModelPackage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without settings given, the endpoint and the credentials are those of the environment."""
    monkeypatch.setenv("DAYS_TO_SELL_S3_ENDPOINT", s3.endpoint)
    uri = put_package(package, "s3://models/by-environment")
    assert fetch_package_from_s3(uri, tmp_path / "fetched").digest == package.digest


def test_a_corrupted_object_is_refused_and_mended(s3: S3, package: ModelPackage, tmp_path: Path) -> None:
    """One byte that differs stops the fetch and leaves nothing behind; putting the package again mends it."""
    uri = put_package(package, "s3://models/corrupted", settings=s3.settings)
    key = uri.removeprefix("s3://models/") + f"/{BUNDLE}"
    content = bytearray(package.bundle.read_bytes())
    content[len(content) // 2] ^= 1
    s3.client.put_object(Bucket="models", Key=key, Body=bytes(content))
    with pytest.raises(PackageError, match=rf"{BUNDLE} has SHA-256 .* fetch the package again"):
        fetch_package_from_s3(uri, tmp_path / "fetched", settings=s3.settings)
    assert sorted(found.name for found in tmp_path.iterdir()) == ["package"]
    put_package(package, "s3://models/corrupted", settings=s3.settings)
    assert fetch_package_from_s3(uri, tmp_path / "fetched", settings=s3.settings).digest == package.digest


def test_a_package_at_another_ones_address_is_refused(s3: S3, package: ModelPackage, tmp_path: Path) -> None:
    """A sound package is still the wrong one where the address promises another."""
    other = make_package(tmp_path / "other", intercept=13.0)
    uri = put_package(package, "s3://models/swapped", settings=s3.settings)
    prefix = uri.removeprefix("s3://models/")
    for name in (MANIFEST, *FILES):
        s3.client.upload_file(str(other.root / name), "models", f"{prefix}/{name}")
    with pytest.raises(PackageError, match="another one than its address says"):
        fetch_package_from_s3(uri, tmp_path / "fetched", settings=s3.settings)
    assert not (tmp_path / "fetched").exists()


def test_an_interrupted_put_is_no_package(s3: S3, package: ModelPackage, tmp_path: Path) -> None:
    """The manifest comes last: without it, the fetch names it as what is missing."""
    uri = put_package(package, "s3://models/interrupted", settings=s3.settings)
    s3.client.delete_object(Bucket="models", Key=uri.removeprefix("s3://models/") + f"/{MANIFEST}")
    with pytest.raises(RegistryError, match=rf"{MANIFEST}: S3 refused with NoSuchKey"):
        fetch_package_from_s3(uri, tmp_path / "fetched", settings=s3.settings)


def test_a_missing_bucket_is_said(s3: S3, package: ModelPackage, tmp_path: Path) -> None:
    """Both ways, the message names the bucket's address and the way out."""
    with pytest.raises(RegistryError, match=r"s3://nowhere/x/.* NoSuchBucket; create the bucket"):
        put_package(package, "s3://nowhere/x", settings=s3.settings)
    with pytest.raises(RegistryError, match=r"s3://nowhere/x/.* NoSuchBucket; create the bucket"):
        fetch_package_from_s3("s3://nowhere/x/0", tmp_path / "fetched", settings=s3.settings)


@pytest.mark.parametrize("variable", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
def test_wrong_credentials_are_said(
    s3: S3, package: ModelPackage, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """The message names the variable to look at."""
    monkeypatch.setenv(variable, "guess")
    with pytest.raises(RegistryError, match=f"S3 refused with .*; look at .*{variable}"):
        put_package(package, "s3://models/refused", settings=s3.settings)


def test_no_credentials_are_said(
    s3: S3, package: ModelPackage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without any credentials the message names the variables that hold them."""
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(variable)
    for variable in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(variable, str(tmp_path / "absent"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(RegistryError, match=r"credentials; look at .* the AWS_\* variables"):
        put_package(package, "s3://models/refused", settings=s3.settings)


def test_a_server_that_is_not_there_is_said(package: ModelPackage, s3: S3) -> None:
    """The message names the setting that leads to it."""
    nowhere = replace(s3.settings, s3_endpoint=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(RegistryError, match="look at DAYS_TO_SELL_S3_ENDPOINT"):
        put_package(package, "s3://models/x", settings=nowhere)


@pytest.mark.parametrize("uri", ["s3://models", "s3:///x", "models/x", "https://models/x", ""])
def test_an_address_that_is_none_is_said(package: ModelPackage, tmp_path: Path, uri: str) -> None:
    """What is no s3://bucket/prefix never reaches a server."""
    with pytest.raises(RegistryError, match="write it as s3://bucket/prefix"):
        fetch_package_from_s3(uri, tmp_path / "fetched")


def test_a_package_that_changed_since_it_was_opened_is_not_put(package: ModelPackage) -> None:
    """Only verified files leave this machine."""
    opened = open_package(package.root)
    with (package.root / "golden.jsonl").open("a", encoding="utf-8") as golden:
        golden.write("\n")
    with pytest.raises(PackageError, match=r"golden\.jsonl has SHA-256"):
        put_package(opened, "s3://models/x")


def test_a_package_is_never_fetched_over_another(package: ModelPackage) -> None:
    """A directory that exists is left alone."""
    with pytest.raises(PackageError, match="exists; choose another directory"):
        fetch_package_from_s3("s3://models/x/0", package.root)
