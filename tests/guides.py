"""Guides that are executed: their commands, one after the other, and what they say is printed."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "docs" / "guides"
# Commands, and below them, where the guide tells it, what comes of them.
BLOCK = re.compile(r"^```sh\n(.+?)^```\n(?:\n```text\n(.+?)^```$)?", re.MULTILINE | re.DOTALL)
SECONDS = 400


@dataclass(frozen=True)
class Step:
    """Commands of a guide that a reader pastes at once.

    Args:
        commands: The commands.
        shown: What the guide shows of their output; ``...`` stands for anything within a line.
    """

    commands: str
    shown: str

    def unmatched(self, output: str) -> list[str]:
        """Name the lines that the guide shows and the output does not have, in this order."""
        lines, missing = iter(output.splitlines()), []
        for shown in filter(None, (" ".join(line.split()) for line in self.shown.splitlines())):
            pattern = re.compile(".*".join(map(re.escape, map(str.strip, re.split(r"\.\.\.", shown)))))
            if not any(pattern.fullmatch(re.sub(r"\s+", " ", line.strip())) for line in lines):
                missing.append(shown)
                lines = iter(output.splitlines())
        return missing


def steps_of(guide: str) -> list[Step]:
    """Read the commands of a guide, in order."""
    text = (FOLDER / f"{guide}.md").read_text(encoding="utf-8")
    return [Step(commands, shown) for commands, shown in BLOCK.findall(text)]


def follow(
    guide: str, folder: Path, environment: Mapping[str, str], instead: Mapping[str, str]
) -> list[tuple[Step, str]]:
    """Paste the commands of a guide into one shell after the other, and give what each printed in its terms.

    Args:
        guide: Name of the guide.
        folder: Where the reader stands.
        environment: The reader's variables.
        instead: What of the guide is another here, such as ports.
    """
    seen = []
    for step in steps_of(guide):
        commands = step.commands
        for named, here in instead.items():
            commands = commands.replace(named, here)
        done = subprocess.run(
            ["bash", "-c", f"set -o pipefail\n{commands}"],
            cwd=folder,
            env=dict(environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        output = done.stdout
        for named, here in instead.items():
            output = output.replace(here, named)
        seen.append((step, output))
    return seen
