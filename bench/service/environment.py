"""The environment of FastAPI and ONNX Runtime, apart from ours and made by pinned files alone."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from bench.server import ROOT

REQUIREMENTS = ROOT / "requirements" / "bench.txt"


def make_environment(folder: Path, report: Callable[[str], None]) -> Path:
    """Create the environment, unless one of the same requirements is there.

    Args:
        folder: Where it is, or is to be.
        report: Takes lines of progress.

    Returns:
        Its interpreter.
    """
    python, mark = folder / "bin" / "python", folder / "requirements.sha256"
    digest = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    if mark.is_file() and mark.read_text(encoding="ascii") == digest:
        return python
    report(f"installing FastAPI and ONNX Runtime into {folder} (half a minute) ...")
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*install, "--require-hashes", "-r", str(REQUIREMENTS)], check=True)
    mark.write_text(digest, encoding="ascii")
    return python
