"""Load a bundle into MLeap's runtime."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

from days_to_sell.errors import BundleError
from days_to_sell.scoring.folder import Folder, read_bundle_files
from days_to_sell.scoring.inventory import operators
from days_to_sell.scoring.jvm.blame import blamed_node
from days_to_sell.scoring.jvm.engine import JvmBundle
from days_to_sell.scoring.jvm.fields import Field
from days_to_sell.scoring.jvm.machine import Machine, start_jvm
from days_to_sell.scoring.jvm.mleap import Api
from days_to_sell.scoring.jvm.refusals import describe, raise_if_exhausted
from days_to_sell.scoring.jvm.runtime import JvmRuntime

_PLAIN_PATH = re.compile(r"[A-Za-z0-9._/-]+")
# MLeap opens an archive as a file system of the whole JVM, of which there can be one at a time.
_LOADING = Lock()


def load_in_jvm(path: str | Path, runtime: JvmRuntime) -> JvmBundle:
    """Load an MLeap bundle into MLeap's own runtime, in this process.

    The JVM is started when the first bundle is loaded, in the process that scores: it does not survive a
    fork.

    Args:
        path: A zip, or a directory that holds what the zip would; JSON or protobuf format.
        runtime: Where Java and the runtime's jars are.

    Raises:
        BundleError: The bundle is damaged, or the runtime cannot read it.
        EnvironmentProblem: The JVM cannot be started.
    """
    path = Path(path)
    try:
        files = read_bundle_files(path)
        name = str(files.document("bundle.json").get("name", ""))
        api = _api(start_jvm(runtime))
        if files.document("bundle.json").get("format") == "json":
            _check_operators(files, api)
        return _load(path, files, name, api)
    except BundleError as error:
        raise BundleError(f"MLeap bundle {path}: {error}") from error


@cache
def _api(machine: Machine) -> Api:
    # The runtime's list of operators takes half a second to put together.
    return Api(machine)


def _check_operators(files: Folder, api: Api) -> None:
    """Name the node that the runtime does not know; it would say the operator alone."""
    for name, op in operators(files):
        if not api.knows(op):
            raise BundleError(f"node {name!r} ({op!r:.60}): MLeap's runtime has no such operator")


def _load(path: Path, files: Folder, name: str, api: Api) -> JvmBundle:
    machine = api.machine
    try:
        with _LOADING, _plain(path) as plain:
            stages = tuple(api.stages(_root(plain, files, api)))
        reads, writes = _columns(api, stages)
        bundle = JvmBundle(name, api, stages, reads, writes, writes)
        # What does not fit together shows when the stages are put together.
        bundle.prepare()
    except machine.jpype.JException as error:
        raise_if_exhausted(machine, error)
        raise BundleError(f"its stages do not fit together: {describe(error)}") from None
    return bundle


def _root(path: Path, files: Folder, api: Api) -> Any:
    try:
        return api.load(path)
    except api.machine.jpype.JException as error:
        raise_if_exhausted(api.machine, error)
        written = files.document("bundle.json").get("format")
        node = blamed_node(files, api) if written == "json" else None
        where = f"{node}: " if node else ""
        raise BundleError(f"{where}MLeap's runtime cannot load it: {describe(error)}") from None


def _columns(api: Api, stages: tuple[Any, ...]) -> tuple[tuple[Field, ...], tuple[Field, ...]]:
    """List the columns that a pipeline reads from outside, and those that it writes, each in order."""
    reads: dict[str, Field] = {}
    writes: dict[str, Field] = {}
    for stage in stages:
        for field in api.fields(stage.inputSchema()):
            if field.name not in writes:
                reads.setdefault(field.name, field)
        for field in api.fields(stage.outputSchema()):
            # MLeap declares some widths wrongly, such as a one-hot vector's with a place for the invalid.
            writes[field.name] = replace(field, width=None)
    return tuple(reads.values()), tuple(writes.values())


@contextmanager
def _plain(path: Path) -> Iterator[Path]:
    """Give a path that MLeap reads as it is meant.

    MLeap tells an archive by its ending, and puts a path unescaped into an address.
    """
    absolute = path.resolve()
    ending = "" if path.is_dir() else ".zip"
    if _PLAIN_PATH.fullmatch(str(absolute)) and absolute.suffix == ending:
        yield absolute
        return
    with tempfile.TemporaryDirectory(prefix="days-to-sell-bundle-") as folder:
        link = Path(folder) / f"bundle{ending}"
        link.symlink_to(absolute)
        yield link
