"""Requests that schemathesis makes from the OpenAPI document, good and bad, and what is answered."""

from __future__ import annotations

import csv
import hashlib
import io
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import schemathesis
from flask import Flask
from hypothesis import strategies as st
from schemathesis import Case, CheckContext, Response
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from schemathesis.specs.openapi.checks import negative_data_rejection

from days_to_sell.scoring.package import ModelPackage
from days_to_sell.settings import Settings
from days_to_sell.spec import Quantile
from serving.app import create_app
from serving.invocations import PATH
from serving.protocol.options import MEANINGS
from tests.unit.serving.conftest import CAR, write_cars

# Requests of one round, whose number seeds it: schemathesis keeps all of them in memory until it ends.
ROUND = 2_000
# Of these, for files of pages that are not there.
FILES = 50
KEY = "secret"
SHOWN = 20
# Off, and why.
OFF = (
    # Checks of our own stand in for both, and say why at their place.
    "positive_data_acceptance",
    "negative_data_rejection",
    # Nothing is made or deleted at an address, and nothing belongs to anybody.
    "use_after_free",
    "ensure_resource_availability",
    "object_level_authorization",
    # It asks again without keys in a way that Werkzeug's client does not take; tests of keys do it.
    "ignored_auth",
)
REFUSED = [400, 401, 404, 405, 413, 415, 422]


@dataclass
class Campaign:
    """What came of many requests.

    Args:
        replies: How many there were, by operation and status.
        checks: How many checks there were, by name.
        failures: What must not be, with the request.
    """

    replies: Counter[tuple[str, int]] = field(default_factory=Counter)
    checks: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    @property
    def requests(self) -> int:
        """How many there were."""
        return self.replies.total()


def violations_are_refused(ctx: CheckContext, response: Response, case: Case) -> bool | None:
    """What breaks the schema is refused: schemathesis' own check, where there is something to break.

    Any text fits what the document says of CSV, whose fields JSON Schema cannot see; a request without rows
    is answered without numbers, whichever fields its columns have; and options are told in more ways than a
    boolean is written.
    """
    if case.path != PATH or case.method != "POST" or case.media_type != "application/json":
        return None
    meant = {str(value).lower() for value in (case.query or {}).values()} & MEANINGS.keys()
    if response.status_code == 200 and (meant - {"true", "false"} or not response.json()["predictions"]):
        return None
    return negative_data_rejection(ctx, response, case)


def records_are_answered(ctx: CheckContext, response: Response, case: Case) -> bool | None:
    """What fits the schema is answered, where the schema says all: rows as objects.

    JSON Schema cannot say that lists are equally long, and so cannot tell which of the other forms fit. A
    row that fits has no answer where its numbers lead to none that is finite; such a refusal names no field,
    or says that a number is too large for any float.
    """
    body = case.body if case.path == PATH and isinstance(case.body, dict) else {}
    if case.meta is None or not case.meta.generation.mode.is_positive or response.status_code in (405, 413):
        return None
    if case.media_type != "application/json" or "dataframe_records" not in body:
        return None
    assert response.status_code in (200, 422), f"a request that fits was refused: {response.status_code}"
    reply = response.json()
    refused = {each["row"]: each for each in reply.get("errors", ())}
    reasons = [each["message"] for each in refused.values() if each["field"]]
    assert all("is too large" in each for each in reasons), f"a row that fits was refused: {reasons[0]}"
    if response.status_code == 200:
        assert len(reply["predictions"]) + len(refused) == len(body["dataframe_records"])
    return None


def tables() -> st.SearchStrategy[bytes]:
    """CSV whose fields are those of the contract, nearly so, or others."""
    names = list(CAR)
    headers = st.sampled_from([names, names[::-1], names[1:], [*names, "colour"]]) | st.lists(st.text())
    values = st.sampled_from([str(value) for value in CAR.values()]) | st.text(max_size=8)
    values |= st.floats().map(repr) | st.integers().map(str)
    rows = st.lists(st.one_of(st.just([str(each) for each in CAR.values()]), st.lists(values, max_size=7)))
    return st.builds(_csv, headers, rows, st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))


def _csv(header: list[str], rows: list[list[str]], encoding: str) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows([header, *rows])
    return out.getvalue().encode(encoding, "replace")


schemathesis.check(violations_are_refused)
schemathesis.check(records_are_answered)
schemathesis.openapi.media_type("text/csv", tables(), aliases=["application/csv"])


@schemathesis.serializer("text/csv", "application/csv")
def as_bytes(_: object, value: object) -> bytes:
    """Send examples, which are texts, and what was made up, which is bytes."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


def services(folder: Path) -> tuple[Flask, ...]:
    """The same model as it may be set up: with all as it is, open to unknown fields, and behind keys."""
    package = write_cars(folder, quantiles=(Quantile(0.1, 0.3), Quantile(0.5, 0.9)))
    keys = folder / "keys"
    keys.write_text(f"fuzz sha256:{hashlib.sha256(KEY.encode()).hexdigest()}\n", encoding="utf-8")
    return tuple(
        _service(package, **settings)
        for settings in ({}, {"allow_unknown_fields": True}, {"api_keys_file": keys})
    )


def _service(package: ModelPackage, **settings: Any) -> Flask:
    return create_app(package, Settings(access_log=False, max_rows=50, **settings))


def campaign(apps: tuple[Flask, ...], cases: int, first: int, size: int = ROUND) -> Iterator[Campaign]:
    """Make requests in rounds, to one service after another; give what is known so far after each round.

    Args:
        apps: The services.
        cases: How many requests at least.
        first: Number of the first, which seeds the first round.
        size: Requests that schemathesis may make of one operation in a round.
    """
    found = Campaign()
    number = 0
    while found.requests < cases:
        _round(apps[(first // size + number) % len(apps)], first + number * size, size, found)
        number += 1
        yield found


def _round(app: Flask, seed: int, size: int, found: Campaign) -> None:
    config = SchemathesisConfig.from_dict(
        {
            "seed": seed,
            "headers": {"X-API-Key": KEY},
            "cache": {"enabled": False},
            "continue-on-failure": True,
            "generation": {
                "max-examples": size,
                "database": "none",
                "no-shrink": True,
                "with-security-parameters": False,
            },
            "phases": {
                # It takes no text for a media type that it has been told how to make; a test asks them all.
                "examples": {"enabled": False},
                "stateful": {"enabled": False},
                # What it learns of problems would end up in requests that are meant to fit.
                "fuzzing": {"error-feedback": {"enabled": False}},
            },
            "operations": [
                {"include-path": path, "generation": {"max-examples": min(size, FILES)}}
                for path in ("/page/{name}", "/docs/{name}")
            ],
            "checks": {name: {"enabled": False} for name in OFF}
            | {"negative_data_rejection": {"enabled": False, "expected-statuses": REFUSED}},
        }
    )
    schema = schemathesis.openapi.from_wsgi("/openapi.json", app, config=config)
    schema.validate()
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            _take(event, f"FIRST={seed} CASES={size}", found)
        elif isinstance(event, events.NonFatalError | events.FatalError):
            found.failures.append(f"FIRST={seed} CASES={size}: {getattr(event, 'info', event)}")


def _take(event: events.ScenarioFinished, again: str, found: Campaign) -> None:
    """Count what a scenario asked; a failure says how its round is repeated."""
    recorder = event.recorder
    for case_id, exchange in recorder.interactions.items():
        status = exchange.response.status_code if exchange.response else 0
        found.replies[recorder.label, status] += 1
        for check in recorder.checks.get(case_id, ()):
            found.checks[check.name] += 1
            if check.failure_info is not None:
                request = exchange.request
                found.failures.append(
                    f"{again}, {check.name}: {check.failure_info.failure}\n    {request.method} "
                    f"{request.uri} {request.headers.get('Content-Type')} {(request.body or b'')[:500]!r}\n"
                    f"    {status} {exchange.response.content[:500] if exchange.response else None!r}"
                )


def run(cases: int, first: int, report: Callable[[str], None] = print) -> int:
    """``make fuzz PART=openapi``: the exit code is 1 if a reply was not as it must be."""
    began, found = time.monotonic(), Campaign()
    with tempfile.TemporaryDirectory(prefix="days-to-sell-fuzz-") as folder:
        for found in campaign(services(Path(folder)), cases, first, min(cases, ROUND)):
            report(f"{found.requests} of {cases} requests, {len(found.failures)} failed")
    report(table(found))
    for failure in found.failures[:SHOWN]:
        report(failure)
    seconds = time.monotonic() - began
    report(
        f"{found.requests} requests, {found.checks.total()} checks, {len(found.failures)} failures, "
        f"{seconds:.0f} s"
    )
    return 1 if found.failures else 0


def table(found: Campaign) -> str:
    """Write what came of the requests as a table."""
    statuses = sorted({status for _, status in found.replies})
    labels = sorted({label for label, _ in found.replies})
    lines = [f"{'operation':<22}" + "".join(f"{status:>9}" for status in statuses)]
    lines += [
        f"{label:<22}" + "".join(f"{found.replies[label, each]:>9}" for each in statuses) for label in labels
    ]
    return "\n".join([*lines, *(f"{name:<32}{count:>9}" for name, count in sorted(found.checks.items()))])
