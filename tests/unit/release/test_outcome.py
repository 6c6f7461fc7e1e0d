"""What the log says of a release, when it means that nothing is left to do, and the tags that show it."""

from __future__ import annotations

from typing import Any

import pytest

from days_to_sell.errors import ReleaseError
from days_to_sell.registry.events.event import Actor, Event, Kind
from days_to_sell.release.outcome import Release, refused_tags, released_tags, standing_release, to_body
from days_to_sell.release.target import Deployment
from days_to_sell.scoring.golden import Proof

SERVING = Deployment("production", "http://127.0.0.1:8080", "tiny-model", "1", "sha256:aa")
RELEASE = Release("tiny-model", "1", "sha256:aa", None, "process", SERVING.url, True, Proof(25, 2.5e-16, ()))


def released(**changed: Any) -> Event:
    """The event of its release, with some of its body changed."""
    body = to_body(RELEASE) | changed
    actor = Actor("somebody")
    return Event(9, "default", "tiny-model", 9, "", Kind.RELEASED, "1", "sha256:aa", actor, body, "", "")


def test_a_released_version_that_serves_stands() -> None:
    """The release is read back from the log, as one that changed nothing."""
    standing = standing_release(released(), "1", SERVING)
    assert standing is not None
    assert not standing.changed
    assert (standing.image, standing.target, standing.proof) == (None, "process", RELEASE.proof)


def test_another_version_than_the_one_that_was_released_does_not_stand() -> None:
    """What is to serve decides."""
    assert standing_release(released(), "2", SERVING) is None
    assert standing_release(None, "1", SERVING) is None


@pytest.mark.parametrize(
    "serving",
    [
        None,
        Deployment("production", SERVING.url, "tiny-model", "2", "sha256:aa"),
        Deployment("production", SERVING.url, "other-model", "1", "sha256:aa"),
        Deployment("production", SERVING.url, "tiny-model", "1", "sha256:bb"),
    ],
)
def test_the_log_does_not_stand_against_what_serves(serving: Deployment | None) -> None:
    """A row is believed only when the service itself says the same."""
    assert standing_release(released(), "1", serving) is None


@pytest.mark.parametrize(
    ("serves_with", "asked", "stands"),
    [("python", "python", True), ("jvm", "auto", True), ("jvm", "python", False), ("python", "jvm", False)],
)
def test_another_engine_than_the_one_asked_for_leaves_something_to_do(
    serves_with: str, asked: str, stands: bool
) -> None:
    """A version is released again with the other engine; automatic is content with either."""
    standing = standing_release(released(engine=serves_with), "1", SERVING, asked)
    assert (standing is not None) is stands
    assert standing is None or standing.engine == serves_with


def test_the_status_is_written_last() -> None:
    """Tags are written one by one: a version half tagged must not look released."""
    assert list(released_tags(RELEASE))[-1] == "release.status"


def test_a_long_reason_is_cut() -> None:
    """A tag holds the beginning of the reason, and shows that there was more."""
    reason = refused_tags(ReleaseError("wrong " * 1000))["release.reason"]
    assert len(reason) == 500
    assert reason.endswith("…")
