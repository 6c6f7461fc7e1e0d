"""The service starts on the bytes that were released, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from gunicorn.errors import AppImportError

from days_to_sell.scoring.package import FILES, MANIFEST, ModelPackage
from serving.wsgi import create
from tests.packages import make_package


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelPackage:
    """The package that the environment names, with the digest that was released."""
    made = make_package(tmp_path / "package")
    monkeypatch.setenv("DAYS_TO_SELL_PACKAGE", str(made.root))
    monkeypatch.setenv("DAYS_TO_SELL_PACKAGE_DIGEST", made.digest)
    return made


def test_it_starts_on_the_package_that_was_released(package: ModelPackage) -> None:
    """And says which that is."""
    assert create().test_client().get("/version").get_json()["digest"] == package.digest


@pytest.mark.parametrize("name", [*FILES, MANIFEST])
def test_it_does_not_start_when_one_byte_of_a_file_is_another(package: ModelPackage, name: str) -> None:
    """The manifest too, though a change of it leaves the digests of all other files right."""
    path = package.root / name
    content = path.read_bytes()
    changed = (
        content.replace(b"a1b2c3", b"a1b2c4") if name == MANIFEST else bytes([content[0] ^ 1]) + content[1:]
    )
    assert changed != content
    path.write_bytes(changed)
    with pytest.raises(AppImportError, match=r"cannot start: .*(SHA-256|was released)"):
        create()


def test_it_does_not_start_on_another_package_in_the_place_of_the_released_one(
    package: ModelPackage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That package is sound in itself; without a digest from the release, any is served."""
    other = make_package(tmp_path / "other", intercept=13.0)
    monkeypatch.setenv("DAYS_TO_SELL_PACKAGE", str(other.root))
    with pytest.raises(AppImportError, match=f"{package.digest} was released"):
        create()
    monkeypatch.delenv("DAYS_TO_SELL_PACKAGE_DIGEST")
    assert create().test_client().get("/readyz").status_code == 200
