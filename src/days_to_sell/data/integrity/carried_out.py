"""Great Expectations at work on a frame: every check in one pass, then the rows behind those that failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import great_expectations as gx
from great_expectations.core.expectation_validation_result import ExpectationValidationResult
from great_expectations.data_context.types.base import ProgressBarsConfig
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from days_to_sell.data.integrity.declared import Expected
from days_to_sell.data.report import CheckResult
from days_to_sell.errors import DataError

SAMPLES = 5
KEY = "__key"
Found = Mapping[str, ExpectationValidationResult]


def key_of(columns: Sequence[str]) -> Column:
    """Give the text by which a row is named in a sample; it belongs into the column ``KEY``."""
    return F.concat_ws(" ", *[F.col(name).cast("string") for name in columns])


class Inspector:
    """Carries checks out; nothing of it is kept on disk or sent anywhere."""

    def __init__(self) -> None:
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = ProgressBarsConfig(globally=False)
        self._datasource = context.data_sources.add_spark("spark", persist=False)

    def inspect(self, subject: str, frame: DataFrame, checks: Sequence[Expected]) -> list[CheckResult]:
        """Check a frame.

        Args:
            subject: Name of the table in the report.
            frame: The table, with its key and the markers that the checks look at.
            checks: What to look for.

        Returns:
            A result for each check, in their order.

        Raises:
            DataError: A check could not be carried out.
        """
        name = f"{subject} {len(self._datasource.assets)}"
        definition = self._datasource.add_dataframe_asset(name).add_batch_definition_whole_dataframe("all")
        batch = definition.get_batch({"dataframe": frame})

        def validate(some: Sequence[Expected], result_format: Any) -> Found:
            suite = gx.ExpectationSuite(name, expectations=[_named(each) for each in some])
            found = batch.validate(suite, result_format=result_format)
            return {_carried_out(subject, result): result for result in found.results}

        passed = validate(checks, "BOOLEAN_ONLY")
        broken = [each for each in checks if not passed[each.check].success]
        detailed = {
            "result_format": "SUMMARY",
            "unexpected_index_column_names": [KEY],
            "partial_unexpected_count": SAMPLES,
        }
        details = validate(broken, detailed) if broken else {}
        rows = frame.count()
        return [_result(subject, each, rows, details.get(each.check)) for each in checks]


def _named(check: Expected) -> Any:
    """Let an expectation carry the name that its result is found by."""
    named = check.expectation.copy()
    named.meta = {"check": check.check}
    return named


def _carried_out(subject: str, result: ExpectationValidationResult) -> str:
    """Name the check of a result, if it was carried out at all."""
    configuration = result.expectation_config
    name = str(configuration.meta["check"]) if configuration and configuration.meta else ""
    told = result.exception_info or {}
    raised = [told] if "raised_exception" in told else [*told.values()]
    for each in raised:
        if each["raised_exception"]:
            raise DataError(
                f"{subject}: {name!r} could not be checked: {each['exception_message']}; "
                "look at the check's declaration in the spec, and at the column's type"
            )
    return name


def _result(
    subject: str, check: Expected, rows: int, found: ExpectationValidationResult | None
) -> CheckResult:
    checked = rows if check.of_rows else 1
    if found is None:
        return CheckResult(subject, check.check, checked, 0, note=check.note)
    if not check.of_rows:
        notes = (f"found {found.result['observed_value']}", check.note)
        return CheckResult(subject, check.check, 1, 1, note=", ".join(filter(None, notes)))
    seen = found.result["partial_unexpected_index_list"]
    named = [" ".join([row[KEY], *([str(row[check.marker])] if check.marker else [])]) for row in seen]
    failed = int(found.result["unexpected_count"])
    return CheckResult(subject, check.check, rows, failed, tuple(dict.fromkeys(named)), note=check.note)
