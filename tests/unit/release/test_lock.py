"""One release at a time in a workspace."""

from __future__ import annotations

from pathlib import Path

import pytest

from days_to_sell.errors import ReleaseError
from days_to_sell.release.lock import only_one


def test_a_second_release_in_the_same_workspace_is_refused(tmp_path: Path) -> None:
    """Two steps at once would pull each other's containers away."""
    with (
        only_one(tmp_path),
        pytest.raises(ReleaseError, match="another release is under way"),
        only_one(tmp_path),
    ):
        pass


def test_the_lock_ends_with_its_holder_and_holds_only_its_own_workspace(tmp_path: Path) -> None:
    """After one release the next may start; another workspace never waits."""
    for workspace in (tmp_path / "a", tmp_path / "a", tmp_path / "b"):
        with only_one(workspace), only_one(tmp_path / "c"):
            pass
