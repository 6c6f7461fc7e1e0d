"""Packages that a workspace keeps."""

from __future__ import annotations

from pathlib import Path

from days_to_sell.release.packages import fetch_package
from days_to_sell.scoring.signature import SIGNATURE, sign_package
from days_to_sell.scoring.signing_keys import make_key
from tests.packages import make_package
from tests.unit.release.fakes import ShelfRegistry


def test_a_kept_package_takes_the_signature_that_its_version_got_since(tmp_path: Path) -> None:
    """It is the same package, in the same place, and its image is to carry the signature."""
    registry, package = ShelfRegistry(), make_package(tmp_path / "package")
    registry.add("tiny-model", "1", package)
    version = registry.production("tiny-model")
    assert version is not None
    kept = fetch_package(registry, version, tmp_path / "workspace")
    assert not (kept.root / SIGNATURE).exists()
    make_key(tmp_path / "release.pem")
    sign_package(package, tmp_path / "release.pem")
    again = fetch_package(registry, version, tmp_path / "workspace")
    assert again == kept
    assert (kept.root / SIGNATURE).read_bytes() == (package.root / SIGNATURE).read_bytes()
