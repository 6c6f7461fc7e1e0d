"""The page of differences from MLflow's protocol says what the tests hold."""

from __future__ import annotations

from docs import protocol
from serving.protocol.differences import DIFFERENCES


def test_the_page_is_the_one_that_the_code_gives() -> None:
    """After a change of the table, ``make docs`` writes it anew."""
    assert protocol.TARGET.read_text(encoding="utf-8") == protocol.page()


def test_every_difference_has_one_line() -> None:
    """Each stands in one of the groups, with both statuses."""
    lines = protocol.page().splitlines()

    for each in DIFFERENCES:
        assert lines.count(f"| {each.sent} | {each.mlflow} | {each.here} | {each.reason} |") == 1
