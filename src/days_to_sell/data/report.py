"""The integrity report: a table for people, JSON for programs, and the halt when it is red."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from days_to_sell.errors import IntegrityError


@dataclass(frozen=True)
class CheckResult:
    """What one check found.

    Args:
        source: Table that was checked.
        check: What should hold.
        checked: Rows, columns or tables looked at.
        failed: Of these, how many broke it.
        samples: A few of them, by key.
    """

    source: str
    check: str
    checked: int
    failed: int
    samples: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing broke the check."""
        return self.failed == 0

    def __str__(self) -> str:
        """Say it in one line."""
        samples = f", such as {', '.join(self.samples)}" if self.samples else ""
        return f"{self.source}: {self.check}: {self.failed} of {self.checked} failed{samples}"


@dataclass(frozen=True)
class Report:
    """The results of all checks, in the order they were made."""

    results: tuple[CheckResult, ...]

    @property
    def failures(self) -> tuple[CheckResult, ...]:
        """The checks that were broken."""
        return tuple(result for result in self.results if not result.passed)

    @property
    def green(self) -> bool:
        """Whether every check passed."""
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

    def to_table(self) -> str:
        """Write the report as a table of text."""
        rows = [
            (
                "ok" if result.passed else "FAILED",
                result.source,
                result.check,
                f"{result.failed:,} of {result.checked:,}",
                ", ".join(result.samples),
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
        results = [asdict(result) for result in self.results]
        return json.dumps({"green": self.green, "results": results}, ensure_ascii=False, indent=1) + "\n"
