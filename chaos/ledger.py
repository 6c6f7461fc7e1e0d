"""What a client knows of its promotions: acknowledged, refused, or never answered."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import requests

from chaos.plan import Promotion
from days_to_sell.release.service import http_session

ANSWER_SECONDS = 60.0
SHOWN = 200
STAGE, ALIAS = "Production", "production"


class Outcome(StrEnum):
    """What came back."""

    ACKNOWLEDGED = "acknowledged"
    """The server answered with 200: from now on the promotion must not be lost."""
    REFUSED = "refused"
    """The server answered that it did not do it."""
    UNKNOWN = "unknown"
    """No answer, or one of a server in trouble: it was done or it was not."""


@dataclass(frozen=True)
class Ask:
    """One promotion that was asked for.

    Args:
        number: Its number in the plan.
        version: The registered version.
        way: ``stage`` or ``alias``.
        outcome: What came back.
        said: What the server said, where it did not acknowledge.
    """

    number: int
    version: str
    way: str
    outcome: Outcome
    said: str = ""

    def __str__(self) -> str:
        """Say it in a few words."""
        return f"promotion {self.number} (version {self.version} by {self.way})"


def ask(server: str, model: str, version: str, promotion: Promotion) -> Ask:
    """Ask an MLflow server once, as any client may; nothing is tried again."""
    api = f"{server}/api/2.0/mlflow"
    if promotion.way == "stage":
        url = f"{api}/model-versions/transition-stage"
        body = {"name": model, "version": version, "stage": STAGE, "archive_existing_versions": True}
    else:
        url = f"{api}/registered-models/alias"
        body = {"name": model, "version": version, "alias": ALIAS}
    try:
        with http_session() as session:
            reply = session.post(url, json=body, timeout=ANSWER_SECONDS)
    except requests.RequestException as error:
        return Ask(promotion.number, version, promotion.way, Outcome.UNKNOWN, f"{error!r:.{SHOWN}}")
    outcome = outcome_of(reply.status_code)
    said = "" if outcome == Outcome.ACKNOWLEDGED else f"HTTP {reply.status_code}: {reply.text[:SHOWN]}"
    return Ask(promotion.number, version, promotion.way, outcome, said)


def outcome_of(status: int) -> Outcome:
    """Tell what a client may take from a status.

    >>> [str(outcome_of(status)) for status in (200, 409, 500)]
    ['acknowledged', 'refused', 'unknown']
    """
    if status == requests.codes.ok:
        return Outcome.ACKNOWLEDGED
    return Outcome.REFUSED if 400 <= status < 500 else Outcome.UNKNOWN
