"""What became of a release, and the tags that show it to people on the model version.

Tags are for people to see. The one decision that reads them is whether there is anything left to do, and
there what serves has to say the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from days_to_sell.release.image_size import ImageSize
from days_to_sell.release.target import Artifact, Deployment
from days_to_sell.scoring.golden import Proof

if TYPE_CHECKING:
    # The registry brings MLflow along, which takes seconds to import and is needed here for a type alone.
    from days_to_sell.registry.versions import ModelVersion

PREFIX = "release."
RELEASING, RELEASED, REFUSED = "releasing", "released", "refused"
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


def new_release(artifact: Artifact, target: str, deployment: Deployment, proof: Proof) -> Release:
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
    )


def releasing_tags() -> dict[str, str]:
    """Tags of a version under way; an earlier release of it counts no more."""
    return {f"{PREFIX}status": RELEASING, f"{PREFIX}reason": ""}


def released_tags(release: Release) -> dict[str, str]:
    """Tags of a version that serves; the status is the last to be written."""
    return {
        f"{PREFIX}digest": release.digest,
        f"{PREFIX}image": release.image or "",
        f"{PREFIX}engine": release.engine,
        f"{PREFIX}target": release.target,
        f"{PREFIX}url": release.url,
        f"{PREFIX}golden_rows": str(release.proof.rows),
        f"{PREFIX}golden_max_rel_error": repr(release.proof.max_rel_error),
        f"{PREFIX}released_at": datetime.now(UTC).isoformat(timespec="seconds"),
        f"{PREFIX}status": RELEASED,
    }


def refused_tags(error: Exception) -> dict[str, str]:
    """Tags of a version that could not be released."""
    reason = str(error)
    shown = reason if len(reason) <= REASON_LENGTH else reason[: REASON_LENGTH - 1] + "…"
    return {f"{PREFIX}reason": shown, f"{PREFIX}status": REFUSED}


def standing_release(
    desired: ModelVersion, serving: Deployment | None, engine: str = "auto"
) -> Release | None:
    """Tell whether a version is released already: its tags say so, and so does what serves.

    Args:
        desired: The Production version.
        serving: What answers in production.
        engine: What is to compute the bundle; ``auto`` is content with any.

    Returns:
        The release that stands; ``None`` where there is something to do.
    """
    tags: Mapping[str, str] = desired.tags
    if serving is None or tags.get(f"{PREFIX}status") != RELEASED:
        return None
    claimed = (desired.model, desired.version, tags.get(f"{PREFIX}digest"))
    if claimed != (serving.model, serving.version, serving.digest):
        return None
    # What was released before there was a choice is computed in Python.
    serves_with = tags.get(f"{PREFIX}engine") or "python"
    if engine not in ("auto", serves_with):
        return None
    try:
        rows, error = int(tags[f"{PREFIX}golden_rows"]), float(tags[f"{PREFIX}golden_max_rel_error"])
        target = tags[f"{PREFIX}target"]
    except (KeyError, ValueError):
        return None
    return Release(
        model=desired.model,
        version=desired.version,
        digest=serving.digest,
        image=tags.get(f"{PREFIX}image") or None,
        target=target,
        url=serving.url,
        changed=False,
        proof=Proof(rows, error, ()),
        engine=serves_with,
    )
