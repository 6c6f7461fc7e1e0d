"""MLeap's own runtime as the oracle of what a bundle says, nulls included.

The engine of the product makes NaN of a null number, as every engine is to see it. What the runtime itself
does with null is asked here.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from days_to_sell.scoring.jvm import JvmRuntime, load_in_jvm
from days_to_sell.scoring.jvm.encode import RowEncoder
from days_to_sell.scoring.jvm.engine import JvmBundle

_NUMBER = struct.Struct(">?d")


class MleapRuntime:
    """One bundle in MLeap's runtime, which takes rows as they are."""

    def __init__(self, runtime: JvmRuntime, bundle: Path) -> None:
        loaded = load_in_jvm(bundle, runtime)
        self._bundle = _WithNulls(
            loaded.name, loaded.api, loaded.stages, loaded.reads, loaded.writes, loaded.asked
        )

    def transform(self, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Score rows; fields that the pipeline does not read come back too.

        Raises:
            ScoringError: A row cannot be scored.
        """
        return self._bundle.transform(rows)


class _WithNulls(JvmBundle):
    """A bundle that lets null numbers reach the runtime."""

    @cached_property
    def _encoder(self) -> RowEncoder:
        return _NullEncoder(self.reads)


class _NullEncoder(RowEncoder):
    """Writes a null number as null."""

    def encode(self, row: Mapping[str, Any], position: int = 0) -> bytes:
        parts = [struct.pack(">i", position)]
        for name, read in self._numbers:
            value = row[name]
            parts.append(b"\0" if value is None else _NUMBER.pack(True, read(value)))
        return b"".join([*parts, *(write(row[name]) for name, write in self._others)])
