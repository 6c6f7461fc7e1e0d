"""The doctor names every part, tells what is missing from what is only not there, and ends accordingly."""

from __future__ import annotations

import json
import os
from pathlib import Path

import mlflow
import pyspark
import pytest

from days_to_sell import __version__
from days_to_sell.settings import Settings
from days_to_sell.training.spark.compatibility import read_coordinates
from tests.unit.cli.conftest import Call

PARTS = [
    *("toolkit", "python", "mlflow", "spark", "scala", "java", "exporter", "fit", "serving"),
    *(
        "jvm engine",
        "cache",
        "docker",
        "tracking",
        "registry",
        "event log",
        "artifacts",
        "s3",
        "images",
        "disk",
        "ports",
    ),
    "clocks",
]


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    """An empty cache, no Docker engine, and nothing else that is configured."""
    for name in [each for each in os.environ if each.startswith(("MLFLOW_", "AWS_", "DAYS_TO_SELL_"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DAYS_TO_SELL_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{os.devnull}/absent.sock")
    return Settings.from_env()


def _lines(out: str) -> dict[str, str]:
    """What was said of each part: some say more than one line."""
    return {part: line[13:] for part in PARTS for line in out.splitlines() if line.startswith(f"{part:<13}")}


def test_a_machine_that_has_what_it_takes_is_ready(call: Call) -> None:
    """What is only not there is a note, with what happens instead; the summary is the last line."""
    ended = call("doctor")
    assert ended.code == 0, ended.out
    lines = _lines(ended.out)
    assert list(lines) == PARTS
    assert (lines["toolkit"], lines["spark"]) == (__version__, pyspark.__version__)
    assert lines["mlflow"] == mlflow.__version__
    assert lines["scala"].startswith("2.12.")
    assert "17" in lines["java"]
    assert lines["fit"].startswith("MLeap 0.16.0 was tested with Spark 3.5")
    assert lines["exporter"].startswith("note: ml.combust.mleap:mleap-spark_2.12:0.16.0 is not in the cache")
    assert lines["docker"].startswith("note: ")
    assert "releases go to processes on this machine" in ended.out
    assert ended.out.splitlines()[-1] == "ready to train and to serve"


def test_jars_in_the_cache_are_seen(call: Call, settings: Settings) -> None:
    """The exporter's as Spark's Ivy leaves it; nothing is fetched to find out."""
    jar = read_coordinates(settings.mleap_exporter).jar(settings)
    jar.parent.mkdir(parents=True)
    jar.touch()
    assert _lines(call("doctor").out)["exporter"] == f"{settings.mleap_exporter}, in the cache"
    # Where the machine has no Java, the authorities that the packaged one trusts are written there.
    assert {found.name for found in settings.cache_dir.iterdir()} - {"java"} == {"ivy"}


@pytest.mark.parametrize(
    ("variable", "value", "part", "said"),
    [
        (
            "DAYS_TO_SELL_MLEAP_EXPORTER",
            "ml.combust.mleap:mleap-spark_2.13:0.25.2",
            "fit",
            "built for Scala 2.13, but Spark 3.5",
        ),
        ("DAYS_TO_SELL_MLEAP_EXPORTER", "mleap", "exporter", "set it to group:name_SCALA:version"),
        ("DAYS_TO_SELL_CACHE_DIR", f"{os.devnull}/cache", "cache", "set DAYS_TO_SELL_CACHE_DIR to a folder"),
    ],
)
def test_what_training_cannot_do_without_ends_with_code_1(
    call: Call, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, part: str, said: str
) -> None:
    """The part says what to do, the summary names it, and the rest is still looked at."""
    monkeypatch.setenv(variable, value)
    ended = call("doctor")
    assert ended.code == 1
    lines = _lines(ended.out)
    assert list(lines) == PARTS
    assert lines[part].startswith("missing: ")
    assert said in lines[part]
    assert part in ended.out.splitlines()[-1].removeprefix("not ready: ").split(", ")


def test_a_pair_that_nobody_tried_is_a_note(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may work, so it does not keep anybody from training."""
    monkeypatch.setenv("DAYS_TO_SELL_MLEAP_EXPORTER", "ml.combust.mleap:mleap-spark_2.12:0.23.4")
    ended = call("doctor")
    assert ended.code == 0
    assert _lines(ended.out)["fit"].startswith(
        "note: nobody is known to have tried MLeap 0.23.4 with Spark 3.5"
    )


def test_programs_read_it_as_json(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same parts with their status, and whether all that is needed is there."""
    found = json.loads(call("doctor", "--json").out)
    assert found["ready"] is True
    assert [part["subject"] for part in found["parts"]] == PARTS
    assert {part["status"] for part in found["parts"]} == {"ok", "note"}
    monkeypatch.setenv("DAYS_TO_SELL_MLEAP_EXPORTER", "mleap")
    ended = call("doctor", "--json")
    assert (ended.code, json.loads(ended.out)["ready"]) == (1, False)
