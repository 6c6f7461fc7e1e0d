"""A real PostgreSQL on the loopback address, with everything it writes in one folder."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from days_to_sell.errors import EnvironmentProblem
from stack.ports import free_port

SCRIPT = Path(__file__).parents[1] / ".ci" / "postgres.sh"
SECONDS = 120


def absent() -> str | None:
    """Say what is missing to start one; ``None`` where nothing is."""
    if list(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl")) or shutil.which("pg_ctl"):
        return None
    return "PostgreSQL: the Debian package of that name"


@dataclass
class Postgres:
    """A server with one database, which keeps what was written when it is stopped and started again.

    Args:
        folder: What it writes; root gives it to the server's own user, who must be able to reach it.
        port: Where it listens.
    """

    folder: Path
    port: int = field(default_factory=free_port)
    address: str = ""

    def start(self) -> str:
        """Start it, wait until it answers, and give the address of its database with the password.

        Raises:
            EnvironmentProblem: It did not start; the message has the end of its log.
        """
        self.address = _run("start", str(self.folder), str(self.port))
        return self.address

    def stop(self) -> None:
        """End it; does nothing when it does not run."""
        _run("stop", str(self.folder))

    @property
    def bare(self) -> str:
        """The address without the password, as it may be shown."""
        head, _, tail = self.address.partition("@")
        return f"{head.rpartition(':')[0]}@{tail}"

    @property
    def password(self) -> str:
        """The password of its only user."""
        return self.address.partition("@")[0].rpartition(":")[2]


@contextmanager
def postgres() -> Iterator[Postgres]:
    """Run one for a while, with an empty database, and leave nothing behind.

    Raises:
        EnvironmentProblem: PostgreSQL is not installed, or did not start.
    """
    missing = absent()
    if missing:
        raise EnvironmentProblem(f"needs {missing}; install it")
    # Not in a folder that only its owner may enter: root gives the server to another user.
    home = Path(tempfile.mkdtemp(prefix="days-to-sell-postgres-"))
    server = Postgres(home)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(home)


def _run(*arguments: str) -> str:
    with tempfile.TemporaryFile("w+") as told:
        # Not pipes: the database would inherit them, and reading to their end would take as long as it runs.
        done = subprocess.run(
            [str(SCRIPT), *arguments], stdout=told, stderr=told, check=False, timeout=SECONDS
        )
        told.seek(0)
        said = told.read()
    if done.returncode:
        raise EnvironmentProblem(f"PostgreSQL did not {arguments[0]}: {said.strip()[-2000:]}")
    return next((line for line in said.splitlines() if line.startswith("postgresql:")), "")
