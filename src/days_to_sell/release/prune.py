"""Making room: what was kept of versions that nobody will go back to is removed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import docker

from days_to_sell.errors import ReleaseError
from days_to_sell.registry.events.event import Kind
from days_to_sell.registry.events.log import EventLog
from days_to_sell.release.images.kept import KeptImage, drop_image, images_of
from days_to_sell.release.machine.key import Key, key_of
from days_to_sell.release.machine.past import Past
from days_to_sell.release.packages import drop_package, folder_of
from days_to_sell.release.rollback import good_version
from days_to_sell.release.target import Deployment

KEEP = 3


@dataclass(frozen=True)
class Leftover:
    """What is kept of one version for no use.

    Args:
        key: Which version, and which bytes of it.
        folder: Its package; ``None`` where there is none.
        images: Its images, which no container runs from.
    """

    key: Key
    folder: Path | None
    images: tuple[KeptImage, ...]


def leftovers(
    log: EventLog,
    model: str,
    place: str,
    workspace: Path,
    *,
    production: str | None,
    serving: Iterable[Deployment],
    engine: docker.DockerClient | None,
    keep: int = KEEP,
) -> Sequence[Leftover]:
    """Find what is kept of versions that are neither needed now nor for a rollback.

    What the log does not know was not made by a release, and is left alone. An image that another place of
    the same log may want back is, too.

    Args:
        log: The event log.
        model: Name of the registered model.
        place: Name of the place that is deployed to.
        workspace: Its directory.
        production: Version that is in Production in the registry, if any.
        serving: What runs there.
        engine: Client of the engine; absent where none answers, and images stay.
        keep: How many released versions are kept, the newest first.

    Raises:
        EventLogError: The log does not answer.
        TargetError: The engine does not.
    """
    events = log.read(model, kinds=(Kind.STEP, Kind.RELEASED))
    known = dict.fromkeys(key_of(each) for each in events if each.digest and each.body.get("place") == place)
    places = dict.fromkeys(str(each.body["place"]) for each in events if each.body.get("place"))
    wanted = {each: spared(log, model, each, production, keep) for each in places}
    wanted.setdefault(place, set()).update(Key(each.model, each.version, each.digest) for each in serving)
    found = []
    for key in known:
        if key in wanted[place] or key.version == production:
            continue
        elsewhere = any(key in kept for kept in wanted.values())
        images = images_of(engine, model, key.version, key.digest) if engine and not elsewhere else ()
        folder = folder_of(model, key.version, key.digest, workspace)
        if folder or images:
            found.append(Leftover(key, folder, images))
    return found


def spared(log: EventLog, model: str, place: str, production: str | None, keep: int) -> set[Key]:
    """Name what must stay for a place: the newest releases, the one to go back to, and one under way."""
    past = Past.read(log, model, place)
    newest = dict.fromkeys(key_of(each) for each in reversed(past.released))
    kept = set(list(newest)[:keep])
    if past.unfinished:
        kept.add(past.unfinished.key)
    # There may be none to go back to.
    with suppress(ReleaseError):
        kept.add(key_of(good_version(log, model, place, production, None)))
    return kept


def drop(left: Leftover, engine: docker.DockerClient | None) -> None:
    """Remove what is kept of one version.

    Raises:
        TargetError: It cannot be removed.
    """
    for image in left.images:
        if engine is not None:
            drop_image(engine, image)
    if left.folder is not None:
        drop_package(left.folder)
