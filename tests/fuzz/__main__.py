"""``make fuzz``: damage thousands of bundles, and count what came of them."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.fuzz.campaign import Campaign, run
from tests.fuzz.damage import DAMAGES
from tests.fuzz.sources import sources

# A case is known by its number; the tests take the first few hundred.
FIRST = 1_000
PROGRESS = 500
OUTCOMES = ("refused", "scored", "raised", "hung", "died")


def main() -> int:
    """Run the campaign; the exit code is 1 if a case ended in anything but an answer or a refusal."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=FIRST, help="number of the first case, to repeat one")
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="days-to-sell-fuzz-"))
    campaign = Campaign()
    for done, campaign in enumerate(run(sources(), range(asked.first, asked.first + asked.cases), folder), 1):
        if done % PROGRESS == 0 or done == asked.cases:
            print(f"{done} of {asked.cases} cases, {len(campaign.failures)} failed", flush=True)
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


if __name__ == "__main__":
    sys.exit(main())
