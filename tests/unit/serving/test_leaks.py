"""What a reply repeats of a request: the start of what was wrong, and nothing that was right."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.serving.conftest import CAR

SECRET = "s3cr3t-" * 100
JSON, CSV = "application/json", "text/csv"
HEADER, LINE = ",".join(CAR), ",".join(map(str, CAR.values()))
# Longer than what is shown of anything.
RUN = SECRET[:62]


def records(**change: Any) -> str:
    """A document with one row, some of it changed."""
    return json.dumps({"dataframe_records": [{**CAR, **change}]})


WRONG: dict[str, tuple[str, str]] = {
    "a value": (records(price_gbp=SECRET), JSON),
    "a nested value": (records(price_gbp={"a": [SECRET]}), JSON),
    "a field": (records(**{SECRET: 1}), JSON),
    "a field twice": (records()[:-3] + f', "{SECRET}": 1, "{SECRET}": 2}}]}}', JSON),
    "a member": (json.dumps({"instances": [], SECRET: 1}), JSON),
    "a member of a frame": (json.dumps({"dataframe_split": {"columns": [], "data": [], SECRET: 1}}), JSON),
    "a column": (json.dumps({"inputs": {SECRET: "Ford", "make": ["Ford"]}}), JSON),
    "a value of a table": (f"{HEADER}\n{LINE.replace('9500.0', SECRET)}", CSV),
    "a column of a table": (f"{HEADER},{SECRET}\n{LINE},1", CSV),
    "a column twice": (f"{HEADER},{SECRET},{SECRET}\n{LINE},1,1", CSV),
    "the type": (records(), SECRET),
    "a parameter of the type": (records(), f"{JSON}; {SECRET}=1"),
}
SILENT: dict[str, tuple[str, str]] = {
    "a right value beside a wrong one": (records(make=SECRET, price_gbp="x"), JSON),
    "text where JSON breaks off": (records(make=SECRET)[:-60], JSON),
    "text that JSON does not quote": (f'{{"instances": {SECRET}}}', JSON),
    "text behind the document": (records() + SECRET, JSON),
    "a control character": (records(make="tab").replace("tab", f"{SECRET}\t"), JSON),
    "a bad escape": (records(make="tab").replace("tab", f"{SECRET}\\x"), JSON),
    "text in place of a form": (json.dumps(SECRET), JSON),
    "text in place of rows": (json.dumps({"instances": SECRET}), JSON),
    "text in place of a row": (json.dumps({"instances": [SECRET]}), JSON),
    "params": (json.dumps({"instances": [], "params": {"a": SECRET}}), JSON),
    "a short line": (f"{HEADER}\n{SECRET},1", CSV),
    "an open quote": (f'{HEADER}\n"{SECRET}', CSV),
    "a table without a header": (f"{SECRET},1,2", CSV),
}


def ask(client: FlaskClient, body: str, content_type: str) -> str:
    """What comes back of a request that is refused."""
    reply = client.post("/invocations", data=body.encode(), content_type=content_type)
    assert 400 <= reply.status_code < 500
    return reply.get_data(as_text=True)


@pytest.mark.parametrize(("body", "content_type"), WRONG.values(), ids=WRONG)
def test_what_was_wrong_comes_back_cut_short(client: FlaskClient, body: str, content_type: str) -> None:
    """Enough to find it, and no more than sixty characters in a row."""
    told = ask(client, body, content_type)

    assert SECRET[:20] in told
    assert RUN not in told


@pytest.mark.parametrize(("body", "content_type"), SILENT.values(), ids=SILENT)
def test_what_was_not_wrong_itself_does_not_come_back(
    client: FlaskClient, body: str, content_type: str
) -> None:
    """Where a document cannot be read, the reply tells the place alone."""
    assert SECRET[:7] not in ask(client, body, content_type)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.text(), content_type=st.sampled_from([JSON, CSV]))
def test_text_that_is_no_request_does_not_come_back(
    client: FlaskClient, body: str, content_type: str
) -> None:
    """Whatever surrounds it."""
    hidden = f"{body}{SECRET}{body}"
    reply = client.post(
        "/invocations", data=hidden.encode("utf-8", "surrogatepass"), content_type=content_type
    )

    assert RUN not in reply.get_data(as_text=True)
