"""Model packages on a real S3 server behind a line that cuts, throttles, stalls and damages."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from days_to_sell.data.s3 import Patience, connect
from days_to_sell.errors import PackageError, RegistryError
from days_to_sell.registry import objects
from days_to_sell.registry.objects import FRUIT, PART, Objects
from days_to_sell.registry.package_store import fetch_package_from_s3, put_package, stored_packages
from days_to_sell.scoring.package import BUNDLE, FILES, GOLDEN, MANIFEST, ModelPackage
from stack.s3 import S3Server
from tests.faulty_proxy import Cut, Drop, FaultyProxy, Flip, Stall, Throttle, faulty
from tests.packages import make_package

pytestmark = [pytest.mark.parts, pytest.mark.timeout(120)]

HASTY = Patience(attempts=3, connect_seconds=2.0, read_seconds=1.0, longest=0.1)


@pytest.fixture(scope="module")
def line(s3: S3Server) -> Iterator[FaultyProxy]:
    """A line to the server on which things go wrong."""
    with faulty(s3.endpoint) as proxy:
        yield proxy


@pytest.fixture
def package(tmp_path: Path, line: FaultyProxy, monkeypatch: pytest.MonkeyPatch) -> ModelPackage:
    """A small package, and a line that is sound so far."""
    line.plan()
    # botocore's own waits, which are proven by how often it asks, and not by how long it takes.
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0.01)
    return make_package(tmp_path / "made" / "package")


@pytest.fixture
def uri(s3: S3Server, package: ModelPackage) -> str:
    """The package, put over a sound line."""
    return put_package(package, "s3://packages/faults", settings=s3.settings)


def fetch(uri: str, target: Path, line: FaultyProxy, **kwargs: Any) -> ModelPackage:
    """Fetch a package over the line."""
    settings = replace(S3Server(target).settings, s3_endpoint=line.endpoint)
    return fetch_package_from_s3(uri, target, settings=settings, **{"patience": HASTY, **kwargs})


def put(package: ModelPackage, line: FaultyProxy, prefix: str, **kwargs: Any) -> str:
    """Put a package over the line."""
    settings = replace(S3Server(package.root).settings, s3_endpoint=line.endpoint)
    return put_package(package, f"s3://packages/{prefix}", settings=settings, patience=HASTY, **kwargs)


def left_in(folder: Path) -> list[str]:
    """What lies in a folder beside the package that was put."""
    return sorted(path.name for path in folder.iterdir() if path.name != "made")


def test_a_download_that_is_cut_goes_on_where_it_was(
    uri: str, package: ModelPackage, line: FaultyProxy, tmp_path: Path
) -> None:
    """The rest is asked for, of the same object, and the package is whole; the cut is told."""
    line.plan(Cut(BUNDLE, after=100))
    said: list[str] = []
    fetched = fetch(uri, tmp_path / "fetched", line, report=said.append)

    assert fetched.digest == package.digest
    first, second = line.asked(BUNDLE)
    assert "range" not in first
    assert second["range"] == "bytes=100-"
    assert second["if-match"]
    assert [line for line in said if "was cut after 100 bytes" in line]


@pytest.mark.parametrize("name", [MANIFEST, *FILES])
def test_no_file_of_a_package_is_taken_as_whole_when_it_is_cut(
    uri: str, package: ModelPackage, line: FaultyProxy, tmp_path: Path, name: str
) -> None:
    """Cut before its first byte, and again after some, each file comes whole in the end."""
    line.plan(Cut(name), Cut(name, after=7))

    assert fetch(uri, tmp_path / "fetched", line).digest == package.digest
    assert len(line.asked(name)) == 3


def test_a_download_that_is_cut_for_good_ends_with_a_reason_and_leaves_nothing(
    uri: str, line: FaultyProxy, tmp_path: Path
) -> None:
    """As many attempts as there is patience, then the place, what happened and what to look at."""
    line.plan(Cut(BUNDLE, times=100))

    with pytest.raises(
        RegistryError, match=rf"{uri}/{BUNDLE} does not arrive whole: .*; look at DAYS_TO_SELL_S3"
    ):
        fetch(uri, tmp_path / "fetched", line)
    assert len(line.asked(BUNDLE)) == HASTY.attempts
    assert left_in(tmp_path) == []


def test_a_server_that_stops_in_the_middle_is_left_and_asked_again(
    uri: str, package: ModelPackage, line: FaultyProxy, tmp_path: Path
) -> None:
    """Nothing more comes and the connection stays: what is missing is asked for on another one."""
    line.plan(Stall(GOLDEN, after=50))

    assert fetch(uri, tmp_path / "fetched", line).digest == package.digest
    assert len(line.asked(GOLDEN)) == 2


def test_a_server_that_hangs_ends_with_a_reason(uri: str, line: FaultyProxy, tmp_path: Path) -> None:
    """Whoever waits is told what for, once patience is at its end."""
    line.plan(Stall(BUNDLE, times=100))

    with pytest.raises(RegistryError, match=rf"{BUNDLE} does not arrive whole: Read timeout"):
        fetch(uri, tmp_path / "fetched", line)
    assert left_in(tmp_path) == []


def test_a_server_that_is_started_anew_in_mid_transfer_is_asked_for_the_rest(
    s3: S3Server, uri: str, package: ModelPackage, line: FaultyProxy, tmp_path: Path
) -> None:
    """Killed while an object is on its way and back again, it serves the rest of it."""

    def restart() -> None:
        s3.kill()
        s3.start()

    line.plan(Cut(BUNDLE, after=200, meanwhile=restart))

    assert fetch(uri, tmp_path / "fetched", line).digest == package.digest
    assert line.asked(BUNDLE)[1]["range"] == "bytes=200-"


def test_an_object_that_was_replaced_meanwhile_is_fetched_from_its_start(
    s3: S3Server, line: FaultyProxy, tmp_path: Path, package: ModelPackage
) -> None:
    """The end of one object is never set behind the beginning of another."""
    client = s3.client
    client.put_object(Bucket="packages", Key="replaced", Body=b"a" * 1000)
    line.plan(
        Cut(
            "replaced",
            after=500,
            meanwhile=lambda: client.put_object(Bucket="packages", Key="replaced", Body=b"b" * 900),
        )
    )
    over = connect(replace(s3.settings, s3_endpoint=line.endpoint), HASTY.config)
    Objects(over, "packages", HASTY).fetch("replaced", tmp_path / "object")

    assert (tmp_path / "object").read_bytes() == b"b" * 900


def test_bytes_that_change_on_the_way_are_fetched_again(
    uri: str, package: ModelPackage, line: FaultyProxy, tmp_path: Path
) -> None:
    """The digest tells; the second time they come as they are."""
    line.plan(Flip(BUNDLE, at=300))
    said: list[str] = []

    assert fetch(uri, tmp_path / "fetched", line, report=said.append).digest == package.digest
    assert len(line.asked(BUNDLE)) == 2
    assert [line for line in said if "arrived with SHA-256" in line]


def test_a_manifest_that_changes_on_the_way_is_not_believed(
    uri: str, package: ModelPackage, line: FaultyProxy, tmp_path: Path
) -> None:
    """It is held against the address before anything in it is read."""
    line.plan(Flip(MANIFEST, at=40))

    assert fetch(uri, tmp_path / "fetched", line).digest == package.digest
    assert len(line.asked(MANIFEST)) == 2


def test_bytes_that_change_each_time_are_told_from_a_damaged_object(
    uri: str, line: FaultyProxy, tmp_path: Path
) -> None:
    """Other bytes each time are the line's fault; the same wrong ones are what lies there."""
    line.plan(Flip(BUNDLE, times=100, at=300, wander=True))
    with pytest.raises(PackageError, match="it arrives otherwise each time; look at what stands between"):
        fetch(uri, tmp_path / "fetched", line)
    assert len(line.asked(BUNDLE)) == HASTY.attempts

    line.plan(Flip(BUNDLE, times=100, at=300))
    with pytest.raises(PackageError, match="it is damaged there; put the package again"):
        fetch(uri, tmp_path / "fetched", line)
    assert len(line.asked(BUNDLE)) == 2
    assert left_in(tmp_path) == []


def test_an_object_that_was_truncated_on_s3_is_said_to_be_damaged(
    s3: S3Server, uri: str, package: ModelPackage, tmp_path: Path
) -> None:
    """A file that lost its end is not what the manifest says; putting the package again mends it."""
    kept = s3.folder / "packages" / uri.removeprefix("s3://packages/") / BUNDLE
    os.truncate(kept, kept.stat().st_size // 2)
    with pytest.raises((PackageError, RegistryError)) as refused:
        fetch_package_from_s3(uri, tmp_path / "fetched", settings=s3.settings, patience=HASTY)
    assert f"{uri}/{BUNDLE}" in str(refused.value)
    assert left_in(tmp_path) == []

    put_package(package, "s3://packages/faults", settings=s3.settings)
    assert fetch_package_from_s3(uri, tmp_path / "fetched", settings=s3.settings).digest == package.digest


def test_throttling_is_waited_for(uri: str, package: ModelPackage, line: FaultyProxy, tmp_path: Path) -> None:
    """SlowDown is asked again, as often as there is patience, in both directions."""
    line.plan(Throttle(BUNDLE, times=2))
    assert fetch(uri, tmp_path / "fetched", line).digest == package.digest
    assert len(line.asked(BUNDLE)) == 3

    line.plan(Throttle(BUNDLE, times=2, method="PUT"))
    put(package, line, "throttled")
    assert len(line.asked(BUNDLE, "PUT")) == 3


def test_throttling_without_end_is_said(
    uri: str, package: ModelPackage, line: FaultyProxy, tmp_path: Path
) -> None:
    """The attempts are bounded, and the message says that later is better."""
    line.plan(Throttle(BUNDLE, times=100), Throttle(GOLDEN, times=100, method="PUT"))
    with pytest.raises(RegistryError, match=rf"{BUNDLE}: S3 refused with SlowDown; .* try again later"):
        fetch(uri, tmp_path / "fetched", line)
    assert left_in(tmp_path) == []
    with pytest.raises(RegistryError, match=rf"{GOLDEN}: S3 refused with SlowDown; .* try again later"):
        put(package, line, "busy")
    assert len(line.asked(GOLDEN, "PUT")) == HASTY.attempts


def test_a_put_that_fails_leaves_no_package(
    s3: S3Server, package: ModelPackage, line: FaultyProxy, tmp_path: Path
) -> None:
    """There is no manifest then; the list says so, and putting it again completes it."""
    line.plan(Drop(GOLDEN, times=100, method="PUT"))
    with pytest.raises(RegistryError, match=rf"{GOLDEN}: .*; look at DAYS_TO_SELL_S3_ENDPOINT"):
        put(package, line, "broken")
    (left,) = stored_packages("s3://packages/broken", settings=s3.settings)
    assert (left.digest, left.whole) == (package.digest, False)
    with pytest.raises(RegistryError, match=rf"{MANIFEST}: S3 refused with NoSuchKey"):
        fetch(left.address, tmp_path / "fetched", line)

    line.plan()
    assert put(package, line, "broken") == left.address
    (whole,) = stored_packages("s3://packages/broken", settings=s3.settings)
    assert (whole.model, whole.whole) == (package.model, True)


def test_a_put_whose_answer_is_lost_is_done_again(
    package: ModelPackage, line: FaultyProxy, tmp_path: Path
) -> None:
    """The object is there already; putting the same bytes a second time changes nothing."""
    line.plan(Drop(MANIFEST, method="PUT"))
    uri = put(package, line, "lost")

    assert len(line.asked(MANIFEST, "PUT")) == 2
    assert fetch(uri, tmp_path / "fetched", line).digest == package.digest


def test_what_is_refused_is_not_asked_again(
    uri: str, package: ModelPackage, line: FaultyProxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wrong credentials and a missing bucket are the same the next time."""
    with pytest.raises(RegistryError, match="NoSuchBucket; create the bucket"):
        fetch(uri.replace("packages", "nowhere"), tmp_path / "fetched", line)
    assert len(line.asked(MANIFEST)) == 1

    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "guess")
    line.plan()
    with pytest.raises(RegistryError, match="SignatureDoesNotMatch; look at AWS_SECRET_ACCESS_KEY"):
        fetch(uri, tmp_path / "fetched", line)
    assert len(line.asked(MANIFEST)) == 1
    assert left_in(tmp_path) == []


def test_bytes_that_are_not_those_of_the_digest_are_not_taken_by_s3(s3: S3Server, tmp_path: Path) -> None:
    """What changed between its verification and the put is refused by S3 itself."""
    (tmp_path / "file").write_bytes(b"others")
    over = Objects(connect(s3.settings, HASTY.config), "packages", HASTY)
    with pytest.raises(
        RegistryError, match=r"s3://packages/wrong: S3 refused with \w+; what arrived there was"
    ):
        over.put(tmp_path / "file", "wrong", 64 * "0")
    assert "Contents" not in s3.client.list_objects_v2(Bucket="packages", Prefix="wrong")


def test_a_large_object_goes_in_parts_and_comes_back_over_a_bad_line(
    s3: S3Server, line: FaultyProxy, tmp_path: Path, package: ModelPackage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A throttled part is put again alone; a body that is cut often, but grows each time, comes whole."""
    monkeypatch.setattr("days_to_sell.registry.progress.EVERY_SECONDS", 0.0)
    content = random.Random(1).randbytes(PART + 12 * FRUIT)  # noqa: S311 - any bytes will do
    (tmp_path / "large").write_bytes(content)
    said: list[str] = []
    over = Objects(
        connect(replace(s3.settings, s3_endpoint=line.endpoint), HASTY.config), "packages", HASTY, said.append
    )
    line.plan(Throttle("large", method="PUT"), Cut("large", times=HASTY.attempts + 2, after=2 * FRUIT))
    over.put(tmp_path / "large", "large", objects._sha256(tmp_path / "large"))
    over.fetch("large", tmp_path / "fetched", objects._sha256(tmp_path / "large"))

    assert len(line.asked("large", "PUT")) == 3
    assert (tmp_path / "fetched").read_bytes() == content
    assert len(line.asked("large")) == HASTY.attempts + 3
    assert [line for line in said if line.startswith("putting large: ")]
    assert [line for line in said if line.startswith("fetching fetched: ")]
