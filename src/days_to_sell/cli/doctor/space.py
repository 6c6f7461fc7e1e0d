"""Room on the disks that are written to, and the ports that the demo and local releases listen on."""

from __future__ import annotations

import shutil
from pathlib import Path

from days_to_sell.cli.doctor.finding import Broken, Note
from days_to_sell.errors import TargetError
from days_to_sell.release.addresses import is_free
from days_to_sell.settings import Settings

# Jars, wheels and one image in the making take about so much; a full disk stops what runs already.
ROOMY, TIGHT = 5e9, 1e9
PORTS = {5000: "MLflow", 8080: "production", 8081: "pre-production"}


def disk(settings: Settings, workspace: Path) -> str:
    """Look at the free space of cache and workspace."""
    free = {str(place): shutil.disk_usage(_there(place)).free for place in (settings.cache_dir, workspace)}
    said = ", ".join(f"{size / 1e9:.1f} GB free at {place}" for place, size in free.items())
    least = min(free.values())
    remedy = (
        "days-to-sell release prune removes old packages and images; DAYS_TO_SELL_CACHE_DIR moves the cache"
    )
    if least < TIGHT:
        raise Broken(said, remedy)
    if least < ROOMY:
        raise Note(said, remedy)
    return said


def ports(settings: Settings) -> str:
    """Look which of the usual ports somebody listens on."""
    try:
        taken = {port: what for port, what in PORTS.items() if not is_free(settings.host, port)}
    except TargetError as error:
        raise Broken(str(error), "set DAYS_TO_SELL_HOST to an address of this machine") from error
    if taken:
        said = ", ".join(f"{port} ({what})" for port, what in taken.items())
        raise Note(
            f"in use: {said}",
            "where that is not this toolkit, choose others: --port, --preprod-port, MLFLOW_PORT",
        )
    return f"{', '.join(map(str, PORTS))} are free"


def _there(place: Path) -> Path:
    """Give the folder itself, or the first above it that is there."""
    return next(each for each in (place.absolute(), *place.absolute().parents) if each.exists())
