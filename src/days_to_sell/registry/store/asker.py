"""Who asks the registry for a change, and whether anybody checked that."""

from __future__ import annotations

import flask

from days_to_sell.registry.events.event import Actor
from days_to_sell.registry.events.place import whoever_runs_this

FORWARDED = "X-Forwarded-User"
# What the log keeps of a name.
LONGEST = 256


def asker() -> Actor:
    """Name whoever asked: a user whose password MLflow's basic-auth checked, else what the request claims."""
    if not flask.has_request_context():
        return whoever_runs_this()
    checked = getattr(flask.g, "mlflow_authenticated_user", None)
    if checked:
        return Actor(str(checked)[:LONGEST], verified=True)
    request = flask.request
    claimed = request.headers.get(FORWARDED) or (request.authorization and request.authorization.username)
    return Actor((claimed or request.remote_addr or "unknown")[:LONGEST])
