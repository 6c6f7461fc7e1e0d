"""What wheels say of themselves, and whether the lock names them."""

from __future__ import annotations

from pathlib import Path

import pytest

from days_to_sell.errors import TargetError
from days_to_sell.release.images.wheels import read_lock, read_locked_wheels, read_wheel
from days_to_sell.release.project import project_root
from tests.unit.release.images.wheelhouse import lock_of, make_wheel


@pytest.mark.parametrize(
    ("said", "licence"),
    [
        ("License-Expression: MIT AND PSF-2.0", "MIT AND PSF-2.0"),
        ("License: MIT", "MIT"),
        ("License: UNKNOWN", ""),
        (f"License: {'Redistribution is permitted ' * 9}\nClassifier: License :: OSI Approved :: BSD License",
         "BSD License"),
        ("Classifier: Programming Language :: C", ""),
    ],
)  # fmt: skip
def test_a_licence_is_its_name_and_never_its_text(said: str, licence: str, tmp_path: Path) -> None:
    """The expression goes before the name, a name before the classifiers; a whole text is no name."""
    assert read_wheel(make_wheel(tmp_path, "Some.Thing", "1.0", said=said)).licence == licence


def test_names_are_compared_as_indexes_do(tmp_path: Path) -> None:
    """A lock writes names in lower case with hyphens, wheels as they please."""
    wheel = make_wheel(tmp_path / "wheelhouse", "Some.Thing", "1.0")
    lock = tmp_path / "lock.txt"
    lock.write_text(lock_of(wheel).replace("Some.Thing", "some-thing[extra]"), encoding="utf-8")

    (found,) = read_locked_wheels(tmp_path / "wheelhouse", lock)
    assert (found.name, found.version, found.file) == ("some-thing", "1.0", wheel.name)


def test_a_wheel_that_the_lock_does_not_name_is_refused(tmp_path: Path) -> None:
    """Be it another distribution, or another file of one that the lock names."""
    house = tmp_path / "wheelhouse"
    lock = tmp_path / "lock.txt"
    sound = make_wheel(house, "flask", "3.1.3")
    lock.write_text(lock_of(sound), encoding="utf-8")
    assert len(read_locked_wheels(house, lock)) == 1

    smuggled = make_wheel(house, "miner", "1.0")
    with pytest.raises(TargetError, match=r"miner-1.0-py3-none-any.whl .* is not one of lock.txt"):
        read_locked_wheels(house, lock)
    smuggled.unlink()
    make_wheel(house, "flask", "3.1.3", files={"flask/__init__.py": b"import miner\n"})
    with pytest.raises(TargetError, match=r"flask-3.1.3-py3-none-any.whl .* is not one of lock.txt"):
        read_locked_wheels(house, lock)


def test_a_file_that_is_no_wheel_is_named(tmp_path: Path) -> None:
    """Half a download is told as such."""
    path = tmp_path / "flask-3.1.3-py3-none-any.whl"
    path.write_bytes(b"half a download")
    with pytest.raises(TargetError, match=r"flask-3.1.3-py3-none-any.whl is no wheel"):
        read_wheel(path)


def test_the_lock_of_the_image_has_a_hash_for_every_pin() -> None:
    """Nothing could be installed by name alone."""
    for name in ("serving", "jvm"):
        lock = read_lock(project_root() / f"requirements/{name}.txt")
        assert len(lock) > 10
        assert all(lock.values())
        assert ("numpy", "1.26.4") in lock
