"""Many damaged bundles, each given to a scorer that must refuse it or score it, in time and little memory."""

from __future__ import annotations

import json
import os
import random
import select
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.fuzz.damage import DAMAGES, Files, packed

ROOT = Path(__file__).parents[2]
SECONDS = 60.0
MEMORY = 2 << 30


@dataclass
class Campaign:
    """What came of many cases.

    Args:
        outcomes: How many there were of each damage and outcome.
        failures: What must not be, with all that is needed to repeat it.
    """

    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


def run(bundles: Sequence[Files], cases: range, folder: Path) -> Iterator[Campaign]:
    """Damage bundles and have them scored; give what is known so far after each case.

    Args:
        bundles: The files of sound bundles.
        cases: Number of each case, which decides everything about it.
        folder: Where damaged bundles are written; those that fail stay there.
    """
    campaign = Campaign()
    damages, often = list(DAMAGES), list(DAMAGES.values())
    with _scorers() as scorers:
        for case in cases:
            chance = random.Random(case)  # noqa: S311 - damage, not secrets
            (damage,) = chance.choices(damages, often)
            path = folder / f"case-{case}.zip"
            path.write_bytes(damage(chance, chance.choice(bundles)))
            outcome, detail = scorers.ask(path)
            campaign.outcomes[damage.__name__, outcome] += 1
            if outcome in ("refused", "scored"):
                path.unlink()
            else:
                campaign.failures.append(f"case {case}, {damage.__name__}, {outcome}: {detail}\n    {path}")
            yield campaign


def sound(bundle: Files, folder: Path) -> tuple[str, str]:
    """Score a bundle as it is, in the same way."""
    path = folder / "sound.zip"
    path.write_bytes(packed(bundle))
    with _scorers() as scorers:
        return scorers.ask(path)


class _Scorers:
    """A scorer at a time; one that hangs or dies is followed by another."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def ask(self, path: Path) -> tuple[str, str]:
        """Have one bundle scored."""
        process = self._process = self._process or _start()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{path}\n")
        process.stdin.flush()
        ready, _, _ = select.select([process.stdout], [], [], SECONDS)
        answer = process.stdout.readline() if ready else ""
        if answer:
            said: dict[str, Any] = json.loads(answer)
            if said["outcome"] == "raised":
                self.end()
            return said["outcome"], said["detail"]
        self.end()
        if not ready:
            return "hung", f"no answer within {SECONDS:.0f} s"
        return "died", f"the scorer ended with {process.returncode}"

    def end(self) -> None:
        """End the scorer, if there is one."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


def _start() -> subprocess.Popen[str]:
    # Its threads reserve address space that nothing uses.
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-m", "tests.fuzz.scorer", str(MEMORY)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        text=True,
        cwd=ROOT,
    )


@contextmanager
def _scorers() -> Iterator[_Scorers]:
    scorers = _Scorers()
    try:
        yield scorers
    finally:
        scorers.end()
