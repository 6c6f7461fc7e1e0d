"""Leases: one program acts at a time, another takes over when it is gone, and a late one is fenced off."""

from __future__ import annotations

import time
from dataclasses import dataclass

import sqlalchemy as sa

from days_to_sell.errors import LeaseError
from days_to_sell.registry.events.tables import LEASES


@dataclass(frozen=True)
class Lease:
    """The right to act.

    Args:
        name: What for.
        holder: Who has it.
        token: Rises whenever the lease changes hands; what acts on an older one is refused.
    """

    name: str
    holder: str
    token: int


class Leases:
    """Leases in the database of the log.

    Times are those of the machines that ask; their clocks may differ by much less than a lease lasts. A clock
    that is wrong can make two programs believe that they hold a lease; the token then lets only the newer one
    write.

    Args:
        engine: The database.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def acquire(self, name: str, holder: str, seconds: float) -> Lease | None:
        """Take a lease that nobody has, that ran out, or that this holder has already; else ``None``."""
        now, expires = time.time(), time.time() + seconds
        mine = LEASES.c.name == name
        with self._engine.begin() as connection:
            renewed = connection.execute(
                sa.update(LEASES)
                .where(mine, LEASES.c.holder == holder, LEASES.c.expires > now)
                .values(expires=expires)
            ).rowcount
            if not renewed:
                taken = connection.execute(
                    sa.update(LEASES)
                    .where(mine, LEASES.c.expires <= now)
                    .values(holder=holder, token=LEASES.c.token + 1, expires=expires)
                ).rowcount
                if not taken and not _first(connection, name, holder, expires):
                    return None
            token = connection.scalar(sa.select(LEASES.c.token).where(mine, LEASES.c.holder == holder))
        return None if token is None else Lease(name, holder, token)

    def holder(self, name: str) -> str | None:
        """Tell who has a lease now."""
        now = time.time()
        asked = sa.select(LEASES.c.holder).where(LEASES.c.name == name, LEASES.c.expires > now)
        with self._engine.connect() as connection:
            return connection.scalar(asked)

    def release(self, lease: Lease) -> None:
        """Give a lease back, so that the next one need not wait until it runs out."""
        held = (LEASES.c.name == lease.name, LEASES.c.token == lease.token)
        with self._engine.begin() as connection:
            connection.execute(sa.update(LEASES).where(*held).values(expires=0.0))


def require(connection: sa.Connection, lease: Lease) -> None:
    """Make sure that nobody else took the lease, which cannot change hands until the transaction ends.

    Raises:
        LeaseError: Somebody did.
    """
    held = (LEASES.c.name == lease.name, LEASES.c.token == lease.token)
    if not connection.execute(sa.update(LEASES).where(*held).values(token=LEASES.c.token)).rowcount:
        raise LeaseError(
            f"{lease.holder} no longer holds the lease {lease.name!r}: it ran out and another took over; "
            "nothing was written"
        )


def _first(connection: sa.Connection, name: str, holder: str, expires: float) -> bool:
    try:
        with connection.begin_nested():
            values = {"name": name, "holder": holder, "token": 1, "expires": expires}
            connection.execute(sa.insert(LEASES).values(values))
    except sa.exc.IntegrityError:
        return False
    return True
