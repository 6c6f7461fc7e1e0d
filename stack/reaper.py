"""``python -m stack.reaper``: outlives a run that was killed, and takes down what it left.

It reads where the run is from its standard input, and then waits for the other end to be closed, which the
system does for whoever dies.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from days_to_sell.errors import DaysToSellError
from days_to_sell.release.addresses import Addresses
from days_to_sell.release.docker.target import DockerTarget
from days_to_sell.release.engine import connect
from days_to_sell.release.project import project_root
from days_to_sell.release.site import Site
from days_to_sell.settings import Settings
from stack.leftovers import end_processes, images, remove_images
from stack.postgres import Postgres

END_SECONDS = 300


def clear(folder: Path, images_before: Sequence[str]) -> list[str]:
    """Take down whatever belongs to a run, and name what there was; the folder goes too.

    Args:
        folder: Of the run.
        images_before: Ids of the scoring images that were there before it.
    """
    found = []
    with suppress(DaysToSellError):
        Postgres(folder / "postgres").stop()
    found += end_processes(folder)
    with suppress(DaysToSellError):
        site = Site(Settings(), project_root(), folder / "place", Addresses(), lambda _: None)
        found += [f"container of {each}" for each in DockerTarget(connect(), site).stop()]
    found += [f"image {name}" for name in remove_images(images_before)]
    shutil.rmtree(folder, ignore_errors=True)
    return found


@contextmanager
def reaped(folder: Path) -> Iterator[list[str]]:
    """Take down what belongs to a run when it ends, however it ends; the list gets what was left to take down."""
    before, found = tuple(images()), list[str]()
    reaper = subprocess.Popen(
        [sys.executable, "-m", "stack.reaper"],
        stdin=subprocess.PIPE,
        start_new_session=True,
        cwd=project_root(),
    )
    assert reaper.stdin is not None  # noqa: S101 - a pipe was asked for
    reaper.stdin.write(json.dumps([str(folder), before]).encode() + b"\n")
    reaper.stdin.flush()
    try:
        yield found
    finally:
        found += clear(folder, before)
        reaper.stdin.close()
        reaper.wait(END_SECONDS)


def main() -> None:
    """Wait for the end of a run; where it left its folder, take down what belongs to it."""
    folder, before = json.loads(sys.stdin.readline())
    sys.stdin.read()
    if Path(folder).exists():
        for each in clear(Path(folder), before):
            sys.stderr.write(f"taken down: {each}\n")


if __name__ == "__main__":
    main()
