"""The tables that a gated server needs, made before it starts: MLflow's, then those of the event log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import sqlalchemy as sa
from mlflow.store.db import utils as mlflow_tables

from days_to_sell.errors import EventLogError
from days_to_sell.registry.events.log import GATED, translated
from days_to_sell.registry.events.tables import create_tables, missing_from

# Two servers that start at once take turns; the number only has to be the same for both.
_TURN = 0x646179735F746F


@dataclass(frozen=True)
class Prepared:
    """What was done to a database.

    Args:
        mlflow: Whether MLflow's tables were made, in a database that had none.
        ours: Tables of the event log that were made.
        revision: MLflow's name for the state of its tables.
    """

    mlflow: bool
    ours: tuple[str, ...]
    revision: str


def prepare_database(address: str) -> Prepared:
    """Make the tables that are not there yet; those that are there are never changed.

    Args:
        address: Of the database, with or without our prefix.

    Raises:
        EventLogError: It does not answer, or its tables are of another version of MLflow or of this toolkit.
    """
    plain = address.removeprefix(GATED)
    with translated(plain, "start the database, or name another"):
        engine = sa.create_engine(plain)
        try:
            with _turn(engine):
                mlflow = not mlflow_tables._all_tables_exist(engine) and _has_no_revision(engine)
                if mlflow:
                    # MLflow asks whether a database is empty before it upgrades one: its tables come first.
                    mlflow_tables._safe_initialize_tables(engine)
                revision = _require_revision(engine)
                ours = missing_from(engine).tables
                create_tables(engine)
                _require_columns(engine)
        finally:
            engine.dispose()
    return Prepared(mlflow, ours, revision)


@contextmanager
def _turn(engine: sa.Engine) -> Iterator[None]:
    """Keep others who prepare the same PostgreSQL waiting; a file of SQLite is one machine's."""
    if engine.dialect.name != "postgresql":
        yield
        return
    with engine.connect() as connection:
        connection.execute(sa.select(sa.func.pg_advisory_lock(_TURN)))
        connection.commit()
        try:
            yield
        finally:
            connection.execute(sa.select(sa.func.pg_advisory_unlock(_TURN)))


def _has_no_revision(engine: sa.Engine) -> bool:
    return not mlflow_tables._get_schema_version(engine)


def _require_revision(engine: sa.Engine) -> str:
    found, due = mlflow_tables._get_schema_version(engine), mlflow_tables._get_latest_schema_revision()
    if found != due:
        raise EventLogError(
            f"MLflow's tables are of revision {found}, and the MLflow that is installed here needs {due}; "
            "stop the server, take a backup, and run: mlflow db upgrade DATABASE (without dts+)"
        )
    return str(found)


def _require_columns(engine: sa.Engine) -> None:
    columns = missing_from(engine).columns
    if columns:
        raise EventLogError(
            f"the tables of the event log lack {', '.join(columns)}; another version of this toolkit made "
            "them: install that one"
        )
