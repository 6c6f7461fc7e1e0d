"""The build context of the scoring image, assembled from the project, its wheels and a model package.

    Dockerfile
    requirements/              what to install, with hashes: serving.txt, or jvm.txt for the JVM engine
    wheelhouse/                the wheels of it
    trim.py                    removes what a running service never reads
    jars/                      MLeap's runtime with SHA256SUMS, for the JVM engine; else empty
    toolkit/                   the project's own wheel
    serving/                   the service
    package/                   the model package

The build itself needs no network: everything it installs lies in the context. Wheels come from the cache;
those that are not there come from the index or the folder that pip is configured for (``PIP_NO_INDEX`` and
``PIP_FIND_LINKS`` name a folder), and are held to the hashes of the locked list before they are kept.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from days_to_sell.errors import TargetError
from days_to_sell.release.images.archive import EPOCH
from days_to_sell.release.project import DOCKERFILE, REQUIREMENTS, SERVING, check_project
from days_to_sell.release.target import Report
from days_to_sell.scoring.package import ModelPackage

PYTHON = "3.11"
MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
# glibc versions that wheels are tagged with; every base image with Python 3.11 is newer.
GLIBC_MINORS = (5, 12, 17, 24, 26, 27, 28)
SOURCES = ("pyproject.toml", "README.md", "LICENSE", "src")
PIP_SECONDS = 600
TRIM = Path(__file__).with_name("trim.py")
# The manifests name the image, so they cannot be in it.
LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc", "*.egg-info", "k8s")


def assemble_context(
    context: Path,
    *,
    project: Path,
    package: ModelPackage,
    architecture: str,
    cache: Path,
    report: Report,
    jars: Sequence[Path] = (),
) -> None:
    """Fill a directory with the build context.

    Args:
        context: An empty directory.
        project: Root of the project.
        package: The verified model package.
        architecture: The base image's, as the engine names it: ``amd64`` or ``arm64``.
        cache: Where downloaded wheels are kept.
        report: Takes one line of progress.
        jars: MLeap's runtime, for an image with the JVM engine; without it, the image has the one in Python.

    Raises:
        TargetError: A part of the project is missing, or pip failed.
    """
    check_project(project)
    requirements = REQUIREMENTS["jvm" if jars else "python"]
    wheelhouse = fetch_wheelhouse(project / requirements, architecture, cache, report)
    (context / requirements).parent.mkdir(parents=True)
    shutil.copyfile(project / requirements, context / requirements)
    _copy_jars(jars, context / "jars")
    shutil.copyfile(project / DOCKERFILE, context / DOCKERFILE)
    shutil.copyfile(TRIM, context / TRIM.name)
    shutil.copytree(project / SERVING, context / SERVING, ignore=LEFT_OUT)
    shutil.copytree(package.root, context / "package")
    shutil.copytree(wheelhouse, context / "wheelhouse")
    build_wheel(project, context / "toolkit")


def _copy_jars(jars: Sequence[Path], target: Path) -> None:
    """Copy jars with the list of their hashes, which the build compares."""
    target.mkdir()
    sums = []
    for jar in jars:
        shutil.copyfile(jar, target / jar.name)
        sums.append(f"{hashlib.sha256(jar.read_bytes()).hexdigest()}  {jar.name}\n")
    if sums:
        (target / "SHA256SUMS").write_text("".join(sums), encoding="utf-8")


def fetch_wheelhouse(requirements: Path, architecture: str, cache: Path, report: Report) -> Path:
    """Download the wheels of a locked requirements file for an image's platform, once.

    Raises:
        TargetError: The platform is unknown, or pip failed.
    """
    if architecture not in MACHINES:
        raise TargetError(f"no wheels for a base image of {architecture}; use one of {', '.join(MACHINES)}")
    machine = MACHINES[architecture]
    key = hashlib.sha256(requirements.read_bytes()).hexdigest()[:16]
    wheelhouse = cache / "wheelhouse" / f"{key}-cp{PYTHON.replace('.', '')}-{machine}"
    if wheelhouse.exists():
        return wheelhouse
    report(
        f"downloading the wheels of {requirements.name} for {machine} from where pip is configured to, "
        "each held to its hash"
    )
    wheelhouse.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".draft-", dir=wheelhouse.parent) as drafts:
        draft = Path(drafts) / "wheels"
        _pip(
            f"download the wheels of {requirements}",
            "download",
            "--require-hashes",
            "--no-deps",
            "--only-binary=:all:",
            *_platform(machine),
            f"--requirement={requirements}",
            f"--dest={draft}",
        )
        _publish(draft, wheelhouse)
    return wheelhouse


def build_wheel(project: Path, target: Path) -> None:
    """Build the project's own wheel, without network and without leaving anything in the project.

    Raises:
        TargetError: pip failed.
    """
    with tempfile.TemporaryDirectory(prefix="days-to-sell-wheel-") as drafts:
        # setuptools writes beside its sources, and would pack modules that an earlier build left there.
        sources = Path(drafts) / "project"
        sources.mkdir()
        for name in SOURCES:
            if (project / name).is_dir():
                shutil.copytree(project / name, sources / name, ignore=LEFT_OUT)
            elif (project / name).exists():
                shutil.copyfile(project / name, sources / name)
        _pip(
            f"build the wheel of {project}",
            "wheel",
            "--no-deps",
            "--no-build-isolation",
            "--no-cache-dir",
            f"--wheel-dir={target}",
            str(sources),
        )


def _platform(machine: str) -> list[str]:
    glibc = [f"--platform=manylinux_2_{minor}_{machine}" for minor in GLIBC_MINORS]
    interpreter = f"cp{PYTHON.replace('.', '')}"
    return [
        *glibc,
        f"--platform=manylinux2014_{machine}",
        "--implementation=cp",
        f"--python-version={PYTHON}",
        f"--abi={interpreter}",
        "--abi=abi3",
        "--abi=none",
    ]


def _pip(doing: str, *arguments: str) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", *arguments]
    # A fixed time in a wheel's entries makes equal sources equal bytes, so that the engine's cache holds.
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(EPOCH)}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=PIP_SECONDS, env=environment
        )
    except subprocess.TimeoutExpired as error:
        raise TargetError(f"pip did not {doing} within {PIP_SECONDS} seconds; try again") from error
    if done.returncode:
        lines = (done.stderr.strip() or done.stdout.strip()).splitlines()[-10:]
        raise TargetError(f"pip cannot {doing}:\n" + "\n".join(f"  {line}" for line in lines))


def _publish(draft: Path, final: Path) -> None:
    try:
        draft.rename(final)
    except OSError:
        # Another run was faster: the directory is named after its content, so that one is as good.
        if not final.exists():
            raise
