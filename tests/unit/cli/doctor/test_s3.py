"""S3: no keys, wrong keys, no bucket, no server, a wrong clock, and two endpoints."""

from __future__ import annotations

import pytest
from werkzeug.wrappers import Response

from days_to_sell.cli.doctor.clocks import Clocks
from days_to_sell.cli.doctor.finding import Finding
from days_to_sell.cli.doctor.s3 import s3
from days_to_sell.settings import Settings
from stack.ports import free_port
from tests.unit.cli.doctor.conftest import Pretended, seen

XML = "application/xml"
BUCKETS = Response(
    "<ListAllMyBucketsResult><Buckets><Bucket><Name>lake</Name></Bucket></Buckets></ListAllMyBucketsResult>",
    content_type=XML,
)
LISTED = Response("<ListBucketResult><KeyCount>0</KeyCount></ListBucketResult>", content_type=XML)


@pytest.fixture
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-to-be-shown")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


def refused(code: str, status: int) -> Response:
    """Answer as S3 refuses."""
    return Response(f"<Error><Code>{code}</Code><Message>no</Message></Error>", status, content_type=XML)


def looked(endpoint: str | None, *locations: str, clocks: Clocks | None = None) -> Finding:
    """What is found of an endpoint."""
    return seen(lambda: s3(Settings(s3_endpoint=endpoint), locations, clocks or Clocks()))


def test_nothing_is_asked_where_nothing_is_configured() -> None:
    """Not even Amazon."""
    found = looked(None)
    assert (found.status, found.said) == ("note", "not configured: neither endpoint nor keys of S3 are set")


@pytest.mark.usefixtures("_keys")
def test_keys_that_are_taken_and_locations_that_are_listed(pretended: Pretended) -> None:
    """Without a location, whether the keys are taken; with some, each of them."""
    pretended.answers = {"/": BUCKETS, "/lake": LISTED}
    clocks = Clocks()
    assert looked(pretended.url, clocks=clocks).said == f"{pretended.url} takes the keys, and lists 1 buckets"
    assert looked(pretended.url, "s3a://lake/cars", "s3://lake").said == "lists s3a://lake/cars, s3://lake"
    assert [reading.place for reading in clocks.readings] == ["S3"]


@pytest.mark.usefixtures("_keys")
@pytest.mark.parametrize(
    ("answer", "status", "said", "remedy"),
    [
        (refused("AccessDenied", 403), "note", "does not list its buckets to these keys", "--location"),
        (refused("InvalidAccessKeyId", 403), "broken", "InvalidAccessKeyId", "look at AWS_ACCESS_KEY_ID"),
        (
            refused("SignatureDoesNotMatch", 403),
            "broken",
            "SignatureDoesNot",
            "look at AWS_SECRET_ACCESS_KEY",
        ),
        (refused("RequestTimeTooSkewed", 403), "broken", "differ too much", "by NTP"),
    ],
)
def test_each_refusal_has_its_remedy(
    pretended: Pretended, answer: Response, status: str, said: str, remedy: str
) -> None:
    """As S3 names them."""
    pretended.answers["/"] = answer
    found = looked(pretended.url)
    assert found.status == status
    assert said in found.said
    assert remedy in found.remedy
    assert "not-to-be-shown" not in found.told


@pytest.mark.usefixtures("_keys")
def test_a_location_that_cannot_be_listed_is_named(pretended: Pretended) -> None:
    """No such bucket, no such form, and nobody there."""
    pretended.answers["/lake"] = refused("NoSuchBucket", 404)
    found = looked(pretended.url, "s3a://lake/cars")
    assert (found.status, found.said) == (
        "broken",
        "s3a://lake/cars cannot be listed: S3 refused with NoSuchBucket",
    )
    assert found.remedy == "create the bucket, or name another one"
    assert looked(pretended.url, "lake/cars").remedy == "write s3a://bucket/prefix"
    gone = looked(f"http://127.0.0.1:{free_port()}", "s3a://lake/cars")
    assert gone.status == "broken"
    assert "DAYS_TO_SELL_S3_ENDPOINT" in gone.remedy


def test_no_keys_is_told_from_wrong_keys(pretended: Pretended) -> None:
    """Both are refused by S3; only one is looked up in vain."""
    found = looked(pretended.url)
    assert (found.status, found.said) == ("broken", f"{pretended.url} cannot be used: no keys are set")


@pytest.mark.usefixtures("_keys")
def test_two_endpoints_that_differ_are_a_note(pretended: Pretended, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be meant; mostly it is one variable forgotten."""
    pretended.answers["/"] = BUCKETS
    monkeypatch.setenv("MLFLOW_S3_ENDPOINT_URL", f"{pretended.url}/")
    assert looked(pretended.url).status == "ok"
    monkeypatch.setenv("MLFLOW_S3_ENDPOINT_URL", "http://s3.example")
    found = looked(pretended.url)
    assert found.status == "note"
    assert (
        f"DAYS_TO_SELL_S3_ENDPOINT is {pretended.url}, and MLFLOW_S3_ENDPOINT_URL is http://s3.e"
        in found.said
    )
    assert "set both alike" in found.remedy
