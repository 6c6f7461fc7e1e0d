"""Thousands of damaged bundles, and what came of them."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path

from tests.fuzz.campaign import Campaign
from tests.fuzz.campaign import run as damage
from tests.fuzz.damage import DAMAGES
from tests.fuzz.sources import sources

PROGRESS = 500
OUTCOMES = ("refused", "scored", "raised", "hung", "died")


def run(cases: int, first: int) -> int:
    """``make fuzz``: the exit code is 1 if a case ended in anything but an answer or a refusal."""
    folder = Path(tempfile.mkdtemp(prefix="days-to-sell-fuzz-"))
    campaign = Campaign()
    for done, campaign in enumerate(damage(sources(), range(first, first + cases), folder), 1):
        if done % PROGRESS == 0 or done == cases:
            print(f"{done} of {cases} cases, {len(campaign.failures)} failed", flush=True)
    print(table(campaign.outcomes))
    for failure in campaign.failures:
        print(failure)
    return 1 if campaign.failures else 0


def table(outcomes: Counter[tuple[str, str]]) -> str:
    """Write what came of each damage as a table."""
    names = [damage.__name__ for damage in DAMAGES]
    lines = [f"{'damage':<18}" + "".join(f"{outcome:>9}" for outcome in OUTCOMES)]
    lines += [f"{name:<18}" + "".join(f"{outcomes[name, each]:>9}" for each in OUTCOMES) for name in names]
    totals = [sum(outcomes[name, each] for name in names) for each in OUTCOMES]
    return "\n".join([*lines, f"{'all':<18}" + "".join(f"{total:>9}" for total in totals)])
