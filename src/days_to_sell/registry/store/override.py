"""Break glass: a named person lets a version pass red gates, with a reason, in the request that promotes it.

The reason comes in a header. A browser sends none of its own, and a page of another site may not add one, so
no click opens the door; and the request is the promotion itself, so that one transaction holds both.
"""

from __future__ import annotations

from urllib.parse import unquote

import flask

from days_to_sell.registry.events.event import Actor
from days_to_sell.registry.overriding import HEADER
from days_to_sell.settings import PREFIX, Settings

LONGEST = 1000
SETTING = f"{PREFIX}OVERRIDE_USERS"


def reason_of_request() -> str | None:
    """Give the reason for which this request asks to override red gates; ``None`` where it does not."""
    sent = flask.request.headers.get(HEADER) if flask.has_request_context() else None
    return None if sent is None else unquote(sent).strip()


def against(reason: str, who: Actor, settings: Settings) -> str | None:
    """Say why an override is not taken, with the remedy; ``None`` where it is."""
    if not reason.strip():
        return "an override needs a reason"
    if len(reason) > LONGEST:
        return f"the reason of an override has at most {LONGEST} characters, not {len(reason)}"
    if who.name not in {name.strip() for name in settings.override_users.split(",")}:
        return (
            f"{who.name} may not override them: {SETTING} of the server names who may, and "
            "MLFLOW_TRACKING_USERNAME with MLFLOW_TRACKING_PASSWORD says who you are"
        )
    return None


def shown(reason: str, who: Actor) -> str:
    """Write an override as the version's tag shows it."""
    return f"{reason} ({who.name}, {'verified' if who.verified else 'claimed'})"
