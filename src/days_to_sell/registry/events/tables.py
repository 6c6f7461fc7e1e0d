"""Tables of the log, beside MLflow's in one database, or in a database of their own.

They have metadata of their own and no foreign key on MLflow's tables: its migrations never see them.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

METADATA = sa.MetaData()
HASH = sa.String(64)
# MLflow's own lengths for these names.
WORKSPACE, MODEL = sa.String(63), sa.String(256)

EVENTS = sa.Table(
    "days_to_sell_events",
    METADATA,
    sa.Column(
        "position", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True
    ),
    sa.Column("workspace", WORKSPACE, nullable=False),
    sa.Column("model", MODEL, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("at", sa.String(32), nullable=False),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("version", sa.String(32), nullable=False),
    sa.Column("digest", sa.String(80), nullable=False),
    sa.Column("actor", sa.String(256), nullable=False),
    sa.Column("verified", sa.Boolean, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("previous", HASH, nullable=False),
    sa.Column("hash", HASH, nullable=False),
    sa.UniqueConstraint("workspace", "model", "number", name="days_to_sell_events_chain"),
    sa.Index("days_to_sell_events_of_version", "workspace", "model", "version", "kind"),
    # An id that was given out is never given out again, even when its row is gone.
    sqlite_autoincrement=True,
)
"""Append-only: the code has no update and no delete of it."""

HEADS = sa.Table(
    "days_to_sell_heads",
    METADATA,
    sa.Column("workspace", WORKSPACE, primary_key=True),
    sa.Column("model", MODEL, primary_key=True),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("at", sa.String(32), nullable=False),
    sa.Column("hash", HASH, nullable=False),
)
"""The end of each chain: what the next event follows, and the lock that keeps writers in turn."""

LEASES = sa.Table(
    "days_to_sell_leases",
    METADATA,
    sa.Column("name", sa.String(256), primary_key=True),
    sa.Column("holder", sa.String(256), nullable=False),
    sa.Column("token", sa.BigInteger, nullable=False),
    sa.Column("expires", sa.Float, nullable=False),
)
"""Who may act, until when (seconds since 1970), and the number that fences off whoever acted before."""


def create_tables(engine: sa.Engine) -> None:
    """Create what is not there yet; running it again, or from two programs at once, does no harm."""
    try:
        METADATA.create_all(engine)
    except sa.exc.DBAPIError:
        # Another program created them between the look and the statement; a second look settles it.
        METADATA.create_all(engine)


@dataclass(frozen=True)
class Missing:
    """What a database lacks of the log.

    Args:
        tables: Tables that are not there.
        columns: Columns, as ``table.column``, that tables which are there do not have.
    """

    tables: tuple[str, ...]
    columns: tuple[str, ...]


def missing_from(engine: sa.Engine) -> Missing:
    """Look for the log's tables and their columns, and change nothing."""
    look = sa.inspect(engine)
    there = set(look.get_table_names())
    absent = tuple(name for name in METADATA.tables if name not in there)
    columns = tuple(
        f"{table.name}.{column.name}"
        for table in METADATA.tables.values()
        if table.name in there
        for column in table.columns
        if column.name not in {each["name"] for each in look.get_columns(table.name)}
    )
    return Missing(absent, columns)
