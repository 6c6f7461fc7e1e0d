"""What is removed from installed distributions, and that their records say so."""

from __future__ import annotations

import csv
import shutil
import zipfile
from pathlib import Path

from days_to_sell.release.images.trim import trim_all
from tests.unit.release.images.wheelhouse import make_wheel

FILES = {
    "thing/__init__.py": b"answer = 42\n",
    "thing/tests/__init__.py": b"",
    "thing/tests/data/numbers.csv": b"1,2\n",
    "thing/include/thing.h": b"int answer;\n",
    "thing/old.cpython-311.pyc": b"bytecode",
    "thing/static/page.js": b"answer = 42\n",
    "thing/tests.py": b"a module of that name is none of the tests\n",
}


def test_tests_and_headers_go_and_the_record_names_what_stays(tmp_path: Path) -> None:
    """Files, empty folders and lines of the record go together; everything else is untouched."""
    site = tmp_path / "site-packages"
    with zipfile.ZipFile(make_wheel(tmp_path, "thing", "1.0", files=FILES)) as wheel:
        wheel.extractall(site)

    freed = trim_all(site)
    left = {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()}
    record = (site / "thing-1.0.dist-info/RECORD").read_text(encoding="utf-8")
    assert {name for name, *_ in csv.reader(record.splitlines())} == left
    assert {name for name in left if name.startswith("thing/")} == {
        "thing/__init__.py",
        "thing/static/page.js",
        "thing/tests.py",
    }
    assert freed == sum(len(FILES[name]) for name in FILES if name not in left)
    assert not (site / "thing/tests").exists()
    assert not (site / "thing/include").exists()
    assert trim_all(site) == 0


def test_a_distribution_without_record_is_left_alone(tmp_path: Path) -> None:
    """What nobody wrote down is nobody's to remove."""
    site = tmp_path / "site-packages"
    with zipfile.ZipFile(make_wheel(tmp_path, "thing", "1.0", files=FILES)) as wheel:
        wheel.extractall(site)
    (site / "thing-1.0.dist-info/RECORD").unlink()

    assert trim_all(site) == 0
    assert (site / "thing/tests/data/numbers.csv").exists()
    shutil.rmtree(site)
