"""A package whose chain has no gap."""

from __future__ import annotations

from pathlib import Path

import pytest

from days_to_sell.scoring.package import MANIFEST, ModelPackage
from tests.packages import make_package, rewrite


@pytest.fixture
def package(tmp_path: Path) -> ModelPackage:
    """A package that says its commit, its data and its run."""
    made = make_package(tmp_path / "home" / "package")
    said = '"training_data": "' + "d" * 64 + '",'
    return rewrite(made.root, MANIFEST, lambda text: text.replace('"run_id"', f'{said} "run_id"'))
