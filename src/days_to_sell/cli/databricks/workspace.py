"""A Databricks workspace as its REST API answers, spoken to through databricks-cli."""

from __future__ import annotations

import base64
import configparser
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from days_to_sell.cli.databricks.refusals import explain, may_pass, pause_asked
from days_to_sell.errors import EnvironmentProblem, SettingsError

JOBS_API = "2.1"
PAGE = 100
ANSWER_SECONDS = (10, 120)
WAITS = (1.0, 2.0, 4.0, 8.0, 16.0)
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
Json = dict[str, Any]


@dataclass(frozen=True)
class Access:
    """Where a workspace is, and what opens it.

    Args:
        host: Its address, without a path.
        token: What proves who asks; never shown.
        origin: Where both were found, for messages.
        verify: Whether its certificate is looked at.
    """

    host: str
    token: str
    origin: str
    verify: bool = True

    def __repr__(self) -> str:
        """Name everything but the token."""
        return f"Access(host={self.host!r}, origin={self.origin!r})"


def find_access(profile: str | None) -> Access:
    """Find address and token: of a profile if one is named, else of the environment, else of profile DEFAULT.

    Raises:
        EnvironmentProblem: databricks-cli is not installed.
        SettingsError: There is no token, or it would travel in the clear.
    """
    require_client()
    from databricks_cli.configure import provider

    environment = None if profile else provider.EnvironmentVariableConfigProvider().get_config()
    named = profile or provider.DEFAULT_SECTION
    origin = "DATABRICKS_HOST and DATABRICKS_TOKEN" if environment else f"profile {named}"
    try:
        found = environment or provider.ProfileConfigProvider(named).get_config()
    except configparser.Error:
        # What it would say quotes the line, and that may hold the token.
        raise SettingsError(
            f"profile {named} cannot be read; look for a stray % or a line without = in ~/.databrickscfg, "
            "or in the file that DATABRICKS_CONFIG_FILE names"
        ) from None
    if found is None or not found.token:
        raise SettingsError(
            f"no host and token were found in {origin}; set DATABRICKS_HOST and DATABRICKS_TOKEN, or name a "
            "profile of ~/.databrickscfg that has host and token with --profile"
        )
    return Access(_address(found.host, origin), found.token, origin, verify=found.insecure is None)


def require_client() -> None:
    """Make sure that databricks-cli is installed; the rest of the toolkit does without it.

    Raises:
        EnvironmentProblem: It is not.
    """
    if find_spec("databricks_cli") is None:
        raise EnvironmentProblem(
            "databricks-cli is not installed; install the extra: pip install -r requirements/databricks.txt, "
            "or pip install 'days-to-sell[databricks]'"
        )


def _address(host: str, origin: str) -> str:
    written = host if "://" in host else f"https://{host}"
    parts = urlsplit(written)
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise SettingsError(
            f"host {host} of {origin} would get the token in the clear; write it with https://"
        )
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise SettingsError(f"host {host!r} of {origin} is no address; write it as https://NAME")
    return f"{parts.scheme}://{parts.netloc}"


@dataclass(frozen=True)
class Workspace:
    """What of a workspace's API is used here; each call can be repeated without harm.

    Args:
        access: Where it is, and what opens it.
        report: Takes a line when it has to wait.
        pause: Waits for seconds.
    """

    access: Access
    report: Callable[[str], None]
    pause: Callable[[float], None] = time.sleep

    @cached_property
    def _client(self) -> Any:
        from databricks_cli.sdk.api_client import ApiClient

        client = ApiClient(
            host=self.access.host,
            token=self.access.token,
            verify=self.access.verify,
            command_name="days-to-sell",
            jobs_api_version=JOBS_API,
            default_headers={"Content-Type": "application/json"},
        )
        # It forgets the port, waits for answers without end, and repeats by rules of its own.
        client.url = f"{self.access.host}/api/"
        for scheme in ("https://", "http://"):
            client.session.mount(scheme, _Patient())
        return client

    @cached_property
    def _objects(self) -> Any:
        from databricks_cli.sdk.service import WorkspaceService

        return WorkspaceService(self._client)

    @cached_property
    def _jobs(self) -> Any:
        from databricks_cli.sdk.service import JobsService

        return JobsService(self._client)

    def attempt(self, what: str, step: Callable[[], Any]) -> Any:
        """Take a step, and take it again while the workspace is busy or the connection broke.

        Args:
            what: The step in words, such as ``make folder /Shared``.
            step: Must come to the same end when it is taken twice, since an answer can be lost.

        Raises:
            WorkspaceError: It was refused, or did not get through in time.
        """
        for wait in (*WAITS, None):
            try:
                return step()
            except requests.RequestException as error:
                if wait is None or not may_pass(error):
                    raise explain(error, what, self.access.host, self.access.origin) from None
                seconds = pause_asked(error, wait)
                self.report(f"{what}: the workspace is busy or broke off; again in {seconds:g} s")
                self.pause(seconds)
        raise AssertionError("the last attempt returns or raises")

    def make_folder(self, path: str) -> None:
        """Make a folder with those above it, where they are absent."""
        self._objects.mkdirs(path)

    def put_notebook(self, path: str, source: bytes) -> None:
        """Put a Databricks source file in place as a notebook."""
        self._objects.import_workspace(
            path, format="SOURCE", language="PYTHON", content=_encoded(source), overwrite=True
        )

    def put_file(self, path: str, content: bytes) -> None:
        """Put a file in place as it is."""
        self._objects.import_workspace(path, format="AUTO", content=_encoded(content), overwrite=True)

    def jobs(self) -> Iterator[Json]:
        """Read all jobs, page by page; each without its tasks."""
        query: Json = {"limit": PAGE, "expand_tasks": False}
        while True:
            page = self._client.perform_query("GET", "/jobs/list", data=query)
            yield from page.get("jobs", [])
            if not page.get("next_page_token"):
                return
            query = {**query, "page_token": page["next_page_token"]}

    def job(self, job_id: int) -> Json:
        """Read one job with all its settings."""
        found: Json = self._jobs.get_job(job_id)
        return found

    def create_job(self, settings: Mapping[str, Any]) -> int:
        """Create a job, and tell its number."""
        return int(self._jobs.create_job(**settings)["job_id"])

    def reset_job(self, job_id: int, settings: Mapping[str, Any]) -> None:
        """Replace all settings of a job."""
        self._jobs.reset_job(job_id, dict(settings))


class _Patient(HTTPAdapter):
    """Gives every request a deadline, which databricks-cli does not."""

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]
        return super().send(request, **{**options, "timeout": options.get("timeout") or ANSWER_SECONDS})


def _encoded(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
