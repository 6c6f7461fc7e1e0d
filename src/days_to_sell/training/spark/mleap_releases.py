"""MLeap's releases, and what each was tested with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Release:
    """A release of MLeap, and what it was tested with.

    Args:
        mleap: Its version.
        spark: Line of Spark.
        scala: Line of Scala.
        java: Oldest major version of Java that runs it.
        tested_by: Who tested it with this Spark.
    """

    mleap: str
    spark: str
    scala: str
    java: int
    tested_by: Literal["MLeap", "this project"] = "MLeap"


# Source: the compatibility matrix in MLeap's README (0.25.2), and for 0.16.0 its own README and ADR 0001.
RELEASES = (
    Release("0.25.2", "4.1", "2.13", 17),
    Release("0.25.1", "4.1", "2.13", 17),
    Release("0.25.0", "4.1", "2.13", 17),
    Release("0.24.2", "4.0", "2.13", 17),
    Release("0.24.1", "4.0", "2.13", 17),
    Release("0.24.0", "4.0", "2.13", 17),
    Release("0.16.0", "3.5", "2.12", 8, "this project"),
    Release("0.23.4", "3.4", "2.12", 11),
    Release("0.23.3", "3.4", "2.12", 11),
    Release("0.23.2", "3.4", "2.12", 11),
    Release("0.23.1", "3.4", "2.12", 11),
    Release("0.23.0", "3.4", "2.12", 11),
    Release("0.22.0", "3.3", "2.12", 11),
    Release("0.21.1", "3.2", "2.12", 11),
    Release("0.21.0", "3.2", "2.12", 11),
    Release("0.20.0", "3.2", "2.12", 8),
    Release("0.19.0", "3.0", "2.12", 8),
    Release("0.18.1", "3.0", "2.12", 8),
    Release("0.18.0", "3.0", "2.12", 8),
    Release("0.17.0", "2.4", "2.12", 8),
    Release("0.16.0", "2.4", "2.12", 8),
)
