"""The consumers' guide: every example in it runs, and answers what the guide says."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from days_to_sell.models.days_to_sell.spec import SPEC
from days_to_sell.scoring.derive import Derivations
from days_to_sell.scoring.golden import GoldenRow
from days_to_sell.scoring.package import write_package
from days_to_sell.settings import Settings
from days_to_sell.spec import Field, Quantile, Ratio, RequestContract
from serving.app import create_app
from serving.problems import KINDS
from tests.packages import cars, days_by_formula, profile_of, write_bundle

GUIDE = (Path(__file__).parents[3] / "docs" / "guides" / "api.md").read_text(encoding="utf-8")
EXAMPLE = re.compile(r"^```sh\n(.+?)^```\n\n```json\n(.+?)^```$", re.MULTILINE | re.DOTALL)
EXAMPLES = EXAMPLE.findall(GUIDE)
ADDRESS = "127.0.0.1:8080"
KEY = "a-key-of-the-guide"
CATEGORIES = {"make": ("Ford", "Fiat"), "model": ("Fiesta",), "fuel_type": ("Petrol", "Diesel")}
ROW: dict[str, Any] = {
    "price_gbp": 10_000,
    "valuation_gbp": 10_000,
    "registered_on": "2022-03-01",
    "outcode": "BS2",
    "as_of": "2026-03-01",
    "mileage": 20_000.0,
    "make": "Ford",
    "model": "Fiesta",
    "fuel_type": "Petrol",
    "transmission": "Manual",
    "seller_type": "independent",
}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    """A service whose model takes the fields of the real one and answers by a formula."""
    folder = tmp_path_factory.mktemp("guide")
    write_bundle(folder / "bundle.zip")
    package = write_package(
        folder / "package",
        model=SPEC.name,
        bundle=folder / "bundle.zip",
        contract=RequestContract(
            SPEC.name,
            SPEC.title,
            SPEC.description,
            SPEC.horizon,
            tuple(
                Field(column, CATEGORIES.get(column.name, ()), ROW[column.name]) for column in SPEC.columns
            ),
            (Quantile(0.1, 0.25), Quantile(0.5, 0.75)),
        ),
        derivations=Derivations({"price_to_valuation": Ratio("price_gbp", "valuation_gbp")}, {}),
        golden=[GoldenRow("row-0", "sample", ROW, days_by_formula(ROW))],
        profile=profile_of(cars(400)),
        provenance={"run_id": "a1b2c3", "code_commit": "0123456789abcdef"},
    )
    keys = folder / "keys"
    keys.write_text(f"guide sha256:{hashlib.sha256(KEY.encode()).hexdigest()}\n", encoding="utf-8")
    settings = Settings(model_version="7", environment="production", api_keys_file=keys, access_log=False)
    return create_app(package, settings).test_client()


def run(client: FlaskClient, command: str) -> TestResponse:
    """Do what curl would do with the arguments of a command; an unknown argument is an error."""
    words = iter(shlex.split(command.replace("\\\n", " ").replace("$API_KEY", KEY)))
    assert next(words) == "curl"
    # The other examples are for services without keys.
    headers = {"X-API-Key": KEY} if "$API_KEY" not in command else {}
    body, target = None, ""
    for word in words:
        match word:
            case "-s" | "--fail":
                pass
            case "-H":
                name, _, value = next(words).partition(": ")
                headers[name] = value
            case "-d":
                # curl strips line breaks of what -d reads from a file alone.
                body = next(words)
            case "--data-binary":
                body = next(words)
            case _:
                url = urlsplit(word)
                assert (url.scheme, url.netloc) == ("http", ADDRESS), word
                target = f"{url.path}?{url.query}"
    return client.open(target, method="POST" if body else "GET", data=body, headers=headers)


def without_digests(value: Any) -> Any:
    """What was answered, with the package's digest as the guide writes it."""
    return json.loads(re.sub(r'"sha256:[0-9a-f]{64}"', '"sha256:..."', json.dumps(value)))


@pytest.mark.parametrize(("command", "answer"), EXAMPLES, ids=range(len(EXAMPLES)))
def test_an_example_answers_what_the_guide_says(client: FlaskClient, command: str, answer: str) -> None:
    """Each command of the guide is followed by its reply, member by member in this order."""
    reply = run(client, command)

    expected = json.loads(answer)
    assert reply.status_code == expected.get("status", 200) or "golden" in expected
    assert json.dumps(without_digests(reply.get_json())) == json.dumps(expected)
    assert reply.headers["X-Model"] == "days-to-sell/7"


def blocks() -> Iterator[str]:
    """The kinds of the guide's fenced blocks."""
    yield from re.findall(r"^```(\w+)$", GUIDE, flags=re.MULTILINE)


def test_every_command_of_the_guide_is_run() -> None:
    """No fenced block is left out, and every form is shown."""
    kinds = [*blocks()]

    assert kinds == ["sh", "json"] * len(EXAMPLES)
    assert len(EXAMPLES) >= 9
    for form in ("dataframe_records", "dataframe_split", "inputs", "instances", "text/csv"):
        assert any(form in command for command, _ in EXAMPLES)


def test_the_guide_tells_what_to_do_about_every_status() -> None:
    """Its table has the kinds of problems that the service tells apart."""
    rows = re.findall(r"^\| ([0-9, ]+) \|", GUIDE, flags=re.MULTILINE)

    assert {int(status) for row in rows for status in row.split(", ")} == {kind.status for kind in KINDS}


def test_the_guide_tells_the_limits() -> None:
    """As they are by default."""
    assert f"{Settings().max_rows:,} rows in {Settings().max_body_bytes:,} bytes" in " ".join(GUIDE.split())


def test_without_its_key_an_example_is_refused(client: FlaskClient) -> None:
    """The key is needed where the guide says so, and nowhere else."""
    assert client.post("/invocations", json={"instances": []}).status_code == 401
    assert client.get("/readyz").status_code == 200
