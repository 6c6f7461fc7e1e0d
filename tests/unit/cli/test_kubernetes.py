"""``days-to-sell kubernetes`` before it asks anybody."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from days_to_sell.cli.kubernetes import kubernetes
from days_to_sell.errors import SettingsError


def test_without_a_registry_nothing_is_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A cluster could get the image from nowhere."""
    monkeypatch.delenv("DAYS_TO_SELL_IMAGE_REGISTRY", raising=False)
    with pytest.raises(SettingsError, match=r"set DAYS_TO_SELL_IMAGE_REGISTRY or give --registry"):
        CliRunner().invoke(kubernetes, ["model", "--to", str(tmp_path)], catch_exceptions=False)
    assert list(tmp_path.iterdir()) == []


def test_production_gets_what_is_in_production(tmp_path: Path) -> None:
    """Another version would pass by the gates."""
    asked = CliRunner().invoke(kubernetes, ["model", "--to", str(tmp_path), "--version", "3"])
    assert asked.exit_code == 2
    assert "production gets what is in Production" in asked.output
