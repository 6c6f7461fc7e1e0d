"""S3 by boto3, where no Spark is needed: a client, and why a server refuses, in words that say what to do."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from days_to_sell.settings import Settings

HINTS = {
    "NoSuchBucket": "create the bucket, or name another one",
    "NoSuchKey": "nothing whole was put there",
    "SignatureDoesNotMatch": "look at AWS_SECRET_ACCESS_KEY",
}
# Servers name a wrong access key in many ways.
HINT = "look at AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and the bucket's policy"
ENVIRONMENT = "look at DAYS_TO_SELL_S3_ENDPOINT and the AWS_* variables"
# Asked only to explain a failure: whoever waits for the reason has waited before.
ASKING = Config(connect_timeout=5, read_timeout=5, retries={"total_max_attempts": 1})


def connect(settings: Settings | None = None, config: Config | None = None) -> Any:
    """Make a client that the environment leads to its server."""
    # A session of its own: the default one keeps the first credentials for as long as the process lives.
    session = boto3.session.Session()
    endpoint = (settings or Settings.from_env()).s3_endpoint
    return session.client("s3", endpoint_url=endpoint, config=config)


def reason(error: ClientError | BotoCoreError | ValueError) -> str:
    """Say what boto3 raised, and what to look at."""
    if isinstance(error, ClientError):
        code = str(error.response["Error"]["Code"])
        return f"S3 refused with {code}; {HINTS.get(code, HINT)}"
    return f"{error}; {ENVIRONMENT}"


def diagnose(location: str) -> str | None:
    """Ask S3 for the first key below a location, and say why it gives none.

    Java's S3 client hides reasons: a key that the server does not know reads as a file that is not there.

    Args:
        location: ``s3a://bucket/prefix``.

    Returns:
        The reason, or ``None`` where the server lists it, or where only Spark has credentials.
    """
    parts = urlsplit(location)
    try:
        connect(config=ASKING).list_objects_v2(Bucket=parts.netloc, Prefix=parts.path.lstrip("/"), MaxKeys=1)
    except NoCredentialsError:
        return None
    except (ClientError, BotoCoreError, ValueError) as error:
        return reason(error)
    return None
