"""The event log as programs use it: opened by an address, written to, read and checked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import sqlalchemy as sa

from days_to_sell.errors import EventLogError
from days_to_sell.registry.events import chain
from days_to_sell.registry.events.chain import Fault, Head
from days_to_sell.registry.events.event import Event, Kind, NewEvent
from days_to_sell.registry.events.leases import Lease, Leases, require
from days_to_sell.registry.events.tables import EVENTS, HEADS, create_tables

WORKSPACE = "default"
# How long a writer waits for others; SQLite lets one write at a time.
WAIT_SECONDS = 30
# How often a chain is read anew that somebody wrote to meanwhile.
LOOKS = 10
# A registry store of ours says so in its address; the database behind it has the address without that.
GATED = "dts+"


class EventLog:
    """The events of all models of one workspace of MLflow.

    Args:
        engine: The database; its tables exist.
        workspace: MLflow's name for the workspace.
    """

    def __init__(self, engine: sa.Engine, workspace: str = WORKSPACE) -> None:
        self.engine = engine
        self.workspace = workspace
        self.leases = Leases(engine)

    @classmethod
    def open(cls, address: str, workspace: str = WORKSPACE) -> EventLog:
        """Open the log at a database address, and create its tables where they are not there yet.

        Args:
            address: Such as ``sqlite:///events.db`` or ``postgresql://user@host/database``, or that of
                a gated registry store.
            workspace: MLflow's name for the workspace.

        Raises:
            EventLogError: There is no such database, or it does not answer.
        """
        with translated(address):
            url = sa.make_url(address.removeprefix(GATED))
            waits = {"timeout": WAIT_SECONDS} if url.get_backend_name() == "sqlite" else {}
            engine = sa.create_engine(url, connect_args=waits, pool_pre_ping=True)
            create_tables(engine)
        return cls(engine, workspace)

    def append(self, new: NewEvent, lease: Lease | None = None) -> Event:
        """Write an event, in a transaction of its own.

        Args:
            new: The event.
            lease: What the writer's right to act rests on, if on anything.

        Raises:
            LeaseError: Another program holds the lease now.
            EventLogError: The database does not answer.
        """
        with self._answering(), self.engine.begin() as connection:
            if lease:
                require(connection, lease)
            return chain.append(connection, self.workspace, new)

    def read(
        self,
        model: str | None = None,
        *,
        version: str | None = None,
        kinds: Sequence[Kind] = (),
        after: int = 0,
        until: str | None = None,
    ) -> list[Event]:
        """Read events in the order in which they were written.

        Args:
            model: Of this model alone.
            version: Of this version alone.
            kinds: Of these kinds alone.
            after: Those after this position.
            until: Those at or before this time, as ISO 8601 in UTC.
        """
        asked = sa.select(EVENTS).where(EVENTS.c.workspace == self.workspace, EVENTS.c.position > after)
        if model is not None:
            asked = asked.where(EVENTS.c.model == model)
        if version is not None:
            asked = asked.where(EVENTS.c.version == version)
        if kinds:
            asked = asked.where(EVENTS.c.kind.in_([str(kind) for kind in kinds]))
        if until is not None:
            asked = asked.where(EVENTS.c.at <= until)
        # Within a model, the number is the order; across models, transactions may commit in another order.
        asked = asked.order_by(EVENTS.c.position)
        with self._answering(), self.engine.connect() as connection:
            return [chain.to_event(row) for row in connection.execute(asked)]

    def last(self, model: str, kind: Kind, version: str | None = None) -> Event | None:
        """Give the newest event of a kind."""
        asked = sa.select(EVENTS).where(
            EVENTS.c.workspace == self.workspace, EVENTS.c.model == model, EVENTS.c.kind == str(kind)
        )
        if version is not None:
            asked = asked.where(EVENTS.c.version == version)
        with self._answering(), self.engine.connect() as connection:
            row = connection.execute(asked.order_by(EVENTS.c.number.desc()).limit(1)).one_or_none()
        return chain.to_event(row) if row else None

    def models(self) -> list[str]:
        """Name the models that have events."""
        asked = sa.select(HEADS.c.model).where(HEADS.c.workspace == self.workspace).order_by(HEADS.c.model)
        with self._answering(), self.engine.connect() as connection:
            return list(connection.scalars(asked))

    def head(self, model: str) -> Head:
        """Give the end of a model's chain; its hash, kept elsewhere, tells a chain that was written anew."""
        asked = sa.select(HEADS.c.number, HEADS.c.at, HEADS.c.hash).where(
            HEADS.c.workspace == self.workspace, HEADS.c.model == model
        )
        with self._answering(), self.engine.connect() as connection:
            row = connection.execute(asked).one_or_none()
        return Head(*row) if row else Head()

    def verify(self, model: str) -> list[Fault]:
        """Find where the chain of a model was tampered with; an empty list where it holds."""
        head, events = Head(), list[Event]()
        for _ in range(LOOKS):
            head, events = self.head(model), self.read(model)
            if self.head(model) == head:
                break
        return list(chain.faults(sorted(events, key=lambda event: event.number), head))

    def verify_end(self, model: str) -> list[Fault]:
        """Find whether the newest events of a model hold, without reading the rest of its chain."""
        asked = sa.select(EVENTS).where(EVENTS.c.workspace == self.workspace, EVENTS.c.model == model)
        newest = asked.order_by(EVENTS.c.number.desc()).limit(2)
        head, events = Head(), list[Event]()
        for _ in range(LOOKS):
            head = self.head(model)
            with self._answering(), self.engine.connect() as connection:
                events = [chain.to_event(row) for row in connection.execute(newest)][::-1]
            if self.head(model) == head:
                break
        first = events[0] if events else None
        after = Head(first.number - 1, "", first.previous) if first else None
        return list(chain.faults(events, head, after))

    @contextmanager
    def _answering(self) -> Iterator[None]:
        with translated(self.engine.url.render_as_string(hide_password=True)):
            yield


@contextmanager
def translated(address: str, remedy: str = "DAYS_TO_SELL_EVENT_LOG names it") -> Iterator[None]:
    """Turn the database's errors into one of ours, at the seam, without the password of the address."""
    try:
        yield
    except (sa.exc.DBAPIError, sa.exc.ArgumentError, sa.exc.NoSuchModuleError, ImportError) as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        shown = _without_password(address)
        raise EventLogError(f"the event log at {shown} does not answer: {reason}; {remedy}") from error


def _without_password(address: str) -> str:
    try:
        return sa.make_url(address).render_as_string(hide_password=True)
    except sa.exc.ArgumentError:
        return "an address that is none"
