"""What a release is about, and the names of its steps."""

from __future__ import annotations

from dataclasses import dataclass

from days_to_sell.registry.events.event import Event

PACKAGE, IMAGE, REPLAY, PUBLISH = "package", "image", "replay", "publish"
PREPROD, PRODUCTION, VERIFY = "preprod", "production", "verify"
# Not a step of a release: somebody asked for an earlier version, and the release of that is to follow.
ROLLBACK = "rollback"
STEPS = (PACKAGE, IMAGE, REPLAY, PUBLISH, PREPROD, PRODUCTION, VERIFY)
STARTED, DONE, FAILED = "started", "done", "failed"


@dataclass(frozen=True)
class Key:
    """The bytes of one version: whoever releases the same key twice does the same.

    Args:
        model: Name of the registered model.
        version: Its version.
        digest: Digest of its model package; empty until that is fetched.
    """

    model: str
    version: str
    digest: str = ""

    def __str__(self) -> str:
        """Write it as the log has it.

        >>> str(Key("days-to-sell", "3", "sha256:aa"))
        'days-to-sell/3/sha256:aa'
        """
        return f"{self.model}/{self.version}/{self.digest}"


def key_of(event: Event) -> Key:
    """Read the key that an event is about."""
    return Key(event.model, event.version, event.digest)
