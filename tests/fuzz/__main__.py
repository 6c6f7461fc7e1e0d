"""``make fuzz``: make thousands of cases that ought to break a part, and count what came of them."""

from __future__ import annotations

import argparse
import logging
import sys
from importlib import import_module

# Part to the modules that hold its cases, imported when they are asked for.
PARTS = {
    "bundle": ("bundles",),
    "openapi": ("openapi",),
    "bodies": ("bodies",),
    "service": ("openapi", "bodies"),
}
# A case is known by its number; the tests take the first few hundred.
FIRST = 1_000


def main() -> int:
    """Run the cases of a part; the exit code is 1 if one ended as none may."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--part", choices=PARTS, default="bundle")
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=FIRST, help="number of the first case, to repeat one")
    asked = parser.parse_args()
    # The service tells of every failure with its stack; here the number of the case is enough to repeat it.
    logging.disable(logging.CRITICAL)
    runs = [import_module(f"tests.fuzz.{name}").run for name in PARTS[asked.part]]
    return max(int(run(asked.cases, asked.first)) for run in runs)


if __name__ == "__main__":
    sys.exit(main())
