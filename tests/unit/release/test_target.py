"""What serves is brought back when a deployment fails."""

from __future__ import annotations

import pytest

from days_to_sell.errors import ProofError, TargetError
from days_to_sell.release.target import bring_back_on_failure


def fail() -> None:
    """Restore nothing."""
    raise TargetError("the old container is gone")


def test_a_failure_brings_back_and_stays_itself() -> None:
    """The caller learns why the deployment failed, after what served before is back."""
    restored: list[str] = []
    with (
        pytest.raises(ProofError, match="rows differ"),
        bring_back_on_failure(lambda: restored.append("version 1")),
    ):
        raise ProofError("rows differ")
    assert restored == ["version 1"]


def test_a_failure_to_bring_back_is_told_together_with_its_cause() -> None:
    """Then nothing serves: neither reason may hide the other."""
    with (
        pytest.raises(TargetError, match=r"rows differ\nwhat served before could not .*: the old container"),
        bring_back_on_failure(fail),
    ):
        raise ProofError("rows differ")


def test_success_restores_nothing() -> None:
    """What stepped aside stays aside."""
    with bring_back_on_failure(fail):
        pass
