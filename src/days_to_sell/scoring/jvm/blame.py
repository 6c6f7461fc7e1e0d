"""Which node of a bundle the runtime cannot load; it gives up the whole bundle and does not say."""

from __future__ import annotations

import tempfile
from pathlib import Path

from days_to_sell.scoring.folder import Folder
from days_to_sell.scoring.inventory import nodes
from days_to_sell.scoring.jvm.mleap import Api

_BUNDLE = "bundle.json"


def blamed_node(files: Folder, api: Api) -> str | None:
    """Name the first node that the runtime cannot load by itself; None where each loads."""
    for name, op, folder in nodes(files):
        with tempfile.TemporaryDirectory(prefix="days-to-sell-node-") as scratch:
            root = Path(scratch)
            (root / _BUNDLE).write_text(files.text(_BUNDLE), encoding="utf-8")
            try:
                for path, content in folder.contents():
                    target = root / "root" / path
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(content)
                api.load(root)
            except (OSError, api.machine.jpype.JException):
                # An archive may hold a file and a folder of one name, which no disk does.
                return f"node {name!r} ({op!r:.60})"
    return None
