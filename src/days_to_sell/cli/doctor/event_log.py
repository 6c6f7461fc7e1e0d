"""The event log: whether it answers, holds at its ends, takes events, and is the server's own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from days_to_sell.cli.doctor.clocks import Clocks
from days_to_sell.cli.doctor.finding import Broken, Note
from days_to_sell.cli.doctor.server import API, Server
from days_to_sell.errors import EventLogError
from days_to_sell.registry.events import chain
from days_to_sell.registry.events.event import Kind, NewEvent
from days_to_sell.registry.events.log import GATED, EventLog, translated
from days_to_sell.registry.events.place import DATABASES, whoever_runs_this
from days_to_sell.registry.events.tables import missing_from
from days_to_sell.settings import PREFIX, Settings

SETTING = f"{PREFIX}EVENT_LOG"
# No model can be called so: MLflow refuses the slash.
PROBE = "days-to-sell/doctor"
SECONDS = 5
# What each kind of database takes to give up soon.
_SOON: dict[str, dict[str, Any]] = {
    "postgresql": {
        "connect_timeout": SECONDS,
        "options": f"-c statement_timeout={SECONDS}s -c lock_timeout={SECONDS}s",
    },
    "sqlite": {"timeout": SECONDS},
}


def event_log(settings: Settings, server: Server, clocks: Clocks) -> str:
    """Look at the log that this environment reads and writes."""
    address = settings.event_log or (server.address if _is_database(server.address) else None)
    if not address:
        raise Note(
            "not configured: events go to a file of this machine",
            f"where others are to see them, set {SETTING} to the database of the MLflow server",
        )
    if file := _absent_file(address):
        if settings.event_log:
            raise Broken(f"there is no file {file}", f"start what writes it first, or look at {SETTING}")
        raise Note(f"not configured: events will be beside the registry, in {file}, which is not there yet")
    with _opened(address) as log:
        _require_tables(log, address)
        _tell_time(log, clocks)
        models = log.models()
        for model in models:
            if faults := log.verify_end(model):
                raise Broken(
                    f"the chain of {model} does not hold: {faults[0]}",
                    f"run days-to-sell history verify {model}, and compare with the head that you kept",
                )
        _try_to_write(log)
        _require_same_database(log, server)
        return f"{_shown(log)}, of {len(models)} models; chains hold at their ends, and it can be written"


def _is_database(address: str) -> bool:
    return address.removeprefix(GATED).startswith(DATABASES)


def _shown(log: EventLog) -> str:
    return log.engine.url.render_as_string(hide_password=True)


def _absent_file(address: str) -> str | None:
    """Name the file of a SQLite that is not there; opening it would make it."""
    with translated(address):
        url = sa.make_url(address.removeprefix(GATED))
    file = url.database if url.get_backend_name() == "sqlite" else None
    return file if file and not file.startswith("file:") and not Path(file).exists() else None


@contextmanager
def _opened(address: str) -> Iterator[EventLog]:
    """Open a log without making anything."""
    try:
        with translated(address):
            url = sa.make_url(address.removeprefix(GATED))
            soon = _SOON.get(url.get_backend_name(), {})
            engine = sa.create_engine(url, connect_args=soon, poolclass=sa.NullPool)
            with engine.connect():
                pass
            yield EventLog(engine)
    except EventLogError as error:
        said = str(error).rpartition("; ")[0]
        raise Broken(said, _remedy(said)) from error


def _remedy(said: str) -> str:
    if "password" in said or "authentication" in said:
        return f"look at the user in {SETTING}, and at PGPASSWORD, PGPASSFILE or the password in it"
    if "does not exist" in said:
        return (
            f"look at the database in {SETTING}; days-to-sell prepare-database makes the tables of a new one"
        )
    if "permission denied" in said or "readonly" in said:
        return (
            "have its owner grant SELECT, INSERT and UPDATE on the tables days_to_sell_... and their sequence"
        )
    return f"start the database, or look at host and port in {SETTING}"


def _require_tables(log: EventLog, address: str) -> None:
    missing = missing_from(log.engine)
    if missing.tables:
        raise Broken(
            f"{_shown(log)} has no table {', '.join(missing.tables)}",
            "start the MLflow server with our store, or run days-to-sell prepare-database with its address",
        )
    if missing.columns:
        raise Broken(
            f"{_shown(log)} lacks {', '.join(missing.columns)}",
            "its tables were made by another version of this toolkit: install that here",
        )


def _tell_time(log: EventLog, clocks: Clocks) -> None:
    if log.engine.dialect.name != "postgresql":
        return
    with log.engine.connect() as connection, clocks.timing("the database") as shown:
        shown.append(
            float(connection.scalar(sa.text("SELECT extract(epoch FROM clock_timestamp())")) or time.time())
        )


def _try_to_write(log: EventLog) -> None:
    """Write an event and take it back, which leaves nothing but a gap in the positions."""
    with log.engine.connect() as connection, connection.begin() as transaction:
        chain.append(connection, log.workspace, NewEvent(PROBE, Kind.STEP, whoever_runs_this()))
        transaction.rollback()


def _require_same_database(log: EventLog, server: Server) -> None:
    """Hold what the server says of its registry against the tables beside the log."""
    if not server.remote:
        return
    found = server.ask(f"{API}/registered-models/search", query={"max_results": "1"})
    models = found.json().get("registered_models", []) if found.ok else []
    if not models:
        return
    name, made = models[0]["name"], int(models[0]["creation_timestamp"])
    asked = sa.text("SELECT creation_time FROM registered_models WHERE name = :name")
    there: list[Any] = []
    if sa.inspect(log.engine).has_table("registered_models"):
        try:
            with log.engine.connect() as connection:
                there = list(connection.scalars(asked, {"name": name}))
        except sa.exc.DBAPIError:
            # The log alone may be what this user is given to read.
            return
    if made not in there:
        raise Broken(
            f"{_shown(log)} is not the database of {server.shown}, which writes promotions into its own",
            f"set {SETTING} to the database of the server's registry",
        )
