"""Which MLeap exporter goes with which Spark, Scala and Java, and what to change where they do not fit."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pyspark
from pyspark.find_spark_home import _find_spark_home
from pyspark.sql import SparkSession

from days_to_sell.errors import EnvironmentProblem, SettingsError
from days_to_sell.settings import PREFIX, Settings
from days_to_sell.training.spark.mleap_releases import RELEASES, Release

VARIABLE = f"{PREFIX}MLEAP_EXPORTER"
_COORDINATES = re.compile(r"(?P<group>[\w.-]+):(?P<name>[\w.-]+)_(?P<scala>\d+\.\d+):(?P<version>[\w.-]+)")
_SCALA_JAR = re.compile(r"scala-library-(\d+\.\d+\.\d+)\.jar")
_EXPORTER_JAR = re.compile(r"mleap-spark(?:-base)?_(\d+\.\d+)-")


@dataclass(frozen=True)
class Exporter:
    """Coordinates of the exporter.

    Args:
        group: Who publishes it.
        name: Name without its Scala suffix.
        scala: Scala line that it is built for, such as ``2.12``.
        version: Its version, MLeap's own.
    """

    group: str
    name: str
    scala: str
    version: str

    def __str__(self) -> str:
        return f"{self.group}:{self.name}_{self.scala}:{self.version}"

    def jar(self, settings: Settings) -> Path:
        """Where Spark keeps its jar once it was fetched."""
        return (
            settings.cache_dir / "ivy" / "jars" / f"{self.group}_{self.name}_{self.scala}-{self.version}.jar"
        )


@dataclass(frozen=True)
class Versions:
    """What has to fit together.

    Args:
        spark: Full version of Spark.
        scala: Full version of Scala that this Spark runs; empty where it cannot be told.
        java: Full version of Java; empty before one was found.
        exporter: Version of the exporter.
        exporter_scala: Scala line that the exporter is built for; empty where it cannot be told.
    """

    spark: str
    scala: str
    java: str
    exporter: str
    exporter_scala: str


# On these the exporter's own list of operators names one that Spark cannot load any more.
NEEDS_SHORTER_LIST = frozenset({"0.16.0"})


@dataclass(frozen=True)
class Mismatch:
    """Two parts that do not go together.

    Args:
        severity: ``error`` where export cannot work, ``warning`` where nobody is known to have tried.
        message: What does not fit, what does, and how to change either.
    """

    severity: Literal["error", "warning"]
    message: str


def read_coordinates(text: str) -> Exporter:
    """Read Maven coordinates of an exporter.

    Raises:
        SettingsError: They lack a part, or the Scala suffix.
    """
    found = _COORDINATES.fullmatch(text)
    if found is None:
        raise SettingsError(
            f"{VARIABLE} is {text!r}; set it to group:name_SCALA:version, such as {Settings().mleap_exporter}"
        )
    return Exporter(**found.groupdict())


def installed_versions(settings: Settings, java: str = "") -> Versions:
    """Tell the versions that a session started here would have, without starting one.

    Args:
        settings: The environment's choices, of which the exporter is one.
        java: Version of the Java that was found.

    Raises:
        SettingsError: The exporter's coordinates cannot be read.
    """
    exporter = read_coordinates(settings.mleap_exporter)
    return Versions(pyspark.__version__, installed_scala(), java, exporter.version, exporter.scala)


def installed_scala(spark_home: Path | None = None) -> str:
    """Tell the version of Scala that the installed Spark brings, by its jar; empty if it has none."""
    jars = (spark_home or Path(_find_spark_home())) / "jars"
    found = (_SCALA_JAR.fullmatch(jar.name) for jar in sorted(jars.glob("scala-library-*.jar")))
    return next((match[1] for match in found if match), "")


def session_versions(spark: SparkSession) -> Versions:
    """Ask a running session that has the exporter on its class path."""
    jvm: Any = spark._jvm
    serializer = jvm.ml.combust.mleap.spark.SimpleSparkSerializer
    source = serializer().getClass().getProtectionDomain().getCodeSource()
    jar = _EXPORTER_JAR.search(source.getLocation().toString() if source is not None else "")
    return Versions(
        spark=spark.version,
        scala=jvm.scala.util.Properties.versionNumberString(),
        java=jvm.java.lang.System.getProperty("java.version"),
        exporter=jvm.ml.combust.bundle.dsl.Bundle.version(),
        exporter_scala=jar[1] if jar else "",
    )


def mismatches(versions: Versions) -> tuple[Mismatch, ...]:
    """Name what does not go together: what cannot work, else what nobody is known to have tried."""
    line, scala = _line(versions.spark), _line(versions.scala)
    known = [release for release in RELEASES if release.mleap == versions.exporter]
    errors = []
    if scala and versions.exporter_scala and scala != versions.exporter_scala:
        errors.append(
            f"the MLeap exporter {versions.exporter} is built for Scala {versions.exporter_scala}, but Spark "
            f"{versions.spark} here runs on Scala {versions.scala}, so that its classes do not link; "
            f"{_ways_out(line, scala, known)}"
        )
    due = min((release.java for release in known), default=0)
    if versions.java and _java_major(versions.java) < due:
        errors.append(
            f"the MLeap exporter {versions.exporter} needs Java {due} or newer, and this is Java "
            f"{versions.java}; set JAVA_HOME to a newer one"
        )
    if errors:
        return tuple(Mismatch("error", message) for message in errors)
    if line in {release.spark for release in known}:
        return ()
    return (
        Mismatch(
            "warning",
            f"nobody is known to have tried MLeap {versions.exporter} with Spark {versions.spark}; compare "
            f"what a bundle answers with what Spark does, or {_ways_out(line, scala, known)}",
        ),
    )


def require_compatible(versions: Versions) -> tuple[Mismatch, ...]:
    """Refuse versions with which export cannot work.

    Returns:
        The warnings.

    Raises:
        EnvironmentProblem: Names every mismatch, with what goes with what and how to change it.
    """
    found = mismatches(versions)
    errors = [mismatch.message for mismatch in found if mismatch.severity == "error"]
    if errors:
        raise EnvironmentProblem("\n".join(errors))
    return found


def _ways_out(line: str, scala: str, known: list[Release]) -> str:
    """Say which exporter goes with this Spark, and which Spark with this exporter."""
    ways = []
    fitting = next((each for each in RELEASES if each.spark == line and scala in ("", each.scala)), None)
    if fitting:
        ways.append(
            f"set {VARIABLE}=ml.combust.mleap:mleap-spark_{fitting.scala}:{fitting.mleap}, tested with Spark "
            f"{line} by {fitting.tested_by}"
        )
    if known and (known[0].spark, known[0].scala) != (line, scala or known[0].scala):
        ways.append(
            f"install Spark {known[0].spark} for Scala {known[0].scala} (pyspark=={known[0].spark}.*), with "
            f"which MLeap {known[0].mleap} was tested by {known[0].tested_by}"
        )
    if not ways:
        tested = ", ".join(dict.fromkeys(f"Spark {each.spark}" for each in RELEASES))
        ways.append(f"use one of the Sparks that MLeap is tested with: {tested}")
    return ", or ".join(ways)


def _line(version: str) -> str:
    return ".".join(version.split(".")[:2])


def _java_major(version: str) -> int:
    first, *rest = re.split(r"[._+-]", version)
    return int(rest[0]) if first == "1" and rest else int(first)
