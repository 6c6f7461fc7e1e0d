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
from days_to_sell.release.project import project_root
from stack.leftovers import end_processes, undeploy
from stack.postgres import Postgres


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
    found += undeploy(folder / "place", images_before)
    shutil.rmtree(folder, ignore_errors=True)
    return found


@contextmanager
def reaped(folder: Path, images_before: Sequence[str]) -> Iterator[list[str]]:
    """Take down what belongs to a run when it ends, however it ends.

    Args:
        folder: Of the run.
        images_before: Ids of the scoring images that are there before it.

    Yields:
        A list that gets, in the end, what the run itself had not taken down.
    """
    found: list[str] = []
    command = [sys.executable, "-m", "stack.reaper"]
    here = project_root()
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True, cwd=here) as reaper:
        if reaper.stdin is not None:
            reaper.stdin.write(f"{json.dumps([str(folder), list(images_before)])}\n".encode())
            reaper.stdin.flush()
        try:
            yield found
        finally:
            found += clear(folder, images_before)


def main() -> None:
    """Wait for the end of a run; where it left its folder, take down what belongs to it."""
    folder, before = json.loads(sys.stdin.readline())
    sys.stdin.read()
    if Path(folder).exists():
        for each in clear(Path(folder), before):
            sys.stderr.write(f"taken down: {each}\n")


if __name__ == "__main__":
    main()
