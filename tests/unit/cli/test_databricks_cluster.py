"""The cluster of the project fits what the project is pinned to, and others are refused before they cost."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from days_to_sell.cli.databricks.cluster import SPEC, read_cluster_spec
from days_to_sell.cli.databricks.files import OF_THE_RUNTIME, cluster_requirements
from days_to_sell.errors import SettingsError
from days_to_sell.release.images.wheels import normalized
from days_to_sell.settings import Settings
from days_to_sell.training.spark.compatibility import Versions, mismatches, read_coordinates
from days_to_sell.training.spark.java import MAJOR
from tests.databricks_fields import SubmitRun, faults, more_faults

ROOT = Path(__file__).parents[3]
LOCK = ROOT / "requirements" / "toolkit.txt"
# Databricks Runtime to Spark, Python, and the oldest and newest Java that JNAME can name: its release notes.
RUNTIMES = {"15.4": ("3.5.0", "3.11", (8, 17))}


@pytest.fixture
def content() -> dict[str, Any]:
    """The project's cluster spec, to spoil."""
    written: dict[str, Any] = json.loads((ROOT / SPEC).read_text(encoding="utf-8"))
    return written


def pins(text: str) -> Mapping[str, str]:
    """Name and version of each pin of a locked requirements file."""
    return {
        normalized(name): version for name, version in re.findall(r"^([\w.-]+)==(\S+)", text, re.MULTILINE)
    }


def test_the_runtime_has_the_spark_the_python_and_the_java_of_the_project(content: dict[str, Any]) -> None:
    """A newer pin of Spark or of MLeap fails here until the runtime follows."""
    cluster = content["new_cluster"]
    runtime, scala = re.fullmatch(r"(\d+\.\d+)\.x-scala(\d+\.\d+)", cluster["spark_version"]).groups()  # type: ignore[union-attr]
    spark, python, (oldest, newest) = RUNTIMES[runtime]
    java = int(re.fullmatch(r"zulu(\d+)-ca-amd64", cluster["spark_env_vars"]["JNAME"])[1])  # type: ignore[index]
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    exporter = read_coordinates(content["libraries"][0]["maven"]["coordinates"])

    assert spark.rsplit(".", 1)[0] == pins(LOCK.read_text(encoding="utf-8"))["pyspark"].rsplit(".", 1)[0]
    assert settings["requires-python"] == f"=={python}.*"
    assert oldest <= java <= newest
    assert java == MAJOR
    assert str(exporter) == Settings().mleap_exporter
    assert mismatches(Versions(spark, f"{scala}.0", f"{java}.0.1", exporter.version, exporter.scala)) == ()


def test_the_spec_is_what_the_api_takes(content: dict[str, Any]) -> None:
    """Field by field, as MLflow sends it."""
    assert faults(content, SubmitRun) == []
    assert more_faults(content) == []
    assert read_cluster_spec(ROOT / SPEC).new_cluster == content["new_cluster"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            {"data_security_mode": "USER_ISOLATION"},
            r"data_security_mode .*'USER_ISOLATION'.*set it to SINGLE_USER",
        ),
        ({"data_security_mode": None}, r"standard \(shared\) and serverless compute do not open"),
        (
            {"spark_version": "16.4.x-scala2.13"},
            r"is for Scala 2\.12; take a runtime that ends in -scala2\.12",
        ),
        ({"spark_version": "auto:latest-lts"}, r"spark_version of cluster spec .*auto:latest-lts"),
    ],
)
def test_a_cluster_on_which_no_export_would_come_out_is_refused(
    content: dict[str, Any], tmp_path: Path, change: dict[str, Any], says: str
) -> None:
    """It would train for an hour, and then fail."""
    content["new_cluster"] |= change
    (tmp_path / "spec.json").write_text(json.dumps(content))

    with pytest.raises(SettingsError, match=says):
        read_cluster_spec(tmp_path / "spec.json")


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("{", "cannot be read"),
        ("[]", "has no new_cluster"),
        ('{"existing_cluster_id": "a"}', "has no new_cluster"),
        ('{"new_cluster": {"data_security_mode": "SINGLE_USER"}, "tasks": []}', "has tasks"),
        ('{"new_cluster": {}, "libraries": {}}', "no list of objects"),
        ('{"new_cluster": {"data_security_mode": "SINGLE_USER"}}', "hold 0 MLeap exporters; give it one"),
    ],
)
def test_a_file_that_is_no_cluster_spec_is_refused(tmp_path: Path, written: str, says: str) -> None:
    """The message names the file and what is wrong with it."""
    (tmp_path / "spec.json").write_text(written)

    with pytest.raises(SettingsError, match=rf"spec\.json.*{says}"):
        read_cluster_spec(tmp_path / "spec.json")


def test_the_requirements_of_a_cluster_are_the_lock_without_its_spark() -> None:
    """Nothing that stays needs what goes, or pip would refuse a list that has hashes."""
    everything = pins(LOCK.read_text(encoding="utf-8"))
    kept = cluster_requirements(LOCK)

    assert everything.keys() - pins(kept).keys() == OF_THE_RUNTIME
    assert kept.count("--hash=") > len(pins(kept))
    assert not re.search(r"^ +--hash", kept.splitlines()[0])
    lacking = set()
    for name in pins(kept):
        try:
            declared = [Requirement(line) for line in requires(name) or ()]
        except PackageNotFoundError:
            continue
        wanted = {
            normalized(each.name)
            for each in declared
            if each.marker is None or each.marker.evaluate({"extra": ""})
        }
        lacking |= wanted & OF_THE_RUNTIME
    assert lacking == set()
