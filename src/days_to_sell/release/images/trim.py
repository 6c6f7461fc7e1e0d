"""Remove from installed distributions what a running service never reads, and say so in their records.

The image's build runs this file with the image's own Python, before anything of this toolkit is in it: it
needs the standard library alone. A distribution's RECORD names each of its files with a hash; the names of
removed ones are taken out of it, so that whoever holds an environment against its records finds no fault.
"""

from __future__ import annotations

import csv
import shutil
import sys
from collections.abc import Iterable
from importlib.metadata import Distribution, distributions
from pathlib import Path

RECORD = "RECORD"
# Tests of the libraries, what compiles against them, what type checkers read, and bytecode that came in a
# wheel: the build makes its own, which no record could hold to a hash.
FOLDERS = {"tests"}
SUFFIXES = {".a", ".c", ".cpp", ".h", ".hpp", ".pxd", ".pyc", ".pyi", ".pyx"}


def superfluous(name: str) -> bool:
    """Whether a running service never reads a file of a distribution.

    >>> superfluous("numpy/core/tests/test_api.py"), superfluous("numpy/core/_methods.py")
    (True, False)
    """
    path = Path(name)
    return bool(FOLDERS.intersection(path.parts[:-1])) or path.suffix in SUFFIXES


def trim(distribution: Distribution) -> int:
    """Remove the superfluous files of one installed distribution.

    Returns:
        The bytes that were freed.
    """
    listed = distribution.read_text(RECORD)
    if listed is None:
        return 0
    rows = list(csv.reader(listed.splitlines()))
    kept = [row for row in rows if not superfluous(row[0])]
    freed = 0
    for name, *_ in (row for row in rows if superfluous(row[0])):
        path = Path(str(distribution.locate_file(name)))
        freed += path.stat().st_size
        path.unlink()
    (record,) = (name for name, *_ in kept if name.endswith(f".dist-info/{RECORD}"))
    with Path(str(distribution.locate_file(record))).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(kept)
    return freed


def trim_all(folder: Path) -> int:
    """Trim every distribution in a folder of them, and remove the folders that are empty then.

    Returns:
        The bytes that were freed.
    """
    freed = sum(map(trim, distributions(path=[str(folder)])))
    for path in sorted(_folders(folder), reverse=True):
        if {child.name for child in path.iterdir()} <= {"__pycache__"}:
            shutil.rmtree(path)
    return freed


def _folders(folder: Path) -> Iterable[Path]:
    return (path for path in folder.rglob("*") if path.is_dir() and path.name != "__pycache__")


if __name__ == "__main__":
    sys.stdout.write(f"trimmed {trim_all(Path(sys.argv[1])) / 1e6:.1f} MB\n")
