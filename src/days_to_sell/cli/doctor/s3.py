"""S3: whether the server answers, takes the keys, and lists each location that was named."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from days_to_sell.cli.doctor.clocks import Clocks
from days_to_sell.cli.doctor.finding import Broken, Note
from days_to_sell.data.s3 import connect, reason
from days_to_sell.settings import PREFIX, Settings

BRIEF = Config(connect_timeout=5, read_timeout=5, retries={"total_max_attempts": 1})
OURS, MLFLOWS = f"{PREFIX}S3_ENDPOINT", "MLFLOW_S3_ENDPOINT_URL"
KEYS = ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE")


def mlflow_endpoint() -> str | None:
    """Give the endpoint that MLflow's client takes for artifacts that it fetches itself."""
    return os.environ.get(MLFLOWS) or None


def s3(settings: Settings, locations: Sequence[str], clocks: Clocks) -> str:
    """Look at every location that was named, else whether the server takes the keys."""
    endpoint, theirs = settings.s3_endpoint, mlflow_endpoint()
    if not (locations or endpoint or theirs or any(os.environ.get(name) for name in KEYS)):
        raise Note("not configured: neither endpoint nor keys of S3 are set")
    for location in locations:
        list_location(location, endpoint, clocks)
    said = f"lists {', '.join(locations)}" if locations else _greet(endpoint or theirs, clocks)
    if theirs and (endpoint or "").rstrip("/") != theirs.rstrip("/"):
        raise Note(
            f"{said}; {OURS} is {endpoint or 'not set'}, and {MLFLOWS} is {theirs}",
            "the lake and model packages go by the former, MLflow's artifacts by the latter; set both alike "
            "unless they are two servers",
        )
    return said


def list_location(location: str, endpoint: str | None, clocks: Clocks) -> None:
    """List the first key below a location.

    Raises:
        Broken: It cannot be listed.
    """
    parts = urlsplit(location)
    if parts.scheme not in ("s3", "s3a") or not parts.netloc:
        raise Broken(f"{location!r} is no location on S3", "write s3a://bucket/prefix")
    prefix = parts.path.lstrip("/")
    try:
        _asked(endpoint, clocks, "list_objects_v2", Bucket=parts.netloc, Prefix=prefix, MaxKeys=1)
    except (ClientError, BotoCoreError, ValueError) as error:
        raise _broken(f"{location} cannot be listed", error) from error


def _greet(endpoint: str | None, clocks: Clocks) -> str:
    where = endpoint or "Amazon S3"
    try:
        found = _asked(endpoint, clocks, "list_buckets")
    except (ClientError, BotoCoreError, ValueError) as error:
        if isinstance(error, ClientError) and error.response["Error"]["Code"] == "AccessDenied":
            raise Note(
                f"{where} answers, and does not list its buckets to these keys", "--location looks into one"
            ) from error
        raise _broken(f"{where} cannot be used", error) from error
    return f"{where} takes the keys, and lists {len(found['Buckets'])} buckets"


def _asked(endpoint: str | None, clocks: Clocks, verb: str, **arguments: Any) -> Any:
    client = connect(Settings(s3_endpoint=endpoint), BRIEF)
    with clocks.timing("S3") as shown:
        try:
            answer = getattr(client, verb)(**arguments)
            shown += _dates(answer)
        except ClientError as error:
            # A refusal has the time too, and one for a wrong clock has it above all.
            shown += _dates(error.response)
            raise
        finally:
            client.close()
    return answer


def _dates(answer: Mapping[str, Any]) -> list[str]:
    headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    return [headers["date"]] if "date" in headers else []


def _broken(what: str, error: ClientError | BotoCoreError | ValueError) -> Broken:
    if isinstance(error, NoCredentialsError):
        return Broken(
            f"{what}: no keys are set", "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
        )
    if isinstance(error, ClientError) and error.response["Error"]["Code"] == "RequestTimeTooSkewed":
        return Broken(
            f"{what}: its clock and this machine's differ too much", "set the clock of this machine by NTP"
        )
    said, _, remedy = reason(error).rpartition("; ")
    return Broken(f"{what}: {said}", remedy)
