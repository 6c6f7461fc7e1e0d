"""The MLflow server: whether it answers, fits the client, takes the login, and keeps the gates."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

import mlflow
import requests
from mlflow.exceptions import MlflowException
from mlflow.utils.credentials import get_default_host_creds
from mlflow.utils.rest_utils import http_request

from days_to_sell.cli.doctor.clocks import Clocks
from days_to_sell.cli.doctor.finding import Broken, Note
from days_to_sell.models import find_spec, model_names
from days_to_sell.registry.events.log import GATED
from days_to_sell.registry.events.place import DATABASES
from days_to_sell.registry.overriding import GATED_TAG

ANSWER_SECONDS = 5
API = "/api/2.0/mlflow"
LOGIN = "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"


@dataclass(frozen=True)
class Server:
    """An MLflow server, asked as MLflow's own client asks it, but once and not for long.

    Args:
        address: Its address, or that of a store which is no server.
        clocks: Takes what its clock shows.
    """

    address: str
    clocks: Clocks

    @property
    def remote(self) -> bool:
        """Whether it is a server at all."""
        return self.address.startswith(("http://", "https://"))

    @property
    def shown(self) -> str:
        """Its address without a password."""
        return without_login(self.address)

    def ask(
        self,
        path: str,
        verb: str = "GET",
        *,
        seconds: int = ANSWER_SECONDS,
        query: Mapping[str, str] | None = None,
        **sent: Any,
    ) -> requests.Response:
        """Send one request with the login of this environment.

        Raises:
            Broken: No answer came.
        """
        wanted = f"{path}?{urlencode(query)}" if query else path
        try:
            with self.clocks.timing("the tracking server") as shown:
                answer: requests.Response = http_request(
                    get_default_host_creds(self.address),
                    wanted,
                    verb,
                    max_retries=0,
                    timeout=seconds,
                    raise_on_status=False,
                    **sent,
                )
                shown += [answer.headers[name] for name in ("Date",) if name in answer.headers]
        except (MlflowException, requests.RequestException) as error:
            reason, remedy = why(error, seconds)
            raise Broken(f"{self.shown} {reason}", remedy) from error
        return answer


def tracking(server: Server) -> str:
    """Look whether a tracking server answers, is of a version that fits, and takes the login."""
    if not server.remote:
        raise Note(
            f"not configured: runs go to {server.shown}", "MLFLOW_TRACKING_URI names a server for a team"
        )
    health = server.ask("/health")
    if not health.ok:
        raise Broken(
            f"{server.shown} answers GET /health with {health.status_code}",
            "see whether MLFLOW_TRACKING_URI leads to MLflow, and what its log or the proxy before it says",
        )
    who = _login(server)
    version = server.ask("/version")
    theirs = version.text.strip()
    if not version.ok or not re.fullmatch(r"\d+\.\d+\.\S+", theirs):
        raise Broken(
            f"{server.shown} does not tell its version", "see whether MLFLOW_TRACKING_URI leads to MLflow"
        )
    ours = mlflow.__version__
    said = f"{server.shown}, MLflow {theirs}"
    if theirs.split(".")[0] != ours.split(".")[0]:
        raise Broken(f"{said}, but the client is {ours}", "run the server with the client's version")
    if theirs.split(".")[:2] != ours.split(".")[:2]:
        raise Note(
            f"{said}, and the client is {ours}", "run the server with the client's version when you can"
        )
    if who is None:
        raise Note(
            f"{said}; it asks for no login, so that who did what is a claim", "start it with basic-auth"
        )
    return f"{said}, logged in as {who}"


def registry(server: Server) -> str:
    """Look whether the registry is the store that keeps the gates."""
    if server.address.startswith(GATED):
        raise Note(
            f"opened past the server, with gates: {server.shown}", "set MLFLOW_REGISTRY_URI to the server"
        )
    if not server.remote:
        if server.address.startswith(DATABASES) and os.environ.get("MLFLOW_REGISTRY_URI"):
            raise Broken(
                f"{server.shown} is opened past every gate",
                "set MLFLOW_REGISTRY_URI to the server, and give the database's address to the server alone",
            )
        raise Note(f"not configured: models are registered in {server.shown}")
    names = sorted(find_spec(folder).name for folder in model_names())
    answers = {name: server.ask(f"{API}/registered-models/get", query={"name": name}) for name in names}
    there = {name: _tags(answer) for name, answer in answers.items() if answer.ok}
    bare = [name for name, tags in there.items() if GATED_TAG not in tags]
    if bare:
        raise Broken(
            f"{server.shown} lets {', '.join(bare)} into Production past every gate",
            "start the server with --registry-store-uri dts+postgresql://..., with this toolkit installed",
        )
    refused = [name for name, answer in answers.items() if answer.status_code in (401, 403)]
    if refused and not there:
        raise Broken(
            f"this login may not read {', '.join(refused)}",
            "ask the server's administrator for the permission READ",
        )
    if not there:
        raise Note(
            "no model of ours is registered yet, so that the registry does not show whether it keeps gates",
            "look again after the first training",
        )
    return f"keeps the gates of {', '.join(there)}"


def without_login(address: str) -> str:
    """Give an address without user name and password.

    >>> without_login("https://ruth:secret@mlflow.example/team")
    'https://mlflow.example/team'
    """
    parts = urlsplit(address)
    return (
        urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])) if "@" in parts.netloc else address
    )


def why(error: BaseException, seconds: float) -> tuple[str, str]:
    """Say why no answer came, and what to do; the library's own words may hold a login."""
    chain, each = list[BaseException](), error.__cause__ or error.__context__
    chain.append(error)
    while each is not None and len(chain) < 10:
        chain.append(each)
        each = each.__cause__ or each.__context__
    words = " ".join(f"{type(each).__name__} {each}" for each in chain)
    if "SSLError" in words or "CERTIFICATE" in words:
        return "has a certificate that is not trusted here", "name its authority with REQUESTS_CA_BUNDLE"
    if "NameResolution" in words or "Name or service not known" in words:
        return "has a name that cannot be resolved", "look at the address for a slip, and at DNS or VPN"
    if "Timeout" in words or "timed out" in words:
        return (
            f"does not answer within {seconds:.0f} s",
            "see whether it is overloaded, or a firewall is between",
        )
    if "refused" in words:
        return "refuses the connection", "start it, or look at the port of the address"
    return (
        "breaks the connection off",
        "look at the address, its scheme (http, https) and what the server logs",
    )


def _login(server: Server) -> str | None:
    """Give the name whose password the server took; ``None`` where it asks for none."""
    answer = server.ask(f"{API}/users/current")
    if answer.status_code == requests.codes.unauthorized:
        name = get_default_host_creds(server.address).username
        if not name:
            raise Broken(f"{server.shown} asks for a login, and none is set", f"set {LOGIN}")
        raise Broken(f"{server.shown} does not take the login of {name}", f"look at {LOGIN}")
    if answer.status_code == requests.codes.forbidden and "Host header" in answer.text:
        host = urlsplit(server.address).netloc.rpartition("@")[2]
        raise Broken(
            f"{server.shown} refuses requests for the name {host}",
            f"start the server with MLFLOW_SERVER_ALLOWED_HOSTS={host} among its names",
        )
    if not answer.ok:
        return None
    try:
        told = answer.json()
        return str(told["user"]["username"]) if told.get("is_basic_auth") else None
    except (ValueError, KeyError, TypeError):
        return None


def _tags(answer: requests.Response) -> set[str]:
    try:
        found = answer.json()["registered_model"].get("tags", ())
    except (json.JSONDecodeError, KeyError):
        return set()
    return {str(tag["key"]) for tag in found}
