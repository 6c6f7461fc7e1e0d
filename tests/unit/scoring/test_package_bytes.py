"""A package of the same model is the same bytes, wherever and whenever it is made."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from days_to_sell.scoring.package import ModelPackage, write_package
from tests.packages import TRAINED_ROWS, cars, make_package, profile_of


@pytest.fixture
def package(tmp_path: Path) -> ModelPackage:
    """The package as it was made first."""
    return make_package(tmp_path / "first")


@pytest.fixture(params=[0o022, 0o077])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    """What the rights of new files lack while the test runs."""
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def repack(bundle: Path, target: Path, *, year: int, backwards: bool, compression: int) -> Path:
    """Write the files of a bundle into another archive, with its folders as entries, as a Java does."""
    with zipfile.ZipFile(bundle) as old:
        members = {name: old.read(name) for name in sorted(old.namelist(), reverse=backwards)}
    folders = sorted({f"{Path(name).parent.as_posix()}/" for name in members if "/" in name})
    with zipfile.ZipFile(target, "w", compression) as new:
        for name in folders:
            new.writestr(zipfile.ZipInfo(name, (year, 1, 1, 0, 0, 0)), b"")
        for name, content in members.items():
            new.writestr(zipfile.ZipInfo(name, (year, 7, 6, 5, 4, 2)), content, compression)
    return target


def write_again(package: ModelPackage, target: Path, bundle: Path, order: int = 1) -> ModelPackage:
    """Make a package of the same parts, told in another order."""
    return write_package(
        target,
        model=package.model,
        bundle=bundle,
        contract=package.contract,
        derivations=package.derivations,
        golden=package.golden,
        profile=profile_of(cars(TRAINED_ROWS)),
        provenance=dict(list(package.provenance.items())[::order]),
    )


@pytest.mark.parametrize(
    ("year", "backwards", "compression"),
    [(1999, False, zipfile.ZIP_STORED), (2031, True, zipfile.ZIP_DEFLATED)],
)
def test_times_order_and_rights_leave_no_trace(
    package: ModelPackage, tmp_path: Path, umask: int, year: int, backwards: bool, compression: int
) -> None:
    """Another folder, umask, order of files and time in the bundle's archive: the same digest, and bytes."""
    bundle = repack(
        package.bundle, tmp_path / "bundle.zip", year=year, backwards=backwards, compression=compression
    )
    assert bundle.read_bytes() != package.bundle.read_bytes()

    again = write_again(package, tmp_path / "else" / "where", bundle, order=-1)

    assert again.digest == package.digest
    assert {path.name: path.read_bytes() for path in again.root.iterdir()} == {
        path.name: path.read_bytes() for path in package.root.iterdir()
    }


def test_another_number_in_the_bundle_is_another_package(package: ModelPackage, tmp_path: Path) -> None:
    """What is the same in spite of its archive differs as soon as a file in it does."""
    with zipfile.ZipFile(package.bundle) as old:
        members = {name: old.read(name) for name in old.namelist()}
    name = "root/days_regression.node/model.json"
    model = json.loads(members[name])
    model["attributes"]["intercept"]["double"] += 1e-9
    with zipfile.ZipFile(tmp_path / "bundle.zip", "w") as new:
        for each, content in (members | {name: json.dumps(model, indent=2).encode()}).items():
            new.writestr(each, content)

    assert write_again(package, tmp_path / "again", tmp_path / "bundle.zip").digest != package.digest
