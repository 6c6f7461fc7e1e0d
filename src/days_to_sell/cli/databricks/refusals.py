"""What a workspace's refusals mean, and which of them pass."""

from __future__ import annotations

from http import HTTPStatus

import requests
from urllib3.exceptions import MaxRetryError, NewConnectionError

from days_to_sell.errors import WorkspaceError

LONGEST_PAUSE = 60.0
ADVICE: dict[int, str] = {
    HTTPStatus.UNAUTHORIZED: "make a new token there, and put it into {origin}",
    HTTPStatus.FORBIDDEN: "whoever the token in {origin} stands for may not do this, or it has expired; "
    "it takes CAN EDIT on the folder, CAN MANAGE on the job, and leave to create clusters",
    HTTPStatus.NOT_FOUND: "look whether the host in {origin} is a workspace and the path exists in it",
    HTTPStatus.TOO_MANY_REQUESTS: "it takes no more requests for now; run this again later",
}


def may_pass(error: requests.RequestException) -> bool:
    """Tell whether the same request may do better later."""
    if error.response is not None and isinstance(error, requests.HTTPError):
        status = error.response.status_code
        return status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR
    if isinstance(error, requests.exceptions.SSLError):
        return False
    return isinstance(error, requests.ConnectionError | requests.Timeout) and not _nobody_there(error)


def pause_asked(error: requests.RequestException, fallback: float) -> float:
    """Tell for how many seconds to wait: what the answer asks for, within reason, else ``fallback``."""
    asked = error.response.headers.get("Retry-After", "") if error.response is not None else ""
    return min(float(asked), LONGEST_PAUSE) if asked.isdecimal() else fallback


def explain(error: requests.RequestException, what: str, host: str, origin: str) -> WorkspaceError:
    """Say what could not be done, why, and what to do about it; never what opens the workspace.

    Args:
        error: What came in place of an answer.
        what: What was being done.
        host: Address of the workspace.
        origin: Where address and token were found.
    """
    if isinstance(error, requests.HTTPError) and error.response is not None:
        status = error.response.status_code
        advice = ADVICE.get(status, "").format(origin=origin)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            advice = "it is out of order; run this again later"
        said = f"{host} answered {status}{_words(error.response)}"
        return WorkspaceError(f"cannot {what}: {said}" + (f"; {advice}" if advice else ""))
    if isinstance(error, requests.exceptions.JSONDecodeError):
        return WorkspaceError(
            f"cannot {what}: {host} answered with something other than JSON; look whether the host in "
            f"{origin} is a workspace"
        )
    if isinstance(error, requests.exceptions.SSLError):
        reason = "its certificate is not trusted here; name the authority's file in REQUESTS_CA_BUNDLE"
    elif isinstance(error, requests.Timeout):
        reason = "it did not answer in time; run this again"
    elif _nobody_there(error):
        reason = f"nobody answers there; look at the host in {origin}, and at the way to it"
    else:
        reason = "the connection broke before the answer came; run this again"
    return WorkspaceError(f"cannot {what}: {host}: {reason}")


def _nobody_there(error: requests.RequestException) -> bool:
    cause = error.args[0] if error.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError)


def _words(response: requests.Response) -> str:
    """What the answer says, by the two fields that every error of the API has."""
    try:
        said = response.json()
    except requests.exceptions.JSONDecodeError:
        return ""
    if not isinstance(said, dict):
        return ""
    parts = [str(said[name]) for name in ("error_code", "message") if said.get(name)]
    return f" ({': '.join(parts)})" if parts else ""
