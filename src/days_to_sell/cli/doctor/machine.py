"""This machine: what it has, and whether it fits together."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable
from contextlib import closing
from importlib.metadata import PackageNotFoundError, version

import mlflow
import pyspark

from days_to_sell import __version__
from days_to_sell.cli.doctor.finding import Note
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


def looks(settings: Settings) -> dict[str, Callable[[], str]]:
    """Name every part of this machine with what looks at it; nothing is fetched or started for it."""
    return {
        "toolkit": lambda: __version__,
        "python": _python,
        "mlflow": lambda: mlflow.__version__,
        "spark": lambda: pyspark.__version__,
        "scala": _scala,
        "java": lambda: _java(settings),
        "exporter": lambda: _exporter(settings),
        "fit": lambda: _fit(settings),
        "serving": lambda: ", ".join(f"{name} {_version(name)}" for name in SERVES),
        "jvm engine": lambda: _jvm_engine(settings),
        "cache": lambda: _cache(settings),
        "docker": lambda: _docker(settings),
    }


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
        raise Note(f"{exporter} is not in the cache", "the first session of Spark fetches it")
    return f"{exporter}, in the cache"


def _fit(settings: Settings) -> str:
    versions = installed_versions(settings, find_java(settings).version)
    found = mismatches(versions)
    said = "; ".join(each.message for each in found)
    if any(each.severity == "error" for each in found):
        raise EnvironmentProblem(said)
    if found:
        raise Note(said)
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
        raise Note("JPype is not installed; bundles are scored in Python, which needs no JVM") from None
    jars, cache = locked_jars(), settings.cache_dir / "mleap-runtime"
    folders = (settings.jvm_jars,) if settings.jvm_jars else tuple(sorted(cache.glob("*/")))
    for folder in folders:
        if all((folder / jar.file).is_file() for jar in jars):
            return f"{bridge}, jars of MLeap's runtime in {folder}"
    raise Note(
        f"{bridge}, but the jars of MLeap's runtime are not in the cache", "its first use fetches them"
    )


def _docker(settings: Settings) -> str:
    try:
        with closing(connect()) as engine:
            return f"engine {engine.version()['Version']}, base image {settings.base_image}"
    except DaysToSellError as error:
        said, _, remedy = str(error).partition("; ")
        raise Note(f"{said}; releases go to processes on this machine", remedy) from error


def _cache(settings: Settings) -> str:
    folder = settings.cache_dir
    # The folder is made when something is written, so the first one there is has to let that happen.
    there = next(each for each in (folder, *folder.parents) if each.exists())
    if not there.is_dir() or not os.access(there, os.W_OK):
        raise EnvironmentProblem(
            f"{folder} cannot be written; set DAYS_TO_SELL_CACHE_DIR to a folder that can"
        )
    return str(folder)
