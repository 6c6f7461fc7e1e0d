"""``days-to-sell doctor``: what this machine has, whether it fits together, and what is missing."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Literal

import click
import mlflow
import pyspark

from days_to_sell import __version__
from days_to_sell.errors import DaysToSellError, EnvironmentProblem
from days_to_sell.release.engine import connect
from days_to_sell.settings import Settings
from days_to_sell.training.spark.compatibility import (
    installed_scala,
    installed_versions,
    mismatches,
    read_coordinates,
)
from days_to_sell.training.spark.java import find_java
from days_to_sell.training.spark.mleap_runtime.locked import locked_jars

PYTHON = (3, 11)
SERVES = ("flask", "gunicorn", "gevent")
_COLOURS = {"ok": None, "note": "yellow", "missing": "red"}

Status = Literal["ok", "note", "missing"]


class _Note(Exception):  # noqa: N818 - nothing is wrong
    """Something is not there, and what it is for goes another way."""


@dataclass(frozen=True)
class Finding:
    """What was found of one part.

    Args:
        subject: The part.
        status: ``missing`` where training or serving cannot do without it.
        said: What is there, or what to do.
    """

    subject: str
    status: Status
    said: str


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def doctor(context: click.Context, as_json: bool) -> None:
    """Print the versions that have to fit together, and what is missing.

    Ends with code 1 when training or serving lack something.
    """
    found = examine(Settings.from_env())
    missing = [each.subject for each in found if each.status == "missing"]
    if as_json:
        click.echo(json.dumps({"ready": not missing, "parts": [asdict(each) for each in found]}, indent=2))
    else:
        for each in found:
            told = each.said if each.status == "ok" else f"{each.status}: {each.said}"
            click.secho(f"{each.subject:<13}{told}", fg=_COLOURS[each.status])
        click.echo(f"not ready: {', '.join(missing)}" if missing else "ready to train and to serve")
    context.exit(1 if missing else 0)


def examine(settings: Settings) -> tuple[Finding, ...]:
    """Look at every part; nothing is fetched or started for it."""
    looks: dict[str, Callable[[], str]] = {
        "toolkit": lambda: __version__,
        "python": _python,
        "mlflow": lambda: mlflow.__version__,
        "tracking": mlflow.get_tracking_uri,
        "spark": lambda: pyspark.__version__,
        "scala": _scala,
        "java": lambda: _java(settings),
        "exporter": lambda: _exporter(settings),
        "fit": lambda: _fit(settings),
        "serving": lambda: ", ".join(f"{name} {_version(name)}" for name in SERVES),
        "jvm engine": lambda: _jvm_engine(settings),
        "docker": lambda: _docker(settings),
        "cache": lambda: _cache(settings),
    }
    return tuple(_look(subject, look) for subject, look in looks.items())


def _look(subject: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(subject, "ok", look())
    except _Note as note:
        return Finding(subject, "note", str(note))
    except DaysToSellError as error:
        return Finding(subject, "missing", str(error))


def _python() -> str:
    if sys.version_info[:2] != PYTHON:
        due = ".".join(map(str, PYTHON))
        raise EnvironmentProblem(
            f"this is Python {platform.python_version()}; install {due}, then make setup"
        )
    return f"{platform.python_version()}, {sys.executable}"


def _scala() -> str:
    found = installed_scala()
    if not found:
        raise EnvironmentProblem(
            "Spark has no Scala among its jars; unset SPARK_HOME, or run make setup again"
        )
    return f"{found}, Spark's own"


def _java(settings: Settings) -> str:
    java = find_java(settings)
    passed = f" (passed over: {'; '.join(java.passed_over)})" if java.passed_over else ""
    return f"{java.version} from {java.origin}, {java.home}{passed}"


def _exporter(settings: Settings) -> str:
    exporter = read_coordinates(settings.mleap_exporter)
    if not exporter.jar(settings).is_file():
        raise _Note(f"{exporter} is not in the cache; the first session of Spark fetches it")
    return f"{exporter}, in the cache"


def _fit(settings: Settings) -> str:
    versions = installed_versions(settings, find_java(settings).version)
    found = mismatches(versions)
    said = "; ".join(each.message for each in found)
    if any(each.severity == "error" for each in found):
        raise EnvironmentProblem(said)
    if found:
        raise _Note(said)
    return f"MLeap {versions.exporter} was tested with Spark {versions.spark} and this Scala and Java"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError as error:
        raise EnvironmentProblem(f"{name} is not installed; run make setup") from error


def _jvm_engine(settings: Settings) -> str:
    try:
        bridge = f"JPype {version('jpype1')}"
    except PackageNotFoundError:
        raise _Note("JPype is not installed; bundles are scored in Python, which needs no JVM") from None
    jars, cache = locked_jars(), settings.cache_dir / "mleap-runtime"
    folders = (settings.jvm_jars,) if settings.jvm_jars else tuple(sorted(cache.glob("*/")))
    for folder in folders:
        if all((folder / jar.file).is_file() for jar in jars):
            return f"{bridge}, jars of MLeap's runtime in {folder}"
    raise _Note(f"{bridge}, but the jars of MLeap's runtime are not in the cache; its first use fetches them")


def _docker(settings: Settings) -> str:
    try:
        return f"engine {connect().version()['Version']}, base image {settings.base_image}"
    except DaysToSellError as error:
        raise _Note(f"{error}; releases go to processes on this machine") from error


def _cache(settings: Settings) -> str:
    folder = settings.cache_dir
    # The folder is made when something is written, so the first one there is has to let that happen.
    there = next(each for each in (folder, *folder.parents) if each.exists())
    if not there.is_dir() or not os.access(there, os.W_OK):
        raise EnvironmentProblem(
            f"{folder} cannot be written; set DAYS_TO_SELL_CACHE_DIR to a folder that can"
        )
    return str(folder)
