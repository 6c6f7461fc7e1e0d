"""Where an image is published: the repository made of the registry and the path that people name."""

from __future__ import annotations

import re

from days_to_sell.errors import PublishError

_HOST = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*|\[[0-9a-f:]+\])(?::\d+)?"
)
_PATH = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_FORM = "write host[:port]/path in small letters, such as registry.example:5000/days-to-sell"


def repository_of(image: str, registry: str) -> tuple[str, str]:
    """Name the repository and the tag that an image gets in a registry.

    >>> repository_of("tiny-model:7-0123456789ab", "127.0.0.1:5001/days-to-sell")
    ('127.0.0.1:5001/days-to-sell/tiny-model', '7-0123456789ab')

    Args:
        image: Name and tag of an image of the engine.
        registry: Address of a registry, with a path in it if wanted.

    Raises:
        PublishError: The registry is not written as one.
    """
    if "@" in registry:
        # What stands before it may be a password, which must not be repeated.
        raise PublishError(f"the image registry holds a user name; {_FORM}, and log in with `docker login`")
    host, *path = registry.rstrip("/").split("/")
    if not _HOST.fullmatch(host) or not all(map(_PATH.fullmatch, path)):
        raise PublishError(f"{registry!r} is no image registry; {_FORM}")
    if not ({".", ":"} & set(host) or host == "localhost"):
        # An engine would take it for a user of Docker's own hub.
        raise PublishError(f"{registry!r} names no host; {_FORM}, or docker.io/{registry} for Docker's own")
    name, _, tag = image.partition(":")
    return "/".join((host, *path, name)), tag or "latest"


def as_engines_say(repository: str) -> str:
    """Name a repository as an engine lists it: without the host that it takes where none is named.

    >>> as_engines_say("docker.io/company/model"), as_engines_say("127.0.0.1:5001/model")
    ('company/model', '127.0.0.1:5001/model')
    """
    return repository.removeprefix("docker.io/").removeprefix("library/")


def split_address(address: str) -> tuple[str, str]:
    """Take ``repository@sha256:...`` apart.

    Raises:
        PublishError: It names no digest.
    """
    repository, _, digest = address.partition("@")
    if not repository or not _DIGEST.fullmatch(digest):
        raise PublishError(f"{address!r} names no image by its digest; write repository@sha256:...")
    return repository, digest
