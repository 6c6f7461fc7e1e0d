"""A registry of container images over a folder: Debian's docker-registry, on the loopback address."""

from __future__ import annotations

import os
import shutil
import socket
import time
from dataclasses import dataclass, field
from pathlib import Path

from stack.program import Program

START_SECONDS = 60.0
LOOK_SECONDS = 0.1
LOG_BYTES = 2_000
CONFIGURATION = """version: 0.1
storage: {{filesystem: {{rootdirectory: "{images}"}}, delete: {{enabled: true}}}}
http: {{addr: "127.0.0.1:{port}"}}
"""


@dataclass
class ImageRegistry:
    """The registry.

    Args:
        folder: Where all that it writes lies; what was pushed stays there.
        port: Port of the loopback address.
    """

    folder: Path
    port: int
    _program: Program | None = field(default=None, repr=False)

    @property
    def place(self) -> str:
        """What ``DAYS_TO_SELL_IMAGE_REGISTRY`` names."""
        return f"127.0.0.1:{self.port}/days-to-sell"

    @staticmethod
    def is_here() -> bool:
        """Whether this machine has the program."""
        return shutil.which("docker-registry") is not None

    def __enter__(self) -> ImageRegistry:
        """Start it, and wait until it listens."""
        folder = self.folder.resolve()
        (folder / "images").mkdir(parents=True, exist_ok=True)
        written = CONFIGURATION.format(images=folder / "images", port=self.port)
        (folder / "registry.yml").write_text(written, encoding="utf-8")
        command = ("docker-registry", "serve", str(folder / "registry.yml"))
        self._program = Program("docker-registry", command, folder, dict(os.environ))
        self._program.start()
        deadline = time.monotonic() + START_SECONDS
        while not self._listens():
            if not self._program.runs or time.monotonic() > deadline:
                said = self._program.log.read_text(encoding="utf-8", errors="replace")[-LOG_BYTES:]
                self._program.end()
                raise RuntimeError(f"no image registry listens on 127.0.0.1:{self.port}:\n{said}")
            time.sleep(LOOK_SECONDS)
        return self

    def __exit__(self, *error: object) -> None:
        """End it."""
        if self._program is not None:
            self._program.end()

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0
