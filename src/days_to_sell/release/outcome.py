"""What became of a release: the value, how the log tells it, and the tags that show it to people.

Tags are for people to see: nothing is decided by them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from days_to_sell.registry.events.event import Event
from days_to_sell.release.image_size import ImageSize
from days_to_sell.release.target import Artifact, Deployment
from days_to_sell.scoring.golden import Proof

PREFIX = "release."
STATUS = f"{PREFIX}status"
RELEASING, RELEASED, REFUSED, FAILED = "releasing", "released", "refused", "failed"
REASON_LENGTH = 500


@dataclass(frozen=True)
class Release:
    """A proven model version in production.

    Args:
        model: Name of the registered model.
        version: Its version.
        digest: Digest of the model package.
        image: Name of the image; ``None`` where the package itself is served.
        target: Name of the target.
        url: Address of the production service.
        changed: Whether this reconcile step deployed it; else it served already.
        proof: What the replay of golden data in production found.
        engine: What computes the bundle: ``python`` or ``jvm``.
        size: What the image weighs; ``None`` where it was not built by this step.
        published: Address of the image in a registry, by digest; empty where it was not published.
    """

    model: str
    version: str
    digest: str
    image: str | None
    target: str
    url: str
    changed: bool
    proof: Proof
    engine: str = "python"
    size: ImageSize | None = None
    published: str = ""


def new_release(
    artifact: Artifact, target: str, deployment: Deployment, proof: Proof, published: str = ""
) -> Release:
    """Describe what was just proven in production."""
    return Release(
        model=deployment.model,
        version=deployment.version,
        digest=deployment.digest,
        image=artifact.image,
        target=target,
        url=deployment.url,
        changed=True,
        proof=proof,
        engine=artifact.engine,
        size=artifact.size,
        published=published,
    )


def to_body(release: Release) -> dict[str, Any]:
    """Write a release as the log keeps it."""
    named = release.published.rpartition("@")[2]
    return {
        "target": release.target,
        "url": release.url,
        "image": release.image or "",
        "engine": release.engine,
        "golden_rows": release.proof.rows,
        "golden_max_rel_error": release.proof.max_rel_error,
        **({"published": release.published, "image_digest": named} if named else {}),
    }


def standing_release(
    released: Event | None, version: str, serving: Deployment | None, engine: str = "auto"
) -> Release | None:
    """Tell whether a version is released already: the log says so last, and what serves says the same.

    Args:
        released: The release that succeeded last.
        version: The version that is to serve.
        serving: What answers in production.
        engine: What is to compute the bundle; ``auto`` is content with any.

    Returns:
        The release that stands; ``None`` where there is something to do.
    """
    if released is None or serving is None or released.version != version:
        return None
    said = (released.model, released.version, released.digest)
    if said != (serving.model, serving.version, serving.digest):
        return None
    body: Mapping[str, Any] = released.body
    if engine not in ("auto", body.get("engine")):
        return None
    return Release(
        model=serving.model,
        version=serving.version,
        digest=serving.digest,
        image=str(body.get("image") or "") or None,
        target=str(body.get("target", "")),
        url=serving.url,
        changed=False,
        proof=Proof(int(body.get("golden_rows", 0)), float(body.get("golden_max_rel_error", 0.0)), ()),
        engine=str(body.get("engine", "python")),
        published=str(body.get("published", "")),
    )


def releasing_tags(step: str) -> dict[str, str]:
    """Tags of a version under way; an earlier release of it counts no more."""
    return {STATUS: RELEASING, f"{PREFIX}step": step, f"{PREFIX}reason": ""}


def released_tags(release: Release) -> dict[str, str]:
    """Tags of a version that serves; the status is the last to be written."""
    return {
        f"{PREFIX}digest": release.digest,
        f"{PREFIX}image": release.image or "",
        f"{PREFIX}published": release.published,
        f"{PREFIX}engine": release.engine,
        f"{PREFIX}target": release.target,
        f"{PREFIX}url": release.url,
        f"{PREFIX}golden_rows": str(release.proof.rows),
        f"{PREFIX}golden_max_rel_error": repr(release.proof.max_rel_error),
        f"{PREFIX}released_at": datetime.now(UTC).isoformat(timespec="seconds"),
        f"{PREFIX}step": "",
        f"{PREFIX}reason": "",
        STATUS: RELEASED,
    }


def refused_tags(error: Exception, status: str = REFUSED) -> dict[str, str]:
    """Tags of a version that could not be released."""
    reason = str(error)
    shown = reason if len(reason) <= REASON_LENGTH else reason[: REASON_LENGTH - 1] + "…"
    return {f"{PREFIX}reason": shown, STATUS: status}
