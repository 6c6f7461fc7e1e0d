"""Rows as JSON lines, as commands take them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TextIO

from days_to_sell.errors import ContractError


def read_rows(source: TextIO) -> Iterator[tuple[int, dict[str, object]]]:
    """Give each row with the number of its line, counted from 1; blank lines are passed over.

    Raises:
        ContractError: A line is no JSON object.
    """
    for number, line in enumerate(source, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise ContractError(f"line {number} is no JSON: {error}") from error
        if not isinstance(row, dict):
            raise ContractError(f"line {number} is no JSON object; send one row as {{field: value}}")
        yield number, row
