"""What a record says is deployed by the very reconcile step, with no registry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from days_to_sell.errors import DeploymentError, PackageError, ProofError, RegistryError
from days_to_sell.registry.events.event import Kind
from days_to_sell.registry.events.log import EventLog
from days_to_sell.release.alerts import Alerts
from days_to_sell.release.gitops.apply import RecordedVersions, apply_record, read_file
from days_to_sell.release.gitops.record import Package, Record
from days_to_sell.release.machine.aides import Aides, aides_of_this_machine
from days_to_sell.release.outcome import Release
from days_to_sell.scoring.package import ModelPackage
from tests.packages import make_package, rewrite
from tests.unit.release.conftest import MODEL
from tests.unit.release.fakes import ThreadTarget
from tests.unit.release.gitops.conftest import Shelf

Apply = Callable[[Record], Release]


@pytest.fixture
def say(shelf: Shelf, tmp_path: Path) -> Callable[..., Record]:
    """Make a record of a version, with its package on the shelf."""

    def record(version: str, package: ModelPackage | None = None) -> Record:
        package = package or make_package(tmp_path / f"made-{version}", intercept=10.0 + int(version))
        address = shelf.put(package, "s3://models/released")
        return Record(MODEL, version, Package(package.digest, address), "python")

    return record


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """The workspace of the place that is deployed to; another than that of whoever commits."""
    return tmp_path / "place"


@pytest.fixture
def here(place: Path, lines: list[str]) -> Aides:
    """Who stands beside a deployment there."""
    return replace(aides_of_this_machine(place, lines.append), alerts=Alerts("", lines.append))


@pytest.fixture
def apply(target: ThreadTarget, shelf: Shelf, place: Path, here: Aides, lines: list[str]) -> Apply:
    """Deploy a record."""
    return lambda record: apply_record(
        record, target, shelf.fetch, workspace=place, report=lines.append, aides=here
    )


def serving(target: ThreadTarget) -> str:
    """Version that answers in production."""
    found = target.current("production")
    return found.version if found else ""


def test_a_record_goes_through_every_step_once(
    apply: Apply, say: Callable[..., Record], target: ThreadTarget
) -> None:
    """Pre-production, production, proven in both; again, nothing is done."""
    record = say("1")
    released = apply(record)
    assert (released.changed, released.version, released.proof.rows) == (True, "1", 25)
    assert target.deployed == [("preprod", "1"), ("production", "1")]
    assert not apply(record).changed
    assert len(target.deployed) == 2


def test_a_revert_brings_the_version_before_back_from_what_was_kept(
    apply: Apply, say: Callable[..., Record], target: ThreadTarget, shelf: Shelf, here: Aides
) -> None:
    """No pre-production, and nothing is fetched: the store may even be gone."""
    first, second = say("1"), say("2")
    apply(first)
    apply(second)
    for kept in shelf.folder.iterdir():
        kept.unlink()
    released = apply(first)
    assert (released.changed, released.version, serving(target)) == (True, "1", "1")
    assert target.deployed == [
        ("preprod", "1"),
        ("production", "1"),
        ("preprod", "2"),
        ("production", "2"),
        ("production", "1"),
    ]
    told = [event.version for event in here.log.read(MODEL, kinds=(Kind.RELEASED,))]
    assert told == ["1", "2", "1"]


def test_a_version_with_other_bytes_than_before_goes_the_whole_way(
    apply: Apply, say: Callable[..., Record], target: ThreadTarget, tmp_path: Path
) -> None:
    """A number alone is no proof: only bytes that were proven here take the short way."""
    apply(say("1"))
    apply(say("2"))
    apply(say("1", make_package(tmp_path / "other", intercept=33.0)))
    assert target.deployed[-2:] == [("preprod", "1"), ("production", "1")]


def test_what_does_not_hold_leaves_what_serves(
    apply: Apply, say: Callable[..., Record], target: ThreadTarget, tmp_path: Path
) -> None:
    """A package that its golden data disproves, and one that fails in pre-production only."""
    apply(say("1"))
    made = make_package(tmp_path / "spoilt", intercept=20.0)
    spoilt = rewrite(made.root, "golden.jsonl", lambda text: text.replace('"days": 4', '"days": 5', 1))
    with pytest.raises(ProofError):
        apply(say("2", spoilt))
    target.spoilt.add("preprod")
    with pytest.raises(ProofError):
        apply(say("3"))
    assert serving(target) == "1"


def test_another_package_than_the_record_names_is_refused(
    apply: Apply, say: Callable[..., Record], target: ThreadTarget, shelf: Shelf, tmp_path: Path
) -> None:
    """Whoever can write to the store cannot put another model in the place of a reviewed one."""
    record = say("1")
    kept = shelf.folder / record.package.digest
    kept.unlink()
    kept.symlink_to(make_package(tmp_path / "evil", intercept=99.0).root)
    with pytest.raises(PackageError, match="was released"):
        apply(record)
    assert target.deployed == []


def test_a_record_is_no_registry_to_write_to(say: Callable[..., Record], shelf: Shelf) -> None:
    """It knows one version, and a commit alone changes which."""
    versions = RecordedVersions(say("1"), shelf.fetch)
    known = versions.production(MODEL)
    assert known is not None
    assert known.version == "1"
    with pytest.raises(RegistryError, match="says nothing of version 2"):
        versions.version(MODEL, "2")
    with pytest.raises(RegistryError, match="revert or make a commit"):
        versions.put_in_production(known)


def test_only_a_plain_file_is_read(tmp_path: Path, say: Callable[..., Record]) -> None:
    """A link could lead to a file that whoever pushed may not read."""
    record = say("1")
    (tmp_path / "models").mkdir()
    file = tmp_path / record.path
    file.write_text(record.to_text(), encoding="utf-8")
    assert read_file(file) == record
    link = tmp_path / "link" / file.name
    link.parent.mkdir()
    link.symlink_to(file)
    for path in (link, tmp_path / "models", tmp_path / "absent.json"):
        with pytest.raises(DeploymentError, match="no plain file"):
            read_file(path)


def test_the_log_of_a_place_is_not_that_of_a_registry(
    apply: Apply, say: Callable[..., Record], log: EventLog
) -> None:
    """Deployments write where they happen, unless a log for all is named."""
    apply(say("1"))
    assert log.read(MODEL) == []
