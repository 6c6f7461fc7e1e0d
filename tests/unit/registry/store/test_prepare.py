"""The tables of a gated server: made where there are none, never changed, and told where they are others."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from mlflow.store.db import utils as mlflow_tables

from days_to_sell.errors import EventLogError
from days_to_sell.registry.events.tables import METADATA
from days_to_sell.registry.store.prepare import prepare_database


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database that was empty and is prepared."""
    address = f"sqlite:///{tmp_path_factory.mktemp('prepared') / 'mlflow.db'}"
    done = prepare_database(f"dts+{address}")
    assert (done.mlflow, set(done.ours)) == (True, set(METADATA.tables))
    assert done.revision == mlflow_tables._get_latest_schema_revision()
    return address


def test_doing_it_again_changes_nothing(made: str) -> None:
    """A server does it at each start."""
    again = prepare_database(made)
    assert (again.mlflow, again.ours) == (False, ())


def test_our_tables_come_beside_those_that_mlflow_made_before(made: str) -> None:
    """As where a server ran without our store until now."""
    engine = sa.create_engine(made)
    METADATA.drop_all(engine)
    done = prepare_database(made)
    assert (done.mlflow, set(done.ours)) == (False, set(METADATA.tables))


def test_tables_of_another_mlflow_are_left_to_its_own_command(tmp_path: Path) -> None:
    """That needs a backup first, so that no start does it by the way."""
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'old.db'}")
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE alembic_version (version_num TEXT)"))
        connection.execute(sa.text("INSERT INTO alembic_version VALUES ('728d730b5ebd')"))
    with pytest.raises(EventLogError, match=r"of revision 728d730b5ebd, .* run: mlflow db upgrade DATABASE"):
        prepare_database(str(engine.url))
    assert sa.inspect(engine).get_table_names() == ["alembic_version"]


def test_columns_of_another_version_of_ours_are_named(made: str) -> None:
    """They would fail at the first event otherwise."""
    engine = sa.create_engine(made)
    with engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE days_to_sell_leases DROP COLUMN expires"))
    try:
        with pytest.raises(EventLogError, match=r"lack days_to_sell_leases\.expires"):
            prepare_database(made)
    finally:
        METADATA.drop_all(engine)


def test_a_database_that_does_not_answer_is_told_without_its_password() -> None:
    """With what to do."""
    with pytest.raises(EventLogError, match="start the database, or name another") as raised:
        prepare_database("postgresql://mlflow:not-to-be-shown@127.0.0.1:9/mlflow")
    assert "not-to-be-shown" not in str(raised.value)
