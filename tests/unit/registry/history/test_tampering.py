"""Any edit of one row is found, and a chain that was written anew is found by a head that was kept."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from days_to_sell.errors import EventLogError
from days_to_sell.registry.events.event import Actor, Kind, NewEvent
from days_to_sell.registry.events.log import EventLog
from days_to_sell.registry.events.tables import EVENTS, HEADS
from days_to_sell.registry.history.kept import KeptHead, held_against, read_head

TEXTS = ("model", "at", "kind", "version", "digest", "actor", "body", "previous", "hash")
ROWS = 6


def fill(log: EventLog, reason: str = "better") -> None:
    """Write a chain."""
    for number in range(1, ROWS + 1):
        body = {"to": str(number), "reason": reason, "gates": [1, None, "ä"]}
        log.append(NewEvent("cars", Kind.PROMOTED, Actor("ann", True), str(number), f"sha256:{number}", body))


@pytest.fixture(scope="module")
def chained(tmp_path_factory: pytest.TempPathFactory) -> EventLog:
    """A log with one chain, which each test leaves as it was."""
    log = EventLog.open(f"sqlite:///{tmp_path_factory.mktemp('log') / 'events.db'}")
    fill(log)
    return log


@st.composite
def edits(draw: st.DrawFn) -> tuple[str, object]:
    """One column, and what it is set to."""
    column = draw(st.sampled_from((*TEXTS, "number", "verified", "position")))
    if column in TEXTS:
        known = st.sampled_from(["", "{}", "[1]", '{"to": "1"}', "2026-01-01", "not json", "1", "vans"])
        return column, draw(
            known | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
        )
    if column == "verified":
        return column, False
    return column, draw(st.integers(-5, 3 * ROWS))


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edit=edits(), row=st.integers(1, ROWS))
def test_any_edit_of_one_row_is_found(chained: EventLog, edit: tuple[str, object], row: int) -> None:
    """Whatever column it is in, if only the row reads otherwise or stands elsewhere afterwards."""
    column, value = edit
    with chained.engine.connect() as connection, connection.begin() as transaction:
        found = connection.execute(sa.select(EVENTS).where(EVENTS.c.number == row)).one()
        assume(getattr(found, column) != value)
        try:
            connection.execute(sa.update(EVENTS).where(EVENTS.c.number == row).values({column: value}))
        except sa.exc.IntegrityError:
            transaction.rollback()
            return
        order = connection.scalars(sa.select(EVENTS.c.number).order_by(EVENTS.c.position)).all()
        # A place that was only moved within a gap changes no answer.
        assume(column != "position" or list(order) != sorted(order))
        transaction.commit()
    try:
        assert chained.verify("cars")
    finally:
        with chained.engine.begin() as connection:
            where = EVENTS.c.number == (value if column == "number" else row)
            connection.execute(sa.update(EVENTS).where(where).values(found._asdict()))
    assert not chained.verify("cars")


@pytest.mark.parametrize("row", range(1, ROWS + 1))
def test_a_row_that_was_taken_away_is_found(tmp_path: Path, row: int) -> None:
    """The first and the last too."""
    log = EventLog.open(f"sqlite:///{tmp_path / 'events.db'}")
    fill(log)
    with log.engine.begin() as connection:
        connection.execute(sa.delete(EVENTS).where(EVENTS.c.number == row))
    assert any(fault.number == row and "missing" in fault.found for fault in log.verify("cars"))


def test_a_chain_that_was_written_anew_is_found_by_a_kept_head(tmp_path: Path) -> None:
    """Its hashes fit one another; the one that was kept elsewhere does not fit them."""
    log = EventLog.open(f"sqlite:///{tmp_path / 'events.db'}")
    fill(log)
    head = log.head("cars")
    kept = read_head(f"{head.number}:{head.hash}")
    log.append(NewEvent("cars", Kind.WITHDRAWN, Actor("ann")))
    assert held_against(kept, log.read("cars")) == ()
    with log.engine.begin() as connection:
        connection.execute(sa.delete(EVENTS))
        connection.execute(sa.delete(HEADS))
    fill(log, reason="another story")
    assert log.verify("cars") == []
    (fault,) = held_against(kept, log.read("cars"))
    assert "not the one whose hash was kept" in fault.found


def test_a_chain_that_was_cut_off_is_found_by_a_kept_head() -> None:
    """An end that was set back leaves a chain that holds, without the event."""
    (fault,) = held_against(KeptHead(7, "0" * 64), [])
    assert str(fault) == "event 7: missing: its hash was kept elsewhere, and the log ends at 0"


@pytest.mark.parametrize("text", ["", "7", "7:abc", f"0:{'0' * 64}", f"7:{'G' * 64}"])
def test_what_is_no_head_is_refused(text: str) -> None:
    """With how to come by one."""
    with pytest.raises(EventLogError, match="no head of a chain"):
        read_head(text)
