"""First-class fakes of the registry and of a target, for tests of the reconcile step."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from werkzeug.serving import BaseWSGIServer, make_server

from days_to_sell.errors import RegistryError
from days_to_sell.registry.versions import ModelVersion
from days_to_sell.release.addresses import Addresses
from days_to_sell.release.service import answering, identify
from days_to_sell.release.target import Artifact, Deployment
from days_to_sell.scoring.package import ModelPackage, open_package
from days_to_sell.settings import Settings
from serving.app import create_app
from stack.ports import free_port


class ShelfRegistry:
    """A registry whose packages are directories and whose tags are a dictionary."""

    def __init__(self) -> None:
        self.packages: dict[tuple[str, str], Path] = {}
        self.tags: dict[tuple[str, str], dict[str, str]] = {}
        self.in_production: dict[str, str] = {}
        self.told_serving: list[str | None] = []
        self.brought_along: list[str] = []
        self.on_tag: Callable[[Mapping[str, str]], None] = lambda tags: None

    def add(self, model: str, version: str, package: ModelPackage) -> None:
        """Register a version and put it in Production."""
        self.packages[model, version] = package.root
        self.tags[model, version] = {}
        self.in_production[model] = version

    def production(self, model: str, serving: str | None = None) -> ModelVersion | None:
        """Find the version in Production."""
        self.told_serving.append(serving)
        version = self.in_production.get(model)
        if version is None:
            return None
        return ModelVersion(model, version, "a1b2c3", dict(self.tags[model, version]))

    def version(self, model: str, version: str) -> ModelVersion:
        """Look a version up."""
        if (model, version) not in self.tags:
            raise RegistryError(f"there is no version {version} of {model}")
        return ModelVersion(model, version, "a1b2c3", dict(self.tags[model, version]))

    def put_in_production(self, version: ModelVersion) -> None:
        """Promote."""
        self.in_production[version.model] = version.version

    def bring_along(self, version: ModelVersion) -> None:
        """Note that it was asked: here stage and alias are one."""
        self.brought_along.append(version.version)

    def fetch_package(self, version: ModelVersion, target: Path) -> ModelPackage:
        """Copy the package and verify the copy."""
        shutil.copytree(self.packages[version.model, version.version], target)
        return open_package(target)

    def tag(self, version: ModelVersion, tags: Mapping[str, str]) -> None:
        """Set tags, unless ``on_tag`` raises."""
        self.on_tag(tags)
        self.tags[version.model, version.version] |= tags


class RefusingRegistryError(RegistryError):
    """What a registry that is down raises."""


class ThreadTarget:
    """Serves with the real application, in threads of this process.

    Args:
        spoilt: Environments whose service answers one day too many.
    """

    name = "thread"

    def __init__(self, spoilt: Iterable[str] = ()) -> None:
        self.spoilt = set(spoilt)
        self.deployed: list[tuple[str, str]] = []
        self.built: list[str] = []
        self.images: set[str] = set()
        self._addresses = Addresses(ports={"preprod": free_port(), "production": free_port()})
        self._servers: dict[str, tuple[BaseWSGIServer, threading.Thread]] = {}
        self._proven: dict[str, Artifact] = {}
        self._candidates: dict[str, Artifact] = {}

    def reserve(self, model: str, environment: str) -> None:
        """Ask who holds the port."""
        self._addresses.reserve(model, environment, self.started())

    def prepare(
        self, package: ModelPackage, version: str, engine: str = "python", *, kept: bool = False
    ) -> Artifact:
        """Build an image, unless it is there."""
        image = f"image-of-{version}"
        if (name := f"{image}@{package.digest}") not in self.images:
            self.built.append(name)
            self.images.add(name)
        return Artifact(package, version, image, engine)

    def deploy(self, artifact: Artifact, environment: str) -> Deployment:
        """Serve the artifact in place of what serves."""
        self.deployed.append((environment, artifact.version))
        self._candidates[environment] = artifact
        self._serve(artifact, environment)
        return identify(self._addresses.url(environment), artifact, environment)

    def confirm(self, candidate: Deployment) -> None:
        """Make the candidate the proven one, if it is not that already."""
        if candidate.environment in self._candidates:
            self._proven[candidate.environment] = self._candidates.pop(candidate.environment)

    def restore(self, candidate: Deployment) -> Deployment | None:
        """Serve the proven artifact again."""
        stepped_in = self._candidates.pop(candidate.environment, None)
        proven = self._proven.get(candidate.environment)
        if stepped_in is not None:
            self._end(candidate.environment)
            if proven is not None:
                self._serve(proven, candidate.environment)
        return self.current(candidate.environment) if proven is not None else None

    def current(self, environment: str) -> Deployment | None:
        """Ask the address."""
        return answering(self._addresses.url(environment))

    def started(self) -> tuple[Deployment, ...]:
        """List what serves."""
        return tuple(found for name in self._servers if (found := self.current(name)))

    def stop(self, environment: str | None = None) -> tuple[Deployment, ...]:
        """End one service, or all."""
        ended = [found for found in self.started() if environment in (None, found.environment)]
        for found in ended:
            self._end(found.environment)
        return tuple(ended)

    def _serve(self, artifact: Artifact, environment: str) -> None:
        self._end(environment)
        settings = replace(Settings(), environment=environment, model_version=artifact.version)
        app = create_app(artifact.package, settings).wsgi_app
        spoilt = environment in self.spoilt and artifact.version != "1"
        server = make_server(
            "127.0.0.1", self._addresses.port(environment), _one_day_more(app) if spoilt else app
        )
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        self._servers[environment] = (server, thread)

    def _end(self, environment: str) -> None:
        if environment in self._servers:
            server, thread = self._servers.pop(environment)
            server.shutdown()
            thread.join()
            server.server_close()


def _one_day_more(app: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    def spoilt(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] != "/invocations":
            return app(environ, start_response)
        answer = json.loads(b"".join(app(environ, lambda status, headers: None)))
        body = json.dumps({"predictions": [days + 1 for days in answer["predictions"]]}).encode()
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]

    return spoilt
