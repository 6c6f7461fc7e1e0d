"""``days-to-sell publish`` before it asks anybody."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from days_to_sell.cli.publish import publish
from days_to_sell.errors import SettingsError


def test_without_a_registry_it_says_where_to_name_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """No engine is asked, and nothing is pushed anywhere by default."""
    monkeypatch.delenv("DAYS_TO_SELL_IMAGE_REGISTRY", raising=False)

    with pytest.raises(SettingsError, match=r"set DAYS_TO_SELL_IMAGE_REGISTRY or give --registry"):
        CliRunner().invoke(publish, ["model:1"], catch_exceptions=False)
