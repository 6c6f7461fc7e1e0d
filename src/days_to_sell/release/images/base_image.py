"""The base of the scoring image, by the one name of it that can never mean another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import docker

from days_to_sell.release.engine import engine_errors
from days_to_sell.release.images.places import as_engines_say


@dataclass(frozen=True)
class BaseImage:
    """A base image of an engine.

    Args:
        name: What people call it.
        id: The engine's id of it: the digest of its configuration.
        published: Repository and digest by which a registry has it; empty where it came from none.
        architecture: As the engine names it: ``amd64`` or ``arm64``.
    """

    name: str
    id: str
    published: str
    architecture: str

    @property
    def reference(self) -> str:
        """What the build starts from: the digest in its registry, else the engine's id."""
        return self.published or self.id

    @property
    def digest(self) -> str:
        """Digest of its manifest in a registry; empty where it came from none."""
        return self.published.partition("@")[2]

    @property
    def identities(self) -> tuple[str, ...]:
        """All that it can be known by again."""
        return (self.id, self.published) if self.published else (self.id,)

    def __str__(self) -> str:
        """Say it in one line."""
        if self.published:
            return f"base image {self.name} is {self.published}"
        return (
            f"base image {self.name} came from no registry, which would give it a digest; its id is {self.id}"
        )


def pin_base(engine: docker.DockerClient, name: str) -> BaseImage:
    """Look up which image a name means to an engine at this moment.

    Raises:
        TargetError: The engine has no such image, or does not answer.
    """
    with engine_errors(f"read base image {name}"):
        found = engine.images.get(name)
    published = digest_of(name, found.attrs.get("RepoDigests") or ())
    return BaseImage(name, str(found.id), published, str(found.attrs["Architecture"]))


def digest_of(name: str, known: Iterable[str]) -> str:
    """Choose the digest of the repository that was named; of another one, where it has none there.

    >>> digest_of("python:3.11", ["mirror.example/python@sha256:aa", "python@sha256:bb"])
    'python@sha256:bb'
    """
    if "@" in name:
        return name
    last = name.rpartition("/")[2]
    repository = as_engines_say(name.removesuffix(f":{last.partition(':')[2]}") if ":" in last else name)
    ranked = sorted(known, key=lambda each: (each.partition("@")[0] != repository, each))
    return ranked[0] if ranked else ""
