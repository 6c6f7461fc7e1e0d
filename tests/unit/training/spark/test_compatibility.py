"""What goes with what is known before anything is fetched, and a mismatch names both ways out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyspark
import pytest
from pyspark.sql import SparkSession

from days_to_sell.errors import EnvironmentProblem, SettingsError
from days_to_sell.settings import Settings
from days_to_sell.training.spark.compatibility import (
    VARIABLE,
    Versions,
    installed_scala,
    installed_versions,
    mismatches,
    read_coordinates,
    require_compatible,
    session_versions,
)
from days_to_sell.training.spark.mleap_releases import RELEASES

HERE = Versions(spark="3.5.7", scala="2.12.18", java="17.0.15", exporter="0.16.0", exporter_scala="2.12")


def test_what_is_pinned_goes_together(spark: SparkSession) -> None:
    """The session, what is installed and the default coordinates say the same, and nothing is amiss."""
    running = session_versions(spark)
    assert replace(running, java="") == installed_versions(Settings())
    assert mismatches(running) == ()


@pytest.mark.parametrize("release", RELEASES, ids=lambda release: f"{release.mleap} on {release.spark}")
def test_every_release_goes_with_what_it_was_tested_with(release: object) -> None:
    """No line of the table contradicts the check that reads it."""
    assert isinstance(release, type(RELEASES[0]))
    versions = Versions(
        f"{release.spark}.0", f"{release.scala}.1", f"{release.java}.0.1", release.mleap, release.scala
    )
    assert mismatches(versions) == ()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"exporter": "0.25.2", "exporter_scala": "2.13"},
            (
                "built for Scala 2.13, but Spark 3.5.7 here runs on Scala 2.12.18",
                f"set {VARIABLE}=ml.combust.mleap:mleap-spark_2.12:0.16.0, tested with Spark 3.5",
                "install Spark 4.1 for Scala 2.13 (pyspark==4.1.*)",
            ),
        ),
        (
            {"spark": "4.1.1", "scala": "2.13.17"},
            (f"set {VARIABLE}=ml.combust.mleap:mleap-spark_2.13:0.25.2, tested with Spark 4.1 by MLeap",),
        ),
        (
            {"scala": "2.13.8"},
            ("built for Scala 2.12, but Spark 3.5.7 here runs on Scala 2.13.8", "Spark 3.5 for Scala 2.12"),
        ),
        (
            {
                "spark": "4.1.1",
                "scala": "2.13.17",
                "exporter": "0.25.2",
                "exporter_scala": "2.13",
                "java": "11.0",
            },
            ("needs Java 17 or newer, and this is Java 11.0; set JAVA_HOME",),
        ),
        (
            {"spark": "3.4.4", "exporter": "0.23.4", "java": "1.8.0_412"},
            ("needs Java 11 or newer, and this is Java 1.8.0_412",),
        ),
        (
            {"spark": "1.0", "exporter": "9.9", "exporter_scala": "9.9"},
            ("use one of the Sparks that MLeap is tested with: Spark 4.1",),
        ),
    ],
)
def test_what_cannot_link_is_an_error_with_both_ways_out(
    change: dict[str, str], said: tuple[str, ...]
) -> None:
    """Another Scala or an older Java ends the start, and the message says which to change to what."""
    with pytest.raises(EnvironmentProblem) as refused:
        require_compatible(replace(HERE, **change))
    assert [part for part in said if part not in str(refused.value)] == []


@pytest.mark.parametrize("change", [{"exporter": "0.23.4"}, {"exporter": "9.9"}, {"spark": "3.1.2"}])
def test_a_pair_that_nobody_tried_is_a_warning(change: dict[str, str]) -> None:
    """It may work, and whoever takes it is told what to compare."""
    (mismatch,) = require_compatible(replace(HERE, **change))
    assert mismatch.severity == "warning"
    assert "nobody is known to have tried" in mismatch.message
    assert "0.16.0" in mismatch.message


def test_what_cannot_be_told_is_not_held_against_anyone() -> None:
    """A session whose exporter lies in a jar of another name is used."""
    assert mismatches(replace(HERE, exporter_scala="")) == ()
    assert mismatches(replace(HERE, scala="", java="")) == ()


@pytest.mark.parametrize("text", ["", "mleap-spark", "ml.combust.mleap:mleap-spark:0.16.0", "a:b_2.12:1 2"])
def test_coordinates_without_a_part_are_refused_by_name(text: str) -> None:
    """The message names the variable and shows one that is right."""
    with pytest.raises(SettingsError, match=f"{VARIABLE} is .*ml.combust.mleap:mleap-spark_2.12:0.16.0"):
        read_coordinates(text)


def test_coordinates_lead_to_the_jar(tmp_path: Path) -> None:
    """The doctor looks for the file that Spark's Ivy writes."""
    settings = Settings(cache_dir=tmp_path)
    exporter = read_coordinates(settings.mleap_exporter)
    assert str(exporter) == settings.mleap_exporter
    assert exporter.jar(settings) == tmp_path / "ivy/jars/ml.combust.mleap_mleap-spark_2.12-0.16.0.jar"


def test_the_scala_of_an_installation_is_read_from_its_jar(tmp_path: Path) -> None:
    """No JVM is started for it, and a folder without one says nothing."""
    assert installed_scala(tmp_path) == ""
    (tmp_path / "jars").mkdir()
    (tmp_path / "jars" / "scala-library-2.13.8.jar").touch()
    assert installed_scala(tmp_path) == "2.13.8"
    assert installed_scala(Path(pyspark.__file__).parent).startswith("2.12.")
