"""The service's README names what there is."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from flask import Flask

from days_to_sell.settings import PREFIX, Settings
from serving.problems import KINDS

README = Path(__file__).parents[3] / "serving" / "README.md"


def test_it_names_every_address(app: Flask) -> None:
    """The table of addresses has those of the application and no other."""
    table = README.read_text(encoding="utf-8").split("## Errors")[0]

    assert set(re.findall(r"`(?:GET |POST )?(/[a-z.]*)`", table)) == {
        # The files of pages are no addresses to write down.
        rule.rule
        for rule in app.url_map.iter_rules()
        if not rule.arguments
    }


def test_it_names_every_status_of_an_error() -> None:
    """The table of errors has the kinds of problems that the service tells apart."""
    table = README.read_text(encoding="utf-8").split("## Errors")[1].split("## Where")[0]

    rows = re.findall(r"^\| ([0-9, ]+) \|", table, flags=re.MULTILINE)
    assert {int(status) for row in rows for status in row.split(", ")} == {kind.status for kind in KINDS}


def test_its_settings_are_read() -> None:
    """Each variable is a field of the settings, and its default is the real one."""
    table = README.read_text(encoding="utf-8").split("## Settings")[1]

    named = set(re.findall(rf"`{PREFIX}([A-Z_]+)`", table))
    assert named
    assert named <= {field.name.upper() for field in fields(Settings)}
    defaults = Settings()
    assert f"| {defaults.max_body_bytes}, {defaults.max_rows} |" in table
    assert f"`{defaults.host}`" in table
