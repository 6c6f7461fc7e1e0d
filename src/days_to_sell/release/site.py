"""What every target stands on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from days_to_sell.release.addresses import Addresses
from days_to_sell.release.target import Report
from days_to_sell.settings import Settings


@dataclass(frozen=True)
class Site:
    """The place that deployments are started from.

    Args:
        settings: Base image, cache and limits of the service.
        project: Root of the project, which holds ``Dockerfile`` and ``serving/``.
        workspace: Directory that everything started from here belongs to.
        addresses: Host and ports of the environments.
        report: Takes one line of progress.
        ready_seconds: How long a service may take to get ready.
    """

    settings: Settings
    project: Path
    workspace: Path
    addresses: Addresses
    report: Report
    ready_seconds: float = 60.0
