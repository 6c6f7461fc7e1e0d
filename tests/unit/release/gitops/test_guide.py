"""What the guide shows is what the code writes."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from days_to_sell.release.gitops.message import message_of
from days_to_sell.release.gitops.record import read_record

GUIDE = Path(__file__).parents[4] / "docs" / "guides" / "git-deployments.md"


def block(name: str) -> str:
    """Take a fenced block of the guide."""
    found = re.search(
        rf"^```\w+ {re.escape(name)}\n(.*?)^```", GUIDE.read_text(encoding="utf-8"), re.M | re.S
    )
    assert found, name
    return found[1]


def test_the_file_is_shown_as_it_is_written() -> None:
    """It reads as a record, which is written as the same text."""
    shown = block("models/tiny-model.json")
    assert read_record(shown, "models/tiny-model.json").to_text() == shown


def test_the_message_is_shown_as_it_is_written() -> None:
    """For the file above it, after a version that was off by half a day or less."""
    record = read_record(block("models/tiny-model.json"), "models/tiny-model.json")
    before = replace(record, version="7", figures={"mae_days": 31.5})
    assert message_of(record, before) == block("message")
