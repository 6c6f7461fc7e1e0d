"""Publishing: a built image goes to an image registry, and has a name there that can never mean another.

The step ``publish`` of a release calls, with a client of the engine that built the image::

    published = publish(engine, artifact.image, settings.image_registry, report=report)
    published.address       # 127.0.0.1:5001/days-to-sell/tiny-model@sha256:...: put this into the event
    published.pushed        # whether anything was sent; an image that the registry has is not sent again

An empty ``settings.image_registry`` means that nothing is to be published: the step has nothing to do then.
``publish`` may be called again at any time, after a crash too. It raises ``PublishError`` where the registry
does not do what it was asked (after some attempts, where another could help), and ``TargetError`` where the
engine does not answer. On the machine that is to run the image, ``pull_by_digest(engine, published.address)``
gives its id.

Who may push is what ``docker login`` wrote for this user (or the file of ``DOCKER_CONFIG``, or the credential
helper named there). It is read anew each time, handed to the engine, and never shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import docker
from docker.errors import APIError, ImageNotFound, NotFound

from days_to_sell.errors import PublishError
from days_to_sell.release.engine import engine_errors
from days_to_sell.release.images.attempts import Attempts
from days_to_sell.release.images.places import as_engines_say, repository_of, split_address
from days_to_sell.release.images.refusals import RefusedError
from days_to_sell.release.target import Report


@dataclass(frozen=True)
class Published:
    """An image in a registry.

    Args:
        name: Its repository, with the registry's address.
        digest: ``sha256:`` and the digest of its manifest, which names everything in it by digest.
        pushed: Whether it was sent now; else the registry had it already.
    """

    name: str
    digest: str
    pushed: bool

    @property
    def address(self) -> str:
        """The name by which any engine gets these very bytes: ``repository@sha256:...``."""
        return f"{self.name}@{self.digest}"


def publish(
    engine: docker.DockerClient,
    image: str,
    registry: str,
    *,
    report: Report = print,
    attempts: Attempts | None = None,
) -> Published:
    """Push an image to a registry, unless it is there, and see that the registry has what was pushed.

    Args:
        engine: Client of the engine that has the image.
        image: Its name and tag in the engine.
        registry: Address of the registry, with a path in it if wanted: ``127.0.0.1:5001/days-to-sell``.
        report: Takes one line of progress.
        attempts: How often, and how long apart, a push is tried that could succeed the next time.

    Raises:
        PublishError: The registry's address is wrong, it does not answer, refuses, or holds something else
            than what was pushed.
        TargetError: The engine does not answer.
    """
    repository, tag = repository_of(image, registry)
    with engine_errors(f"publish image {image}"):
        # Who logged in meanwhile has written it into a file that a long-lived client has read before.
        engine.api.reload_config()
        for digest in _known_digests(engine, image, repository):
            if _holds(engine, f"{repository}@{digest}"):
                published = Published(repository, digest, pushed=False)
                report(f"published already: {published.address}")
                return published
        report(f"publishing image {image} to {repository}:{tag}")
        engine.api.tag(image, repository, tag)
        digest = (attempts or Attempts()).make(lambda: _push(engine, repository, tag), repository, report)
        _verify(engine, repository, tag, digest)
    published = Published(repository, digest, pushed=True)
    report(f"published: {published.address}")
    return published


def pull_by_digest(
    engine: docker.DockerClient,
    address: str,
    *,
    report: Report = print,
    attempts: Attempts | None = None,
) -> str:
    """Make sure that an engine has an image of a registry, which it holds to the digest.

    Args:
        engine: Client of the engine.
        address: ``repository@sha256:...``.
        report: Takes one line of progress.
        attempts: How often, and how long apart, a pull is tried that could succeed the next time.

    Returns:
        The engine's id of the image.

    Raises:
        PublishError: The address names no digest, or the registry does not hand the image out.
        TargetError: The engine does not answer.
    """
    repository, digest = split_address(address)
    with engine_errors(f"pull image {address}"):
        try:
            return str(engine.images.get(address).id)
        except ImageNotFound:
            report(f"pulling image {address}")
        engine.api.reload_config()
        (attempts or Attempts()).make(lambda: _pull(engine, repository, digest), repository, report)
        return str(engine.images.get(address).id)


def _known_digests(engine: docker.DockerClient, image: str, repository: str) -> tuple[str, ...]:
    """Tell by which digests an image was pushed to or pulled from a repository before."""
    try:
        known = engine.images.get(image).attrs.get("RepoDigests") or ()
    except ImageNotFound as error:
        raise PublishError(
            f"there is no image {image} in the engine; build it, then publish again"
        ) from error
    pairs = (str(each).partition("@") for each in known)
    return tuple(digest for name, _, digest in pairs if name == as_engines_say(repository))


def _holds(engine: docker.DockerClient, address: str) -> bool:
    """Ask the registry for a manifest by its digest; why it has none is left to the push to find out."""
    try:
        engine.api.inspect_distribution(address)
    except APIError:
        return False
    return True


def _push(engine: docker.DockerClient, repository: str, tag: str) -> str:
    said = _followed(lambda: engine.api.push(repository, tag, stream=True, decode=True), repository, "push")
    digests = [line["aux"]["Digest"] for line in said if "Digest" in (line.get("aux") or {})]
    if not digests:
        raise RefusedError(f"the engine pushed to {repository} and named no digest", passing=True)
    return str(digests[-1])


def _pull(engine: docker.DockerClient, repository: str, digest: str) -> None:
    _followed(lambda: engine.api.pull(repository, digest, stream=True, decode=True), repository, "pull")


def _followed(
    begin: Callable[[], Iterable[dict[str, Any]]], repository: str, doing: str
) -> list[dict[str, Any]]:
    """Let the engine begin, and read what it says while it works, to the end.

    Raises:
        RefusedError: It did not succeed.
    """
    said = []
    try:
        for line in begin():
            if "error" in line:
                raise RefusedError.read(str(line["error"]), repository, doing)
            said.append(line)
    except APIError as error:
        raise RefusedError.read(str(error.explanation or error), repository, doing) from error
    return said


def _verify(engine: docker.DockerClient, repository: str, tag: str, digest: str) -> None:
    """Ask the registry which manifest it has under the tag: it is the one that was pushed.

    Raises:
        PublishError: It is another one, or none.
    """
    try:
        found = str(engine.api.inspect_distribution(f"{repository}:{tag}")["Descriptor"]["digest"])
    except NotFound:
        found = "nothing"
    except APIError as error:
        said = RefusedError.read(str(error.explanation or error), repository, "read back")
        raise PublishError(str(said)) from error
    if found != digest:
        raise PublishError(
            f"{repository}:{tag} was pushed as {digest}, but the registry has {found} there; find out who "
            "else pushes to it, then publish again"
        )
