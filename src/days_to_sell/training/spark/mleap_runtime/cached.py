"""The jars of MLeap's runtime on this machine: fetched once, looked at every time."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from days_to_sell.errors import EnvironmentProblem
from days_to_sell.settings import Settings
from days_to_sell.training.spark.java import Java, find_java
from days_to_sell.training.spark.mleap_runtime.ivy import fetch_jars
from days_to_sell.training.spark.mleap_runtime.locked import Jar, check_jars, locked_jars


def runtime_jars(settings: Settings, java: Java | None = None) -> tuple[Path, ...]:
    """Give the jars of MLeap's runtime, fetched into the cache unless they are there.

    Args:
        settings: Where the cache is.
        java: What runs Ivy; found when not given.

    Raises:
        EnvironmentProblem: They cannot be fetched, or a jar is not the one that the toolkit was tested with;
            nothing is left half-written.
    """
    jars = locked_jars()
    # Another list is another folder, so that a newer toolkit takes nothing from an older one.
    key = hashlib.sha256("\n".join(map(str, jars)).encode()).hexdigest()[:16]
    folder = settings.cache_dir / "mleap-runtime" / key
    with _alone(folder.parent):
        if not folder.exists():
            _fetch(folder, jars, java or find_java(settings))
    check_jars(folder, jars, f"remove {folder} and try again")
    return tuple(folder / jar.file for jar in jars)


def _fetch(folder: Path, jars: tuple[Jar, ...], java: Java) -> None:
    with tempfile.TemporaryDirectory(prefix=".draft-", dir=folder.parent) as drafts:
        fetched, draft = Path(drafts) / "fetched", Path(drafts) / "jars"
        coordinates = [f"{jar.group}:{jar.artifact}:{jar.version}" for jar in jars]
        fetch_jars(java, coordinates, fetched, closure=False)
        draft.mkdir()
        for jar in jars:
            source = fetched / jar.group / jar.artifact / jar.file
            if not source.is_file():
                raise EnvironmentProblem(f"Ivy fetched no {jar.file} of {jar.group}; nothing was kept")
            shutil.copyfile(source, draft / jar.file)
        check_jars(draft, jars, "the repository gave another file, and nothing of it was kept")
        draft.rename(folder)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; it goes with the process, however that ends."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
