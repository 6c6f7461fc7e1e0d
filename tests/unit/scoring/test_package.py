"""The model package: one digest for all of it, whole or not there."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from days_to_sell.errors import BundleError, PackageError
from days_to_sell.scoring.derive import Derivations
from days_to_sell.scoring.golden import GoldenRow
from days_to_sell.scoring.package import (
    FILES,
    MANIFEST,
    PROFILE,
    ModelPackage,
    open_package,
    write_package,
)
from days_to_sell.spec import Ratio
from tests.packages import TRAINED_ROWS, cars, make_package, profile_of, rewrite, write_bundle


@pytest.fixture
def package(tmp_path: Path) -> ModelPackage:
    """A sound package."""
    return make_package(tmp_path / "home" / "package")


def test_what_was_written_is_what_is_opened(package: ModelPackage) -> None:
    """Model, provenance and digest survive, and anybody may read the folder."""
    opened = open_package(package.root)
    assert opened == package
    assert opened.digest.startswith("sha256:")
    assert opened.provenance["run_id"] == "a1b2c3"
    assert opened.contract.names == ("price_gbp", "valuation_gbp", "mileage")
    assert stat.S_IMODE(package.root.stat().st_mode) == 0o755


def test_the_same_content_has_the_same_digest(tmp_path: Path, package: ModelPackage) -> None:
    """The digest is of what a package holds, not of when or where it was written."""
    bundle = tmp_path / "bundle.zip"
    bundle.write_bytes(package.bundle.read_bytes())
    again = write_package(
        tmp_path / "again",
        model=package.model,
        bundle=bundle,
        contract=package.contract,
        derivations=package.derivations,
        golden=package.golden,
        profile=profile_of(cars(TRAINED_ROWS)),
        provenance=package.provenance,
    )
    assert again.digest == package.digest


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("contract.json", "Tiny model", "Tiny Model"),
        ("derivations.json", "valuation_gbp", "mileage"),
        ("golden.jsonl", '"sample"', '"edge"'),
        ("profile.json", '"name": "mileage"', '"name": "miles"'),
        (MANIFEST, "a1b2c3", "d4e5f6"),
    ],
)
def test_any_file_changes_the_digest(package: ModelPackage, name: str, before: str, after: str) -> None:
    """Content, golden data and provenance all count."""
    assert rewrite(package.root, name, lambda text: text.replace(before, after)).digest != package.digest


def test_another_bundle_changes_the_digest(tmp_path: Path, package: ModelPackage) -> None:
    """A model with one other number is another package."""
    assert make_package(tmp_path / "other", intercept=12.000001).digest != package.digest


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_is_named(package: ModelPackage, name: str) -> None:
    """One byte more, and the error names the file and says what to do."""
    path = package.root / name
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(PackageError, match=rf"{name} has SHA-256 .*fetch the package again"):
        open_package(package.root)


@pytest.mark.parametrize("name", [*FILES, MANIFEST])
def test_a_missing_file_is_named(package: ModelPackage, name: str) -> None:
    """A package that lacks a file is none."""
    (package.root / name).unlink()
    with pytest.raises(PackageError, match=f"{name}.* cannot be read"):
        open_package(package.root)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 3}, "has package format 3; this toolkit reads formats 1 and 2"),
        ({"format": [2]}, "this toolkit reads formats"),
        ({"files": {}}, r"names \[\]; a package has"),
        ({"files": {"../../etc/passwd": "0"}}, "a package has"),
        ({"provenance": 3}, "is damaged"),
    ],
)
def test_a_manifest_of_another_kind_is_refused(
    package: ModelPackage, change: dict[str, object], message: str
) -> None:
    """The manifest is not trusted: names of files outside of the package are never followed."""
    path = package.root / MANIFEST
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(PackageError, match=message):
        open_package(package.root)


def test_a_package_of_the_first_format_still_opens(package: ModelPackage) -> None:
    """What was released before packages had profiles can be rolled back to; it has none."""
    path = package.root / MANIFEST
    raw = json.loads(path.read_text())
    del raw["files"][PROFILE]
    path.write_text(json.dumps(raw | {"format": 1}))
    (package.root / PROFILE).unlink()
    opened = open_package(package.root)
    assert opened.profile is None
    assert opened.files == (*(name for name in FILES if name != PROFILE),)
    assert opened.golden == package.golden


def test_a_profile_that_is_none_is_refused(package: ModelPackage) -> None:
    """Whoever makes the digests right again still gets an error of ours."""
    for content in ("[", "[1]", "{}"):
        changed = rewrite(package.root, PROFILE, lambda text, content=content: content)
        with pytest.raises(PackageError, match=r"profile"):
            _ = changed.profile


def test_a_manifest_that_is_no_json_is_refused(package: ModelPackage) -> None:
    """The error names the manifest."""
    (package.root / MANIFEST).write_text("{")
    with pytest.raises(PackageError, match=r"package\.json is damaged"):
        open_package(package.root)


def test_a_package_is_never_overwritten(package: ModelPackage) -> None:
    """Writing to a folder that exists is refused and changes nothing."""
    with pytest.raises(PackageError, match="exists; choose another directory"):
        make_package(package.root, intercept=1.0)
    assert open_package(package.root) == package


@pytest.mark.parametrize("broken", ["bundle", "golden"])
def test_a_write_that_fails_leaves_nothing(tmp_path: Path, package: ModelPackage, broken: str) -> None:
    """Half a package is no package: neither the folder nor a draft of it stays behind."""
    bundle = tmp_path / "bundle.zip"
    if broken == "golden":
        write_bundle(bundle)
    golden = [GoldenRow("r", "sample", {}, float("nan"))] if broken == "golden" else []
    home = tmp_path / "packages"
    with pytest.raises((BundleError, ValueError)):
        write_package(
            home / "package",
            model="tiny-model",
            bundle=bundle,
            contract=package.contract,
            derivations=package.derivations,
            golden=golden,
            profile=profile_of(cars(5)),
            provenance={},
        )
    assert list(home.iterdir()) == []


@pytest.mark.parametrize(
    "raw",
    [
        {},
        {"columns": {}, "tables": []},
        {"columns": {"a": {"operation": "eval", "operand": "b"}}, "tables": {}},
        {"columns": {"a": {"operation": "ratio", "numerator": "b"}}, "tables": {}},
        {"columns": [], "tables": {}},
    ],
)
def test_damaged_derivations_are_refused(raw: dict[str, object]) -> None:
    """Only the closed set of operations with all of their operands is read."""
    with pytest.raises(PackageError, match="derivations are damaged"):
        Derivations.from_dict(raw)


def test_derivations_come_back(package: ModelPackage) -> None:
    """Columns, tables and required numbers survive the file."""
    whole = Derivations({"ratio": Ratio("a", "b")}, {"region": {"AB1": "Scotland"}}, ("ratio",))
    assert Derivations.from_dict(json.loads(json.dumps(whole.to_dict()))) == whole
