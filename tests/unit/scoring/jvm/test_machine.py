"""The JVM of a process: signals stay with Python, forks and wrong parts are told."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from days_to_sell.errors import EnvironmentProblem
from days_to_sell.scoring import load_bundle
from days_to_sell.scoring.jvm import JvmRuntime
from days_to_sell.scoring.jvm import machine as machine_module
from days_to_sell.scoring.jvm.machine import start_jvm
from tests.unit.scoring.bundles import bundle, indexer

SECONDS = 120
# Says what comes of each signal, of a fork, and of an end by SIGTERM, in a process that runs a JVM.
PROGRAM = """
import json, os, signal, sys
from pathlib import Path
from days_to_sell.errors import EnvironmentProblem
from days_to_sell.scoring import load_bundle
from days_to_sell.scoring.jvm import JvmRuntime

told = json.loads(sys.argv[1])
runtime = JvmRuntime(Path(told["java"]), tuple(map(Path, told["jars"])), tuple(told["options"]))
heard = []
for number in (signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, lambda number, frame: heard.append(signal.Signals(number).name))
loaded = load_bundle(told["bundle"], "jvm", runtime)
print(loaded.transform_row({"make": "b"})["rank"])
for number in (signal.SIGTERM, signal.SIGHUP):
    os.kill(os.getpid(), number)
try:
    os.kill(os.getpid(), signal.SIGINT)
except KeyboardInterrupt:
    heard.append("SIGINT")
print(" ".join(heard), flush=True)

child = os.fork()
if not child:
    for attempt in (lambda: loaded.transform_row({"make": "b"}), lambda: loaded.transform([{"make": "b"}]),
                    lambda: load_bundle(told["bundle"], "jvm", runtime)):
        try:
            attempt()
        except EnvironmentProblem as error:
            print("forked" in str(error), flush=True)
    os._exit(0)
os.waitpid(child, 0)
print(loaded.transform_row({"make": "a"})["rank"], flush=True)
signal.signal(signal.SIGTERM, signal.SIG_DFL)
os.kill(os.getpid(), signal.SIGTERM)
"""


def run(program: str, mleap: JvmRuntime, path: Path, **changes: Any) -> subprocess.CompletedProcess[str]:
    """Run a program that starts a JVM in a process of its own."""
    told = {
        "java": str(mleap.java_home),
        "jars": [str(jar) for jar in mleap.jars],
        "options": ["-Xmx64m", "-XX:TieredStopAtLevel=1"],
        "bundle": str(path),
    }
    return subprocess.run(
        [sys.executable, "-c", program, json.dumps(told | changes)],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def test_signals_stay_with_python_and_a_fork_is_told(tmp_path: Path, mleap: JvmRuntime) -> None:
    """SIGTERM, SIGHUP and SIGINT reach Python, a forked child gets an error, and the JVM says nothing."""
    ended = run(PROGRAM, mleap, bundle(tmp_path, indexer()))
    assert ended.stdout.splitlines() == ["1.0", "SIGTERM SIGHUP SIGINT", "True", "True", "True", "0.0"]
    assert ended.stderr == ""
    # By the signal itself, as if there were no JVM.
    assert ended.returncode == -15


def test_options_that_java_does_not_take_are_told(tmp_path: Path, mleap: JvmRuntime) -> None:
    """A JVM that does not start is an error that repeats its options."""
    program = PROGRAM.split("heard = []")[0] + "load_bundle(told['bundle'], 'jvm', runtime)"
    ended = run(program, mleap, bundle(tmp_path, indexer()), options=["-XX:+Nonsense"])
    assert ended.returncode == 1
    assert "EnvironmentProblem: the JVM of" in ended.stderr
    assert "does not start" in ended.stderr
    assert "(options: -XX:+Nonsense)" in ended.stderr


def test_a_heap_that_is_too_small_is_told_apart_from_a_bad_row(tmp_path: Path, mleap: JvmRuntime) -> None:
    """A JVM out of memory is no fault of the row, and the message names the option that helps."""
    program = PROGRAM.split("heard = []")[0] + (
        "loaded = load_bundle(told['bundle'], 'jvm', runtime)\n"
        "loaded.transform([{'make': 'x' * 2_000_000}] * 30)"
    )
    ended = run(program, mleap, bundle(tmp_path, indexer()), options=["-Xmx32m"])
    assert "EnvironmentProblem: the JVM ran out of memory" in ended.stderr
    assert "-Xmx" in ended.stderr


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process look as if no JVM ran in it, to see what keeps one from being started."""
    monkeypatch.setattr(machine_module, "_STARTED", [])


@pytest.mark.usefixtures("fresh")
def test_without_jpype_the_message_says_what_to_install(
    mleap: JvmRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """JPype is not a must of the toolkit's scoring, so its absence is told."""
    monkeypatch.setitem(sys.modules, "jpype", None)
    with pytest.raises(EnvironmentProblem, match=r"needs JPype .* install requirements/jvm\.txt"):
        start_jvm(mleap)


@pytest.mark.usefixtures("fresh")
def test_a_jvm_that_somebody_else_started_is_left_alone(tmp_path: Path, mleap: JvmRuntime) -> None:
    """MLeap cannot be added to the class path of a JVM that runs already."""
    program = PROGRAM.split("heard = []")[0] + (
        "import jpype\njpype.startJVM(jvmpath=str(runtime.library))\n"
        "load_bundle(told['bundle'], 'jvm', runtime)"
    )
    ended = run(program, mleap, bundle(tmp_path, indexer()))
    assert "EnvironmentProblem: this process already runs a JVM that others started" in ended.stderr


def test_missing_parts_are_named(tmp_path: Path, mleap: JvmRuntime) -> None:
    """No Java, no jars and a folder without any are told apart."""
    with pytest.raises(EnvironmentProblem, match=r"is no Java home: it has no lib/server/libjvm\.so"):
        _ = replace(mleap, java_home=tmp_path).library
    with pytest.raises(EnvironmentProblem, match="holds no jars of MLeap's runtime"):
        JvmRuntime.from_folders(mleap.java_home, tmp_path)
    (tmp_path / "b.jar").touch()
    (tmp_path / "a.jar").touch()
    found = JvmRuntime.from_folders(mleap.java_home, tmp_path, ("-Xmx1g",))
    assert found.jars == (tmp_path / "a.jar", tmp_path / "b.jar")


def test_the_jvm_is_asked_for_where_none_is_set_up(tmp_path: Path) -> None:
    """Without a runtime the message names the settings that lead to one."""
    with pytest.raises(EnvironmentProblem, match="DAYS_TO_SELL_JVM_JAVA and DAYS_TO_SELL_JVM_JARS"):
        load_bundle(bundle(tmp_path, indexer()), "jvm")
