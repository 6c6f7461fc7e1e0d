"""What an engine says when a registry refuses, read for people: what it means, and whether to try again."""

from __future__ import annotations

from days_to_sell.errors import PublishError

# Parts of what engines and registries say, and what to do about it. Whatever is not here may pass.
_LASTING = (
    (
        ("unauthorized", "no basic auth credentials", "denied", "authentication required", "401"),
        "the registry does not know this user, or forbids it; log in with `docker login {host}`",
    ),
    (
        ("server gave http response to https client", "does not look like a tls handshake"),
        "the registry speaks HTTP without TLS, which an engine takes from its own machine alone; give the "
        "registry a certificate, or name {host} in `insecure-registries` of the engine's daemon.json",
    ),
    (
        ("x509:", "certificate"),
        "the engine does not trust the registry's certificate; put its authority into "
        "/etc/docker/certs.d/{host}/ca.crt where the engine runs",
    ),
    (
        ("invalid reference", "name invalid", "manifest unknown", "does not exist", "not found"),
        "the registry has no such place; compare its address with what its operator says",
    ),
)
_ABSENT = ("connection refused", "no such host", "no route to host", "i/o timeout", "network is unreachable")


class RefusedError(PublishError):
    """A registry refused, or did not answer.

    Args:
        message: What was wrong and what to do.
        passing: Whether it may do so the next time.
    """

    def __init__(self, message: str, *, passing: bool) -> None:
        super().__init__(message)
        self.passing = passing

    @classmethod
    def read(cls, said: str, repository: str, doing: str) -> RefusedError:
        """Read what an engine said.

        Args:
            said: Its words.
            repository: Which repository it was asked about.
            doing: What it was asked: ``push``, ``pull`` or ``read back``.
        """
        host, low = repository.partition("/")[0], said.lower()
        failed = f"cannot {doing} {repository}"
        if any(words in low for words in _ABSENT):
            return cls(
                f"{failed}: no image registry answers at {host} ({said}); start it, or set "
                "DAYS_TO_SELL_IMAGE_REGISTRY to one that runs",
                passing=True,
            )
        for known, advice in _LASTING:
            if any(words in low for words in known):
                return cls(f"{failed}: {advice.format(host=host)} ({said})", passing=False)
        return cls(f"{failed}: {said}; look into the registry's own log", passing=True)
