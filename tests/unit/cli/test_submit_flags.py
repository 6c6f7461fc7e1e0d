"""The flags of spark-submit: newest wheel, jars, class path, and nothing that a shell would cut."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from days_to_sell.cli.submit_flags import flags, submit_flags
from days_to_sell.errors import EnvironmentProblem
from days_to_sell.settings import Settings
from days_to_sell.training.spark.launch import EXPORTER_CONF
from days_to_sell.training.spark.session import S3_PACKAGES

SETTINGS = Settings(cache_dir=Path("/cache"), driver_memory="3g")


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    """A folder with the wheels of two versions, the later one built first by its name."""
    for age, name in enumerate(
        ("days_to_sell-0.9.0-py3-none-any.whl", "days_to_sell-0.10.0-py3-none-any.whl")
    ):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (age, age))
    return tmp_path


def test_flags_name_wheel_jars_memory_and_class_path(wheels: Path) -> None:
    """Each flag is followed by its value, the wheel being the one that was built last."""
    words = flags(SETTINGS, wheels)
    pairs = list(zip(words[::2], words[1::2], strict=True))
    assert pairs == [
        ("--py-files", str(wheels / "days_to_sell-0.10.0-py3-none-any.whl")),
        ("--packages", ",".join((SETTINGS.mleap_exporter, *S3_PACKAGES))),
        ("--driver-memory", "3g"),
        ("--conf", "spark.jars.ivy=/cache/ivy"),
        ("--conf", f"spark.driver.extraClassPath={EXPORTER_CONF}"),
    ]


def test_without_s3_its_client_is_not_fetched(wheels: Path) -> None:
    """Its 280 MB are left out."""
    assert flags(SETTINGS, wheels, s3=False)[3] == SETTINGS.mleap_exporter


def test_an_exporter_that_needs_no_shorter_list_gets_no_class_path(wheels: Path) -> None:
    """The list is cut for the one release that Spark 3.5 breaks."""
    other = replace(SETTINGS, mleap_exporter="ml.combust.mleap:mleap-spark_2.12:0.23.4")
    assert not any("extraClassPath" in word for word in flags(other, wheels))


def test_no_wheel_is_one_message(tmp_path: Path) -> None:
    """It names what makes one."""
    with pytest.raises(EnvironmentProblem, match=r"holds no days_to_sell-.*; run make wheel"):
        flags(SETTINGS, tmp_path)


def test_a_folder_with_a_blank_is_refused(wheels: Path) -> None:
    """What a shell would cut in two is said, in place of what spark-submit makes of the halves."""
    with pytest.raises(EnvironmentProblem, match=r"'spark\.jars\.ivy=/my cache/ivy' holds a blank"):
        flags(replace(SETTINGS, cache_dir=Path("/my cache")), wheels)


def test_the_command_prints_them(wheels: Path) -> None:
    """One word a line, as a shell takes them."""
    printed = CliRunner().invoke(submit_flags, ["--wheels", str(wheels), "--no-s3"], catch_exceptions=False)
    assert printed.output.split() == flags(Settings.from_env(), wheels, s3=False)
