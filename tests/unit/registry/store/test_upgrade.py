"""``mlflow db upgrade`` on a database that our tables share with those of an older MLflow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory
from click.testing import CliRunner
from mlflow.cli import cli
from mlflow.exceptions import MlflowException
from mlflow.store.db.utils import InitialBase, _get_alembic_config, _verify_schema

from days_to_sell.cli.history import history
from days_to_sell.registry.events.event import Actor, Kind, NewEvent
from days_to_sell.registry.events.log import EventLog
from days_to_sell.registry.events.tables import METADATA
from days_to_sell.registry.store.gated import Judge
from days_to_sell.registry.store.stores import GatedStore
from tests.unit.registry.store.conftest import MODEL, Door

# So many revisions an older MLflow is behind: about a year of its releases.
BEHIND = 20
ROWS = {
    "registered_models": [{"name": MODEL}],
    "model_versions": [
        {"name": MODEL, "version": 1, "current_stage": "Production", "source": "s3://bucket/1"},
        {"name": MODEL, "version": 2, "current_stage": "None", "source": "s3://bucket/2"},
    ],
    "registered_model_aliases": [{"name": MODEL, "alias": "production", "version": 1}],
}


@pytest.fixture
def address(tmp_path: Path) -> str:
    """A database as an older MLflow made it, with a version in Production, and then our tables and events."""
    address = f"sqlite:///{tmp_path / 'mlflow.db'}"
    engine, config = sa.create_engine(address), _get_alembic_config(address)
    older = [each.revision for each in ScriptDirectory.from_config(config).walk_revisions()][BEHIND]
    InitialBase.metadata.create_all(engine)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, older)
    tables = sa.MetaData()
    tables.reflect(engine, only=list(ROWS))
    with engine.begin() as connection:
        for name, rows in ROWS.items():
            connection.execute(sa.insert(tables.tables[name]), rows)
    engine.dispose()
    log, ruth = EventLog.open(address), Actor("ruth", verified=True)
    log.append(NewEvent(MODEL, Kind.GATES, ruth, "1", "d:s3://bucket/1"))
    log.append(NewEvent(MODEL, Kind.PROMOTED, ruth, "1", "d:s3://bucket/1", {"from": None, "to": "1"}))
    assert log.leases.acquire("release", "somebody", 60)
    return address


def ours(engine: sa.Engine) -> dict[str, Any]:
    """Read our tables: how they were made, with their indexes, and every row."""
    names = list(METADATA.tables)
    made = sa.text("SELECT name, sql FROM sqlite_master WHERE tbl_name IN :names ORDER BY name")
    with engine.connect() as connection:
        schema = connection.execute(
            made.bindparams(sa.bindparam("names", expanding=True)), {"names": names}
        ).all()
        rows = {name: connection.execute(sa.select(METADATA.tables[name])).all() for name in names}
    return {"schema": schema, **rows}


def test_our_tables_survive_an_upgrade_of_mlflow_and_the_store_opens_on_them(
    address: str, door: Door
) -> None:
    """The upgrade takes the plain address; tables, events and chain stay, and promotions follow on them."""
    engine = sa.create_engine(address)
    with pytest.raises(MlflowException, match="mlflow db upgrade"):
        _verify_schema(engine)
    before = ours(engine)
    assert [len(before[name]) for name in METADATA.tables] == [2, 1, 1]

    upgraded = CliRunner().invoke(cli, ["db", "upgrade", address])
    assert (upgraded.exit_code, upgraded.exception) == (0, None)
    _verify_schema(engine)
    assert ours(engine) == before
    verified = CliRunner().invoke(history, ["verify"], env={"DAYS_TO_SELL_EVENT_LOG": address})
    assert (verified.exit_code, f"{MODEL}: 2 events hold" in verified.output) == (0, True)

    judge = Judge(lambda _: object(), door.refusals, lambda source: f"d:{source}")
    GatedStore(address, judge=judge).set_registered_model_alias(MODEL, "production", "2")
    _verify_schema(engine)
    *_, promoted = EventLog.open(address).read(MODEL)
    body = {"from": "1", "from_digest": "d:s3://bucket/1", "to": "2", "by": "alias"}
    assert (promoted.number, promoted.kind, promoted.body) == (3, Kind.PROMOTED, body)
    assert EventLog.open(address).verify(MODEL) == []
