"""What may have been meant: near misses of fields and categories, and nothing where nothing is near."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from days_to_sell.spec import Problem, RequestContract
from serving import suggestions
from serving.suggestions import Suggestions, Vocabulary
from tests.unit.serving.conftest import CAR

FUELS = Vocabulary(["Diesel", "Petrol", "Plug-in Hybrid", "Electric", "LPG", "Škoda Special"])


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Disel", "Diesel"),
        ("Deisel", "Diesel"),
        ("Dieesel", "Diesel"),
        ("Diesek", "Diesel"),
        ("DIESEL", "Diesel"),
        (" diesel ", "Diesel"),
        ("plugin hybrid", "Plug-in Hybrid"),
        ("Plug_In-Hybrid", "Plug-in Hybrid"),
        ("skoda special", "Škoda Special"),
        ("lpg", "LPG"),
    ],
)
def test_a_near_miss_is_recognised(written: str, meant: str) -> None:
    """A letter too few, too many, wrong or swapped; case, blanks and marks."""
    assert FUELS.nearest(written) == meant


@pytest.mark.parametrize(
    "written", ["Steam", "D", "", "   ", "!?", "x" * 60, "柴油", "Diesel engine of a truck"]
)
def test_what_is_far_off_resembles_nothing(written: str) -> None:
    """No suggestion is better than a wrong one."""
    assert FUELS.nearest(written) is None


def test_the_very_word_is_no_suggestion() -> None:
    """Nothing else was meant."""
    assert FUELS.nearest("Diesel") is None


def test_of_equally_near_words_the_first_is_meant() -> None:
    """Categories come most frequent first."""
    assert Vocabulary(["Audi A4", "Audi A3"]).nearest("Audi A5") == "Audi A4"


@pytest.mark.parametrize("field", ["milage", "Mileage", "MILEAGE", "mileage ", "mielage"])
def test_a_misspelt_field_is_told_which_is_meant(client: FlaskClient, field: str) -> None:
    """Beside the field that is then missing."""
    row = {field if name == "doors" else name: value for name, value in CAR.items() if name != "mileage"}

    errors = client.post("/invocations", json={"instances": [row]}).get_json()["errors"]

    messages = {entry["field"]: entry["message"] for entry in errors}
    assert messages[field].endswith("; did you mean 'mileage'?")
    assert "did you mean" not in messages["doors"]


def test_a_misspelt_category_is_told_which_is_meant(client: FlaskClient) -> None:
    """In a warning, since categories are open."""
    reply = client.post("/invocations?explain=true", json={"instances": [{**CAR, "make": "Frod"}]})

    (warning,) = reply.get_json()["warnings"]
    assert (warning["row"], warning["field"], warning["value"]) == (0, "make", "Frod")
    assert warning["message"].endswith("; did you mean 'Ford'?")


def test_what_is_missing_resembles_no_category(make_contract: Callable[..., RequestContract]) -> None:
    """That a value is missing is told by a word that may resemble a category."""
    found = Suggestions(make_contract(("Missing", "Mission")))

    assert found.add_to(Problem("make", "make is required", "missing", "")) == "make is required"


@pytest.fixture
def make_contract(package: Any) -> Callable[..., RequestContract]:
    """The contract of the service with other makes."""

    def make(categories: tuple[str, ...]) -> RequestContract:
        raw = json.loads(json.dumps(package.contract.to_dict()))
        raw["fields"][0]["categories"] = list(categories)
        return RequestContract.from_dict(raw)

    return make


def test_only_what_is_listed_is_searched_for(
    make_client: Callable[..., FlaskClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many problems a request has, a hundred searches are made for it at most."""
    searched = []

    class Counting(Vocabulary):
        def nearest(self, written: str) -> str | None:
            searched.append(written)
            return super().nearest(written)

    monkeypatch.setattr(suggestions, "Vocabulary", Counting)
    client = make_client()
    # The examples of the OpenAPI document have suggestions too.
    searched.clear()
    rows = [{**CAR, "milage": 1, "dors": 5, "make": "Frod"} for _ in range(500)]

    reply = client.post("/invocations?partial=true&explain=true", json={"instances": rows}).get_json()
    assert (reply["predictions"], len(reply["errors"]), len(searched)) == ([], 100, 100)

    searched.clear()
    rows = [{**CAR, "make": "Frod"} for _ in range(500)]
    reply = client.post("/invocations?explain=true", json={"instances": rows}).get_json()
    assert (len(reply["predictions"]), len(reply["warnings"]), len(searched)) == (500, 100, 100)
