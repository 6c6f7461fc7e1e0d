"""Write docs/operators.md from what the code knows of operators: ``python docs/operators.py``.

The table of the exporter is the one of the pre-flight check, that of differences the one that the parity
tests read, and what is scored in Python is asked of the scorer itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from days_to_sell.registry.spark_operators import EXPORTER, SPARK, Limit, SparkOperator
from days_to_sell.registry.spark_operators import OPERATORS as OF_SPARK
from days_to_sell.scoring.differences import DIFFERENCES
from days_to_sell.scoring.operators import OPERATORS as IN_PYTHON
from days_to_sell.scoring.reading import PIPELINE

TARGET = Path(__file__).with_name("operators.md")
_PIPELINE = SparkOperator("Pipeline", PIPELINE, "PipelineModel", why="pipelines inside pipelines too")


def page() -> str:
    """Give the page."""
    return "\n".join((*_head(), *_operators(), "", *_without(), "", *_differences(), ""))


def _head() -> Iterator[str]:
    yield "# Operators"
    yield ""
    yield "<!-- Written by docs/operators.py from the code; run `make docs` after a change there. -->"
    yield ""
    yield (
        "What becomes of each stage of Spark ML in an MLeap bundle. *Exports* and *reads back* were found "
        f"by exporting every stage of Spark {SPARK} with MLeap's exporter {EXPORTER}, and a test repeats "
        "it; *in the JVM* is MLeap's own runtime, *in Python* the engine of this package. What an engine "
        "lacks, it refuses when the bundle is loaded, by the name of the node."
    )
    yield ""


def _operators() -> Iterator[str]:
    known = sorted(
        (each for each in (_PIPELINE, *OF_SPARK) if each.op), key=lambda each: (each.op, each.spark)
    )
    rows = [
        (
            f"`{each.op}`",
            each.spark if each.exports else f"no ({each.spark})",
            _yes(each.scores_in_jvm),
            _yes(each.op == PIPELINE or each.op in IN_PYTHON),
            _yes(each.reads_back),
            _remarks(each),
        )
        for each in known
    ]
    others = sorted(set(IN_PYTHON) - {each.op for each in known})
    rows += [(f"`{op}`", "no stage of Spark", "", "yes", "", "") for op in others]
    header = ("operator", "exports from Spark", "in the JVM", "in Python", "reads back into Spark", "remarks")
    yield from _table(header, sorted(rows))


def _without() -> Iterator[str]:
    yield "## Stages without an operator"
    yield ""
    yield "The pre-flight check refuses these before anything is fitted."
    yield ""
    others = [each for each in OF_SPARK if each.op is None]
    rows = [(each.spark, _remarks(each)) for each in others if not each.exports]
    yield from _table(("stage of Spark", "why, and what to use instead"), rows)
    yield ""
    yield "\n".join(f"{each.spark} needs none: {each.why}." for each in others if each.exports)


def _differences() -> Iterator[str]:
    yield "## Known differences"
    yield ""
    yield (
        "Where Spark, MLeap's runtime and the engine in Python are known to answer differently. The parity "
        "tests drive each line through all three, and allow no other difference above a relative 1e-9."
    )
    yield ""
    rows = [
        (
            f"`{each.operator}`",
            each.handle_invalid,
            each.value,
            each.spark,
            each.mleap,
            each.python,
            each.reason,
        )
        for each in DIFFERENCES
    ]
    header = ("operator", "fitted with", "given", "Spark", "MLeap's runtime", "Python", "why")
    yield from _table(header, rows)


def _remarks(operator: SparkOperator) -> str:
    said = "; ".join(filter(None, (operator.why, operator.instead)))
    return ". ".join(filter(None, (said, *map(_limit, operator.limits))))


def _limit(limit: Limit) -> str:
    values = f" = {' or '.join(limit.values)}" if limit.values else ""
    kind = "Not with" if limit.severity == "error" else "With"
    return f"{kind} `{limit.parameter}`{values}: {limit.why}; {limit.instead}"


def _yes(truth: bool) -> str:
    return "yes" if truth else "no"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(header)} |"
    yield f"|{' --- |' * len(header)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', '&#124;') for cell in row)} |"


if __name__ == "__main__":
    TARGET.write_text(page(), encoding="utf-8")
    print(f"wrote {TARGET}")
