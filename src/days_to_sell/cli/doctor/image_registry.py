"""The image registry: whether it answers, takes the login of `docker login` and, when asked, a push."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urljoin

import docker.auth
import requests
from docker.errors import DockerException

from days_to_sell.cli.doctor.clocks import Clocks
from days_to_sell.cli.doctor.finding import Broken, Note
from days_to_sell.cli.doctor.server import why
from days_to_sell.release.images.places import repository_of
from days_to_sell.settings import PREFIX, Settings

SETTING = f"{PREFIX}IMAGE_REGISTRY"
SECONDS = 5
# Engines speak plain HTTP to these alone, unless they are told to.
LOOPBACK = re.compile(r"(127\.\d+\.\d+\.\d+|localhost|\[::1\])(:\d+)?")
# The registry that engines know by another address than the one in the names of its images.
DOCKERS_OWN = "docker.io"


def image_registry(settings: Settings, write: bool, clocks: Clocks) -> str:
    """Look whether images can be published where the settings say."""
    if not settings.image_registry:
        raise Note(f"not configured: images stay in the engine; {SETTING} names a registry")
    repository, _ = repository_of("days-to-sell-doctor:probe", settings.image_registry)
    host, _, path = repository.partition("/")
    if host == DOCKERS_OWN:
        raise Note(
            f"{host} is asked by engines alone", "log in with docker login; days-to-sell publish tells"
        )
    registry = _Registry(host, path, clocks)
    registry.enter()
    if not write:
        return f"{host} answers{registry.as_whom}; --write tries to begin a push"
    registry.begin_push()
    return f"{host} answers{registry.as_whom}, and takes a push to {path.rpartition('/')[0] or '/'}"


@dataclass
class _Registry:
    """A registry, asked as an engine asks it.

    Args:
        host: As images name it.
        path: Of the repository that a push is begun to.
        clocks: Takes what its clock shows.
    """

    host: str
    path: str
    clocks: Clocks
    as_whom: str = ""
    _session: requests.Session = field(default_factory=requests.Session)

    @property
    def address(self) -> str:
        """Where its interface is."""
        scheme = "http" if LOOPBACK.fullmatch(self.host) else "https"
        return f"{scheme}://{self.host}"

    def enter(self) -> None:
        """Come in, with the login that is kept for it where it asks for one.

        Raises:
            Broken: It does not answer, or does not take the login.
        """
        answer = self._ask("GET", f"{self.address}/v2/")
        if answer.status_code == requests.codes.unauthorized:
            login = _login(self.host)
            if login is None:
                raise Broken(
                    f"{self.host} asks for a login, and none is kept", f"run docker login {self.host}"
                )
            self.as_whom = f", logged in as {login[0]}"
            self._session.auth, token = login, self._token(answer.headers.get("WWW-Authenticate", ""), login)
            if token:
                self._session.auth = None
                self._session.headers["Authorization"] = f"Bearer {token}"
            answer = self._ask("GET", f"{self.address}/v2/")
            if answer.status_code in (requests.codes.unauthorized, requests.codes.forbidden):
                raise Broken(
                    f"{self.host} does not take the login of {login[0]}", f"run docker login {self.host}"
                )
        if not answer.ok:
            raise Broken(
                f"{self.host} answers GET /v2/ with {answer.status_code}",
                f"see whether {SETTING} names a registry",
            )

    def begin_push(self) -> None:
        """Begin a push and give it up.

        Raises:
            Broken: It takes none.
        """
        begun = self._ask("POST", f"{self.address}/v2/{self.path}/blobs/uploads/")
        if begun.status_code != requests.codes.accepted:
            raise Broken(
                f"{self.host} takes no push to {self.path}: it answers {begun.status_code}",
                "have the login allowed to push there, or make the repository where that has to come first",
            )
        self._ask("DELETE", urljoin(f"{self.address}/", begun.headers["Location"]))

    def _token(self, challenge: str, login: tuple[str, str]) -> str | None:
        """Fetch the token that a registry with a token service wants; ``None`` for one without."""
        if not challenge.lower().startswith("bearer "):
            return None
        said = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
        asked = {"service": said.get("service", ""), "scope": f"repository:{self.path}:pull,push"}
        answer = self._ask("GET", f"{said.get('realm', '')}?{urlencode(asked)}", auth=login)
        if not answer.ok:
            raise Broken(
                f"{self.host} does not take the login of {login[0]}", f"run docker login {self.host}"
            )
        told = answer.json()
        return str(told.get("token") or told.get("access_token"))

    def _ask(self, verb: str, address: str, **more: Any) -> requests.Response:
        try:
            with self.clocks.timing(f"the image registry {self.host}") as shown:
                answer = self._session.request(verb, address, timeout=SECONDS, **more)
                shown += [answer.headers[name] for name in ("Date",) if name in answer.headers]
        except requests.RequestException as error:
            reason, remedy = why(error, SECONDS)
            raise Broken(f"{self.host} {reason}", remedy) from error
        return answer


def _login(host: str) -> tuple[str, str] | None:
    """Give what `docker login` keeps for a registry."""
    try:
        kept = docker.auth.load_config().resolve_authconfig(host)
    except DockerException as error:
        raise Broken(
            f"the login kept for {host} cannot be read: {error}", f"run docker login {host}"
        ) from error
    if not kept:
        return None
    if token := kept.get("IdentityToken") or kept.get("identitytoken"):
        return "<token>", str(token)
    name = kept.get("Username") or kept.get("username")
    secret = kept.get("Password") or kept.get("password")
    return (str(name), str(secret)) if name and secret else None
