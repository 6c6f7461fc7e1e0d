"""The integrity report, as people and programs read it."""

from __future__ import annotations

import json

import pytest

from days_to_sell.data.report import CheckResult, Report
from days_to_sell.errors import IntegrityError

GOOD = CheckResult("adverts", "advert_id is unique", 20_000, 0, ())
BAD = CheckResult("adverts", "price_gbp is above zero", 20_000, 1_234, ("a1", "a2"))
DOUBTFUL = CheckResult("training data", "mileage is as in Production", 1, 1, halts=False, note="PSI 0.140")


def test_a_green_report_lets_everything_go_on() -> None:
    """No failure, no halt."""
    report = Report((GOOD,))
    assert report.green
    report.halt_if_red()


def test_a_warning_lets_everything_go_on_and_is_told() -> None:
    """It is no failure, and stands under the counts with what was measured."""
    report = Report((GOOD, DOUBTFUL))
    assert (report.green, report.failures, report.warnings) == (True, (), (DOUBTFUL,))
    report.halt_if_red()
    assert report.to_summary().splitlines() == [
        "integrity: 1 checks ok, 1 warnings, 0 failed",
        "  warning: training data: mileage is as in Production: 1 of 1 failed (PSI 0.140)",
    ]


def test_a_red_report_halts_with_each_failure() -> None:
    """The message holds check, counts and samples, and what to do."""
    with pytest.raises(IntegrityError) as halted:
        (Report((GOOD,)) + Report((BAD,))).halt_if_red()
    assert str(halted.value).splitlines() == [
        "the integrity report is red, 1 of 2 checks failed:",
        "  adverts: price_gbp is above zero: 1234 of 20000 failed, such as a1, a2",
        "Mend the source and run again; nothing was trained or registered.",
    ]


def test_the_table_has_a_line_for_each_check() -> None:
    """Columns line up, a failure stands out, and no line ends in blanks."""
    lines = Report((GOOD, BAD)).to_table().splitlines()
    assert [line.split()[0] for line in lines] == ["source", "ok", "FAILED"]
    assert lines[2].endswith("1,234 of 20,000  a1, a2")
    assert len({line.index("adverts") for line in lines[1:]} | {lines[0].index("source")}) == 1
    assert lines == [line.rstrip() for line in lines]


def test_the_json_holds_every_result() -> None:
    """A program reads the same from the JSON as a person from the table."""
    report = Report((GOOD, BAD, DOUBTFUL))
    raw = json.loads(report.to_json())
    assert raw["green"] is False
    assert [each["severity"] for each in raw["results"]] == ["ok", "FAILED", "warning"]
    assert Report.from_json(report.to_json()) == report
