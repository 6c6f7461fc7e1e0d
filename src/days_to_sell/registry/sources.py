"""Where the files of a registered version may come from: what MLflow itself logged, and nothing else.

Whoever may register a version names its source, so a source is untrusted input: a path of the server, or an
address that somebody else writes to.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import unquote, urlsplit

from days_to_sell.errors import RegistryError

LOGGED_MODEL = re.compile(r"models:/(m-[0-9a-f]{32})")
# Places that anybody on the network can be.
FOREIGN = {"http", "https", "ftp", "ftps", "sftp"}


def logged_model_of(source: str) -> str:
    """Name the logged model that a version was registered from.

    Raises:
        RegistryError: It was registered from anything else.
    """
    found = LOGGED_MODEL.fullmatch(source)
    if not found:
        raise RegistryError(
            f"its source {source!r:.200} is no logged model of MLflow's; register it as models:/m-..., "
            "which log_model and days-to-sell train do"
        )
    return found.group(1)


def require_location(location: str, logged_model: str, roots: Sequence[str] = ()) -> str:
    """Make sure that the files of a logged model are where MLflow puts them.

    Args:
        location: Where MLflow's own record of the logged model says they are.
        logged_model: Its id.
        roots: Artifact roots of the server, one of which has to hold the location; where none is given,
            every place of that shape will do.

    Raises:
        RegistryError: They are somewhere else.
    """
    parts = urlsplit(location)
    path = unquote(parts.path).rstrip("/")
    whole = not parts.query and not parts.fragment and ".." not in path.split("/")
    shaped = path.endswith(f"/models/{logged_model}/artifacts")
    within = not roots or any(_under(location, root) for root in roots)
    if parts.scheme.lower() in FOREIGN or not (whole and shaped and within):
        raise RegistryError(
            f"the files of {logged_model} are at {location!r:.200}, outside MLflow's artifact roots; log the "
            "model in an experiment of this server's own artifact root"
        )
    return location


def _under(location: str, root: str) -> bool:
    at, base = urlsplit(location), urlsplit(root)
    local = {"", "file"}
    same = at.scheme == base.scheme or {at.scheme, base.scheme} <= local
    return same and at.netloc == base.netloc and at.path.startswith(base.path.rstrip("/") + "/")
