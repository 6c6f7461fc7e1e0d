"""The integrity report: a table for people, JSON for programs, and the halt when it is red."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Literal

from days_to_sell.errors import IntegrityError

Severity = Literal["ok", "warning", "FAILED"]
TRAINING_DATA = "training data"


@dataclass(frozen=True)
class CheckResult:
    """What one check found.

    Args:
        source: Table that was checked.
        check: What should hold.
        checked: Rows, columns or tables looked at.
        failed: Of these, how many broke it.
        samples: A few of them, by key.
        halts: Whether a broken check stops the run; else it is a warning.
        note: What was measured, or why nothing was.
    """

    source: str
    check: str
    checked: int
    failed: int
    samples: tuple[str, ...] = ()
    halts: bool = True
    note: str = ""

    @property
    def severity(self) -> Severity:
        """What the result means for the run."""
        if self.failed == 0:
            return "ok"
        return "FAILED" if self.halts else "warning"

    @property
    def passed(self) -> bool:
        """Whether the run may go on as far as this check is concerned."""
        return self.severity != "FAILED"

    def __str__(self) -> str:
        """Say it in one line."""
        samples = f", such as {', '.join(self.samples)}" if self.samples else ""
        note = f" ({self.note})" if self.note else ""
        return f"{self.source}: {self.check}: {self.failed} of {self.checked} failed{samples}{note}"


@dataclass(frozen=True)
class Report:
    """The results of all checks, in the order they were made."""

    results: tuple[CheckResult, ...]

    @property
    def failures(self) -> tuple[CheckResult, ...]:
        """The checks that stop the run."""
        return self._of("FAILED")

    @property
    def warnings(self) -> tuple[CheckResult, ...]:
        """The checks that a person should look at."""
        return self._of("warning")

    @property
    def green(self) -> bool:
        """Whether the run may go on."""
        return not self.failures

    def __add__(self, other: Report) -> Report:
        """Join two reports."""
        return Report(self.results + other.results)

    def halt_if_red(self) -> None:
        """Stop everything after a red report.

        Raises:
            IntegrityError: At least one check failed; the message holds each with count and samples.
        """
        if self.failures:
            lines = "\n".join(f"  {failure}" for failure in self.failures)
            raise IntegrityError(
                f"the integrity report is red, {len(self.failures)} of {len(self.results)} checks failed:\n"
                f"{lines}\n"
                "Mend the source and run again; nothing was trained or registered."
            )

    def to_summary(self) -> str:
        """Write a line of counts, and what a person should look at."""
        ok = len(self.results) - len(self.failures) - len(self.warnings)
        counts = f"integrity: {ok} checks ok, {len(self.warnings)} warnings, {len(self.failures)} failed"
        looked_at = [f"  {each.severity}: {each}" for each in (*self.failures, *self.warnings)]
        return "\n".join([counts, *looked_at])

    def to_table(self) -> str:
        """Write the report as a table of text."""
        rows = [
            (
                result.severity,
                result.source,
                result.check,
                f"{result.failed:,} of {result.checked:,}",
                ", ".join(result.samples) + (f" ({result.note})" if result.note else ""),
            )
            for result in self.results
        ]
        header = ("", "source", "check", "failed", "samples")
        widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in [header, *rows]
        ]
        return "\n".join(lines) + "\n"

    def to_json(self) -> str:
        """Write the report as JSON."""
        results = [{"severity": result.severity, **asdict(result)} for result in self.results]
        return json.dumps({"green": self.green, "results": results}, ensure_ascii=False, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Report:
        """Read back what :meth:`to_json` wrote."""
        results = []
        for raw in json.loads(text)["results"]:
            del raw["severity"]
            results.append(CheckResult(**raw | {"samples": tuple(raw["samples"])}))
        return cls(tuple(results))

    def _of(self, severity: Severity) -> tuple[CheckResult, ...]:
        return tuple(result for result in self.results if result.severity == severity)
