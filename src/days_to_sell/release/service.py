"""A scoring service as its clients see it: what it says it is, and whether it is ready."""

from __future__ import annotations

import time
from collections.abc import Callable

import requests

from days_to_sell.errors import TargetError
from days_to_sell.release.target import Artifact, Deployment
from days_to_sell.settings import PREFIX, Settings

ANSWER_SECONDS = 5.0
POLL_SECONDS = 0.1
WORKERS = 2


def http_session() -> requests.Session:
    """Open a session that goes straight to the service, whatever proxy the environment names."""
    session = requests.Session()
    session.trust_env = False
    # A kept connection, idle or not, would hold the service back when it is asked to end.
    session.headers["Connection"] = "close"
    return session


def answering(url: str) -> Deployment | None:
    """Ask an address what serves there; ``None`` where nothing answers as a scoring service does."""
    try:
        with http_session() as session:
            said = session.get(f"{url}/version", timeout=ANSWER_SECONDS).json()
        return Deployment(
            str(said["environment"]), url, str(said["model"]), str(said["version"]), str(said["digest"])
        )
    except (requests.RequestException, ValueError, KeyError, TypeError):
        return None


def wait_until_ready(url: str, *, seconds: float, running: Callable[[], bool]) -> None:
    """Wait until the service at an address is ready.

    Args:
        url: Address of the service.
        seconds: How long to wait.
        running: Whether what should answer there still runs.

    Raises:
        TargetError: It ended, or was not ready in time; the message holds its last answer.
    """
    deadline = time.monotonic() + seconds
    last = "no answer"
    with http_session() as session:
        while time.monotonic() < deadline:
            try:
                reply = session.get(f"{url}/readyz", timeout=ANSWER_SECONDS)
                if reply.status_code == requests.codes.ok:
                    return
                last = f"HTTP {reply.status_code}: {reply.text[:200].strip()}"
            except requests.RequestException:
                last = "no answer"
            if not running():
                raise TargetError(f"the service at {url} ended before it was ready ({last})")
            time.sleep(POLL_SECONDS)
    raise TargetError(f"the service at {url} was not ready within {seconds:g} seconds ({last})")


def identify(url: str, artifact: Artifact, environment: str) -> Deployment:
    """Make sure that the service at an address is the artifact that was deployed to it.

    Raises:
        TargetError: Another model, version, package or environment answers there.
    """
    expected = Deployment(environment, url, artifact.package.model, artifact.version, artifact.package.digest)
    found = answering(url)
    if found != expected:
        raise TargetError(
            f"{url} should serve {expected} with package {expected.digest}, but "
            + (f"{found} with package {found.digest} answers" if found else "GET /version has no answer")
        )
    return expected


def service_environment(settings: Settings, artifact: Artifact, environment: str) -> dict[str, str]:
    """Environment variables that both targets give the service; where the package lies, each target adds."""
    return {
        "WEB_CONCURRENCY": str(WORKERS),
        f"{PREFIX}MODEL_VERSION": artifact.version,
        f"{PREFIX}PACKAGE_DIGEST": artifact.package.digest,
        f"{PREFIX}ENVIRONMENT": environment,
        f"{PREFIX}ENGINE": artifact.engine,
        f"{PREFIX}JVM_OPTIONS": settings.jvm_options,
        f"{PREFIX}MAX_BODY_BYTES": str(settings.max_body_bytes),
        f"{PREFIX}MAX_ROWS": str(settings.max_rows),
        f"{PREFIX}ALLOW_UNKNOWN_FIELDS": str(settings.allow_unknown_fields).lower(),
    }
