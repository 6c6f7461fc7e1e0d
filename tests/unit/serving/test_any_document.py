"""Whatever is posted, the fault is the caller's: no document makes the service fail."""

from __future__ import annotations

import json
from typing import Any

from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from serving.protocol import FORMS
from tests.unit.serving.conftest import CAR

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
DOCUMENTS = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)
ROWS = st.fixed_dictionaries({}, optional={name: SCALARS | st.just(value) for name, value in CAR.items()})
COLUMNS = st.fixed_dictionaries({}, optional={name: st.lists(SCALARS, max_size=3) for name in CAR})
SPLITS = st.fixed_dictionaries(
    {}, optional={"columns": st.lists(st.sampled_from(list(CAR))), "data": st.lists(st.lists(SCALARS))}
)
BODIES = st.dictionaries(
    st.sampled_from(FORMS), DOCUMENTS | st.lists(ROWS) | COLUMNS | SPLITS, min_size=1, max_size=2
)
shared_app = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def check(app: Flask, body: bytes) -> None:
    """Post a body and judge the reply."""
    reply = app.test_client().post("/invocations", data=body, content_type="application/json")

    assert reply.status_code in {200, 400, 413, 422}, reply.get_data(as_text=True)
    if reply.status_code == 200:
        assert all(isinstance(number, float) for number in reply.get_json()["predictions"])
    else:
        problem: dict[str, Any] = reply.get_json()
        assert problem["status"] == reply.status_code
        assert ("errors" in problem) == (reply.status_code == 422)


@shared_app
@given(document=DOCUMENTS | BODIES)
def test_any_json_document_is_answered_or_refused(app: Flask, document: object) -> None:
    """A document gets numbers or a problem that blames the request, never a failure."""
    check(app, json.dumps(document).encode())


@shared_app
@given(body=st.binary() | st.text(alphabet='{}[]":,0123456789eE.-\\u null').map(str.encode))
def test_any_bytes_are_refused_as_malformed_or_answered(app: Flask, body: bytes) -> None:
    """Bytes that are no JSON, or only look like it, are the caller's fault too."""
    check(app, body)
