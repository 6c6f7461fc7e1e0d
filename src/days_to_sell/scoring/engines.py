"""Which engine computes a bundle: the one in Python, or MLeap's own runtime on a JVM."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from days_to_sell.errors import BundleError, EnvironmentProblem
from days_to_sell.scoring.folder import Folder, read_bundle_files
from days_to_sell.scoring.inventory import operators
from days_to_sell.scoring.operators import OPERATORS
from days_to_sell.scoring.python import PythonBundle
from days_to_sell.scoring.reading import read_plan

if TYPE_CHECKING:
    from days_to_sell.scoring.bundle import Bundle
    from days_to_sell.scoring.jvm import JvmRuntime

Engine = Literal["auto", "python", "jvm"]
# Called only where the JVM is taken: finding Java and fetching jars takes time and a network.
FindRuntime = Callable[[], "JvmRuntime"]


@dataclass(frozen=True)
class Opened:
    """A bundle with the reason for its engine.

    Args:
        bundle: The bundle.
        reason: Why this engine computes it, to be told to people.
    """

    bundle: Bundle
    reason: str


def open_bundle(path: Path, engine: Engine, find_runtime: FindRuntime | None) -> Opened:
    """Load a bundle into the engine that was asked for, or into the one that fits.

    Args:
        path: A zip, or a directory that holds what the zip would.
        engine: ``auto`` is Python where it knows every operator, else the JVM.
        find_runtime: Finds what the JVM engine is started from; None where there is none.

    Raises:
        BundleError: The bundle is damaged, or the engine cannot compute it.
        EnvironmentProblem: The JVM is asked for and cannot be had.
    """
    if engine == "jvm":
        return Opened(_in_jvm(path, find_runtime), "as asked")
    try:
        files = read_bundle_files(path)
        lacking = _lacking(files) if engine == "auto" else ""
        if not lacking:
            name, plan = read_plan(files)
            return Opened(
                PythonBundle(name, plan), "it knows every operator" if engine == "auto" else "as asked"
            )
    except BundleError as error:
        raise BundleError(f"MLeap bundle {path}: {error}") from error
    reason = f"the engine in Python {lacking}"
    try:
        return Opened(_in_jvm(path, find_runtime), reason)
    except EnvironmentProblem as error:
        raise BundleError(f"MLeap bundle {path}: {reason}, and the JVM cannot be had: {error}") from error


def _lacking(files: Folder) -> str:
    """Say what keeps the engine in Python from computing a bundle; empty where nothing does."""
    written = files.document("bundle.json").get("format")
    if written != "json":
        return f"does not read the format {written!r:.40}"
    found = [f"{op} (node {name!r})" for name, op in operators(files) if op not in OPERATORS]
    return f"lacks {', '.join(found)}" if found else ""


def _in_jvm(path: Path, find_runtime: FindRuntime | None) -> Bundle:
    if find_runtime is None:
        raise EnvironmentProblem(
            "no runtime of MLeap is set up here; name Java and jars with DAYS_TO_SELL_JVM_JAVA and "
            "DAYS_TO_SELL_JVM_JARS, or use an image built with ENGINE=jvm"
        )
    # The JVM's modules cost time to import and are not needed by most.
    from days_to_sell.scoring.jvm import load_in_jvm

    return load_in_jvm(path, find_runtime())
