"""Which refusals are tried again, how often and how long apart."""

from __future__ import annotations

import pytest

from days_to_sell.release.images.attempts import Attempts
from days_to_sell.release.images.refusals import RefusedError

PLACE = "registry.example/team/model"


class Registry:
    """Refuses some times, then takes what it is given.

    Args:
        said: The engine's words at each attempt that is refused.
    """

    def __init__(self, *said: str) -> None:
        self.said = list(said)
        self.asked = 0

    def push(self) -> str:
        """Push."""
        self.asked += 1
        if self.said:
            raise RefusedError.read(self.said.pop(0), PLACE, "push")
        return "digest"


def test_what_may_pass_is_tried_again_after_waits_that_grow() -> None:
    """Each wait is up to twice the one before, and never longer than the longest."""
    registry, waits, lines = Registry(*["500 Internal Server Error"] * 4), [], []
    attempts = Attempts(most=5, seconds=1.0, longest=3.0, pause=waits.append)

    assert attempts.make(registry.push, PLACE, lines.append) == "digest"
    assert registry.asked == 5
    assert [
        low <= wait <= high for wait, low, high in zip(waits, (0.5, 1, 1.5, 1.5), (1, 2, 3, 3), strict=True)
    ]
    assert len(lines) == 4
    assert "500 Internal Server Error" in lines[0]
    assert "attempt 1 of 5" in lines[0]


def test_after_the_last_attempt_the_reason_is_told() -> None:
    """Nothing is waited for after it."""
    registry, waits = Registry(*["dial tcp 127.0.0.1:1: connect: connection refused"] * 3), []

    with pytest.raises(
        RefusedError, match=r"no image registry answers at registry\.example .*connection refused"
    ):
        Attempts(most=3, pause=waits.append).make(registry.push, PLACE, print)
    assert (registry.asked, len(waits)) == (3, 2)


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        ("unauthorized: authentication required", "docker login registry.example"),
        ("no basic auth credentials", "docker login registry.example"),
        ("denied: requested access to the resource is denied", "docker login registry.example"),
        ("http: server gave HTTP response to HTTPS client", "insecure-registries"),
        ("tls: first record does not look like a TLS handshake", "insecure-registries"),
        ("x509: certificate signed by unknown authority", "/etc/docker/certs.d/registry.example/ca.crt"),
        ("manifest unknown: manifest unknown", "compare its address"),
    ],
)
def test_what_will_not_pass_is_told_at_once_with_what_to_do(said: str, advice: str) -> None:
    """Asking again would change nothing; the message keeps the engine's words."""
    registry = Registry(said)

    with pytest.raises(RefusedError) as caught:
        Attempts(pause=pytest.fail).make(registry.push, PLACE, print)
    assert registry.asked == 1
    assert advice in str(caught.value)
    assert said in str(caught.value)
