"""What an image weighs, part by part."""

from __future__ import annotations

import zipfile
from pathlib import Path

from days_to_sell.release.image_size import ImageSize, parts_of
from tests.unit.release.images.wheelhouse import make_wheel


def test_the_largest_parts_are_said_first_and_nothing_is_lost() -> None:
    """Five are named; what they leave is the rest."""
    parts = {"base": 128e6, "numpy": 61e6, "click": 1e6, "gevent": 20e6, "flask": 2e6, "serving": 3e6}
    size = ImageSize(218_000_000, {name: int(value) for name, value in parts.items()})

    assert str(size) == "218 MB: base 128, numpy 61, gevent 20, serving 3, flask 2, the rest 4"


def test_all_folders_of_a_distribution_count_as_one_part(tmp_path: Path) -> None:
    """Its code, its libraries, its bytecode, its metadata; folders that nobody installed keep their names."""
    service, code = tmp_path / "service", tmp_path / "srv"
    packages = service / "lib/python3.11/site-packages"
    files = {"thing/__init__.py": b"12345", "thing.libs/one.so": b"1234567"}
    with zipfile.ZipFile(make_wheel(tmp_path, "Thing", "1.0", files=files)) as wheel:
        wheel.extractall(packages)
    described = sum(path.stat().st_size for path in (packages / "Thing-1.0.dist-info").iterdir())
    (packages / "thing/__pycache__").mkdir()
    (packages / "thing/__pycache__/one.pyc").write_bytes(b"123")
    for name, content in {"srv/package/bundle.zip": b"1234", "service/jvm/jars/one.jar": b"12"}.items():
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_bytes(content)

    assert parts_of(service, code) == {"thing": 15 + described, "package": 4, "MLeap's jars": 2}
