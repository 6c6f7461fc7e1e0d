"""The build context of the scoring image."""

from __future__ import annotations

import hashlib
import subprocess
import zipfile
from pathlib import Path

import pytest

from days_to_sell.errors import TargetError
from days_to_sell.release.images.context import assemble_context, build_wheel, fetch_wheelhouse
from days_to_sell.release.project import project_root
from tests.packages import make_package

PROJECT = project_root()


def listing(folder: Path) -> set[str]:
    """Every path in a folder that a build could have left there."""
    return {str(path.relative_to(folder)) for name in ("src", "build") for path in folder.glob(f"{name}/*")}


def test_the_wheel_is_the_same_bytes_each_time_and_leaves_nothing_behind(tmp_path: Path) -> None:
    """Equal sources make equal wheels, so that the engine's cache holds; the project stays as it was."""
    before = listing(PROJECT)
    wheels = []
    for folder in ("one", "two"):
        build_wheel(PROJECT, tmp_path / folder)
        wheels += (tmp_path / folder).glob("*.whl")
    assert len(wheels) == 2
    assert wheels[0].read_bytes() == wheels[1].read_bytes()
    assert listing(PROJECT) == before
    with zipfile.ZipFile(wheels[0]) as wheel:
        assert {"days_to_sell/scoring/package.py", "days_to_sell/errors.py"} <= set(wheel.namelist())


def test_the_context_holds_what_the_dockerfile_copies(tmp_path: Path) -> None:
    """Service, requirements, wheels and model package lie where the Dockerfile looks; wheels are cached."""
    key = hashlib.sha256((PROJECT / "requirements/serving.txt").read_bytes()).hexdigest()[:16]
    cached = tmp_path / "cache/wheelhouse" / f"{key}-cp311-x86_64"
    cached.mkdir(parents=True)
    (cached / "flask.whl").write_bytes(b"a wheel")
    context = tmp_path / "context"
    context.mkdir()
    package = make_package(tmp_path / "package")
    lines: list[str] = []
    assemble_context(
        context,
        project=PROJECT,
        package=package,
        architecture="amd64",
        cache=tmp_path / "cache",
        report=lines.append,
    )
    names = {path.relative_to(context).as_posix() for path in context.rglob("*") if path.is_file()}
    assert {"Dockerfile", "requirements/serving.txt", "serving/wsgi.py", "wheelhouse/flask.whl"} <= names
    assert {f"package/{path.name}" for path in package.root.iterdir()} <= names
    assert any(name.startswith("toolkit/days_to_sell-") for name in names)
    assert not any("__pycache__" in name for name in names)
    assert list((context / "jars").iterdir()) == []
    assert lines == []


def test_the_context_of_the_jvm_engine_holds_its_jars_with_their_hashes(tmp_path: Path) -> None:
    """Its own list of requirements lies there, and SHA256SUMS as the program of that name reads it."""
    key = hashlib.sha256((PROJECT / "requirements/jvm.txt").read_bytes()).hexdigest()[:16]
    (tmp_path / "cache/wheelhouse" / f"{key}-cp311-x86_64").mkdir(parents=True)
    (tmp_path / "runtime-1.0.jar").write_bytes(b"a jar")
    context = tmp_path / "context"
    context.mkdir()
    assemble_context(
        context,
        project=PROJECT,
        package=make_package(tmp_path / "package"),
        architecture="amd64",
        cache=tmp_path / "cache",
        report=print,
        jars=[tmp_path / "runtime-1.0.jar"],
    )
    assert [path.name for path in (context / "requirements").iterdir()] == ["jvm.txt"]
    checked = subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=context / "jars", check=False
    )
    assert checked.returncode == 0
    (context / "jars/runtime-1.0.jar").write_bytes(b"another")
    checked = subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=context / "jars", check=False
    )
    assert checked.returncode == 1


def test_an_unknown_platform_is_named(tmp_path: Path) -> None:
    """The message lists the platforms that there are wheels for."""
    with pytest.raises(TargetError, match="no wheels for a base image of s390x; use one of amd64, arm64"):
        fetch_wheelhouse(tmp_path / "serving.txt", "s390x", tmp_path, print)


def test_wheels_that_cannot_be_had_leave_no_wheelhouse(tmp_path: Path) -> None:
    """A failed download is told with pip's own words, and is tried anew the next time."""
    requirements = tmp_path / "serving.txt"
    requirements.write_text("flask==3.1.3\n", encoding="utf-8")
    with pytest.raises(TargetError, match=r"(?s)pip cannot download the wheels of .*--require-hashes"):
        fetch_wheelhouse(requirements, "amd64", tmp_path / "cache", print)
    assert list((tmp_path / "cache/wheelhouse").iterdir()) == []


def test_a_directory_that_is_no_project_is_refused(tmp_path: Path) -> None:
    """The message names what is missing."""
    (tmp_path / "context").mkdir()
    with pytest.raises(TargetError, match=r"holds no Dockerfile, serving, requirements/serving\.txt"):
        assemble_context(
            tmp_path / "context",
            project=tmp_path,
            package=make_package(tmp_path / "package"),
            architecture="amd64",
            cache=tmp_path,
            report=print,
        )
