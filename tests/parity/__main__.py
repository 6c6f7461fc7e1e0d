"""``make parity``: any number of rows through random pipelines, in Spark, MLeap's runtime and Python."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from days_to_sell.scoring.agreement import TOLERANCE
from days_to_sell.scoring.operators import OPERATORS
from days_to_sell.settings import Settings
from days_to_sell.training.spark.mleap_runtime import find_runtime
from days_to_sell.training.spark.session import start_session
from tests.parity.generated_judge import REFERENCES
from tests.parity.generated_run import Findings, compare_round

SUMMARY = Path("build") / "parity" / "summary.json"
# Many rows to a pipeline cost little beside fitting it, and find little more.
ROWS_EACH = 2_000
FIRST_SEED = 1


def main() -> int:
    """Compare until there are rows enough; exit code 1 if engines disagree or an operator is left out."""
    parser = argparse.ArgumentParser(prog="make parity", description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000, help="rows in all")
    parser.add_argument("--seed", type=int, default=FIRST_SEED, help="seed of the first round")
    asked = parser.parse_args()
    spark = start_session("parity", master="local[2]")
    # Every row that is refused would be told with its stack.
    spark.sparkContext.setLogLevel("OFF")
    runtime = find_runtime(Settings.from_env())
    findings, seed, told, started = Findings(), asked.seed, 0, time.monotonic()
    with tempfile.TemporaryDirectory(prefix="days-to-sell-parity-") as folder:
        while findings.rows < asked.rows:
            for line in compare_round(spark, runtime, seed, ROWS_EACH, Path(folder), findings):
                print(f"{time.monotonic() - started:6.0f} s, {findings.rows} rows: {line}", flush=True)
                print("".join(f"    {each}\n" for each in findings.told[told:]), end="", flush=True)
                told = len(findings.told)
            seed += 1
    print("\n".join(report(findings)))
    write(findings)
    return 0 if not findings.disagreements and set(findings.tallies) == set(OPERATORS) else 1


def report(findings: Findings) -> Iterator[str]:
    """Write the table of operators, what was expected to differ, and what was not."""
    engines = "".join(f"{engine:>10}" for engine in REFERENCES)
    yield f"{'operator':<31}{'pipelines':>9}{'rows':>9}{'refused':>9}{engines}{'disagree':>10}"
    for op, tally in sorted(findings.tallies.items()):
        errors = "".join(f"{tally.errors[engine]:>10.1e}" for engine in REFERENCES)
        counts = f"{tally.pipelines:>9}{tally.rows:>9}{tally.refusals:>9}"
        yield f"{op:<31}{counts}{errors}{tally.disagreements:>10}"
    yield from (f"never stood in a pipeline: {op}" for op in sorted(set(OPERATORS) - set(findings.tallies)))
    yield "errors are the largest |a - b| / max(1, |b|) of an engine: MLeap and Python against Spark, batches"
    yield "against single rows; refused are rows that all engines refuse or drop at that operator"
    for key, rows in sorted(findings.exempted.items()):
        yield f"differs as the table of differences says: {key}, {rows} times"
    yield (
        f"{findings.pipelines} pipelines, {findings.rows} rows, "
        f"{findings.disagreements} disagreements beyond {TOLERANCE:g}"
    )


def write(findings: Findings) -> None:
    """Write all of it as JSON, too."""
    SUMMARY.parent.mkdir(parents=True, exist_ok=True)
    # JSON knows no infinity, which is the error of an answer of another kind.
    text = json.dumps(asdict(findings), indent=1, sort_keys=True).replace("Infinity", '"Infinity"')
    SUMMARY.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
