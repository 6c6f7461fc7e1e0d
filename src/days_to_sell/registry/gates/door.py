"""The door to Production: what the event log says against letting a version in. It only reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from days_to_sell.models import find_spec, model_names
from days_to_sell.registry.events import chain, overrides
from days_to_sell.registry.events.event import Event, Kind
from days_to_sell.registry.events.tables import EVENTS
from days_to_sell.spec import ModelSpec
from days_to_sell.spec.gates import Gate, declared


@dataclass(frozen=True)
class Entrant:
    """A version at the door.

    Args:
        version: Number of the registered version.
        digest: Digest of its model package.
    """

    version: str
    digest: str


def refusals(
    connection: sa.Connection, workspace: str, spec: ModelSpec, candidate: Entrant, incumbent: Entrant | None
) -> tuple[str, ...]:
    """Say why a version may not go to Production.

    Args:
        connection: To the database of the event log; nothing is written.
        workspace: MLflow's name for the workspace.
        spec: The installed spec of the model, whose gates count.
        candidate: Who asks.
        incumbent: Who is in Production; the candidate itself, or none, is compared with nobody.

    Returns:
        Reasons, each with its remedy; none where it may.
    """
    if incumbent is not None and incumbent.digest == candidate.digest:
        incumbent = None
    if open_override(connection, workspace, spec.name, candidate):
        return ()
    found = results_of(connection, workspace, spec.name, candidate)
    reasons = (_refusal(gate, found, spec.name, candidate, incumbent) for gate in spec.gates)
    return tuple(reason for reason in reasons if reason)


def spec_of(model_name: str) -> ModelSpec | None:
    """Find the installed spec of a registered model; a model that is not ours has none."""
    specs = (find_spec(folder) for folder in model_names())
    return next((spec for spec in specs if spec.name == model_name), None)


def results_of(
    connection: sa.Connection, workspace: str, model: str, candidate: Entrant
) -> list[tuple[Mapping[str, Any], Mapping[str, Any] | None]]:
    """Read every result of a version's own bytes, the newest first, each with the incumbent it was for."""
    events = _read(connection, workspace, model, (Kind.GATES,), EVENTS.c.version == candidate.version)
    return [
        (result, event.body.get("incumbent"))
        for event in events
        if event.digest == candidate.digest
        for result in event.body.get("results", ())
    ]


def open_override(connection: sa.Connection, workspace: str, model: str, candidate: Entrant) -> Event | None:
    """Find by which event a person let these bytes pass, after the version last left Production."""
    events = reversed(_read(connection, workspace, model, overrides.KINDS))
    return overrides.open_override(events, candidate.version, candidate.digest)


def _refusal(
    gate: Gate,
    found: Sequence[tuple[Mapping[str, Any], Mapping[str, Any] | None]],
    model: str,
    candidate: Entrant,
    incumbent: Entrant | None,
) -> str | None:
    """Say what speaks against a version at one gate."""
    if gate.relative and incumbent is None:
        return None
    remedy = f"run: days-to-sell gates {model} {candidate.version} --evaluate"
    named = [(result, against) for result, against in found if result.get("gate") == gate.name]
    if not named:
        return f"gate {gate.name} was never evaluated for these bytes; {remedy}"
    same = [(result, against) for result, against in named if result.get("declared") == declared(gate)]
    if not same:
        return f"gate {gate.name} was not evaluated since the gate changed; {remedy}"
    if gate.relative and incumbent is not None:
        same = [
            (result, against) for result, against in same if (against or {}).get("digest") == incumbent.digest
        ]
        if not same:
            return f"gate {gate.name} is to be evaluated against version {incumbent.version}; {remedy}"
    newest = same[0][0]
    return None if newest.get("passed") is True else f"gate {gate.name} is red: {newest.get('reason')}"


def _read(
    connection: sa.Connection,
    workspace: str,
    model: str,
    kinds: Sequence[Kind],
    *more: sa.ColumnElement[bool],
) -> list[Event]:
    """Read events of some kinds, the newest first."""
    wanted = EVENTS.c.kind.in_([str(kind) for kind in kinds])
    asked = sa.select(EVENTS).where(EVENTS.c.workspace == workspace, EVENTS.c.model == model, wanted, *more)
    return [chain.to_event(row) for row in connection.execute(asked.order_by(EVENTS.c.number.desc()))]
