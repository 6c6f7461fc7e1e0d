"""Fetch jars with the Ivy that Spark brings, from wherever Spark fetches its packages."""

from __future__ import annotations

import os
import subprocess
from importlib.util import find_spec
from pathlib import Path
from xml.sax.saxutils import quoteattr

from days_to_sell.errors import EnvironmentProblem
from days_to_sell.training.spark.java import Java

SECONDS = 300
# A jar lies under its group; one with a classifier, such as javadoc, is named otherwise than its module.
PATTERN = "[organisation]/[module]/[artifact]-[revision](-[classifier]).[ext]"


def fetch_jars(java: Java, coordinates: list[str], target: Path, *, closure: bool) -> None:
    """Fetch jars into a folder, laid out by :data:`PATTERN`.

    Args:
        java: What runs Ivy.
        coordinates: ``group:artifact:version`` of each.
        target: The folder; what Ivy needs on the way is written there too, into ``ivy``.
        closure: Whether to fetch what they depend on, too.

    Raises:
        EnvironmentProblem: Ivy failed; the message ends with what it said.
    """
    target.mkdir(parents=True, exist_ok=True)
    module = target / "ivy.xml"
    module.write_text(_module(coordinates, closure), encoding="utf-8")
    command = [
        str(java.home / "bin" / "java"),
        # Java takes the home from the user database; HOME decides here as it does for everything else.
        f"-Duser.home={Path.home()}",
        *java.options,
        "-cp",
        _class_path(),
        "org.apache.ivy.Main",
        *("-cache", str(target / "ivy"), "-ivy", str(module), "-types", "jar", "bundle"),
        *("-retrieve", str(target / PATTERN)),
    ]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise EnvironmentProblem(
            f"Ivy did not fetch {_names(coordinates)} within {SECONDS} seconds"
        ) from error
    if ended.returncode:
        raise EnvironmentProblem(
            f"Ivy could not fetch {_names(coordinates)}; check the network and try again. It said:\n"
            + "\n".join(f"  {line.strip()}" for line in (ended.stdout + ended.stderr).splitlines()[-8:])
        )


def _class_path() -> str:
    # Found, not imported: Spark's Python takes its time, and nothing of it is needed.
    found = find_spec("pyspark")
    if found is None or found.origin is None:
        raise EnvironmentProblem(
            "Ivy comes with pyspark, which is not installed; install requirements/toolkit.txt"
        )
    jars = Path(found.origin).parent / "jars"
    return os.pathsep.join(str(next(jars.glob(name))) for name in ("ivy-*.jar", "commons-cli-*.jar"))


def _module(coordinates: list[str], closure: bool) -> str:
    dependencies = []
    for coordinate in coordinates:
        group, artifact, version = map(quoteattr, coordinate.split(":"))
        dependencies.append(
            f'<dependency org={group} name={artifact} rev={version} transitive="{str(closure).lower()}" '
            f'conf="*->{"default" if closure else "master"}"/>'
        )
    return (
        '<ivy-module version="2.0"><info organisation="days-to-sell" module="mleap-runtime"/>'
        f"<dependencies>{''.join(dependencies)}</dependencies></ivy-module>"
    )


def _names(coordinates: list[str]) -> str:
    first, *others = coordinates
    return f"{first} and {len(others)} others" if others else first
