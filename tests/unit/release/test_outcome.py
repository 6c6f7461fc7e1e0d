"""Release tags, and when they mean that nothing is left to do."""

from __future__ import annotations

import pytest

from days_to_sell.errors import ReleaseError
from days_to_sell.registry.versions import ModelVersion
from days_to_sell.release.outcome import Release, refused_tags, released_tags, standing_release
from days_to_sell.release.target import Deployment
from days_to_sell.scoring.golden import Proof

SERVING = Deployment("production", "http://127.0.0.1:8080", "tiny-model", "1", "sha256:aa")
RELEASE = Release("tiny-model", "1", "sha256:aa", None, "process", SERVING.url, True, Proof(25, 2.5e-16, ()))


def version(**changed: str) -> ModelVersion:
    """Version 1 as tagged by its release, with some tags changed."""
    tags = released_tags(RELEASE) | {f"release.{name}": value for name, value in changed.items()}
    return ModelVersion("tiny-model", "1", "a1b2c3", tags)


def test_a_released_version_that_serves_stands() -> None:
    """The release is read back from the tags, as one that changed nothing."""
    standing = standing_release(version(), SERVING)
    assert standing is not None
    assert not standing.changed
    assert (standing.image, standing.target, standing.proof) == (None, "process", RELEASE.proof)


@pytest.mark.parametrize(
    "changed",
    [{"status": "refused"}, {"status": "releasing"}, {"digest": "sha256:bb"}, {"golden_rows": "many"}],
)
def test_tags_that_say_otherwise_leave_something_to_do(changed: dict[str, str]) -> None:
    """Nobody's tag alone makes a release."""
    assert standing_release(version(**changed), SERVING) is None


@pytest.mark.parametrize(
    "serving",
    [
        None,
        Deployment("production", SERVING.url, "tiny-model", "2", "sha256:aa"),
        Deployment("production", SERVING.url, "other-model", "1", "sha256:aa"),
        Deployment("production", SERVING.url, "tiny-model", "1", "sha256:bb"),
    ],
)
def test_tags_do_not_stand_against_what_serves(serving: Deployment | None) -> None:
    """A tag is believed only when the service itself says the same."""
    assert standing_release(version(), serving) is None


@pytest.mark.parametrize(
    ("serves_with", "asked", "stands"),
    [("python", "python", True), ("jvm", "auto", True), ("jvm", "python", False), ("", "jvm", False)],
)
def test_another_engine_than_the_one_asked_for_leaves_something_to_do(
    serves_with: str, asked: str, stands: bool
) -> None:
    """A version is released again with the other engine; automatic is content with either."""
    standing = standing_release(version(engine=serves_with), SERVING, asked)
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
