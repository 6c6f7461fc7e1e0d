"""Bodies that no client should send: a few hundred, of which ``make fuzz PART=bodies`` makes many."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.fuzz import bodies
from tests.unit.serving.conftest import CAR

CASES = range(600)


def test_no_body_breaks_the_service(tmp_path: Path) -> None:
    """Each is answered in time, with numbers or with a problem that blames its sender."""
    *_, found = bodies.campaign(bodies.service(tmp_path), CASES)
    assert not found.failures
    # Every kind of reply was had, so the cases are no monoculture.
    assert {status for _, status in found.replies} == bodies.EXPECTED


def test_a_field_without_a_name_is_the_callers_fault(client: FlaskClient) -> None:
    """Found by a run of a hundred thousand: beside a list for a text it was answered 500."""
    reply = client.post("/invocations", json={"instances": [CAR | {"": 1, "make": ["Ford"]}]})
    assert reply.status_code == 422
    assert {"", "make"} == {each["field"] for each in reply.get_json()["errors"]}


def test_a_case_is_known_by_its_number() -> None:
    """So that a failure can be had again."""
    assert [bodies.make(number) for number in CASES] == [bodies.make(number) for number in CASES]


@pytest.mark.parametrize("fault", ["raises", "answers NaN"])
def test_a_fault_is_found_and_told(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that fails, or answers what is no number, ends the run with 1 and the number of the case."""
    app = Flask("faulty")

    @app.post("/invocations")
    def answer() -> str:
        if fault == "raises":
            raise RuntimeError
        return '{"predictions": [NaN]}'

    monkeypatch.setattr(bodies, "service", lambda _: app)
    told: list[str] = []
    assert bodies.run(3, 7, told.append) == 1
    assert any(line.startswith("case 7, ") for line in told)
    assert told[-1].startswith("3 requests, 3 failures, ")
