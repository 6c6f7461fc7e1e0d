"""Requests made from the OpenAPI document, good and bad: a few hundred, of which ``make fuzz`` makes many."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from flask import Flask

from serving.edge import Edge
from serving.invocations import Invocations
from serving.reply import Reply
from tests.fuzz.openapi import Campaign, campaign, services

SIZE = 40


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """The service tells of failures that these tests make."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture(scope="module")
def apps(tmp_path_factory: pytest.TempPathFactory) -> tuple[Flask, ...]:
    """The service as it may be set up."""
    return services(tmp_path_factory.mktemp("services"))


def ask(app: Flask, size: int) -> Campaign:
    """Make one round of requests."""
    return next(campaign((app,), 1, 0, size))


@pytest.mark.parametrize("which", range(3), ids=["as it is", "open to unknown fields", "behind keys"])
def test_every_reply_is_as_described(apps: tuple[Flask, ...], which: int) -> None:
    """Status, content type, headers and body; what fits is answered, and what does not is refused."""
    found = ask(apps[which], SIZE)

    assert found.failures == []
    assert found.requests > 2 * SIZE
    statuses = {status for label, status in found.replies if label == "POST /invocations"}
    assert {200, 400, 405, 413, 415, 422} <= statuses
    assert {"records_are_answered", "violations_are_refused", "response_schema_conformance"} <= set(
        found.checks
    )


@pytest.mark.parametrize(
    ("reply", "checks"),
    [
        (Reply(500, b"{}", "application/problem+json"), {"not_a_server_error"}),
        (Reply(409, b"{}"), {"status_code_conformance", "records_are_answered"}),
        (Reply(200, b'{"predictions": ["1"]}'), {"response_schema_conformance", "violations_are_refused"}),
        (Reply(200, b'{"predictions": [1.0]}', "text/plain"), {"content_type_conformance"}),
    ],
    ids=["a failure", "an odd status", "a text", "no JSON"],
)
def test_a_reply_that_is_not_as_described_is_found(
    apps: tuple[Flask, ...], monkeypatch: pytest.MonkeyPatch, reply: Reply, checks: set[str]
) -> None:
    """Each check fails where the service answers as it must not."""
    monkeypatch.setattr(Invocations, "__call__", lambda self, environ: reply)
    assert isinstance(apps[0].wsgi_app, Edge)

    failures = ask(apps[0], 6).failures

    assert checks <= {name for name in checks for failure in failures if f", {name}: " in failure}
