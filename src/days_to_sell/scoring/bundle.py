"""An MLeap bundle as a function from rows to rows, whichever engine computes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from days_to_sell.scoring.answers import Answer, Row
from days_to_sell.scoring.engines import Engine, FindRuntime, open_bundle
from days_to_sell.scoring.kinds import Kind

if TYPE_CHECKING:
    from days_to_sell.scoring.jvm import JvmRuntime


class Bundle(Protocol):
    """A pipeline ready to score."""

    @property
    def name(self) -> str:
        """Name of the bundle, that of the Spark pipeline it was exported from."""

    @property
    def engine(self) -> str:
        """What computes it: ``python`` or ``jvm``."""

    @property
    def inputs(self) -> Mapping[str, Kind]:
        """The columns that rows must bring, in the order the pipeline reads them."""

    @property
    def outputs(self) -> Mapping[str, Kind]:
        """The columns that are added, in the order the pipeline writes them."""

    def select(self, columns: Sequence[str]) -> Bundle:
        """Give the bundle that adds no other columns than these.

        What rows it refuses or drops stays the same.

        Raises:
            BundleError: The pipeline does not write one of them.
        """

    def transform(self, rows: Iterable[Mapping[str, Any]]) -> list[Row]:
        """Score rows.

        A number may be null, which is NaN to the pipeline; a vector is a list of floats.

        Args:
            rows: Rows with at least the columns of ``inputs``; they are left as they are.

        Returns:
            For each row its own fields and the columns of ``outputs``; a row that the pipeline drops is left
            out.

        Raises:
            ScoringError: A row lacks a column, or holds a value that the pipeline refuses; the message begins
                with its position, counted from 0.
        """

    def transform_each(self, rows: Iterable[Mapping[str, Any]]) -> list[Answer]:
        """Score rows as :meth:`transform` does, with an answer to each: what was refused gives its error.

        Returns:
            As many as there are rows, in their order: the answer, the error, or None for a row that the
            pipeline drops.
        """

    def transform_row(self, row: Mapping[str, Any]) -> Row | None:
        """Score one row as :meth:`transform` does; None if the pipeline drops it."""


def load_bundle(
    path: str | Path, engine: Engine = "python", runtime: JvmRuntime | FindRuntime | None = None
) -> Bundle:
    """Load an MLeap bundle.

    The file is not trusted: nothing in it is executed, nothing is unpacked to disk, and whatever does not
    fit together is refused.

    Args:
        path: A zip, or a directory that holds what the zip would.
        engine: What computes it: ``python``, ``jvm``, or ``auto``, which is Python where it knows every
            operator, else the JVM.
        runtime: What the JVM engine is started from, or what finds it when it is needed.

    Raises:
        BundleError: The bundle is damaged, or the engine cannot compute it: the one in Python does not read
            protobuf format and lacks some operators.
        EnvironmentProblem: The JVM is asked for and cannot be had.
    """
    find = runtime if runtime is None or callable(runtime) else partial(_given, runtime)
    return open_bundle(Path(path), engine, find).bundle


def _given(runtime: JvmRuntime) -> JvmRuntime:
    return runtime
