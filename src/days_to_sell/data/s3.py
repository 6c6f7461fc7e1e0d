"""S3 by boto3, where no Spark is needed: a client, and why a server refuses, in words that say what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from days_to_sell.settings import Settings

_KEYS = "look at AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and the bucket's policy"
_REGION = "look at AWS_REGION: the bucket is in another one"
_LATER = "it went on so over all attempts; try again later"
_ALTERED = "what arrived there was altered on the way; try again, and look at what stands between"
HINTS = {
    "NoSuchBucket": "create the bucket, or name another one",
    "NoSuchKey": "nothing whole was put there",
    "SignatureDoesNotMatch": "look at AWS_SECRET_ACCESS_KEY",
    "AccessDenied": f"{_KEYS}; a key that is not there reads so too, for whoever may not list the bucket",
    "RequestTimeTooSkewed": "set this machine's clock",
    "ExpiredToken": "get new temporary credentials",
    "PermanentRedirect": _REGION,
    "AuthorizationHeaderMalformed": _REGION,
    "BadDigest": _ALTERED,
    "XAmzContentSHA256Mismatch": _ALTERED,
    **dict.fromkeys(("SlowDown", "ServiceUnavailable", "InternalError", "RequestTimeout", "503"), _LATER),
}
# Servers name a wrong access key in many ways.
HINT = _KEYS
ENVIRONMENT = "look at DAYS_TO_SELL_S3_ENDPOINT and the AWS_* variables"
# Asked only to explain a failure: whoever waits for the reason has waited before.
ASKING = Config(connect_timeout=5, read_timeout=5, retries={"total_max_attempts": 1})


@dataclass(frozen=True)
class Patience:
    """How long S3 is waited for, and how often it is asked again.

    botocore asks again what was throttled, not answered or answered with an error of the server's own, up to
    1, 2, 4 and 8 seconds apart, and never what was refused. Once it has handed a body over, a connection that
    is cut is its caller's to mend; the same attempts hold for that.

    Args:
        attempts: Attempts of one request, and fruitless ones for one body.
        connect_seconds: How long a connection may take.
        read_seconds: How long nothing may arrive.
        longest: The longest wait between two attempts at a body, in seconds.
    """

    attempts: int = 5
    connect_seconds: float = 5.0
    read_seconds: float = 30.0
    longest: float = 8.0

    @property
    def config(self) -> Config:
        """The same, for botocore."""
        return Config(
            connect_timeout=self.connect_seconds,
            read_timeout=self.read_seconds,
            retries={"mode": "standard", "total_max_attempts": self.attempts},
        )


def connect(settings: Settings | None = None, config: Config | None = None) -> Any:
    """Make a client that the environment leads to its server."""
    # A session of its own: the default one keeps the first credentials for as long as the process lives.
    import boto3  # takes a while, and most programs that know of S3 ask it nothing

    session = boto3.session.Session()
    endpoint = (settings or Settings.from_env()).s3_endpoint
    return session.client("s3", endpoint_url=endpoint, config=config or Patience().config)


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
