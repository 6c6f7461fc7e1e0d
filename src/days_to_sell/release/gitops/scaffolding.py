"""What a deployment repository starts with: a script, an example for a CI system, and a page for people."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from days_to_sell.errors import DeploymentError

# Where each file goes; the workflow runs on GitHub Actions.
FILES = {
    "deploy.sh": "deploy.sh",
    "README.md": "README.md",
    "deploy.yml": ".github/workflows/deploy.yml",
    "keep": "models/.gitkeep",
}
PROGRAMS = {"deploy.sh"}


def write_scaffold(folder: Path) -> tuple[Path, ...]:
    """Write what a deployment repository starts with; what is there already stays as it is.

    Args:
        folder: The repository's work tree.

    Returns:
        The files that were written.

    Raises:
        DeploymentError: They cannot be written.
    """
    written = []
    try:
        for name, place in FILES.items():
            path = folder / place
            if path.exists():
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(scaffold_text(name), encoding="utf-8")
            path.chmod(0o755 if name in PROGRAMS else 0o644)
            written.append(path)
    except OSError as error:
        raise DeploymentError(
            f"{folder} takes no scaffold: {error}; name a folder that can be written"
        ) from error
    return tuple(written)


def scaffold_text(name: str) -> str:
    """Read a file of the scaffold."""
    return files("days_to_sell.release.gitops").joinpath("scaffold", name).read_text(encoding="utf-8")
