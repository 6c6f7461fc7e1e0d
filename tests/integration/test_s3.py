"""One round trip over a real S3 server: a lake read through s3a, a model package put and fetched."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from days_to_sell.errors import PackageError, RegistryError, SignatureError
from days_to_sell.registry.package_store import fetch_package_from_s3, put_package
from days_to_sell.scoring.package import BUNDLE, FILES, MANIFEST, ModelPackage, open_package
from days_to_sell.scoring.signature import SIGNATURE, sign_package
from days_to_sell.scoring.signing_keys import make_key
from stack.ports import free_port
from stack.s3 import S3Server
from tests.faulty_proxy import ANY, Throttle, faulty
from tests.integration.conftest import upload
from tests.lakes import DAY, small_lake
from tests.packages import make_package

pytestmark = pytest.mark.parts

BUILD_SECONDS = 500
"""The first build brings Spark's S3 file system from Maven, about 280 MB."""


def build(endpoint: str, lake: str, target: str) -> subprocess.CompletedProcess[str]:
    """Build training data with the command line, in a process whose Spark can read S3."""
    return subprocess.run(
        [
            *(sys.executable, "-m", "days_to_sell.cli", "data", "build", "--master", "local[2]"),
            *("--lake", lake, "--training-data", target),
        ],
        env=os.environ | {"DAYS_TO_SELL_S3_ENDPOINT": endpoint},
        capture_output=True,
        text=True,
        timeout=BUILD_SECONDS,
        check=False,
    )


@pytest.mark.timeout(2 * BUILD_SECONDS)
def test_training_data_is_built_from_a_lake_on_s3_and_kept_there(s3: S3Server, tmp_path: Path) -> None:
    """Sources are read and rows, report and manifest written through s3a; the second time they are found."""
    small_lake().write(tmp_path)
    upload(s3, tmp_path, "cars")
    first = build(s3.endpoint, "s3a://lake/cars", "s3a://lake/sets")
    assert first.returncode == 0, first.stderr
    assert "training data: 6 rows, 50% censored, s3a://lake/sets/days_to_sell/" in first.stdout
    keys = [each["Key"] for each in s3.client.list_objects_v2(Bucket="lake", Prefix="sets/")["Contents"]]
    home = next(key.removesuffix("manifest.json") for key in keys if key.endswith("manifest.json"))
    assert {f"{home}{name}" for name in ("tables.json", "integrity.json", "integrity.txt")} <= set(keys)
    assert any(key.startswith(f"{home}rows/part-") for key in keys)
    assert not [key for key in keys if key.endswith(".part") or "_temporary" in key]
    manifest = json.loads(s3.client.get_object(Bucket="lake", Key=f"{home}manifest.json")["Body"].read())
    assert (manifest["lake"], manifest["snapshot"]) == ("s3a://lake/cars", DAY.isoformat())
    second = build(s3.endpoint, "s3a://lake/cars/", "s3a://lake/sets")
    assert second.returncode == 0, second.stderr
    assert f"is there already: s3a://lake/{home.rstrip('/')}" in second.stdout


def refusal(build: subprocess.CompletedProcess[str]) -> str:
    """The one message of a command that was refused."""
    assert build.returncode == 1
    assert "Traceback" not in build.stderr
    return build.stderr.splitlines()[-1]


@pytest.mark.timeout(BUILD_SECONDS)
def test_a_lake_that_is_not_in_the_bucket_is_one_message(s3: S3Server) -> None:
    """What is not there is said with the place, without a stack trace."""
    said = refusal(build(s3.endpoint, "s3a://lake/vans", "s3a://lake/sets"))
    assert said.startswith("error: source 'adverts' is not in the lake: expected s3a://lake/vans/adverts/")


@pytest.mark.timeout(BUILD_SECONDS)
def test_a_bucket_of_training_sets_that_is_not_there_is_one_message(s3: S3Server, tmp_path: Path) -> None:
    """Training data for a bucket that nobody made is refused before anything is read twice."""
    said = refusal(build(s3.endpoint, small_lake().write(tmp_path), "s3a://nowhere/sets"))
    assert said.startswith("error: s3a://nowhere/sets/days_to_sell/")
    assert said.endswith("S3 refused with NoSuchBucket; create the bucket, or name another one")


@pytest.mark.timeout(BUILD_SECONDS)
def test_a_lake_whose_server_is_not_there_is_one_message(s3: S3Server) -> None:
    """A wrong address does not keep the command silent; the message names the setting that leads to it."""
    nowhere = f"http://127.0.0.1:{free_port()}"
    said = refusal(build(nowhere, "s3a://lake/cars", "s3a://lake/sets"))
    assert said.startswith("error: s3a://lake/cars/adverts cannot be ")
    assert "look at DAYS_TO_SELL_S3_ENDPOINT" in said


@pytest.mark.timeout(BUILD_SECONDS)
def test_a_lake_whose_server_asks_for_fewer_requests_is_one_message(s3: S3Server) -> None:
    """Throttled for good, Spark's attempts come to an end, and the reason is S3's."""
    with faulty(s3.endpoint) as line:
        line.plan(Throttle("", times=1_000_000, method=ANY))
        said = refusal(build(line.endpoint, "s3a://lake/cars", "s3a://lake/sets"))
    assert said.startswith("error: s3a://lake/cars/adverts cannot be ")
    assert "S3 refused with SlowDown; it went on so over all attempts; try again later" in said


@pytest.mark.timeout(BUILD_SECONDS)
@pytest.mark.parametrize(
    ("variable", "lake", "why"),
    [
        (None, "s3a://nowhere/cars", "S3 refused with NoSuchBucket; create the bucket"),
        # Servers name a wrong access key in many ways.
        ("AWS_ACCESS_KEY_ID", "s3a://lake/cars", r"S3 refused with \w+; look at AWS_ACCESS_KEY_ID"),
        (
            "AWS_SECRET_ACCESS_KEY",
            "s3a://lake/cars",
            "S3 refused with SignatureDoesNotMatch; look at AWS_SECRET",
        ),
    ],
    ids=["no bucket", "wrong key", "wrong secret"],
)
def test_a_lake_that_s3_does_not_show_is_one_message(
    s3: S3Server, monkeypatch: pytest.MonkeyPatch, variable: str | None, lake: str, why: str
) -> None:
    """No such bucket, a key that the server does not know, a wrong secret: each in the words of S3."""
    if variable:
        monkeypatch.setenv(variable, "guess")
    said = refusal(build(s3.endpoint, lake, "s3a://lake/sets"))
    assert re.match(f"error: {lake}/adverts cannot be listed: {why}", said)


@pytest.mark.timeout(BUILD_SECONDS)
def test_training_data_that_s3_does_not_take_is_one_message(
    s3: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that hides what it does not show refuses only when rows are written; that is said as well."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "guess")
    said = refusal(build(s3.endpoint, small_lake().write(tmp_path), "s3a://lake/sets"))
    assert re.match(
        "error: s3a://lake/sets/days_to_sell/[0-9a-f]{16} cannot be written: S3 refused with", said
    )
    assert "look at AWS_ACCESS_KEY_ID" in said


@pytest.mark.timeout(BUILD_SECONDS)
def test_a_lake_without_credentials_is_one_message(
    s3: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nobody has credentials, Spark's own reason stands, and what to look at."""
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(variable)
    for variable in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(variable, str(tmp_path / "absent"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    said = refusal(build(s3.endpoint, "s3a://lake/cars", "s3a://lake/sets"))
    assert "No AWS Credentials provided" in said
    assert said.endswith("look at DAYS_TO_SELL_S3_ENDPOINT and the AWS_* variables")


@pytest.fixture
def package(tmp_path: Path) -> ModelPackage:
    """A small model package."""
    return make_package(tmp_path / "package")


def test_a_package_comes_back_as_it_was_put(s3: S3Server, package: ModelPackage, tmp_path: Path) -> None:
    """Put, and put again, it lies under its digest; fetched, it is the same package to the byte."""
    uri = put_package(package, "s3://models/days-to-sell/", settings=s3.settings)
    assert put_package(package, "s3://models/days-to-sell", settings=s3.settings) == uri
    assert uri == f"s3://models/days-to-sell/{package.digest.removeprefix('sha256:')}"
    fetched = fetch_package_from_s3(uri, tmp_path / "fetched" / "package", settings=s3.settings)
    assert fetched.digest == package.digest
    for name in (MANIFEST, *FILES):
        assert (fetched.root / name).read_bytes() == (package.root / name).read_bytes()
    assert [found.name for found in fetched.root.parent.iterdir()] == ["package"]


def test_a_signature_comes_back_with_its_package(s3: S3Server, package: ModelPackage, tmp_path: Path) -> None:
    """Where keys are trusted, a package that none of them signed is not fetched; nothing is left of it."""
    (tmp_path / "keys").mkdir()
    trusted, _ = make_key(tmp_path / "keys" / "release.pem")
    careful = replace(s3.settings, trusted_keys=trusted)
    uri = put_package(package, "s3://models/signed", settings=s3.settings)
    with pytest.raises(SignatureError, match="is not signed"):
        fetch_package_from_s3(uri, tmp_path / "fetched", settings=careful)
    assert not (tmp_path / "fetched").exists()
    sign_package(package, tmp_path / "keys" / "release.pem")
    put_package(package, "s3://models/signed", settings=s3.settings)
    fetched = fetch_package_from_s3(uri, tmp_path / "fetched", settings=careful)
    assert (fetched.root / SIGNATURE).read_bytes() == (package.root / SIGNATURE).read_bytes()


def test_the_environment_leads_to_the_server(
    s3: S3Server, package: ModelPackage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without settings given, the endpoint and the credentials are those of the environment."""
    monkeypatch.setenv("DAYS_TO_SELL_S3_ENDPOINT", s3.endpoint)
    uri = put_package(package, "s3://models/by-environment")
    assert fetch_package_from_s3(uri, tmp_path / "fetched").digest == package.digest


def test_a_corrupted_object_is_refused_and_mended(
    s3: S3Server, package: ModelPackage, tmp_path: Path
) -> None:
    """One byte that differs stops the fetch and leaves nothing behind; putting the package again mends it."""
    uri = put_package(package, "s3://models/corrupted", settings=s3.settings)
    key = uri.removeprefix("s3://models/") + f"/{BUNDLE}"
    content = bytearray(package.bundle.read_bytes())
    content[len(content) // 2] ^= 1
    s3.client.put_object(Bucket="models", Key=key, Body=bytes(content))
    with pytest.raises(
        PackageError, match=rf"{BUNDLE} has SHA-256 .* it is damaged there; put the package again"
    ):
        fetch_package_from_s3(uri, tmp_path / "fetched", settings=s3.settings)
    assert sorted(found.name for found in tmp_path.iterdir()) == ["package"]
    put_package(package, "s3://models/corrupted", settings=s3.settings)
    assert fetch_package_from_s3(uri, tmp_path / "fetched", settings=s3.settings).digest == package.digest


def test_a_package_at_another_ones_address_is_refused(
    s3: S3Server, package: ModelPackage, tmp_path: Path
) -> None:
    """A sound package is still the wrong one where the address promises another."""
    other = make_package(tmp_path / "other", intercept=13.0)
    uri = put_package(package, "s3://models/swapped", settings=s3.settings)
    prefix = uri.removeprefix("s3://models/")
    for name in (MANIFEST, *FILES):
        s3.client.upload_file(str(other.root / name), "models", f"{prefix}/{name}")
    with pytest.raises(PackageError, match="it is damaged there; put the package again"):
        fetch_package_from_s3(uri, tmp_path / "fetched", settings=s3.settings)
    assert not (tmp_path / "fetched").exists()


def test_an_interrupted_put_is_no_package(s3: S3Server, package: ModelPackage, tmp_path: Path) -> None:
    """The manifest comes last: without it, the fetch names it as what is missing."""
    uri = put_package(package, "s3://models/interrupted", settings=s3.settings)
    s3.client.delete_object(Bucket="models", Key=uri.removeprefix("s3://models/") + f"/{MANIFEST}")
    with pytest.raises(RegistryError, match=rf"{MANIFEST}: S3 refused with NoSuchKey"):
        fetch_package_from_s3(uri, tmp_path / "fetched", settings=s3.settings)


def test_a_missing_bucket_is_said(s3: S3Server, package: ModelPackage, tmp_path: Path) -> None:
    """Both ways, the message names the bucket's address and the way out."""
    with pytest.raises(RegistryError, match=r"s3://nowhere/x/.* NoSuchBucket; create the bucket"):
        put_package(package, "s3://nowhere/x", settings=s3.settings)
    with pytest.raises(RegistryError, match=r"s3://nowhere/x/.* NoSuchBucket; create the bucket"):
        fetch_package_from_s3(f"s3://nowhere/x/{64 * '0'}", tmp_path / "fetched", settings=s3.settings)


@pytest.mark.parametrize("variable", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
def test_wrong_credentials_are_said(
    s3: S3Server, package: ModelPackage, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """The message names the variable to look at."""
    monkeypatch.setenv(variable, "guess")
    with pytest.raises(RegistryError, match=f"S3 refused with .*; look at .*{variable}"):
        put_package(package, "s3://models/refused", settings=s3.settings)


def test_no_credentials_are_said(
    s3: S3Server, package: ModelPackage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without any credentials the message names the variables that hold them."""
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(variable)
    for variable in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(variable, str(tmp_path / "absent"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(RegistryError, match=r"credentials; look at .* the AWS_\* variables"):
        put_package(package, "s3://models/refused", settings=s3.settings)


def test_a_server_that_is_not_there_is_said(package: ModelPackage, s3: S3Server) -> None:
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
        fetch_package_from_s3(f"s3://models/x/{64 * '0'}", package.root)
