"""Sensors see on S3 what they see in a folder."""

from __future__ import annotations

import pytest

from days_to_sell.errors import DataError
from mlflow_project.dags.looking import Seen, look
from stack.s3 import SECRET, S3Server

pytestmark = pytest.mark.parts
DAY = "2025-06-30"


@pytest.fixture
def lake(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """The lake on the server that the environment leads to."""
    monkeypatch.setenv("DAYS_TO_SELL_S3_ENDPOINT", s3.endpoint)
    return "s3a://lake/flats/"


def put(s3: S3Server, name: str, content: bytes) -> None:
    """Put a file of the snapshot."""
    s3.client.put_object(Bucket="lake", Key=f"flats/adverts/snapshot_date={DAY}/{name}", Body=content)


def test_a_snapshot_is_whole_when_it_lies_still_or_is_marked(s3: S3Server, lake: str) -> None:
    """Absent, growing, still, marked; what lies under another day or source is not looked at."""
    assert look(lake, "adverts", DAY) == Seen(())
    put(s3, "part-0.parquet", b"rows")
    s3.client.put_object(
        Bucket="lake", Key="flats/adverts/snapshot_date=2025-06-300/part.csv", Body=b"another day"
    )
    first = look(lake, "adverts", DAY)
    assert first == Seen((("part-0.parquet", 4),))
    assert not first.settled(None)
    put(s3, "part-1.parquet", b"more")
    second = look(lake, "adverts", DAY)
    assert not second.settled(first)
    assert look(lake, "adverts", DAY).settled(second)
    put(s3, "_SUCCESS", b"")
    assert look(lake, "adverts", DAY).settled(None)


def test_a_server_that_refuses_is_told_with_its_reason(lake: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong key is not taken for a source that is late."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    with pytest.raises(DataError, match="S3 refused with SignatureDoesNotMatch; look at AWS_SECRET"):
        look(lake, "adverts", DAY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    with pytest.raises(DataError, match="NoSuchBucket; create the bucket"):
        look("s3a://nowhere/flats", "adverts", DAY)
