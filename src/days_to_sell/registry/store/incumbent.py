"""Which bytes of a version were let into Production."""

from __future__ import annotations

import sqlalchemy as sa

from days_to_sell.registry.events.event import Kind
from days_to_sell.registry.events.tables import EVENTS


def promoted_digest(connection: sa.Connection, workspace: str, model: str, version: str) -> str:
    """Give the package digest with which a version was last promoted; empty where no event says so."""
    asked = sa.select(EVENTS.c.digest).where(
        EVENTS.c.workspace == workspace,
        EVENTS.c.model == model,
        EVENTS.c.version == version,
        EVENTS.c.kind == str(Kind.PROMOTED),
    )
    return connection.scalar(asked.order_by(EVENTS.c.number.desc()).limit(1)) or ""
