"""The jars of MLeap's runtime: fetched once, held to their hashes, never half-written."""

from __future__ import annotations

import hashlib
import re
import threading
from pathlib import Path

import pytest

from days_to_sell.errors import EnvironmentProblem
from days_to_sell.scoring.jvm import JvmRuntime
from days_to_sell.settings import Settings
from days_to_sell.training.spark.java import find_java
from days_to_sell.training.spark.mleap_runtime import cached, find_runtime, runtime_jars
from days_to_sell.training.spark.mleap_runtime.ivy import fetch_jars
from days_to_sell.training.spark.mleap_runtime.locked import LIST, Jar, locked_jars

ONE = next(jar for jar in locked_jars() if jar.artifact == "machinist_2.12")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings whose cache is empty."""
    return Settings(cache_dir=tmp_path / "cache")


@pytest.fixture
def one(monkeypatch: pytest.MonkeyPatch, mleap: JvmRuntime) -> Jar:
    """A list of one small jar, which the repository has where the whole list came from."""
    monkeypatch.setattr(cached, "locked_jars", lambda: (ONE,))
    return ONE


def test_the_list_names_coordinates_and_hashes_alone() -> None:
    """Every line is group, artifact, version and SHA-256, each artifact is there once, and no address."""
    lines = [line for line in LIST.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert [line for line in lines if not re.fullmatch(r"[\w.-]+:[\w.-]+:[\w.-]+ [0-9a-f]{64}", line)] == []
    jars = locked_jars()
    assert [str(jar) for jar in jars] == lines
    assert len({jar.file for jar in jars}) == len(jars) > 30
    assert "mleap-runtime_2.12-0.16.0.jar" in {jar.file for jar in jars}


def test_jars_are_fetched_once_for_many_at_a_time(
    settings: Settings, one: Jar, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two that start together fetch once, and whoever comes later fetches nothing."""
    fetches: list[list[str]] = []

    def counted(*arguments: object, **options: object) -> None:
        fetches.append(arguments[1])  # type: ignore[arg-type]
        fetch_jars(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(cached, "fetch_jars", counted)
    found: list[tuple[Path, ...]] = []
    threads = [threading.Thread(target=lambda: found.append(runtime_jars(settings))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=200)
    assert found == [found[0]] * 2 == [runtime_jars(settings)] * 2
    assert fetches == [[f"{one.group}:{one.artifact}:{one.version}"]]
    assert hashlib.sha256(found[0][0].read_bytes()).hexdigest() == one.sha256
    assert [path.name for path in found[0][0].parent.parent.iterdir() if path.name != ".lock"] == [
        found[0][0].parent.name
    ]


def test_another_file_than_the_list_says_is_refused_and_not_kept(
    settings: Settings, one: Jar, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a repository gives in place of the tested jar leaves nothing behind."""
    wrong = Jar(one.group, one.artifact, one.version, "0" * 64)
    monkeypatch.setattr(cached, "locked_jars", lambda: (wrong,))
    with pytest.raises(EnvironmentProblem, match=rf"{wrong.file} has SHA-256 {one.sha256}, .* nothing of it"):
        runtime_jars(settings)
    assert [path.name for path in (settings.cache_dir / "mleap-runtime").iterdir()] == [".lock"]


def test_a_jar_that_is_not_there_is_named_with_what_ivy_said(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, mleap: JvmRuntime
) -> None:
    """A version that nobody published is an error with the coordinate, and leaves nothing behind."""
    monkeypatch.setattr(cached, "locked_jars", lambda: (Jar(ONE.group, ONE.artifact, "99.0", "0" * 64),))
    with pytest.raises(EnvironmentProblem, match=r"(?s)machinist_2.12:99.0; check the network.*99\.0"):
        runtime_jars(settings)
    assert [path.name for path in (settings.cache_dir / "mleap-runtime").iterdir()] == [".lock"]


def test_a_jar_that_changed_in_the_cache_is_noticed(settings: Settings, mleap: JvmRuntime) -> None:
    """The cache is looked at every time; the message says what to remove."""
    folder = settings.cache_dir / "mleap-runtime" / mleap.jars[0].parent.name
    folder.mkdir(parents=True)
    for jar in mleap.jars:
        (folder / jar.name).symlink_to(jar)
    assert [jar.name for jar in runtime_jars(settings)] == [jar.name for jar in mleap.jars]
    (folder / mleap.jars[3].name).unlink()
    (folder / mleap.jars[3].name).write_bytes(mleap.jars[3].read_bytes() + b"\0")
    with pytest.raises(EnvironmentProblem, match=rf"{re.escape(mleap.jars[3].name)} has .* remove {folder}"):
        runtime_jars(settings)
    (folder / mleap.jars[3].name).unlink()
    with pytest.raises(EnvironmentProblem, match=rf"{re.escape(mleap.jars[3].name)} cannot be read"):
        runtime_jars(settings)


def test_the_settings_say_where_java_and_jars_are(tmp_path: Path, mleap: JvmRuntime) -> None:
    """Where both are named, nothing is looked for and nothing fetched; options are those of the settings."""
    (tmp_path / "a.jar").touch()
    named = Settings.from_env(
        {
            "DAYS_TO_SELL_JVM_JAVA": str(mleap.java_home),
            "DAYS_TO_SELL_JVM_JARS": str(tmp_path),
            "DAYS_TO_SELL_JVM_OPTIONS": "-Xmx1g -Xss2m",
            "DAYS_TO_SELL_CACHE_DIR": str(tmp_path / "cache"),
        }
    )
    expected = JvmRuntime(mleap.java_home, (tmp_path / "a.jar",), ("-Xmx1g", "-Xss2m"))
    assert find_runtime(named) == expected
    assert not (tmp_path / "cache").exists()


def test_java_is_the_one_that_training_takes(mleap: JvmRuntime) -> None:
    """Without settings, the JVM engine runs on the Java that runs Spark."""
    assert mleap.java_home == find_java().home
    assert mleap.options == ("-Xmx256m",) == tuple(Settings().jvm_options.split())
