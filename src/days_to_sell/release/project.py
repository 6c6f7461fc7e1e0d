"""The project's own files that the service is made of, beside the installed package."""

from __future__ import annotations

from pathlib import Path

import days_to_sell
from days_to_sell.errors import TargetError

DOCKERFILE, SERVING = "Dockerfile", "serving"
# What the service stands on, by the engine that computes bundles in it.
REQUIREMENTS = {"python": "requirements/serving.txt", "jvm": "requirements/jvm.txt"}
PARTS = (DOCKERFILE, SERVING, *REQUIREMENTS.values(), "pyproject.toml")


def project_root() -> Path:
    """Find the project that this package runs from.

    Raises:
        TargetError: The package was installed away from its project.
    """
    root = Path(days_to_sell.__file__).resolve().parents[2]
    check_project(root)
    return root


def check_project(root: Path) -> None:
    """Make sure that a directory holds what the service is made of.

    Raises:
        TargetError: A part is missing.
    """
    missing = [part for part in PARTS if not (root / part).exists()]
    if missing:
        raise TargetError(
            f"{root} holds no {', '.join(missing)}; release from a clone of the project, "
            "with the package installed by `pip install -e`"
        )
