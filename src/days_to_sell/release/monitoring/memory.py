"""What a monitor knows from before: one file, written whole or not at all, so that it can go on."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from days_to_sell.errors import MonitorError
from days_to_sell.release.monitoring.looks import Look
from days_to_sell.scoring.profile import Profile


@dataclass(frozen=True)
class Memory:
    """What is known of one version.

    Args:
        digest: Digest of its package; with another one everything begins anew.
        run_id: MLflow run that its windows are logged to; empty before the first.
        window: Number of the last window.
        looks: The looks that the last window ended with, by address.
        recent: Columns that drifted in each of the last windows, oldest first.
        standing: Columns for which the alarm was raised and still holds.
        outcomes: Snapshot of the last lake whose outcomes were judged, ISO; empty before the first.
    """

    digest: str
    run_id: str = ""
    window: int = 0
    looks: Mapping[str, Look] = field(default_factory=dict)
    recent: tuple[tuple[str, ...], ...] = ()
    standing: tuple[str, ...] = ()
    outcomes: str = ""


def read_memory(path: Path, digest: str, profile: Profile) -> Memory:
    """Read what is known of the version with this package; nothing when it is another one's.

    Args:
        path: The file.
        digest: Digest of the version's package.
        profile: The package's.

    Raises:
        MonitorError: The file is damaged.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        if raw["digest"] != digest:
            return Memory(digest)
        return Memory(
            digest=digest,
            run_id=str(raw["run_id"]),
            window=int(raw["window"]),
            looks={str(url): _look(each, profile) for url, each in raw["looks"].items()},
            recent=tuple(tuple(map(str, each)) for each in raw["recent"]),
            standing=tuple(map(str, raw["standing"])),
            outcomes=str(raw["outcomes"]),
        )
    except FileNotFoundError:
        return Memory(digest)
    except (OSError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise MonitorError(
            f"the monitor's state {path} cannot be read ({error}); remove it to begin anew"
        ) from error


def write_memory(path: Path, memory: Memory) -> None:
    """Write what is known in place of what was."""
    content = {**vars(memory), "looks": {url: vars(look) for url, look in memory.looks.items()}}
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(prefix=".monitor-", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            json.dump(content, out, indent=1)
        Path(draft).rename(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


def _look(raw: Mapping[str, Any], profile: Profile) -> Look:
    counts = {name: tuple(map(int, raw["counts"][name])) for name, _ in profile.histograms}
    if any(len(counts[name]) != histogram.bins.size for name, histogram in profile.histograms):
        raise ValueError("its counts are not those of the package's bins")
    return Look(float(raw["since"]), counts)
